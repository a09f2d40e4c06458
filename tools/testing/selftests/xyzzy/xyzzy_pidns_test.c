// SPDX-License-Identifier: GPL-2.0
/*
 * Walks of a PID namespace. All processes in it are known here, so the end of
 * a walk is tested here as well.
 */
#include "kselftest_harness.h"
#include "ns.h"

/* PIDs at the ends of what an ID table has room for in a node or a page. */
static const pid_t sparse_pids[] = {
	3, 62, 63, 64, 65, 127, 128, 1023, 1024, 4094, 4095, 4096, 4097,
	32766, 32767,
};

#define NR_SPARSE ((int)(sizeof(sparse_pids) / sizeof(*sparse_pids)))

FIXTURE(pidns)
{
	struct pidns ns;
	pid_t pids[NR_SPARSE];
	struct walk walk;
	struct xyzzy_params params;
	struct xyzzy_task tasks[8];
};

FIXTURE_SETUP(pidns)
{
	self->ns.procfd = -1;
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (spawn_pidns(&self->ns))
		SKIP(return, "no PID namespace: %s", strerror(errno));
	self->params = XYZZY_PARAMS(0, self->tasks, 8);
	self->params.procfd = self->ns.procfd;
}

FIXTURE_TEARDOWN(pidns)
{
	walk_free(&self->walk);
	kill_many(self->pids, NR_SPARSE);
	kill_pidns(&self->ns);
}

static pid_t spawn_into(const struct pidns *ns, pid_t inner)
{
	pid_t pid = fork_into(ns, inner);

	if (pid)
		return pid;
	for (;;)
		pause();
}

/*
 * PIDs as seen in the namespace.
 */
TEST_F(pidns, procfs_shows_its_namespace_alone)
{
	ASSERT_EQ(0, walk_all(&self->walk, self->ns.procfd, 0, 0, 64));
	ASSERT_EQ(2, (int)self->walk.nr);
	EXPECT_EQ(1U, self->walk.tasks[0].pid);
	EXPECT_EQ(1U, self->walk.tasks[0].tgid);
	EXPECT_EQ((__u32)self->ns.inner_sleeper, self->walk.tasks[1].pid);
	EXPECT_EQ((__u32)self->ns.inner_sleeper, self->walk.tasks[1].tgid);
}

TEST_F(pidns, procfs_shows_the_threads_of_its_namespace_alone)
{
	ASSERT_EQ(0, walk_all(&self->walk, self->ns.procfd, 0, XYZZY_THREADS,
			      64));
	ASSERT_EQ(2, (int)self->walk.nr);
	EXPECT_EQ(1U, self->walk.tasks[0].pid);
	EXPECT_EQ((__u32)self->ns.inner_sleeper, self->walk.tasks[1].pid);
}

TEST_F(pidns, parents_are_those_in_the_namespace)
{
	ASSERT_EQ(0, walk_all(&self->walk, self->ns.procfd, 0, 0, 64));
	ASSERT_EQ(2, (int)self->walk.nr);
	EXPECT_EQ(0U, self->walk.tasks[0].ppid);
	EXPECT_EQ(1U, self->walk.tasks[1].ppid);
}

TEST_F(pidns, caller_sees_processes_of_inner_namespaces_with_its_own_pids)
{
	struct xyzzy_task *init;
	int children = 0;

	ASSERT_EQ(0, walk_all(&self->walk, -1, 0, 0, 64));
	ASSERT_EQ(1, walk_count(&self->walk, self->ns.init));
	init = walk_find(&self->walk, self->ns.init);
	EXPECT_EQ((__u32)getpid(), init->ppid);
	for (size_t i = 0; i < self->walk.nr; i++)
		children += self->walk.tasks[i].ppid == init->pid;
	EXPECT_EQ(1, children);
}

TEST_F(pidns, of_a_dead_init_is_empty)
{
	kill_child(self->ns.init);
	self->ns.init = 0;
	EXPECT_EQ(0, xyzzy_call(&self->params, 0));
	EXPECT_EQ(0, xyzzy_call(&self->params, XYZZY_THREADS));
}

