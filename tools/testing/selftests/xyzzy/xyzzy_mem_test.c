// SPDX-License-Identifier: GPL-2.0
/*
 * XYZZY_MEM: memory of each kind, against /proc/PID/{stat,statm,status} and
 * against what was mapped and touched.
 */
#include "kselftest_harness.h"
#include "disk.h"
#include "expect.h"
#include "memory.h"

#include <sys/swap.h>

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
	if (!xyzzy_is_there())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	stay_on_cpu();
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
	const struct memory *job = &variant->job;
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
	EXPECT_EQ(job->locked * slack(), after->locked - before->locked);
	EXPECT_EQ(job->exec * slack(),
		  after->text + after->lib - before->text - before->lib);
	/* Where nothing is left for lib, text may have been cut: on sparc64. */
	if (before->lib)
		EXPECT_EQ(before->text, after->text);
	EXPECT_LE(stack_size(job->stack), after->stack);
	EXPECT_LE(before->data + (job->anon + job->locked) * slack(),
		  after->data);
	EXPECT_LE(before->vm_size +
			  (job->anon + job->file + job->shmem + job->locked +
			   job->exec + job->reserved) * slack(),
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
	struct memory job = { .peak = PEAK_UNITS };
	__u64 rss;

	ASSERT_EQ(0, subject_start(&self->subject, use_memory, &job));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_mem(_metadata, &self->pair);
	expect_rss(_metadata, &self->pair);
	rss = task->rss_anon + task->rss_file + task->rss_shmem;
	EXPECT_LE(task->vm_size + PEAK_UNITS * slack(), task->vm_peak);
	EXPECT_LE(rss + PEAK_UNITS * slack(), task->rss_peak + 3 * slack());
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
