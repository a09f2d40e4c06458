// SPDX-License-Identifier: GPL-2.0
/*
 * XYZZY_MEM: memory of each kind, against /proc/PID/{stat,statm,status} and
 * against what was mapped and touched.
 */
#include "kselftest_harness.h"
#include "disk.h"
#include "expect.h"

#include <linux/types.h>
#include <sys/swap.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

/*
 * The counters of resident pages are per CPU; what a CPU has not yet passed on
 * is missing from the sum that xyzzy() and field 24 of stat are. The subject
 * is kept on one CPU, so this is the most that can be missing.
 */
static __u64 slack(void)
{
	long pages = 2 * sysconf(_SC_NPROCESSORS_CONF);

	return (pages > 32 ? pages : 32) * page_size();
}

static void stay_on_cpu(void)
{
	int cpu = sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu >= 0) {
		CPU_SET(cpu, &set);
		sched_setaffinity(0, sizeof(set), &set);
	}
}

/* How much of what a subject maps, in units of slack(). */
struct job {
	int anon;
	int file;
	int shmem;
	int locked;
	int exec;
	int stack;
	int peak;		/* Mapped, touched and unmapped */
	int reserved;		/* Mapped and not touched */
	bool sparse;		/* Pages far from each other */
};

static char *map_memory(int units, int prot, int flags, int fd)
{
	char *map = mmap(NULL, units * slack(), prot, flags, fd, 0);

	return map == MAP_FAILED ? NULL : map;
}

static void touch(char *map, int units)
{
	for (size_t i = 0; i < units * slack(); i += page_size())
		map[i] = 1;
}

static int make_resident(int units, int flags, int fd)
{
	char *map;

	if (!units)
		return 0;
	map = map_memory(units, PROT_READ | PROT_WRITE, flags, fd);
	if (!map)
		return -errno;
	touch(map, units);
	return 0;
}