TEST_F(pidns, pidfd_gives_the_pid_of_the_walked_namespace)
{
	int pidfd = sys_pidfd_open(self->ns.init, 0);

	ASSERT_GE(pidfd, 0);
	ASSERT_EQ(1, xyzzy_pidfd(-1, pidfd, 0, 0, self->tasks, 2));
	EXPECT_EQ((__u32)self->ns.init, self->tasks[0].pid);
	ASSERT_EQ(1, xyzzy_pidfd(self->ns.procfd, pidfd, 0, 0, self->tasks, 2));
	EXPECT_EQ(1U, self->tasks[0].pid);
	close(pidfd);
}

TEST_F(pidns, pidfd_of_another_namespace_is_not_found)
{
	int pidfd = sys_pidfd_open(getpid(), 0);

	ASSERT_GE(pidfd, 0);
	EXPECT_EQ(-ESRCH, xyzzy_pidfd(self->ns.procfd, pidfd, 0, 0,
				      self->tasks, 2));
	EXPECT_EQ(-ESRCH, xyzzy_pidfd(self->ns.procfd, pidfd, 0, XYZZY_THREADS,
				      self->tasks, 2));
	close(pidfd);
}

/*
 * A caller inside the namespace.
 */

/* What a call of @params inside returns; the records go to params->tasks. */
static long call_inside(const struct pidns *ns, struct xyzzy_params *params,
			pid_t *outer)
{
	struct shared {
		long ret;
		struct xyzzy_params params;
		struct xyzzy_task tasks[8];
	} *shared;
	int status;
	long ret;

	shared = share_memory(sizeof(*shared));
	shared->params = *params;
	shared->params.tasks = shared->tasks;
	*outer = fork_into(ns, 0);
	if (!*outer) {
		shared->ret = xyzzy_call(&shared->params, 0);
		_exit(EXIT_SUCCESS);
	}
	if (*outer < 0 || waitpid(*outer, &status, 0) != *outer || status)
		return -ECHILD;
	memcpy(params->tasks, shared->tasks, sizeof(shared->tasks));
	ret = shared->ret;
	munmap(shared, sizeof(*shared));
	return ret;
}

TEST_F(pidns, caller_inside_sees_its_own_namespace)
{
	pid_t outer;

	self->params.procfd = -1;
	ASSERT_EQ(3, call_inside(&self->ns, &self->params, &outer));
	EXPECT_EQ(1U, self->tasks[0].pid);
	EXPECT_EQ((__u32)self->ns.inner_sleeper, self->tasks[1].pid);
	EXPECT_LT(self->tasks[1].pid, self->tasks[2].pid);
	EXPECT_EQ(0U, self->tasks[2].ppid);
}

TEST_F(pidns, caller_inside_sees_more_through_a_procfs_from_outside)
{
	pid_t outer;

	self->params.procfd = open("/proc", O_RDONLY | O_DIRECTORY);
	ASSERT_GE(self->params.procfd, 0);
	self->params.pidfd = sys_pidfd_open(getpid(), 0);
	ASSERT_GE(self->params.pidfd, 0);
	ASSERT_EQ(1, call_inside(&self->ns, &self->params, &outer));
	EXPECT_EQ((__u32)getpid(), self->tasks[0].pid);
	close(self->params.procfd);
	close(self->params.pidfd);
}

TEST_F(pidns, caller_inside_does_not_find_a_pidfd_from_outside)
{
	pid_t outer;

	self->params.procfd = -1;
	self->params.pidfd = sys_pidfd_open(getpid(), 0);
	ASSERT_GE(self->params.pidfd, 0);
	EXPECT_EQ(-ESRCH, call_inside(&self->ns, &self->params, &outer));
	close(self->params.pidfd);
}

/*
 * The end of a walk.
 */
TEST_F(pidns, result_is_what_there_is)
{
	EXPECT_EQ(2, xyzzy_call(&self->params, 0));
}

