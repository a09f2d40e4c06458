// SPDX-License-Identifier: GPL-2.0
/*
 * PID namespaces: which processes a walk finds, and which IDs are in records.
 * All processes of a namespace are known here, so this is also the place to test
 * the end of a walk.
 */
#include "kselftest_harness.h"
#include "ns.h"
#include "record.h"
#include "use.h"

/* PIDs at the limits of what an ID table has room for in a node or a page. */
static const pid_t sparse_pids[] = {
	3, 62, 63, 64, 65, 127, 128, 1023, 1024, 4094, 4095, 4096, 4097,
	32766, 32767,
};

#define NR_SPARSE ((int)ARRAY_SIZE(sparse_pids))

FIXTURE(pidns)
{
	struct pidns ns;
	pid_t pids[NR_SPARSE];
	struct pair pair;
	struct walk walk;
	struct xyzzy_params params;
	struct xyzzy_task tasks[8];
};

FIXTURE_SETUP(pidns)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (spawn_pidns(&self->ns))
		SKIP(return, "no PID namespaces: %s", strerror(errno));
	self->params = XYZZY_PARAMS(0, self->tasks, 8);
	self->params.procfd = self->ns.procfd;
}

FIXTURE_TEARDOWN(pidns)
{
	walk_free(&self->walk);
	kill_many(self->pids, NR_SPARSE);
	kill_pidns(&self->ns);
}

/*
 * Processes and PIDs as seen in the namespace
 */
static void expect_inner(struct __test_metadata *_metadata,
			 FIXTURE_DATA(pidns) * self, unsigned int flags)
{
	const __u32 pids[] = { 1, self->ns.inner_sleeper };

	ASSERT_EQ(0, walk_all(&self->walk, self->ns.procfd, 0, flags, 64));
	ASSERT_EQ(2, (int)self->walk.nr);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(pids[i], self->walk.tasks[i].pid);
		EXPECT_EQ(pids[i], self->walk.tasks[i].tgid);
		EXPECT_EQ(i ? pids[0] : 0, self->walk.tasks[i].ppid);
	}
}

TEST_F(pidns, procfs_shows_its_namespace_only)
{
	expect_inner(_metadata, self, 0);
}

TEST_F(pidns, procfs_shows_the_threads_of_its_namespace_only)
{
	expect_inner(_metadata, self, XYZZY_THREADS);
}

static void expect_outer(struct __test_metadata *_metadata,
			 FIXTURE_DATA(pidns) * self)
{
	struct xyzzy_task *init;
	int children = 0;

	ASSERT_EQ(0, walk_all(&self->walk, -1, 0, 0, 64));
	EXPECT_EQ(1, walk_count(&self->walk, getpid()));
	ASSERT_EQ(1, walk_count(&self->walk, self->ns.init));
	init = walk_find(&self->walk, self->ns.init);
	EXPECT_EQ((__u32)getpid(), init->ppid);
	for (size_t i = 0; i < self->walk.nr; i++)
		children += self->walk.tasks[i].ppid == init->pid;
	EXPECT_EQ(1, children);
}

TEST_F(pidns, caller_outside_sees_inner_processes_with_outer_pids)
{
	expect_outer(_metadata, self);
}

TEST_F(pidns, caller_stays_outside_when_its_children_go_inside)
{
	ASSERT_EQ(0, set_child_namespace(self->ns.init));
	expect_outer(_metadata, self);
	ASSERT_EQ(0, set_child_namespace(getpid()));
}

TEST_F(pidns, is_empty_after_its_init_has_died)
{
	kill_child(self->ns.init);
	self->ns.init = 0;
	EXPECT_EQ(0, xyzzy_call(&self->params, 0));
	EXPECT_EQ(0, xyzzy_call(&self->params, XYZZY_THREADS));
}

