// SPDX-License-Identifier: GPL-2.0
/*
 * XYZZY_MEM: memory of each kind, compared with /proc/PID/{stat,statm,status}
 * and with what was mapped and touched.
 */
#include "kselftest_harness.h"
#include "record.h"
#include "use.h"

/* CPUs keep back less than a unit each. */
static void expect_near(struct __test_metadata *_metadata, __u64 exact,
			__u64 approx)
{
	__u64 kept_back = sysconf(_SC_NPROCESSORS_CONF) * unit_size();

	EXPECT_LE(exact, approx + kept_back);
	EXPECT_GE(exact + kept_back, approx);
}

/*
 * XYZZY_APPROX_MEM leaves out what CPUs keep back of the resident pages, as
 * field 24 of stat does, and of the swapped ones. The rest is as in @pair.
 */
static void expect_approx(struct __test_metadata *_metadata,
			  const struct pair *pair, int pidfd)
{
	const struct xyzzy_task *exact = &pair->task;
	struct xyzzy_task task;

	ASSERT_EQ(1, xyzzy_pidfd(-1, pidfd, XYZZY_MEM, XYZZY_APPROX_MEM, &task,
				 1));
	EXPECT_EQ(proc_value(&pair->snap, "stat 24") * page_size(), rss(&task));
	EXPECT_LE(rss(&task), task.rss_peak);
	expect_near(_metadata, exact->rss_anon, task.rss_anon);
	expect_near(_metadata, exact->rss_file, task.rss_file);
	expect_near(_metadata, exact->rss_shmem, task.rss_shmem);
	expect_near(_metadata, exact->swap, task.swap);
	EXPECT_EQ(exact->vm_size, task.vm_size);
	EXPECT_EQ(exact->vm_peak, task.vm_peak);
	EXPECT_EQ(0, memcmp(&exact->page_tables, &task.page_tables,
			    UP_TO(rchar) - UP_TO(page_tables)));
}

RECORD_FIXTURE(mem)

FIXTURE_VARIANT(mem)
{
	struct memory use;
};

FIXTURE_VARIANT_ADD(mem, nothing) { { .anon = 0 } };
FIXTURE_VARIANT_ADD(mem, anon) { { .anon = 20 } };
FIXTURE_VARIANT_ADD(mem, file) { { .file = 10 } };
FIXTURE_VARIANT_ADD(mem, shmem) { { .shmem = 15 } };
FIXTURE_VARIANT_ADD(mem, anon_file_and_shmem)
{ { .anon = 20, .file = 10, .shmem = 15 } };
FIXTURE_VARIANT_ADD(mem, locked) { { .locked = 3 } };
FIXTURE_VARIANT_ADD(mem, exec) { { .exec = 7 } };
FIXTURE_VARIANT_ADD(mem, stack) { { .stack = 2 } };
FIXTURE_VARIANT_ADD(mem, reserved) { { .reserved = 500 } };
FIXTURE_VARIANT_ADD(mem, sparse) { { .sparse = true } };
FIXTURE_VARIANT_ADD(mem, peak) { { .peak = 20 } };
FIXTURE_VARIANT_ADD(mem, all)
{
	{
		.anon = 3, .file = 4, .shmem = 5, .locked = 6, .exec = 7,
		.stack = 2, .peak = 30, .reserved = 9, .sparse = true,
	}
};

TEST_F(mem, is_that_of_proc)
{
	const struct xyzzy_task *task;
	pid_t pid;

	if (!can_mount())
		SKIP(return, NO_ROOT);
	ASSERT_EQ(0, subject_start(&self->subject, use_memory,
				   (void *)&variant->use));
	pid = self->subject.pid;
	COMPARE(pid, pid, XYZZY_MEM);
	task = COMPARE(pid, 0, XYZZY_MEM);
	EXPECT_NE(0ULL, task->text);
	EXPECT_NE(0ULL, task->page_tables);
	expect_approx(_metadata, &self->pair, self->subject.pidfd);
}