TEST_F(pidns, walk_that_just_fits_ends_with_0)
{
	self->params.nr_tasks = 2;
	EXPECT_EQ(2, xyzzy_call(&self->params, 0));
	EXPECT_EQ(0, xyzzy_call(&self->params, 0));
}

TEST_F(pidns, end_leaves_the_cursor)
{
	__u64 cursor;

	ASSERT_EQ(2, xyzzy_call(&self->params, 0));
	cursor = self->params.cursor;
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(0, xyzzy_call(&self->params, 0));
		EXPECT_EQ(cursor, self->params.cursor);
	}
}

TEST_F(pidns, walk_goes_on_with_a_process_that_comes_after_the_end)
{
	ASSERT_EQ(2, xyzzy_call(&self->params, 0));
	ASSERT_EQ(0, xyzzy_call(&self->params, 0));
	self->pids[0] = spawn_into(&self->ns, 0);
	ASSERT_GT(self->pids[0], 0);
	EXPECT_EQ(1, xyzzy_call(&self->params, 0));
	EXPECT_GT(self->tasks[0].pid, (__u32)self->ns.inner_sleeper);
	EXPECT_EQ(0, xyzzy_call(&self->params, 0));
}

TEST_F(pidns, walk_does_not_go_back_to_a_process_with_a_lower_pid)
{
	self->pids[0] = spawn_into(&self->ns, 50);
	if (self->pids[0] < 0)
		SKIP(return, "cannot choose PIDs");
	ASSERT_EQ(3, xyzzy_call(&self->params, 0));
	EXPECT_EQ(50U, self->tasks[2].pid);
	self->pids[1] = spawn_into(&self->ns, 49);
	ASSERT_GT(self->pids[1], 0);
	EXPECT_EQ(0, xyzzy_call(&self->params, 0));
	self->pids[2] = spawn_into(&self->ns, 51);
	ASSERT_GT(self->pids[2], 0);
	EXPECT_EQ(1, xyzzy_call(&self->params, 0));
	EXPECT_EQ(51U, self->tasks[0].pid);
}

/*
 * PIDs that lie far apart, or at the end of something.
 */
FIXTURE(sparse)
{
	struct pidns ns;
	pid_t pids[NR_SPARSE];
	struct walk walk;
};

FIXTURE_VARIANT(sparse)
{
	size_t chunk;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(sparse, by_1) { 1, 0 };
FIXTURE_VARIANT_ADD(sparse, by_3) { 3, 0 };
FIXTURE_VARIANT_ADD(sparse, at_once) { 64, 0 };
FIXTURE_VARIANT_ADD(sparse, threads_by_1) { 1, XYZZY_THREADS };
FIXTURE_VARIANT_ADD(sparse, threads_at_once) { 64, XYZZY_THREADS };

FIXTURE_SETUP(sparse)
{
	self->ns.procfd = -1;
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (spawn_pidns(&self->ns))
		SKIP(return, "no PID namespace: %s", strerror(errno));
	for (int i = 0; i < NR_SPARSE; i++)
		self->pids[i] = spawn_into(&self->ns, sparse_pids[i]);
}

FIXTURE_TEARDOWN(sparse)
{
	walk_free(&self->walk);
	kill_many(self->pids, NR_SPARSE);
	kill_pidns(&self->ns);
}

TEST_F(sparse, pids_are_found)
{
	size_t nr = 2;

	ASSERT_EQ(0, walk_all(&self->walk, self->ns.procfd, 0, variant->flags,
			      variant->chunk));
	for (int i = 0; i < NR_SPARSE; i++) {
		/* Beyond the highest PID of this kernel, or not allowed. */
		if (self->pids[i] < 0)
			continue;
		ASSERT_LT(nr, self->walk.nr);
		EXPECT_EQ((__u32)sparse_pids[i], self->walk.tasks[nr].pid);
		nr++;
	}
	EXPECT_EQ(nr, self->walk.nr);
	if (nr == 2)
		SKIP(return, "cannot choose PIDs");
}

TEST_HARNESS_MAIN
