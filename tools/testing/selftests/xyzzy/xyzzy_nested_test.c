// SPDX-License-Identifier: GPL-2.0
/*
 * PID namespaces in records: IDs of what is outside, hidepid= inside, and a
 * user namespace on top.
 */
#include "kselftest_harness.h"
#include "caller.h"
#include "ns.h"
#include "record.h"

#include <linux/types.h>
#include <sys/ioctl.h>
#include <termios.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

/* A pair as seen through a procfs, with the PIDs that are seen there. */
static int pair_take_via(struct pair *pair, int procfd, pid_t pid)
{
	struct proc_snap before;
	struct proc_dir dir;
	struct walk walk;
	struct xyzzy_task *task;
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
		if (!task)
			return -ENOENT;
		err = proc_snap(&dir, &pair->snap);
		if (err)
			return err;
		if (!memcmp(&before, &pair->snap, sizeof(before)))
			return 0;
		usleep(1000);
	}
	return -ETIMEDOUT;
}

FIXTURE(nested)
{
	struct pidns ns;
	struct pair pair;
};

FIXTURE_SETUP(nested)
{
	self->ns.procfd = -1;
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (spawn_pidns(&self->ns))
		SKIP(return, "no PID namespaces: %s", strerror(errno));
}

FIXTURE_TEARDOWN(nested)
{
	kill_pidns(&self->ns);
}

static void expect_all(struct __test_metadata *_metadata,
		       const struct pair *pair)
{
	expect_id(_metadata, pair);
	expect_comm(_metadata, pair);
	expect_creds(_metadata, pair);
	expect_sched(_metadata, pair);
	expect_times(_metadata, pair);
	expect_switches(_metadata, pair);
	expect_faults(_metadata, pair);
	expect_mem(_metadata, pair);
	expect_io(_metadata, pair);
}

TEST_F(nested, init_seen_from_inside_has_ids_0_of_what_is_outside)
{
	ASSERT_EQ(0, pair_take_via(&self->pair, self->ns.procfd, 1));
	expect_all(_metadata, &self->pair);
	EXPECT_EQ(1U, self->pair.task.pid);
	EXPECT_EQ(1U, self->pair.task.tgid);
	EXPECT_EQ(0U, self->pair.task.ppid);
	EXPECT_EQ(0U, self->pair.task.pgid);
	EXPECT_EQ(0U, self->pair.task.sid);
}

TEST_F(nested, child_seen_from_inside_has_a_parent_inside)
{
	ASSERT_EQ(0, pair_take_via(&self->pair, self->ns.procfd,
				   self->ns.inner_sleeper));
	expect_all(_metadata, &self->pair);
	EXPECT_EQ(1U, self->pair.task.ppid);
	EXPECT_EQ(0U, self->pair.task.pgid);
	EXPECT_EQ(0U, self->pair.task.sid);
}

TEST_F(nested, init_seen_from_outside_has_ids_of_outside)
{
	ASSERT_EQ(0, pair_take(&self->pair, self->ns.init, 0));
	expect_all(_metadata, &self->pair);
	EXPECT_EQ((__u32)self->ns.init, self->pair.task.pid);
	EXPECT_EQ((__u32)getpid(), self->pair.task.ppid);
	EXPECT_EQ((__u32)getpgrp(), self->pair.task.pgid);
	EXPECT_EQ((__u32)getsid(0), self->pair.task.sid);
}

TEST_F(nested, both_views_are_of_one_process)
{
	struct pair *outside = &self->pair, inside;

	ASSERT_EQ(0, pair_take(outside, self->ns.init, 0));
	ASSERT_EQ(0, pair_take_via(&inside, self->ns.procfd, 1));
	EXPECT_EQ(outside->task.start_time, inside.task.start_time);
	EXPECT_EQ(outside->task.pidfs_ino, inside.task.pidfs_ino);
	EXPECT_EQ(outside->task.cgroup_id, inside.task.cgroup_id);
}

/*
 * A terminal whose foreground process group is outside
 */
struct on_tty {
	bool beside;
	pid_t leader;
	pid_t foreground;
	int procfd;
};

FIXTURE(nested_tty)
{
	struct subject subject;
	struct on_tty *on_tty;
	struct pair pair;
};

FIXTURE_VARIANT(nested_tty)
{
	bool beside;		/* In a PID namespace beside the walked one */
};

FIXTURE_VARIANT_ADD(nested_tty, outside) { .beside = false };
FIXTURE_VARIANT_ADD(nested_tty, beside) { .beside = true };

FIXTURE_SETUP(nested_tty)
{
	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	adopt_orphans();
	self->on_tty = share_memory(sizeof(*self->on_tty));
	self->on_tty->beside = variant->beside;
}

FIXTURE_TEARDOWN(nested_tty)
{
	subject_kill(&self->subject);
	reap_orphans();
}

/* Another namespace of the same depth gets a group, which the terminal gets. */
static pid_t put_beside(int tty)
{
	struct pidns ns;

	if (spawn_pidns(&ns) || setpgid(ns.init, ns.init) ||
	    tcsetpgrp(tty, ns.init))
		return -1;
	return ns.init;
}

static int nest_on_tty(void *arg)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), unlock = 0, tty;
	struct on_tty *on_tty = arg;
	struct pidns ns;

	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock))
		return -EOPNOTSUPP;
	tty = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	if (tty < 0)
		return -EOPNOTSUPP;
	if (setsid() < 0 || ioctl(tty, TIOCSCTTY, 0))
		return -errno;
	if (spawn_pidns(&ns))
		return -EOPNOTSUPP;
	on_tty->leader = getpid();
	on_tty->foreground = on_tty->beside ? put_beside(tty) : getpid();
	on_tty->procfd = ns.procfd;
	return on_tty->foreground < 0 ? -EIO : 0;
}