/* Bytes of a page table that maps pages of 4096 bytes */
#ifdef __m68k__
#define TABLE_SIZE 256
#else
#define TABLE_SIZE 4096
#endif

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

/*
 * Map all pages of the program's file. The kernel maps blocks of them when one is
 * used first, which may be in only one of two processes.
 */
static int populate_program(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end, inode;
	char line[512];
	int err = 0;

	if (!maps)
		return -errno;
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx r%*s %*x %*s %lu", &start, &end,
			   &inode) != 3 || !inode)
			continue;
		if (madvise((void *)start, end - start, MADV_POPULATE_READ))
			err = -errno;
	}
	fclose(maps);
	return err;
}

static int populate_and_use(void *use)
{
	return populate_program() ?: use_memory(use);
}

/* Other use of memory differs by a few pages. */
static void expect_grown(struct __test_metadata *_metadata, __u64 grown,
			 __u64 before, __u64 after)
{
	EXPECT_LE(before + grown, after + unit_size());
	EXPECT_GE(before + grown + 3 * unit_size(), after);
}

TEST_F(mem, grows_by_what_is_mapped_and_touched)
{
	const struct memory *use = &variant->use;
	struct memory nothing = { 0 };
	const __u64 unit = unit_size();
	struct xyzzy_task old;		/* of a process that uses nothing */
	const struct xyzzy_task *new = &self->pair.task;

	if (!can_mount())
		SKIP(return, NO_ROOT);
	ASSERT_EQ(0, subject_start(&self->subject, populate_and_use, &nothing));
	ASSERT_EQ(0, record_get(self->subject.pid, 0, XYZZY_MEM, &old));
	subject_kill(&self->subject);
	ASSERT_EQ(0, subject_start(&self->subject, populate_and_use, (void *)use));
	COMPARE(self->subject.pid, 0, XYZZY_MEM);

	if (!use->sparse)
		expect_grown(_metadata, (use->anon + use->locked) * unit +
					stack_size(use->stack),
			     old.rss_anon, new->rss_anon);
	expect_grown(_metadata, use->file * unit, old.rss_file, new->rss_file);
	expect_grown(_metadata, use->shmem * unit, old.rss_shmem,
		     new->rss_shmem);

	EXPECT_EQ(use->locked * unit, new->locked - old.locked);
	EXPECT_EQ(use->exec * unit, new->text + new->lib - old.text - old.lib);
	/* If lib is 0, the kernel may have reduced text: it does on sparc64. */
	if (old.lib)
		EXPECT_EQ(old.text, new->text);
	EXPECT_LE(stack_size(use->stack), new->stack);
	EXPECT_LE(old.data + (use->anon + use->locked) * unit, new->data);
	EXPECT_LE(old.vm_size + (use->anon + use->file + use->shmem +
				 use->locked + use->exec + use->reserved) *
					unit,
		  new->vm_size);
	/* Larger pages have larger tables. */
	if (use->sparse && page_size() == 4096) {
		EXPECT_LE(old.page_tables + SPARSE_PAGES / 2 * TABLE_SIZE,
			  new->page_tables);
	}
}

/*
 * A program may say that its text is larger than what it has mapped executable.
 * statm shows that, status what is mapped.
 */
RECORD_FIXTURE(text)

static int enlarge_text(void *arg)
{
	struct proc_dir dir = { .path = "/proc/self" };
	struct proc_status status;
	struct proc_stat stat;
	unsigned long size;

	(void)arg;
	if (proc_stat(&dir, &stat) || proc_status(&dir, &status))
		return -EIO;
	size = (proc_status_nth(&status, "VmExe", 0) +
		proc_status_nth(&status, "VmLib", 0)) * 1024;
	return prctl(PR_SET_MM, PR_SET_MM_END_CODE,
		     (unsigned long)stat.field[26] + size + 16 * page_size(),
		     0, 0) ? -errno : 0;
}

