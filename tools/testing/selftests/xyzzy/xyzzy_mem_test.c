// SPDX-License-Identifier: GPL-2.0
/*
 * XYZZY_MEM: memory of each kind, against /proc/PID/{stat,statm,status} and
 * against what was mapped and touched.
 */
#include "kselftest_harness.h"
#include "record.h"
#include "use.h"

#include <sys/swap.h>

static __u64 rss(const struct xyzzy_task *task)
{
	return task->rss_anon + task->rss_file + task->rss_shmem;
}

/* To the last digit, whichever CPUs the pages were touched on. */
static void expect_rss(struct __test_metadata *_metadata,
		       const struct pair *pair)
{
	const struct xyzzy_task *task = &pair->task;
	const struct proc_status *status = &pair->snap.status;
	const struct proc_statm *statm = &pair->snap.statm;

	EXPECT_EQ(statm->resident * page_size(), rss(task));
	EXPECT_EQ(statm->shared * page_size(),
		  task->rss_file + task->rss_shmem);
	EXPECT_EQ(proc_status_bytes(status, "VmRSS"), rss(task));
	EXPECT_EQ(proc_status_bytes(status, "RssAnon"), task->rss_anon);
	EXPECT_EQ(proc_status_bytes(status, "RssFile"), task->rss_file);
	EXPECT_EQ(proc_status_bytes(status, "RssShmem"), task->rss_shmem);
	EXPECT_EQ(proc_status_bytes(status, "VmSwap"), task->swap);
	EXPECT_EQ(proc_status_bytes(status, "VmHWM"), task->rss_peak);
	EXPECT_LE(rss(task), task->rss_peak);
	EXPECT_LE(task->vm_size, task->vm_peak);
}

/* The same without what CPUs keep back, in a record of the process. */
static void expect_approx(struct __test_metadata *_metadata,
			  const struct pair *pair, int pidfd)
{
	const struct xyzzy_task *exact = &pair->task;
	struct xyzzy_task task;

	ASSERT_EQ(1, xyzzy_pidfd(-1, pidfd, XYZZY_MEM, XYZZY_APPROX_MEM, &task,
				 1));
	EXPECT_EQ(pair->snap.stat.field[24] * page_size(), rss(&task));
	EXPECT_LE(rss(&task), task.rss_peak);
	/* All else is the same. */
	EXPECT_EQ(exact->vm_size, task.vm_size);
	EXPECT_EQ(exact->vm_peak, task.vm_peak);
	EXPECT_EQ(0, memcmp(&exact->page_tables, &task.page_tables,
			    offsetof(struct xyzzy_task, rchar) -
			    offsetof(struct xyzzy_task, page_tables)));
}

FIXTURE(mem)
{
	struct subject plain;	/* One that does nothing */
	struct subject subject;
	struct pair base;
	struct pair pair;
};