TEST_F(pidns, pidfd_gives_the_pid_in_the_walked_namespace)
{
	int pidfd = sys_pidfd_open(self->ns.init, 0);

	ASSERT_GE(pidfd, 0);
	ASSERT_EQ(1, xyzzy_pidfd(-1, pidfd, 0, 0, self->tasks, 2));
	EXPECT_EQ((__u32)self->ns.init, self->tasks[0].pid);
	ASSERT_EQ(1, xyzzy_pidfd(self->ns.procfd, pidfd, 0, 0, self->tasks, 2));
	EXPECT_EQ(1U, self->tasks[0].pid);
	close(pidfd);
}

TEST_F(pidns, pidfd_of_outer_process_is_esrch)
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
 * A caller inside the namespace
 */
static long call_inside(FIXTURE_DATA(pidns) * self, int procfd, int pidfd)
{
	struct shared {
		long ret;
		struct xyzzy_params params;
		struct xyzzy_task tasks[8];
	} *shared = share_memory(sizeof(*shared));
	int status;
	pid_t pid;

	shared->params = XYZZY_PARAMS(0, shared->tasks, 8);
	shared->params.procfd = procfd;
	shared->params.pidfd = pidfd;
	pid = fork_into(&self->ns, 0);
	if (!pid) {
		shared->ret = xyzzy_call(&shared->params, 0);
		_exit(EXIT_SUCCESS);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return -ECHILD;
	memcpy(self->tasks, shared->tasks, sizeof(self->tasks));
	return shared->ret;
}

TEST_F(pidns, caller_inside_sees_its_own_namespace)
{
	ASSERT_EQ(3, call_inside(self, -1, -1));
	EXPECT_EQ(1U, self->tasks[0].pid);
	EXPECT_EQ((__u32)self->ns.inner_sleeper, self->tasks[1].pid);
	EXPECT_LT(self->tasks[1].pid, self->tasks[2].pid);
	EXPECT_EQ(0U, self->tasks[2].ppid);
}

TEST_F(pidns, caller_inside_sees_outer_processes_through_an_outer_procfs)
{
	int procfd = open("/proc", O_RDONLY | O_DIRECTORY);
	int pidfd = sys_pidfd_open(getpid(), 0);

	ASSERT_GE(procfd, 0);
	ASSERT_GE(pidfd, 0);
	ASSERT_EQ(1, call_inside(self, procfd, pidfd));
	EXPECT_EQ((__u32)getpid(), self->tasks[0].pid);
	close(procfd);
	close(pidfd);
}

TEST_F(pidns, caller_inside_gets_esrch_for_an_outer_pidfd)
{
	int pidfd = sys_pidfd_open(getpid(), 0);

	ASSERT_GE(pidfd, 0);
	EXPECT_EQ(-ESRCH, call_inside(self, -1, pidfd));
	close(pidfd);
}

/* Nor does a time namespace matter that only the children of the caller enter. */
TEST_F(pidns, start_time_is_as_before_when_children_get_another_time)
{
	struct xyzzy_task *before = &self->tasks[0], *after = &self->tasks[1];

	ASSERT_EQ(1, xyzzy_one(getpid(), 0, before));
	if (unshare(CLONE_NEWTIME) ||
	    write_text(AT_FDCWD, "/proc/self/timens_offsets",
		       "boottime 12345 0"))
		SKIP(return, "no time namespaces");
	ASSERT_EQ(1, xyzzy_one(getpid(), 0, after));
	EXPECT_EQ(before->start_time, after->start_time);
}

/*
 * The end of a walk
 */
TEST_F(pidns, result_is_the_number_of_processes)
{
	EXPECT_EQ(2, xyzzy_call(&self->params, 0));
}

TEST_F(pidns, walk_that_fills_all_room_ends_with_0)
{
	self->params.nr_tasks = 2;
	EXPECT_EQ(2, xyzzy_call(&self->params, 0));
	EXPECT_EQ(0, xyzzy_call(&self->params, 0));
}

TEST_F(pidns, cursor_is_unchanged_at_the_end)
{
	__u64 cursor;

	ASSERT_EQ(2, xyzzy_call(&self->params, 0));
	cursor = self->params.cursor;
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(0, xyzzy_call(&self->params, 0));
		EXPECT_EQ(cursor, self->params.cursor);
	}
}

