// SPDX-License-Identifier: GPL-2.0
/*
 * A procfs that is unmounted, or whose options change: before a call, between
 * two calls of one walk, or during them.
 */
#include "kselftest_harness.h"
#include "caller.h"

/*
 * New options apply to descriptors that are open already.
 */
FIXTURE(remount)
{
	struct mounted procfs;
	struct subject actors[NR_ACTORS];
	struct view *view;
};

FIXTURE_VARIANT(remount)
{
	const char *before;
	enum sees sees_before;
	const char *after;
	enum sees sees_after;
};

FIXTURE_VARIANT_ADD(remount, hide_others)
	{ "hidepid=0", SEES_ALL, "hidepid=2", SEES_OWN };
FIXTURE_VARIANT_ADD(remount, show_others)
	{ "hidepid=4", SEES_OWN, "hidepid=0", SEES_ALL };
FIXTURE_VARIANT_ADD(remount, show_others_to_group)
	{ "hidepid=2", SEES_OWN, "gid=5678", SEES_ALL };

FIXTURE_SETUP(remount)
{
	const struct caller caller = ORDINARY_USER;

	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	ASSERT_EQ(0, mount_at_new_dir(&self->procfs, "proc", variant->before));
	ASSERT_EQ(0, actors_start(self->actors));
	self->view = view_make(&caller, self->actors, 0);
	self->view->procfd = self->procfs.fd;
}

FIXTURE_TEARDOWN(remount)
{
	actors_kill(self->actors);
	unmount(&self->procfs);
}

TEST_F(remount, applies_to_open_descriptor)
{
	expect_view(_metadata, self->view, variant->sees_before);
	ASSERT_EQ(0, remount(self->procfs.fd, variant->after));
	expect_view(_metadata, self->view, variant->sees_after);
}

TEST_F(remount, does_not_apply_to_another_procfs)
{
	int other = open_procfs("0");

	ASSERT_LE(0, other);
	ASSERT_EQ(0, remount(other, variant->after));
	expect_view(_metadata, self->view, variant->sees_before);
	close(other);
}

/*
 * Walks by an ordinary user. These processes are in the order of their PIDs.
 */
enum { OWN_FIRST, OTHERS_FIRST, OTHERS_SECOND, OWN_SECOND, NR_SUBJECTS };

static int subjects_start(struct subject *subjects)
{
	static const enum actor actors[] = { OWN, OTHERS, OTHERS, OWN };
	int err = 0;

	avoid_wrap(10);
	for (int i = 0; i < NR_SUBJECTS && !err; i++)
		err = subject_start(&subjects[i], act,
				    (void *)&actor_kinds[actors[i]]);
	if (!err && (setgroups(0, NULL) || setresgid(USER, USER, USER)))
		err = -errno;
	return err;
}

static void subjects_kill(struct subject *subjects)
{
	for (int i = 0; i < NR_SUBJECTS; i++)
		subject_kill(&subjects[i]);
}

/* Continue a walk, record by record, up to @pid. */
static long walk_up_to(struct xyzzy_params *params, pid_t pid)
{
	const struct xyzzy_task *task = params->tasks;
	long ret;

	if (seteuid(USER))
		return -errno;
	do {
		ret = xyzzy_call(params, 0);
	} while (ret == 1 && task->pid != (__u32)pid);
	return seteuid(0) ? -errno : ret;
}

static pid_t next_pid(struct xyzzy_params *params)
{
	long ret;

	if (seteuid(USER))
		return -errno;
	ret = xyzzy_call(params, 0);
	return seteuid(0) || ret != 1 ? -1 : (pid_t)params->tasks->pid;
}

static int unmount_busy(const struct mounted *procfs)
{
	return umount2(procfs->dir, 0) && errno == EBUSY ? 0 : -EIO;
}

static int unmount_lazily(const struct mounted *procfs)
{
	return umount2(procfs->dir, MNT_DETACH) ? -errno : 0;
}

static int hide_others(const struct mounted *procfs)
{
	return remount(procfs->fd, "hidepid=2");
}

static int show_others(const struct mounted *procfs)
{
	return remount(procfs->fd, "hidepid=0");
}

static int mount_over(const struct mounted *procfs)
{
	return mount("proc", procfs->dir, "proc", 0, "hidepid=0") ? -errno : 0;
}