FIXTURE_VARIANT(mem)
{
	struct memory job;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(mem, nothing)
{ .job = { .anon = 0, }, };
FIXTURE_VARIANT_ADD(mem, anon)
{ .job = { .anon = 20, }, };
FIXTURE_VARIANT_ADD(mem, file)
{ .job = { .file = 10, }, };
FIXTURE_VARIANT_ADD(mem, shmem)
{ .job = { .shmem = 15, }, };
FIXTURE_VARIANT_ADD(mem, anon_file_and_shmem)
{ .job = { .anon = 20, .file = 10, .shmem = 15, }, };
FIXTURE_VARIANT_ADD(mem, locked)
{ .job = { .locked = 3, }, };
FIXTURE_VARIANT_ADD(mem, exec)
{ .job = { .exec = 7, }, };
FIXTURE_VARIANT_ADD(mem, stack)
{ .job = { .stack = 2, }, };
FIXTURE_VARIANT_ADD(mem, reserved)
{ .job = { .reserved = 500, }, };
FIXTURE_VARIANT_ADD(mem, sparse)
{ .job = { .sparse = true, }, };
FIXTURE_VARIANT_ADD(mem, peak)
{ .job = { .peak = 20, }, };

FIXTURE_VARIANT_ADD(mem, all)
{
	.job = {
		.anon = 3, .file = 4, .shmem = 5, .locked = 6, .exec = 7,
		.stack = 2, .peak = 30, .reserved = 9, .sparse = true,
	},
};

/* clang-format on */

FIXTURE_SETUP(mem)
{
	memset(&self->plain, -1, sizeof(self->plain));
	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_EQ(0, subject_start(&self->plain, NULL, NULL));
	ASSERT_EQ(0, pair_take(&self->base, self->plain.pid, 0));
	ASSERT_EQ(0, subject_start(&self->subject, use_memory,
				   (void *)&variant->job));
}

FIXTURE_TEARDOWN(mem)
{
	subject_kill(&self->plain);
	subject_kill(&self->subject);
}

TEST_F(mem, process_is_that_of_proc)
{
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_mem(_metadata, &self->pair);
	expect_rss(_metadata, &self->pair);
	EXPECT_NE(0ULL, self->pair.task.text);
	EXPECT_NE(0ULL, self->pair.task.page_tables);
}

TEST_F(mem, approximate_is_that_of_stat)
{
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_approx(_metadata, &self->pair, self->subject.pidfd);
}

TEST_F(mem, thread_is_that_of_proc)
{
	pid_t pid = self->subject.pid;

	ASSERT_EQ(0, pair_take(&self->pair, pid, pid));
	expect_mem(_metadata, &self->pair);
	expect_rss(_metadata, &self->pair);
}

/* So much more, but for a few pages that the subject uses anyway. */
static void expect_grown(struct __test_metadata *_metadata, __u64 grown,
			 __u64 before, __u64 after)
{
	EXPECT_LE(before + grown, after + unit_size());
	EXPECT_GE(before + grown + 3 * unit_size(), after);
}

TEST_F(mem, resident_is_what_was_touched)
{
	const struct memory *job = &variant->job;
	const struct xyzzy_task *before = &self->base.task;
	const struct xyzzy_task *after = &self->pair.task;
	__u64 anon = (job->anon + job->locked) * unit_size() +
		     stack_size(job->stack);

	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	if (!job->sparse)
		expect_grown(_metadata, anon, before->rss_anon,
			     after->rss_anon);
	expect_grown(_metadata, job->file * unit_size(), before->rss_file,
		     after->rss_file);
	expect_grown(_metadata, job->shmem * unit_size(), before->rss_shmem,
		     after->rss_shmem);
}

/* Bytes of a page table that maps pages of 4096 bytes */
#ifdef __m68k__
#define TABLE_SIZE 256
#else
#define TABLE_SIZE 4096
#endif

TEST_F(mem, exact_figures_grow_by_what_was_mapped)
{
	const struct memory *job = &variant->job;
	const struct xyzzy_task *before = &self->base.task;
	const struct xyzzy_task *after = &self->pair.task;

	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	EXPECT_EQ(job->locked * unit_size(), after->locked - before->locked);
	EXPECT_EQ(job->exec * unit_size(),
		  after->text + after->lib - before->text - before->lib);
	/* Where nothing is left for lib, text may have been cut: on sparc64. */
	if (before->lib)
		EXPECT_EQ(before->text, after->text);
	EXPECT_LE(stack_size(job->stack), after->stack);
	EXPECT_LE(before->data + (job->anon + job->locked) * unit_size(),
		  after->data);
	EXPECT_LE(before->vm_size +
			  (job->anon + job->file + job->shmem + job->locked +
			   job->exec + job->reserved) * unit_size(),
		  after->vm_size);
	/* Larger pages have larger tables. */
	if (job->sparse && page_size() == 4096) {
		EXPECT_LE(before->page_tables + SPARSE_PAGES / 2 * TABLE_SIZE,
			  after->page_tables);
	}
}

/*
 * What is or was there and no longer is
 */
FIXTURE(gone)
{
	struct subject subject;
	struct disk disk;
	struct pair pair;
};

FIXTURE_SETUP(gone)
{
	memset(&self->subject, -1, sizeof(self->subject));
	self->disk.fd = -1;
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
}

FIXTURE_TEARDOWN(gone)
{
	subject_kill(&self->subject);
	if (self->disk.fd >= 0)
		swapoff(self->disk.path);
	disk_close(&self->disk);
}

#define PEAK_UNITS 20

TEST_F(gone, peak_stays_when_memory_goes)
{
	const struct xyzzy_task *task = &self->pair.task;
	struct memory job = { .peak = PEAK_UNITS };

	ASSERT_EQ(0, subject_start(&self->subject, use_memory, &job));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_mem(_metadata, &self->pair);
	expect_rss(_metadata, &self->pair);
	EXPECT_LE(task->vm_size + PEAK_UNITS * unit_size(), task->vm_peak);
	EXPECT_LE(rss(task) + PEAK_UNITS * unit_size(),
		  task->rss_peak + unit_size());
}

TEST_F(gone, swap_is_0_where_nothing_is_swapped)
{
	struct memory job = { .anon = 4 };

	ASSERT_EQ(0, subject_start(&self->subject, use_memory, &job));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	if (proc_status_num(&self->pair.snap.status, "VmSwap"))
		SKIP(return, "memory is short: the subject is swapped out");
	EXPECT_EQ(0ULL, self->pair.task.swap);
}

TEST_F(gone, swap_is_what_is_swapped_out)
{
	off_t size = 2 * SWAP_UNITS * unit_size();
	int err;

	if (geteuid())
		SKIP(return, NO_ROOT);
	if (disk_open(&self->disk, size))
		SKIP(return, "no loop devices");
	ASSERT_EQ(0, make_swap(self->disk.fd, size));
	if (swapon(self->disk.path, 0))
		SKIP(return, "cannot swap: %s", strerror(errno));
	err = subject_start(&self->subject, swap_out, NULL);
	if (err == -EOPNOTSUPP)
		SKIP(return, "nothing is swapped out");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_mem(_metadata, &self->pair);
	expect_rss(_metadata, &self->pair);
	EXPECT_LT((SWAP_UNITS / 2 - 1) * unit_size(), self->pair.task.swap);
}

/*
 * What CPUs keep back: the subject uses memory on each of them.
 */
struct spread_job {
	int cpu;
	char *maps[3];
};

#define PAGES_A_CPU 16		/* Not too many to be kept back */

static void touch_pages(char *map, int first, int nr)
{
	for (int i = first; i < first + nr; i++)
		map[i * page_size()] = 1;
}

/* Another number of pages of each kind, and on each CPU. */
static void *use_on_cpu(void *arg)
{
	const struct spread_job *job = arg;

	if (pin_to_cpu(job->cpu))
		_exit(EXIT_FAILURE);
	for (int i = 0; i < 3; i++)
		touch_pages(job->maps[i], job->cpu * PAGES_A_CPU,
			    3 + (job->cpu + 4 * i) % (PAGES_A_CPU - 3));
	return NULL;
}

/* One thread after the other, from the last CPU on; the first one stays. */
static int use_on_each_cpu(void *arg)
{
	int nr = sysconf(_SC_NPROCESSORS_ONLN);
	size_t size = nr * PAGES_A_CPU * page_size();
	struct spread_job job;
	pthread_t thread;
	int fd = open_file(size);

	(void)arg;
	if (fd < 0)
		return -errno;
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	job.maps[0] = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	job.maps[1] = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	job.maps[2] = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   0);
	for (int i = 0; i < 3; i++)
		if (job.maps[i] == MAP_FAILED)
			return -ENOMEM;
	for (job.cpu = nr - 1; job.cpu >= 0; job.cpu--)
		if (pthread_create(&thread, NULL, use_on_cpu, &job) ||
		    pthread_join(thread, NULL))
			return -EAGAIN;
	return 0;
}