TEST_F(text, is_at_most_what_is_mapped)
{
	const struct xyzzy_task *task;
	int err = subject_start(&self->subject, enlarge_text, NULL);

	if (err == -EPERM)
		SKIP(return, NO_ROOT);
	ASSERT_EQ(0, err);
	task = COMPARE(self->subject.pid, 0, XYZZY_MEM);
	EXPECT_LT(0ULL, task->text);
	EXPECT_EQ(0ULL, task->lib);
}

/*
 * Memory that is gone or swapped out
 */
RECORD_FIXTURE(gone)

TEST_F(gone, peak_stays_when_memory_goes)
{
	struct memory use = { .peak = 20 };
	const __u64 peak = use.peak * unit_size();
	const struct xyzzy_task *task;

	/* The subject runs on the same CPU. */
	ASSERT_EQ(0, pin_to_cpu(0));
	ASSERT_EQ(0, subject_start(&self->subject, use_memory, &use));
	task = COMPARE(self->subject.pid, 0, XYZZY_MEM);
	EXPECT_LE(task->vm_size + peak, task->vm_peak);
	/*
	 * The peak lacks what that CPU kept back of three counters, less than a
	 * unit of each.
	 */
	EXPECT_LE(rss(task) + peak, task->rss_peak + 3 * unit_size());
}

TEST_F(gone, swap_is_0_if_nothing_is_swapped_out)
{
	struct memory use = { .anon = 4 };

	ASSERT_EQ(0, subject_start(&self->subject, use_memory, &use));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	if (proc_value(&self->pair.snap, "status VmSwap"))
		SKIP(return, "memory is short: the subject is swapped out");
	expect_groups(_metadata, &self->pair, XYZZY_MEM);
	EXPECT_EQ(0ULL, self->pair.task.swap);
}

FIXTURE(swap)
{
	struct subject subject;
	struct pair pair;
	struct disk disk;
};

