// SPDX-License-Identifier: GPL-2.0
/*
 * A procfs that is unmounted, or mounted again with other options, between two
 * calls of one walk or meanwhile.
 */
#include "kselftest_harness.h"
#include "caller.h"

/* In the order of their PIDs */
enum { OWN_FIRST, OTHERS_FIRST, OTHERS_SECOND, OWN_SECOND, NR_SUBJECTS };

FIXTURE(mounted)
{
	char dir[32];
	struct subject subjects[NR_SUBJECTS];
	struct xyzzy_params params;
	struct xyzzy_task task;
	pid_t changer;
	struct walk walk;
};

static int be_actor(void *arg)
{
	return act((void *)&actor_kinds[*(enum actor *)arg]);
}

static int subjects_start(struct subject *subjects)
{
	enum actor actors[NR_SUBJECTS] = { OWN, OTHERS, OTHERS, OWN };
	int err = 0;

	for (int i = 0; i < NR_SUBJECTS && !err; i++)
		err = subject_start(&subjects[i], be_actor, &actors[i]);
	return err;
}

FIXTURE_SETUP(mounted)
{
	memset(self->subjects, -1, sizeof(self->subjects));
	snprintf(self->dir, sizeof(self->dir), "/tmp/xyzzy.XXXXXX");
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (!have_users())
		SKIP(return, NO_USERS);
	ASSERT_TRUE(!!mkdtemp(self->dir));
	self->params = XYZZY_PARAMS(0, &self->task, 1);
	self->params.procfd = mount_proc(self->dir, "hidepid=0");
	ASSERT_LE(0, self->params.procfd);
	ASSERT_EQ(0, subjects_start(self->subjects));
	ASSERT_EQ(0, setgroups(0, NULL));
	ASSERT_EQ(0, setresgid(USER, USER, USER));
}

FIXTURE_TEARDOWN(mounted)
{
	walk_free(&self->walk);
	kill_child(self->changer);
	for (int i = 0; i < NR_SUBJECTS; i++)
		subject_kill(&self->subjects[i]);
	umount2(self->dir, MNT_DETACH);
	rmdir(self->dir);
}

/* An ordinary user goes on with the walk, record by record, up to @pid. */
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

#define expect_found(_who)						\
	EXPECT_EQ(1, walk_up_to(&self->params, self->subjects[_who].pid))

/* The walk finds no PID 0, and thus ends. */
#define expect_end()							\
	EXPECT_EQ(0, walk_up_to(&self->params, 0))

TEST_F(mounted, busy_as_long_as_it_is_open)
{
	expect_found(OWN_FIRST);
	EXPECT_EQ(-1, umount2(self->dir, 0));
	EXPECT_EQ(EBUSY, errno);
	expect_found(OTHERS_FIRST);
	expect_found(OWN_SECOND);
	expect_end();
}

TEST_F(mounted, walk_goes_on_after_lazy_unmount)
{
	expect_found(OWN_FIRST);
	ASSERT_EQ(0, umount2(self->dir, MNT_DETACH));
	expect_found(OTHERS_FIRST);
	expect_found(OTHERS_SECOND);
	expect_found(OWN_SECOND);
	expect_end();
}

TEST_F(mounted, lazy_unmount_reveals_nothing)
{
	ASSERT_EQ(0, reconfigure(self->params.procfd, "hidepid", "2"));
	expect_found(OWN_FIRST);
	ASSERT_EQ(0, umount2(self->dir, MNT_DETACH));
	ASSERT_EQ(0, seteuid(USER));
	EXPECT_EQ(1, xyzzy_call(&self->params, 0));
	EXPECT_EQ((__u32)self->subjects[OWN_SECOND].pid, self->task.pid);
	ASSERT_EQ(0, seteuid(0));
	expect_end();
}

TEST_F(mounted, hidepid_hides_the_rest_of_the_walk)
{
	expect_found(OWN_FIRST);
	expect_found(OTHERS_FIRST);
	ASSERT_EQ(0, reconfigure(self->params.procfd, "hidepid", "2"));
	ASSERT_EQ(0, seteuid(USER));
	EXPECT_EQ(1, xyzzy_call(&self->params, 0));
	EXPECT_EQ((__u32)self->subjects[OWN_SECOND].pid, self->task.pid);
	ASSERT_EQ(0, seteuid(0));
	expect_end();
}

TEST_F(mounted, hidepid_0_shows_the_rest_of_the_walk)
{
	ASSERT_EQ(0, reconfigure(self->params.procfd, "hidepid", "2"));
	expect_found(OWN_FIRST);
	ASSERT_EQ(0, reconfigure(self->params.procfd, "hidepid", "0"));
	expect_found(OTHERS_FIRST);
	expect_found(OTHERS_SECOND);
	expect_found(OWN_SECOND);
	expect_end();
}

/* Mounted again in the same place, it is another procfs. */
TEST_F(mounted, walk_stays_with_its_procfs)
{
	ASSERT_EQ(0, reconfigure(self->params.procfd, "hidepid", "2"));
	expect_found(OWN_FIRST);
	ASSERT_EQ(0, mount("proc", self->dir, "proc", 0, "hidepid=0"));
	ASSERT_EQ(0, seteuid(USER));
	EXPECT_EQ(1, xyzzy_call(&self->params, 0));
	EXPECT_EQ((__u32)self->subjects[OWN_SECOND].pid, self->task.pid);
	ASSERT_EQ(0, seteuid(0));
	umount2(self->dir, MNT_DETACH);
}

/* Hides the processes of others and shows them again, over and over. */
static pid_t spawn_changer(int procfd)
{
	pid_t parent = getpid(), pid = fork_child();

	if (pid)
		return pid;
	while (getppid() == parent)
		if (reconfigure(procfd, "hidepid", "2") ||
		    reconfigure(procfd, "hidepid", "0"))
			break;
	_exit(EXIT_FAILURE);
}

/* More, if what is looked for has not been there by then. */
#define MIN_LOOKS 500

TEST_F(mounted, options_that_change_meanwhile_hide_others_or_do_not)
{
	bool seen[2] = { false, false };
	int count;

	self->changer = spawn_changer(self->params.procfd);
	ASSERT_LT(0, self->changer);
	ASSERT_EQ(0, seteuid(USER));
	for (int i = 0; i < WAIT_TRIES; i++) {
		const struct subject *who = self->subjects;
		struct walk *walk = &self->walk;

		ASSERT_EQ(0, walk_all(walk, self->params.procfd, XYZZY_ID, 0,
				      1000));
		ASSERT_EQ(1, walk_count(walk, who[OWN_FIRST].pid));
		ASSERT_EQ(1, walk_count(walk, who[OWN_SECOND].pid));
		count = walk_count(walk, who[OTHERS_FIRST].pid);
		ASSERT_GE(1, count);
		seen[count] = true;
		walk_free(walk);
		if (i >= MIN_LOOKS && seen[0] && seen[1])
			break;
	}
	EXPECT_TRUE(seen[0] && seen[1]);
	ASSERT_EQ(0, seteuid(0));
}

TEST_HARNESS_MAIN