#define NR_SPREAD 100

FIXTURE(spread)
{
	struct subject subjects[NR_SPREAD];
	struct pair pairs[NR_SPREAD];
	struct walk walk;
};

FIXTURE_SETUP(spread)
{
	memset(self->subjects, -1, sizeof(self->subjects));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
}

FIXTURE_TEARDOWN(spread)
{
	walk_free(&self->walk);
	for (int i = 0; i < NR_SPREAD; i++)
		subject_kill(&self->subjects[i]);
}

TEST_F(spread, process_is_that_of_proc)
{
	struct subject *subject = &self->subjects[0];
	struct pair *pair = &self->pairs[0];

	ASSERT_EQ(0, subject_start(subject, use_on_each_cpu, NULL));
	ASSERT_EQ(0, pair_take(pair, subject->pid, 0));
	expect_mem(_metadata, pair);
	expect_rss(_metadata, pair);
	expect_approx(_metadata, pair, subject->pidfd);
	TH_LOG("CPUs keep back %lld bytes",
	       (long long)(rss(&pair->task) -
			   pair->snap.stat.field[24] * page_size()));
}

/* What /proc shows of the process, unless that changes, or it is gone. */
static bool take_snap(struct pair *pair)
{
	struct proc_dir dir = proc_dir(pair->task.pid, 0);
	struct proc_snap before;

	return !proc_snap(&dir, &before) && before.stat.state == 'S' &&
	       !proc_snap(&dir, &pair->snap) &&
	       !memcmp(&before, &pair->snap, sizeof(before));
}