TEST_F(pidns, walk_continues_with_a_process_started_after_the_end)
{
	ASSERT_EQ(2, xyzzy_call(&self->params, 0));
	ASSERT_EQ(0, xyzzy_call(&self->params, 0));
	self->pids[0] = spawn_into(&self->ns, 0);
	ASSERT_GT(self->pids[0], 0);
	EXPECT_EQ(1, xyzzy_call(&self->params, 0));
	EXPECT_GT(self->tasks[0].pid, (__u32)self->ns.inner_sleeper);
	EXPECT_EQ(0, xyzzy_call(&self->params, 0));
}

TEST_F(pidns, walk_does_not_return_to_a_lower_pid)
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

/* PIDs that lie far apart, or at a limit. */
static void expect_sparse_pids(struct __test_metadata *_metadata,
			       FIXTURE_DATA(pidns) * self, unsigned int flags,
			       size_t chunk)
{
	size_t nr = 2;

	ASSERT_EQ(0, walk_all(&self->walk, self->ns.procfd, 0, flags, chunk));
	for (int i = 0; i < NR_SPARSE; i++) {
		/* Above the highest PID of this kernel, or not permitted. */
		if (self->pids[i] < 0)
			continue;
		ASSERT_LT(nr, self->walk.nr);
		EXPECT_EQ((__u32)sparse_pids[i], self->walk.tasks[nr].pid);
		nr++;
	}
	EXPECT_EQ(nr, self->walk.nr);
	walk_free(&self->walk);
}

TEST_F(pidns, walk_finds_sparse_pids)
{
	static const size_t chunks[] = { 1, 3, 64 };
	bool chosen = false;

	for (int i = 0; i < NR_SPARSE; i++) {
		self->pids[i] = spawn_into(&self->ns, sparse_pids[i]);
		chosen |= self->pids[i] > 0;
	}
	if (!chosen)
		SKIP(return, "cannot choose PIDs");
	for (size_t i = 0; i < ARRAY_SIZE(chunks); i++) {
		expect_sparse_pids(_metadata, self, 0, chunks[i]);
		expect_sparse_pids(_metadata, self, XYZZY_THREADS, chunks[i]);
	}
}

/*
 * Records
 */

/* Like pair_take(), with PIDs as in the namespace of @procfd. */
static int pair_take_via(struct pair *pair, int procfd, pid_t pid)
{
	struct xyzzy_task *task;
	struct proc_snap before;
	struct proc_dir dir;
	struct walk walk;
	int err;

	snprintf(dir.path, sizeof(dir.path), "/proc/self/fd/%d/%d", procfd,
		 pid);
	for (int i = 0; i < WAIT_TRIES; i++) {
		err = proc_snap(&dir, &before) ?:
			walk_all(&walk, procfd, XYZZY_ALL, 0, 100);
		if (err)
			return err;
		task = walk_find(&walk, pid);
		if (task)
			pair->task = *task;
		walk_free(&walk);
		err = task ? proc_snap(&dir, &pair->snap) : -ENOENT;
		if (err)
			return err;
		if (!memcmp(&before, &pair->snap, sizeof(before)))
			return 0;
		usleep(1000);
	}
	return -ETIMEDOUT;
}

static void expect_record(struct __test_metadata *_metadata,
			  const struct pair *pair, __u32 pid, __u32 ppid,
			  __u32 pgid, __u32 sid)
{
	expect_groups(_metadata, pair,
		      (XYZZY_ALL & ~XYZZY_CGROUP) | SWITCHES);
	EXPECT_EQ(pid, pair->task.pid);
	EXPECT_EQ(pid, pair->task.tgid);
	EXPECT_EQ(ppid, pair->task.ppid);
	EXPECT_EQ(pgid, pair->task.pgid);
	EXPECT_EQ(sid, pair->task.sid);
}

TEST_F(pidns, record_has_0_for_outer_ids)
{
	ASSERT_EQ(0, pair_take_via(&self->pair, self->ns.procfd, 1));
	expect_record(_metadata, &self->pair, 1, 0, 0, 0);
}