FIXTURE_SETUP(swap)
{
	int err;

	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (!can_mount())
		SKIP(return, NO_ROOT);
	err = swap_open(&self->disk, 2 * SWAP_UNITS * unit_size());
	if (err == -EOPNOTSUPP)
		SKIP(return, NO_SWAP);
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN(swap)
{
	subject_kill(&self->subject);
	swap_close(&self->disk);
}

TEST_F(swap, is_what_is_swapped_out)
{
	const struct xyzzy_task *task;
	int err;

	err = subject_start(&self->subject, swap_out, NULL);
	if (err == -EOPNOTSUPP)
		SKIP(return, "nothing is swapped out");
	ASSERT_EQ(0, err);
	task = COMPARE(self->subject.pid, 0, XYZZY_MEM);
	EXPECT_LT((SWAP_UNITS / 2 - 1) * unit_size(), task->swap);
	expect_approx(_metadata, &self->pair, self->subject.pidfd);
}

/*
 * What CPUs keep back: a subject uses memory on each CPU.
 */
struct cpu_job {
	int cpu;
	char *maps[3];
};

#define PAGES_PER_CPU 16	/* Few enough for a CPU to keep back */

/* The number of pages differs between kinds of memory, and between CPUs. */
static void *use_on_cpu(void *arg)
{
	const struct cpu_job *job = arg;

	if (pin_to_cpu(job->cpu))
		_exit(EXIT_FAILURE);
	for (int i = 0; i < 3; i++) {
		int first = job->cpu * PAGES_PER_CPU;
		int nr = 3 + (job->cpu + 4 * i) % (PAGES_PER_CPU - 3);

		for (int page = first; page < first + nr; page++)
			job->maps[i][page * page_size()] = 1;
	}
	return NULL;
}

/* One thread after the other; the leader has not moved. */
static int use_on_each_cpu(void *arg)
{
	int nr = sysconf(_SC_NPROCESSORS_ONLN), rw = PROT_READ | PROT_WRITE;
	size_t size = nr * PAGES_PER_CPU * page_size();
	struct cpu_job job;
	pthread_t thread;
	int fd = open_file(size);

	(void)arg;
	if (fd < 0)
		return -errno;
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	job.maps[0] = mmap(NULL, size, rw, ANON, -1, 0);
	job.maps[1] = mmap(NULL, size, rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	job.maps[2] = mmap(NULL, size, rw, MAP_SHARED, fd, 0);
	for (int i = 0; i < 3; i++)
		if (job.maps[i] == MAP_FAILED)
			return -ENOMEM;
	for (job.cpu = nr - 1; job.cpu >= 0; job.cpu--)
		if (pthread_create(&thread, NULL, use_on_cpu, &job) ||
		    pthread_join(thread, NULL))
			return -EAGAIN;
	return 0;
}

RECORD_FIXTURE(spread)

TEST_F(spread, process_is_that_of_proc)
{
	const struct proc_snap *snap = &self->pair.snap;
	__u64 exact, approx;

	if (!can_mount())
		SKIP(return, NO_ROOT);
	ASSERT_EQ(0, subject_start(&self->subject, use_on_each_cpu, NULL));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	exact = proc_value(snap, "status VmRSS") * 1024;
	approx = proc_value(snap, "stat 24") * page_size();
	if (exact == approx)
		SKIP(return, "CPUs keep nothing back");
	expect_groups(_metadata, &self->pair, XYZZY_MEM);
	expect_approx(_metadata, &self->pair, self->subject.pidfd);
	TH_LOG("CPUs keep back %lld bytes", (long long)(exact - approx));
}

/* What /proc shows of a process; false if that changes, or the record has. */
static bool take_snap(struct pair *pair)
{
	struct proc_dir dir = proc_dir(pair->task.pid, 0);
	struct proc_snap before;
	struct xyzzy_task task;

	return !proc_snap(&dir, &before) && before.stat.state == 'S' &&
	       !record_get(pair->task.pid, 0, XYZZY_MEM, &task) &&
	       !memcmp(&task, &pair->task, sizeof(task)) &&
	       !proc_snap(&dir, &pair->snap) &&
	       !memcmp(&before, &pair->snap, sizeof(before));
}

#define NR_SPREAD 100

/* All processes that sleep, not just the subjects */
TEST_F(spread, processes_of_a_walk_are_those_of_proc)
{
	struct subject subjects[NR_SPREAD];
	struct walk walk;
	int nr = 0;

	if (!can_mount())
		SKIP(return, NO_ROOT);
	for (int i = 0; i < NR_SPREAD; i++)
		ASSERT_EQ(0, subject_start(&subjects[i], use_on_each_cpu,
					   NULL));
	ASSERT_EQ(0, walk_all(&walk, -1, XYZZY_MEM, 0, 64));
	for (size_t i = 0; i < walk.nr; i++) {
		self->pair.task = walk.tasks[i];
		if (!record_has(&walk.tasks[i], XYZZY_MEM) ||
		    !take_snap(&self->pair))
			continue;
		expect_groups(_metadata, &self->pair, XYZZY_MEM);
		nr++;
	}
	EXPECT_LE(NR_SPREAD, nr);
	walk_free(&walk);
	for (int i = 0; i < NR_SPREAD; i++)
		subject_kill(&subjects[i]);
}

/*
 * Processes that grow, and exit when they are large: their size is never above
 * its peak.
 */
static const struct growth {
	size_t size;		/* In one step */
	int steps;
	int flags;		/* MAP_POPULATE: resident memory grows too */
} growths[] = {
	{ .size = 256 << 10, .steps = 128, .flags = MAP_POPULATE },
	{ .size = 256 << 10, .steps = 4096, .flags = MAP_NORESERVE },
};

#define NR_GROWERS ARRAY_SIZE(growths)

FIXTURE(growth)
{
	pid_t growers[NR_GROWERS];
	pid_t disturber;
	int procfd;
};

FIXTURE_VARIANT(growth)
{
	bool procfs;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(growth, exact) { false, 0 };
FIXTURE_VARIANT_ADD(growth, approximate) { false, XYZZY_APPROX_MEM };
FIXTURE_VARIANT_ADD(growth, procfs) { true, 0 };
FIXTURE_VARIANT_ADD(growth, procfs_approximate) { true, XYZZY_APPROX_MEM };

static void grow(const struct growth *growth)
{
	for (int i = 0; i < growth->steps; i++) {
		char *map = mmap(NULL, growth->size, PROT_READ | PROT_WRITE,
				 growth->flags | ANON, -1, 0);

		/* Shrink now and then. */
		if (map == MAP_FAILED || (i % 8 == 7 && munmap(map, growth->size)))
			break;
	}
	_exit(EXIT_SUCCESS);
}

/* Its children grow, one after the other; each starts with low peaks. */
static pid_t spawn_grower(const struct growth *growth)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	if (pin_to_cpu(0))
		_exit(EXIT_FAILURE);
	for (;;) {
		pid = fork_child();
		if (!pid)
			grow(growth);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			_exit(EXIT_FAILURE);
	}
}

FIXTURE_SETUP(growth)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	self->procfd = variant->procfs ? open_procfs(NULL) : -1;
	if (variant->procfs && self->procfd < 0)
		SKIP(return, "cannot mount a procfs");
	for (size_t i = 0; i < NR_GROWERS; i++) {
		self->growers[i] = spawn_grower(&growths[i]);
		ASSERT_LT(0, self->growers[i]);
	}
	/* Let time pass between two reads of one figure. */
	self->disturber = spawn_disturber(1, 200);
	ASSERT_EQ(0, pin_to_cpu(1));
}

FIXTURE_TEARDOWN(growth)
{
	kill_child(self->disturber);
	kill_many(self->growers, NR_GROWERS);
}

static bool has_peaks(const struct xyzzy_task *task)
{
	return task->vm_size <= task->vm_peak && rss(task) <= task->rss_peak;
}

/* Is it a child of a grower, with memory? */
static bool grows(const FIXTURE_DATA(growth) * self,
		  const struct xyzzy_task *task)
{
	return task->mask & XYZZY_MEM &&
	       is_in(self->growers, NR_GROWERS, task->ppid);
}

TEST_F(growth, is_never_above_its_peak)
{
	struct xyzzy_params params = XYZZY_PARAMS(XYZZY_MEM, NULL, 64);
	__u64 end = now_ns() + NSEC_PER_SEC;
	unsigned long nr = 0, nr_wrong = 0;
	unsigned int flags = variant->flags;
	struct xyzzy_task wrong = { 0 };

	params.procfd = self->procfd;
	while (now_ns() < end) {
		struct walk walk = { 0 };

		/* The growers and the processes after them */
		params.cursor = self->growers[0];
		ASSERT_EQ(0, walk_on(&walk, &params, flags));
		for (size_t i = 0; i < walk.nr; i++) {
			nr += grows(self, &walk.tasks[i]);
			if (has_peaks(&walk.tasks[i]))
				continue;
			wrong = walk.tasks[i];
			nr_wrong++;
		}
		walk_free(&walk);
		flags ^= XYZZY_THREADS;
	}
	TH_LOG("%lu records of processes that grow", nr);
	EXPECT_LT(0UL, nr);
	EXPECT_EQ(0UL, nr_wrong)
		TH_LOG("one: size %llu, peak %llu; resident %llu, peak %llu",
		       wrong.vm_size, wrong.vm_peak, rss(&wrong),
		       wrong.rss_peak);
}

TEST_HARNESS_MAIN