FIXTURE(walk)
{
	struct mounted procfs;
	struct subject subjects[NR_SUBJECTS];
	struct xyzzy_params params;
	struct xyzzy_task task;
};

FIXTURE_VARIANT(walk)
{
	const char *options;
	int (*change)(const struct mounted *procfs);
	bool shows_others;	/* After the change */
};

FIXTURE_VARIANT_ADD(walk, busy)
	{ "hidepid=0", unmount_busy, true };
FIXTURE_VARIANT_ADD(walk, lazily_unmounted)
	{ "hidepid=0", unmount_lazily, true };
FIXTURE_VARIANT_ADD(walk, lazily_unmounted_hidepid_2)
	{ "hidepid=2", unmount_lazily, false };
FIXTURE_VARIANT_ADD(walk, remounted_hidepid_2)
	{ "hidepid=0", hide_others, false };
FIXTURE_VARIANT_ADD(walk, remounted_hidepid_0)
	{ "hidepid=2", show_others, true };
FIXTURE_VARIANT_ADD(walk, below_another_procfs)
	{ "hidepid=2", mount_over, false };

FIXTURE_SETUP(walk)
{
	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	ASSERT_EQ(0, mount_at_new_dir(&self->procfs, "proc", variant->options));
	ASSERT_EQ(0, subjects_start(self->subjects));
	self->params = XYZZY_PARAMS(0, &self->task, 1);
	self->params.procfd = self->procfs.fd;
}

FIXTURE_TEARDOWN(walk)
{
	subjects_kill(self->subjects);
	unmount(&self->procfs);
}

#define expect_found(_who)						\
	EXPECT_EQ(1, walk_up_to(&self->params, self->subjects[_who].pid))

#define expect_next(_who)						\
	EXPECT_EQ(self->subjects[_who].pid, next_pid(&self->params))

TEST_F(walk, continues_with_options_of_its_procfs)
{
	expect_found(OWN_FIRST);
	if (!strcmp(variant->options, "hidepid=0"))
		expect_found(OTHERS_FIRST);
	ASSERT_EQ(0, variant->change(&self->procfs));
	if (variant->shows_others) {
		expect_found(OTHERS_SECOND);
		expect_found(OWN_SECOND);
	} else {
		expect_next(OWN_SECOND);
	}
	/* PID 0 is not found, so the walk ends. */
	EXPECT_EQ(0, walk_up_to(&self->params, 0));
}

/*
 * Options that change during calls
 */

/* Hides the processes of others and shows them again, over and over. */
static pid_t spawn_changer(int procfd)
{
	pid_t parent = getpid(), pid = fork_child();

	if (pid)
		return pid;
	while (getppid() == parent)
		if (remount(procfd, "hidepid=2") || remount(procfd, "hidepid=0"))
			break;
	_exit(EXIT_FAILURE);
}

/* Look more often if one of the two results has not occurred by then. */
#define MIN_LOOKS 500

TEST(options_that_change_during_calls_hide_others_or_not)
{
	struct subject who[NR_SUBJECTS];
	bool seen[2] = { false, false };
	int procfd, count;
	struct walk walk;
	pid_t changer;

	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	procfd = open_procfs("0");
	ASSERT_LE(0, procfd);
	ASSERT_EQ(0, subjects_start(who));
	changer = spawn_changer(procfd);
	ASSERT_LT(0, changer);
	ASSERT_EQ(0, seteuid(USER));
	for (int i = 0; i < WAIT_TRIES; i++) {
		ASSERT_EQ(0, walk_all(&walk, procfd, XYZZY_ID, 0, 1000));
		ASSERT_EQ(1, walk_count(&walk, who[OWN_FIRST].pid));
		ASSERT_EQ(1, walk_count(&walk, who[OWN_SECOND].pid));
		count = walk_count(&walk, who[OTHERS_FIRST].pid);
		ASSERT_GE(1, count);
		seen[count] = true;
		walk_free(&walk);
		if (i >= MIN_LOOKS && seen[0] && seen[1])
			break;
	}
	EXPECT_TRUE(seen[0] && seen[1]);
	ASSERT_EQ(0, seteuid(0));
	kill_child(changer);
	subjects_kill(who);
}

TEST_HARNESS_MAIN