/* Those of others that sleep, too. */
TEST_F(spread, processes_of_a_walk_are_those_of_proc)
{
	struct walk *walk = &self->walk;
	int nr = 0;

	for (int i = 0; i < NR_SPREAD; i++)
		ASSERT_EQ(0, subject_start(&self->subjects[i], use_on_each_cpu,
					   NULL));
	ASSERT_EQ(0, walk_all(walk, -1, XYZZY_MEM, 0, 64));
	for (size_t i = 0; i < walk->nr; i++) {
		struct pair *pair = &self->pairs[0];

		pair->task = walk->tasks[i];
		if (!record_has(&pair->task, XYZZY_MEM) || !take_snap(pair))
			continue;
		expect_mem(_metadata, pair);
		expect_rss(_metadata, pair);
		nr++;
	}
	EXPECT_LE(NR_SPREAD, nr);
}

/*
 * Processes that grow, and are gone when they are large. No peak is below what
 * it is the peak of.
 */
static const struct growth {
	int pages;		/* in one step */
	int steps;
	int flags;		/* MAP_POPULATE: they are resident as well */
} growths[] = {
	{ .pages = 64, .steps = 128, .flags = MAP_POPULATE },
	{ .pages = 64, .steps = 4096, .flags = MAP_NORESERVE },
};

#define NR_GROWERS ARRAY_SIZE(growths)
#define GROWTH_MS 1000

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
	size_t size = growth->pages * page_size();

	for (int i = 0; i < growth->steps; i++) {
		char *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
				 growth->flags | MAP_PRIVATE | MAP_ANONYMOUS,
				 -1, 0);

		/* Shrink at times, but grow on. */
		if (map == MAP_FAILED || (i % 8 == 7 && munmap(map, size)))
			break;
	}
	_exit(EXIT_SUCCESS);
}

/* Its children grow, one after the other: each starts with low peaks. */
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
	self->procfd = -1;
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (variant->procfs) {
		self->procfd = open_procfs(NULL);
		if (self->procfd < 0)
			SKIP(return, "cannot mount a procfs");
	}
	for (size_t i = 0; i < NR_GROWERS; i++)
		self->growers[i] = spawn_grower(&growths[i]);
	/* Between two looks at one figure there is to be time. */
	self->disturber = spawn_disturber(1, 200);
	ASSERT_EQ(0, pin_to_cpu(1));
}

FIXTURE_TEARDOWN(growth)
{
	kill_child(self->disturber);
	kill_many(self->growers, NR_GROWERS);
	close_fd(self->procfd);
}

/* The first grower and who came after it: just those that are of interest. */
static int walk_growers(FIXTURE_DATA(growth) * self, unsigned int flags,
			struct walk *walk)
{
	struct xyzzy_params params = XYZZY_PARAMS(XYZZY_MEM, NULL, 64);

	params.procfd = self->procfd;
	params.cursor = self->growers[0];
	memset(walk, 0, sizeof(*walk));
	return walk_on(walk, &params, flags);
}

static bool has_peaks(const struct xyzzy_task *task)
{
	return task->vm_size <= task->vm_peak && rss(task) <= task->rss_peak;
}

TEST_F(growth, is_never_above_its_peak)
{
	__u64 end = now_ns() + GROWTH_MS * 1000000ULL;
	unsigned long nr = 0, nr_wrong = 0;
	unsigned int flags = variant->flags;
	struct xyzzy_task wrong = { 0 };
	struct walk walk;

	while (now_ns() < end) {
		ASSERT_EQ(0, walk_growers(self, flags, &walk));
		for (size_t i = 0; i < walk.nr; i++) {
			if (has_peaks(&walk.tasks[i]))
				continue;
			wrong = walk.tasks[i];
			nr_wrong++;
		}
		nr += walk.nr;
		walk_free(&walk);
		flags ^= XYZZY_THREADS;
	}
	TH_LOG("%lu records", nr);
	EXPECT_EQ(0UL, nr_wrong) {
		TH_LOG("one: size %llu, peak %llu; resident %llu, peak %llu",
		       wrong.vm_size, wrong.vm_peak, rss(&wrong),
		       wrong.rss_peak);
	}
}

TEST_HARNESS_MAIN