/* A file whose pages are neither anonymous nor shmem: on ramfs. */
static int open_file(off_t size)
{
	int fs = syscall(__NR_fsopen, "ramfs", 0), dir = -1, fd = -1;

	if (fs >= 0 &&
	    !syscall(__NR_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		dir = syscall(__NR_fsmount, fs, 0, 0);
	if (dir >= 0)
		fd = openat(dir, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	close_fd(fs);
	close_fd(dir);
	if (fd >= 0 && ftruncate(fd, size))
		return -1;
	return fd;
}

static int make_file(int units)
{
	int fd, err;

	if (!units)
		return 0;
	fd = open_file(units * slack());
	if (fd < 0)
		return -errno;
	err = make_resident(units, MAP_SHARED, fd);
	close(fd);
	return err;
}

static int make_locked(int units)
{
	char *map;

	if (!units)
		return 0;
	map = map_memory(units, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!map || mlock(map, units * slack()))
		return -errno;
	return 0;
}

static int make_exec(int units)
{
	if (!units)
		return 0;
	return map_memory(units, PROT_READ | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1) ? 0 : -errno;
}

/* Within the usual limit of 8 MB. */
static size_t stack_size(int units)
{
	size_t size = units * slack();

	return size < 2 << 20 ? size : 2 << 20;
}

static void make_stack(size_t size)
{
	char *frame = __builtin_alloca(size + 1);

	for (size_t i = 0; i <= size; i += page_size())
		__atomic_store_n(frame + size - i, 1, __ATOMIC_RELAXED);
}

static int make_peak(int units)
{
	char *map;

	if (!units)
		return 0;
	map = map_memory(units, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!map)
		return -errno;
	touch(map, units);
	return munmap(map, units * slack()) ? -errno : 0;
}

static int make_reserved(int units)
{
	if (!units)
		return 0;
	return map_memory(units, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1) ?
		0 : -errno;
}

/* With pages of 4 kB no two of these are in one table. */
#define SPARSE_PAGES 32
#define SPARSE_STRIDE (4 * 1024 * 1024)

static int make_sparse(void)
{
	size_t size = SPARSE_PAGES * SPARSE_STRIDE;
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		return -errno;
	for (size_t i = 0; i < size; i += SPARSE_STRIDE)
		map[i] = 1;
	return 0;
}

static int do_job(void *arg)
{
	const struct job *job = arg;
	int err;

	/* Huge pages would count more than was touched. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	err = make_resident(job->anon, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!err)
		err = make_resident(job->shmem, MAP_SHARED | MAP_ANONYMOUS, -1);
	if (!err)
		err = make_file(job->file);
	if (!err)
		err = make_locked(job->locked);
	if (!err)
		err = make_exec(job->exec);
	if (!err)
		err = make_reserved(job->reserved);
	if (!err && job->sparse)
		err = make_sparse();
	if (job->stack)
		make_stack(stack_size(job->stack));
	return err ?: make_peak(job->peak);
}

/* Equal but for what a CPU may have kept back of @counters counters. */
static void expect_near(struct __test_metadata *_metadata, int counters,
			__u64 exact, __u64 seen)
{
	EXPECT_GE(exact + counters * slack(), seen);
	EXPECT_LE(exact, seen + counters * slack());
}

static void expect_rss(struct __test_metadata *_metadata,
		       const struct pair *pair)
{
	const struct xyzzy_task *task = &pair->task;
	const struct proc_status *status = &pair->snap.status;
	const struct proc_statm *statm = &pair->snap.statm;
	__u64 rss = task->rss_anon + task->rss_file + task->rss_shmem;

	EXPECT_EQ(pair->snap.stat.field[24] * page_size(), rss);
	expect_near(_metadata, 1, proc_status_bytes(status, "RssAnon"),
		    task->rss_anon);
	expect_near(_metadata, 1, proc_status_bytes(status, "RssFile"),
		    task->rss_file);
	expect_near(_metadata, 1, proc_status_bytes(status, "RssShmem"),
		    task->rss_shmem);
	expect_near(_metadata, 1, proc_status_bytes(status, "VmSwap"),
		    task->swap);
	expect_near(_metadata, 3, proc_status_bytes(status, "VmHWM"),
		    task->rss_peak);
	expect_near(_metadata, 2, statm->shared * page_size(),
		    task->rss_file + task->rss_shmem);
	EXPECT_LE(rss, task->rss_peak);
	EXPECT_LE(task->vm_size, task->vm_peak);
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
	struct job job;
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
	if (!xyzzy_is_there())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	stay_on_cpu();
	ASSERT_EQ(0, subject_start(&self->plain, NULL, NULL));
	ASSERT_EQ(0, pair_take(&self->base, self->plain.pid, 0));
	ASSERT_EQ(0, subject_start(&self->subject, do_job,
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

TEST_F(mem, thread_is_that_of_proc)
{
	pid_t pid = self->subject.pid;

	ASSERT_EQ(0, pair_take(&self->pair, pid, pid));
	expect_mem(_metadata, &self->pair);
	expect_rss(_metadata, &self->pair);
}

/* At least so much more; at most a little on top. */
static void expect_grown(struct __test_metadata *_metadata, __u64 grown,
			 __u64 before, __u64 after)
{
	EXPECT_LE(before + grown, after + 2 * slack());
	EXPECT_GE(before + grown + 3 * slack(), after);
}

TEST_F(mem, resident_is_what_was_touched)
{
	const struct job *job = &variant->job;
	const struct xyzzy_task *before = &self->base.task;
	const struct xyzzy_task *after = &self->pair.task;
	__u64 anon = (job->anon + job->locked) * slack() +
		     stack_size(job->stack);

	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	if (!job->sparse)
		expect_grown(_metadata, anon, before->rss_anon,
			     after->rss_anon);
	expect_grown(_metadata, job->file * slack(), before->rss_file,
		     after->rss_file);
	expect_grown(_metadata, job->shmem * slack(), before->rss_shmem,
		     after->rss_shmem);
}

TEST_F(mem, exact_figures_grow_by_what_was_mapped)
{
	const struct job *job = &variant->job;
	const struct xyzzy_task *before = &self->base.task;
	const struct xyzzy_task *after = &self->pair.task;

	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	EXPECT_EQ(job->locked * slack(), after->locked - before->locked);
	EXPECT_EQ(job->exec * slack(), after->lib - before->lib);
	EXPECT_EQ(before->text, after->text);
	EXPECT_LE(stack_size(job->stack), after->stack);
	EXPECT_LE(before->data + (job->anon + job->locked) * slack(),
		  after->data);
	EXPECT_LE(before->vm_size +
			  (job->anon + job->file + job->shmem + job->locked +
			   job->exec + job->reserved) * slack(),
		  after->vm_size);
	if (job->sparse && page_size() == 4096) {
		EXPECT_LE(before->page_tables + SPARSE_PAGES / 2 * page_size(),
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
	if (!xyzzy_is_there())
		SKIP(return, NO_XYZZY);
	stay_on_cpu();
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
	struct job job = { .peak = PEAK_UNITS };
	__u64 rss;

	ASSERT_EQ(0, subject_start(&self->subject, do_job, &job));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_mem(_metadata, &self->pair);
	expect_rss(_metadata, &self->pair);
	rss = task->rss_anon + task->rss_file + task->rss_shmem;
	EXPECT_LE(task->vm_size + PEAK_UNITS * slack(), task->vm_peak);
	EXPECT_LE(rss + PEAK_UNITS * slack(), task->rss_peak + 3 * slack());
}

TEST_F(gone, swap_is_0_where_nothing_is_swapped)
{
	struct job job = { .anon = 4 };

	ASSERT_EQ(0, subject_start(&self->subject, do_job, &job));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	if (proc_status_num(&self->pair.snap.status, "VmSwap"))
		SKIP(return, "memory is short: the subject is swapped out");
	EXPECT_EQ(0ULL, self->pair.task.swap);
}

#define SWAP_UNITS 8

/* The header that mkswap(8) makes. */
static int make_swap(int fd, off_t size)
{
	size_t page = page_size();
	char *first = calloc(1, page);
	__u32 info[2] = { 1, size / page - 1 };	/* Version, last page */
	ssize_t len;

	if (!first)
		return -ENOMEM;
	memcpy(first + 1024, info, sizeof(info));
	memcpy(first + page - 10, "SWAPSPACE2", 10);
	len = pwrite(fd, first, page, 0);
	free(first);
	return len == (ssize_t)page && !fsync(fd) ? 0 : -EIO;
}

static int swap_out(void *arg)
{
	char *map = map_memory(SWAP_UNITS, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1);
	struct proc_dir dir = { .path = "/proc/self" };
	struct proc_status status;

	(void)arg;
	if (!map)
		return -ENOMEM;
	touch(map, SWAP_UNITS);
	for (int i = 0; i < 100; i++) {
		if (madvise(map, SWAP_UNITS * slack(), MADV_PAGEOUT))
			return -EOPNOTSUPP;
		if (proc_status(&dir, &status))
			return -EIO;
		if (proc_status_bytes(&status, "VmSwap") >=
		    SWAP_UNITS / 2 * slack())
			return 0;
	}
	return -EOPNOTSUPP;
}

TEST_F(gone, swap_is_what_is_swapped_out)
{
	off_t size = 2 * SWAP_UNITS * slack();
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
	EXPECT_LT((SWAP_UNITS / 2 - 1) * slack(), self->pair.task.swap);
}

TEST_HARNESS_MAIN
