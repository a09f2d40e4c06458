// SPDX-License-Identifier: GPL-2.0
/* Walks over all processes: which are reported, in what order, how often. */
#include "kselftest_harness.h"
#include "caller.h"

#include <limits.h>
#include <stdint.h>

#define NR_MANY 200
#define NR_FEW 16

/* Is every process of @pids in the walk exactly once? */
static bool has_each_once(const struct walk *walk, const pid_t *pids, int nr)
{
	for (int i = 0; i < nr; i++)
		if (walk_count(walk, pids[i]) != 1)
			return false;
	return true;
}

/*
 * Walks over many processes, in calls for few and for many records.
 */
FIXTURE(chunk)
{
	pid_t pids[NR_MANY];
	struct walk walk;
};

FIXTURE_VARIANT(chunk)
{
	size_t size;
};

FIXTURE_VARIANT_ADD(chunk, of_1) { 1 };
FIXTURE_VARIANT_ADD(chunk, of_2) { 2 };
FIXTURE_VARIANT_ADD(chunk, of_3) { 3 };
FIXTURE_VARIANT_ADD(chunk, of_7) { 7 };
FIXTURE_VARIANT_ADD(chunk, of_64) { 64 };
FIXTURE_VARIANT_ADD(chunk, of_1000) { 1000 };

FIXTURE_SETUP(chunk)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	ASSERT_EQ(0, spawn_many(self->pids, NR_MANY));
	ASSERT_EQ(0, walk_all(&self->walk, -1, XYZZY_ID, 0, variant->size));
}

FIXTURE_TEARDOWN(chunk)
{
	walk_free(&self->walk);
	kill_many(self->pids, NR_MANY);
}

TEST_F(chunk, walk_reports_each_process_once_and_in_order)
{
	EXPECT_TRUE(has_each_once(&self->walk, self->pids, NR_MANY));
	EXPECT_TRUE(is_increasing(&self->walk));
}

/*
 * Walks over a few children and all other processes.
 */
FIXTURE(walk)
{
	pid_t pids[NR_FEW];
	pid_t other;
	struct walk walk;
};

FIXTURE_SETUP(walk)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	ASSERT_EQ(0, spawn_many(self->pids, NR_FEW));
}

FIXTURE_TEARDOWN(walk)
{
	walk_free(&self->walk);
	kill_many(self->pids, NR_FEW);
	kill_child(self->other);
}

TEST_F(walk, one_call_fills_all_the_room)
{
	struct xyzzy_task tasks[NR_FEW];
	struct xyzzy_params params = XYZZY_PARAMS(0, tasks, NR_FEW);

	EXPECT_EQ(NR_FEW, xyzzy_call(&params, 0));
}

TEST_F(walk, one_call_with_room_reports_all)
{
	struct xyzzy_params params = XYZZY_PARAMS(0, NULL, 0);
	long ret;

	ASSERT_EQ(0, walk_all(&self->walk, -1, 0, 0, 64));
	params.nr_tasks = self->walk.nr + 1000;
	ASSERT_EQ(0, walk_make_room(&self->walk, params.nr_tasks));
	params.tasks = self->walk.tasks;
	ret = xyzzy_call(&params, 0);
	ASSERT_GT(ret, NR_FEW);
	self->walk.nr = ret;
	EXPECT_TRUE(has_each_once(&self->walk, self->pids, NR_FEW));
	EXPECT_EQ(1, walk_count(&self->walk, getpid()));
}

TEST_F(walk, reports_a_zombie)
{
	struct xyzzy_task *task;

	ASSERT_TRUE(make_zombie(self->pids[3]));
	ASSERT_EQ(0, walk_all(&self->walk, -1, 0, 0, 64));
	ASSERT_EQ(1, walk_count(&self->walk, self->pids[3]));
	task = walk_find(&self->walk, self->pids[3]);
	EXPECT_EQ((__u32)'Z', task->state);
}

TEST_F(walk, does_not_report_a_reaped_process)
{
	pid_t gone = self->pids[3];

	kill_child(gone);
	self->pids[3] = 0;
	ASSERT_EQ(0, walk_all(&self->walk, -1, 0, 0, 64));
	EXPECT_EQ(0, walk_count(&self->walk, gone));
}