TEST_F(pidns, record_has_inner_parent)
{
	pid_t pid = self->ns.inner_sleeper;

	ASSERT_EQ(0, pair_take_via(&self->pair, self->ns.procfd, pid));
	expect_record(_metadata, &self->pair, pid, 1, 0, 0);
}

TEST_F(pidns, record_seen_from_outside_has_outer_ids)
{
	ASSERT_EQ(0, pair_take(&self->pair, self->ns.init, 0));
	expect_record(_metadata, &self->pair, self->ns.init, getpid(),
		      getpgrp(), getsid(0));
}

TEST_F(pidns, records_seen_from_both_sides_identify_one_process)
{
	struct pair *outside = &self->pair, inside;

	ASSERT_EQ(0, pair_take(outside, self->ns.init, 0));
	ASSERT_EQ(0, pair_take_via(&inside, self->ns.procfd, 1));
	EXPECT_EQ(outside->task.start_time, inside.task.start_time);
	EXPECT_EQ(outside->task.pidfs_ino, inside.task.pidfs_ino);
	EXPECT_EQ(outside->task.cgroup_id, inside.task.cgroup_id);
}

/*
 * A terminal whose foreground process group is not in the namespace
 */
struct on_tty {
	bool sibling;
	pid_t leader;
	pid_t foreground;
	int procfd;
};

FIXTURE(tty)
{
	struct subject subject;
	struct on_tty *on_tty;
	struct pair pair;
};

FIXTURE_VARIANT(tty)
{
	bool sibling;		/* It is in a sibling of the namespace */
};

FIXTURE_VARIANT_ADD(tty, foreground_in_parent_namespace) { false };
FIXTURE_VARIANT_ADD(tty, foreground_in_sibling_namespace) { true };

static pid_t put_into_foreground(int tty)
{
	struct pidns ns;

	return spawn_pidns(&ns) || setpgid(ns.init, ns.init) ||
	       tcsetpgrp(tty, ns.init) ? -1 : ns.init;
}

static int start_on_tty(void *arg)
{
	struct on_tty *on_tty = arg;
	int tty = open_terminal();
	struct pidns ns;

	if (tty < 0)
		return -EOPNOTSUPP;
	if (setsid() < 0 || ioctl(tty, TIOCSCTTY, 0))
		return -errno;
	if (spawn_pidns(&ns))
		return -EOPNOTSUPP;
	on_tty->leader = getpid();
	on_tty->foreground = on_tty->sibling ? put_into_foreground(tty) :
					       getpid();
	on_tty->procfd = ns.procfd;
	return on_tty->foreground < 0 ? -EIO : 0;
}

FIXTURE_SETUP(tty)
{
	int err;

	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	adopt_orphans();
	self->on_tty = share_memory(sizeof(*self->on_tty));
	self->on_tty->sibling = variant->sibling;
	err = subject_start(&self->subject, start_on_tty, self->on_tty);
	if (err == -EOPNOTSUPP)
		SKIP(return, "no pseudo-terminals or PID namespaces");
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN(tty)
{
	subject_kill(&self->subject);
	reap_orphans();
}

TEST_F(tty, outer_foreground_is_0)
{
	struct xyzzy_task leader;
	int procfd;

	procfd = sys_pidfd_getfd(self->subject.pidfd, self->on_tty->procfd);
	ASSERT_LE(0, procfd);
	ASSERT_EQ(0, record_get(self->on_tty->leader, 0, 0, &leader));
	ASSERT_EQ(0, pair_take_via(&self->pair, procfd, 1));
	expect_groups(_metadata, &self->pair, XYZZY_ID);
	EXPECT_NE(0U, leader.tty_nr);
	EXPECT_EQ(leader.tty_nr, self->pair.task.tty_nr);
	EXPECT_EQ(self->on_tty->foreground, leader.tty_pgrp);
	EXPECT_EQ(0, self->pair.task.tty_pgrp);
	close(procfd);
}

TEST_HARNESS_MAIN