TEST_F(nested_tty, foreground_is_0)
{
	struct xyzzy_task leader;
	int err, procfd;

	err = subject_start(&self->subject, nest_on_tty, self->on_tty);
	if (err == -EOPNOTSUPP)
		SKIP(return, "no pseudo-terminals or PID namespaces");
	ASSERT_EQ(0, err);
	procfd = sys_pidfd_getfd(self->subject.pidfd, self->on_tty->procfd);
	ASSERT_LE(0, procfd);
	ASSERT_EQ(0, record_get(self->on_tty->leader, 0, 0, &leader));
	ASSERT_EQ(0, pair_take_via(&self->pair, procfd, 1));
	expect_id(_metadata, &self->pair);
	EXPECT_NE(0U, leader.tty_nr);
	EXPECT_EQ(leader.tty_nr, self->pair.task.tty_nr);
	EXPECT_EQ(self->on_tty->foreground, leader.tty_pgrp);
	EXPECT_EQ(0, self->pair.task.tty_pgrp);
	close(procfd);
}

/*
 * hidepid= in a PID namespace, for callers inside and outside of a user
 * namespace that comes with it
 */
struct inside {
	struct view view;
	bool userns;
	const char *hidepid;
	pid_t actors[NR_ACTORS];
};

FIXTURE(inside)
{
	struct inside *inside;
};

FIXTURE_VARIANT(inside)
{
	bool userns;
	const char *hidepid;	/* NULL: no procfs at all */
	enum sees sees;
};

FIXTURE_VARIANT_ADD(inside, pidns_off)
{
	.hidepid = "0",
	.sees = SEES_ALL,
};

FIXTURE_VARIANT_ADD(inside, pidns_invisible)
{
	.hidepid = "2",
};

FIXTURE_VARIANT_ADD(inside, pidns_ptraceable)
{
	.hidepid = "4",
};

FIXTURE_VARIANT_ADD(inside, pidns_no_procfs)
{
	.hidepid = NULL,
};

FIXTURE_VARIANT_ADD(inside, userns_off)
{
	.userns = true,
	.hidepid = "0",
	.sees = SEES_ALL,
};

FIXTURE_VARIANT_ADD(inside, userns_invisible)
{
	.userns = true,
	.hidepid = "2",
};

FIXTURE_VARIANT_ADD(inside, userns_ptraceable)
{
	.userns = true,
	.hidepid = "4",
};

FIXTURE_VARIANT_ADD(inside, userns_no_procfs)
{
	.userns = true,
	.hidepid = NULL,
};

FIXTURE_SETUP(inside)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (!have_users())
		SKIP(return, NO_USERS);
	adopt_orphans();
	self->inside = share_memory(sizeof(*self->inside));
	self->inside->userns = variant->userns;
	self->inside->hidepid = variant->hidepid;
}

FIXTURE_TEARDOWN(inside)
{
	reap_orphans();
}

/* The actors have the users' IDs of the innermost user namespace. */
static int act_inside(struct inside *inside)
{
	int ready[2];
	char c = 0;
	pid_t pid;

	if (pipe(ready))
		return -errno;
	for (int i = 0; i < NR_ACTORS; i++) {
		pid = fork();
		if (!pid) {
			if (act((void *)&actor_kinds[i]))
				_exit(EXIT_FAILURE);
			if (write(ready[1], &c, 1) == 1)
				pause();
			_exit(EXIT_FAILURE);
		}
		inside->actors[i] = pid;
	}
	close(ready[1]);
	for (int i = 0; i < NR_ACTORS; i++)
		if (read(ready[0], &c, 1) != 1)
			return -EIO;
	return 0;
}

/* PID 1 of the namespace: all others are killed when it exits. */
static int init_inside(void *arg)
{
	struct caller caller = ORDINARY_USER;
	struct inside *inside = arg;
	struct view *view = &inside->view;
	int status;
	pid_t pid;

	view->caller = caller;
	view->list_fd = open_procfs("0");
	view->truth_fd = open_procfs(inside->hidepid ?: "4");
	view->procfd = inside->hidepid ? view->truth_fd : -1;
	if (view->list_fd < 0 || view->truth_fd < 0)
		return KSFT_SKIP;
	if (act_inside(inside))
		return 2;
	pid = fork();
	if (!pid)
		_exit(view_fill(view));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 3;
	return status ? 4 : 0;
}

/* Only in a mount namespace of their own may user namespaces mount procfs. */
static int enter_inside(void *arg)
{
	struct inside *inside = arg;
	int status, err = 0;
	pid_t pid;

	if (inside->userns)
		err = enter_userns();
	if (err || unshare(CLONE_NEWPID | CLONE_NEWNS))
		return KSFT_SKIP;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(init_inside(arg));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 1;
	return WEXITSTATUS(status);
}

TEST_F(inside, caller_sees_what_it_can_read)
{
	struct view *view = &self->inside->view;
	int ret = run_in_child(enter_inside, self->inside);

	if (ret == KSFT_SKIP)
		SKIP(return, "no PID or user namespaces, or no procfs in them");
	ASSERT_EQ(0, ret);
	expect_filled_view(_metadata, view);
	for (int i = 0; i < NR_ACTORS; i++) {
		EXPECT_EQ(is_seen(variant->sees, i),
			  view_sees(view, self->inside->actors[i]))
			TH_LOG("process: %s", actor_kinds[i].name);
	}
}

TEST_HARNESS_MAIN