TEST_F(walk, reports_kernel_threads)
{
	struct proc_dir dir = proc_dir(2, 0);
	struct xyzzy_task *task;
	char comm[64];

	if (geteuid())
		SKIP(return, NO_ROOT);
	if (proc_comm(&dir, comm, sizeof(comm)) || strcmp(comm, "kthreadd"))
		SKIP(return, "no kernel threads in this PID namespace");
	ASSERT_EQ(0, walk_all(&self->walk, -1, 0, 0, 64));
	task = walk_find(&self->walk, 2);
	ASSERT_TRUE(!!task);
	EXPECT_STREQ("kthreadd", task->comm);
}

TEST_F(walk, reports_what_proc_lists)
{
	static struct pids before, after;

	if (geteuid())
		SKIP(return, NO_ROOT);
	list_numbers(AT_FDCWD, "/proc", &before);
	ASSERT_EQ(0, walk_all(&self->walk, -1, 0, 0, 64));
	list_numbers(AT_FDCWD, "/proc", &after);
	if (before.nr == PIDS_MAX || after.nr == PIDS_MAX)
		SKIP(return, TOO_MANY);

	ASSERT_LT(0, after.nr);
	for (int i = 0; i < before.nr; i++) {
		if (!has_pid(&after, before.pids[i]))
			continue;
		EXPECT_EQ(1, walk_count(&self->walk, before.pids[i]))
			TH_LOG("pid %d", before.pids[i]);
	}
}

TEST_F(walk, reports_processes_alone_and_no_child_that_is_not_there)
{
	ASSERT_EQ(0, walk_all(&self->walk, -1, 0, 0, 64));
	EXPECT_EQ(1, walk_count(&self->walk, getpid()));
	for (size_t i = 0; i < self->walk.nr; i++) {
		struct xyzzy_task *task = &self->walk.tasks[i];

		EXPECT_EQ(task->tgid, task->pid);
		EXPECT_TRUE(task->ppid != (__u32)getpid() ||
			    is_in(self->pids, NR_FEW, task->pid));
	}
}

TEST_F(walk, same_cursor_continues_at_the_same_place)
{
	struct xyzzy_task first, second;
	struct xyzzy_params params = XYZZY_PARAMS(0, NULL, 1);
	__u64 cursor;

	/* Up to the first child: its siblings come next and do not exit. */
	params.tasks = &first;
	do {
		ASSERT_EQ(1, xyzzy_call(&params, 0));
	} while (first.pid != (__u32)self->pids[0]);
	cursor = params.cursor;
	ASSERT_EQ(1, xyzzy_call(&params, 0));
	ASSERT_NE(cursor, params.cursor);

	params.tasks = &second;
	params.cursor = cursor;
	ASSERT_EQ(1, xyzzy_call(&params, 0));
	EXPECT_EQ(first.pid, second.pid);
}

TEST_F(walk, is_not_disturbed_by_another_walk)
{
	struct xyzzy_params params = XYZZY_PARAMS(0, NULL, 3);
	struct walk other;

	ASSERT_EQ(0, walk_make_room(&self->walk, 3));
	params.tasks = self->walk.tasks;
	ASSERT_EQ(3, xyzzy_call(&params, 0));
	self->walk.nr = 3;

	ASSERT_EQ(0, walk_all(&other, -1, 0, 0, 64));
	walk_free(&other);

	ASSERT_EQ(0, walk_on(&self->walk, &params, 0));
	EXPECT_TRUE(has_each_once(&self->walk, self->pids, NR_FEW));
}

TEST_F(walk, takes_any_cursor)
{
	const __u64 cursors[] = {
		2, 3, 63, INT_MAX - 1, INT_MAX, (__u64)INT_MAX + 1, UINT_MAX,
		(1ULL << 32) + 1, (1ULL << 32) + INT_MAX, INT64_MAX,
		(1ULL << 63) + 1, UINT64_MAX - 1, UINT64_MAX,
	};

	/* These, and each power of two. */
	for (size_t i = 0; i < 2 * (64 + ARRAY_SIZE(cursors)); i++) {
		struct xyzzy_params params = XYZZY_PARAMS(0, NULL, 7);
		__u64 cursor = i / 2 < 64 ? 1ULL << i / 2 :
					    cursors[i / 2 - 64];

		params.cursor = cursor;
		self->walk.nr = 0;
		EXPECT_EQ(0, walk_on(&self->walk, &params,
				     i % 2 ? XYZZY_THREADS : 0))
			TH_LOG("cursor %llu", cursor);
		EXPECT_TRUE(!self->walk.nr ||
			    self->walk.tasks[0].pid >= cursor)
			TH_LOG("cursor %llu", cursor);
		EXPECT_TRUE(is_increasing(&self->walk));
	}
}

/*
 * Processes that come and go.
 */

/* Ask for one record at a time, and call @between for each process. */
static int walk_singly(struct walk *walk, void (*between)(pid_t pid, void *),
		       void *arg)
{
	struct xyzzy_params params = XYZZY_PARAMS(0, NULL, 1);
	long ret;

	for (;;) {
		if (walk_make_room(walk, 1))
			return -ENOMEM;
		params.tasks = walk->tasks + walk->nr;
		ret = xyzzy_call(&params, 0);
		if (ret <= 0)
			return ret;
		between(walk->tasks[walk->nr++].pid, arg);
	}
}

/* Kill every second child as soon as it is reported. */
static void kill_odd(pid_t pid, void *arg)
{
	pid_t *pids = arg;

	for (int i = 1; i < NR_FEW; i += 2) {
		if (pids[i] != pid)
			continue;
		kill_child(pid);
		pids[i] = 0;
	}
}

TEST_F(walk, continues_after_a_process_that_is_gone)
{
	pid_t before[NR_FEW];

	memcpy(before, self->pids, sizeof(before));
	ASSERT_EQ(0, walk_singly(&self->walk, kill_odd, self->pids));
	EXPECT_TRUE(has_each_once(&self->walk, before, NR_FEW));
}

/* When a child is reported, kill the next one. */
static void kill_next(pid_t pid, void *arg)
{
	pid_t *pids = arg;

	for (int i = 0; i < NR_FEW; i += 2) {
		if (pids[i] != pid)
			continue;
		kill_child(pids[i + 1]);
		pids[i + 1] = 0;
	}
}

TEST_F(walk, skips_a_process_that_is_gone)
{
	pid_t before[NR_FEW];

	memcpy(before, self->pids, sizeof(before));
	ASSERT_EQ(0, walk_singly(&self->walk, kill_next, self->pids));
	for (int i = 0; i < NR_FEW; i += 2) {
		EXPECT_EQ(1, walk_count(&self->walk, before[i]));
		EXPECT_EQ(0, walk_count(&self->walk, before[i + 1]));
	}
}

/* Create a process that exits, and for each child one that stays. */
static void add_one(pid_t pid, void *arg)
{
	pid_t *pids = arg, *last = pids + NR_FEW;

	kill_child(spawn_sleeper());
	for (int i = 0; i < NR_FEW; i++) {
		if (pids[i] != pid)
			continue;
		while (*last)
			last++;
		*last = spawn_sleeper();
	}
}

TEST_F(walk, is_not_disturbed_by_new_processes)
{
	pid_t pids[2 * NR_FEW + 1] = { 0 };

	memcpy(pids, self->pids, sizeof(self->pids));
	ASSERT_EQ(0, walk_singly(&self->walk, add_one, pids));
	kill_many(pids + NR_FEW, NR_FEW);
	EXPECT_TRUE(has_each_once(&self->walk, self->pids, NR_FEW));
	EXPECT_TRUE(is_increasing(&self->walk));
}

/* A child that forks and reaps in a loop. */
static pid_t spawn_forker(void)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	for (;;) {
		pid = fork();
		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
}

TEST_F(walk, is_not_disturbed_by_a_forking_process)
{
	self->other = spawn_forker();
	ASSERT_GT(self->other, 0);
	for (int i = 0; i < 50; i++) {
		ASSERT_EQ(0, walk_all(&self->walk, -1, 0, 0, 3));
		EXPECT_TRUE(has_each_once(&self->walk, self->pids, NR_FEW));
		EXPECT_EQ(1, walk_count(&self->walk, self->other));
		EXPECT_TRUE(is_increasing(&self->walk));
		walk_free(&self->walk);
	}
}

TEST_HARNESS_MAIN
