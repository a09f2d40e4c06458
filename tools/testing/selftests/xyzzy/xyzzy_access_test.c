// SPDX-License-Identifier: GPL-2.0
/*
 * Which processes a caller sees: through a procfs those whose /proc/PID/stat it
 * could read there, whatever hidepid= and gid= are; without one, those for which
 * it passes a ptrace check. That check decides about XYZZY_IO in any case.
 */
#include "kselftest_harness.h"
#include "caller.h"
#include "record.h"

enum place {
	HERE,
	PIDNS,			/* In a PID namespace of its own, */
	USERNS,			/* and in a user namespace */
};

FIXTURE(access)
{
	struct subject actors[NR_ACTORS];
	struct view *view;
	pid_t init;
};

FIXTURE_VARIANT(access)
{
	const char *options;	/* Of the procfs; NULL: procfd is -1 */
	struct caller caller;
	enum sees sees;
	enum place place;	/* Of the caller and all that it looks at */
};

#define USER_WITH(...) { .uids = USER_IDS, .gid = USER, __VA_ARGS__ }
#define IDS(_uid, _euid, _suid, _fsuid) \
	{ .uids = { _uid, _euid, _suid, _fsuid }, .gid = USER, .group = GROUP }

/* hidepid= and gid= for an ordinary user */
FIXTURE_VARIANT_ADD(access, default_options)
	{ "", ORDINARY_USER, SEES_ALL };
FIXTURE_VARIANT_ADD(access, hidepid_0)
	{ "hidepid=0", ORDINARY_USER, SEES_ALL };
FIXTURE_VARIANT_ADD(access, hidepid_1)
	{ "hidepid=1", ORDINARY_USER, SEES_OWN };
FIXTURE_VARIANT_ADD(access, hidepid_2)
	{ "hidepid=2", ORDINARY_USER, SEES_OWN };
FIXTURE_VARIANT_ADD(access, hidepid_4)
	{ "hidepid=4", ORDINARY_USER, SEES_OWN };
FIXTURE_VARIANT_ADD(access, hidepid_0_other_gid)
	{ "hidepid=0,gid=5679", ORDINARY_USER, SEES_ALL };
FIXTURE_VARIANT_ADD(access, hidepid_1_gid)
	{ "hidepid=1,gid=1234", ORDINARY_USER, SEES_ALL };
FIXTURE_VARIANT_ADD(access, hidepid_1_other_gid)
	{ "hidepid=1,gid=5679", ORDINARY_USER, SEES_OWN };
FIXTURE_VARIANT_ADD(access, hidepid_2_gid)
	{ "hidepid=2,gid=1234", ORDINARY_USER, SEES_ALL };
FIXTURE_VARIANT_ADD(access, hidepid_2_supplementary_gid)
	{ "hidepid=2,gid=5678", ORDINARY_USER, SEES_ALL };
FIXTURE_VARIANT_ADD(access, hidepid_2_other_gid)
	{ "hidepid=2,gid=5679", ORDINARY_USER, SEES_OWN };
FIXTURE_VARIANT_ADD(access, hidepid_4_gid)
	{ "hidepid=4,gid=1234", ORDINARY_USER, SEES_OWN };
FIXTURE_VARIANT_ADD(access, subset_pid)
	{ "subset=pid", ORDINARY_USER, SEES_ALL };
FIXTURE_VARIANT_ADD(access, subset_pid_hidepid_2)
	{ "subset=pid,hidepid=2", ORDINARY_USER, SEES_OWN };

/* Other callers. The default of gid= is 0. */
FIXTURE_VARIANT_ADD(access, hidepid_2_member_of_group_0)
	{ "hidepid=2", USER_WITH(.group = 0), SEES_ALL };
FIXTURE_VARIANT_ADD(access, hidepid_2_cap_sys_ptrace)
	{ "hidepid=2", USER_WITH(.group = GROUP, .ptrace = true), SEES_ALL };
FIXTURE_VARIANT_ADD(access, hidepid_4_root)
	{ "hidepid=4", { .group = GROUP }, SEES_ALL };
FIXTURE_VARIANT_ADD(access, hidepid_4_root_of_userns)
	{ "hidepid=4", USER_WITH(.group = GROUP, .userns = true), SEES_NONE };

/* Without a procfs */
FIXTURE_VARIANT_ADD(access, ptrace_user)
	{ NULL, ORDINARY_USER, SEES_OWN };
FIXTURE_VARIANT_ADD(access, ptrace_member_of_group_0)
	{ NULL, USER_WITH(.group = 0), SEES_OWN };
FIXTURE_VARIANT_ADD(access, ptrace_cap_sys_ptrace)
	{ NULL, USER_WITH(.group = GROUP, .ptrace = true), SEES_ALL };
FIXTURE_VARIANT_ADD(access, ptrace_root)
	{ NULL, { .group = GROUP }, SEES_ALL };
FIXTURE_VARIANT_ADD(access, ptrace_root_of_userns)
	{ NULL, USER_WITH(.group = GROUP, .userns = true), SEES_NONE };

/* The filesystem user ID counts, not the effective one. */
FIXTURE_VARIANT_ADD(access, ptrace_euid_of_other)
	{ NULL, IDS(USER, OTHER_USER, USER, USER), SEES_OWN };
FIXTURE_VARIANT_ADD(access, ptrace_fsuid_of_other)
	{ NULL, IDS(USER, USER, OTHER_USER, OTHER_USER), SEES_OTHERS };

/* In namespaces */
FIXTURE_VARIANT_ADD(access, hidepid_0_in_pidns)
	{ "hidepid=0", ORDINARY_USER, SEES_ALL, PIDNS };
FIXTURE_VARIANT_ADD(access, hidepid_2_in_pidns)
	{ "hidepid=2", ORDINARY_USER, SEES_OWN, PIDNS };
FIXTURE_VARIANT_ADD(access, hidepid_4_in_pidns)
	{ "hidepid=4", ORDINARY_USER, SEES_OWN, PIDNS };
FIXTURE_VARIANT_ADD(access, ptrace_user_in_pidns)
	{ NULL, ORDINARY_USER, SEES_OWN, PIDNS };
FIXTURE_VARIANT_ADD(access, hidepid_0_in_userns)
	{ "hidepid=0", ORDINARY_USER, SEES_ALL, USERNS };
FIXTURE_VARIANT_ADD(access, hidepid_2_in_userns)
	{ "hidepid=2", ORDINARY_USER, SEES_OWN, USERNS };
FIXTURE_VARIANT_ADD(access, hidepid_4_in_userns)
	{ "hidepid=4", ORDINARY_USER, SEES_OWN, USERNS };
FIXTURE_VARIANT_ADD(access, ptrace_user_in_userns)
	{ NULL, ORDINARY_USER, SEES_OWN, USERNS };

FIXTURE_SETUP(access)
{
	if (cannot_be_caller(&variant->caller))
		SKIP(return, "%s", cannot_be_caller(&variant->caller));
	if (variant->place == USERNS && enter_userns())
		SKIP(return, "no user namespaces");
	/* A user namespace can mount a procfs in its own mount namespace only. */
	if (variant->place && unshare(CLONE_NEWPID | CLONE_NEWNS))
		SKIP(return, "no PID namespaces");
	if (variant->place)
		self->init = spawn_sleeper();
	ASSERT_EQ(0, actors_start(self->actors));
	self->view = view_make(&variant->caller, self->actors, !!variant->place);
	self->view->options = variant->options;
}

FIXTURE_TEARDOWN(access)
{
	actors_kill(self->actors);
	kill_child(self->init);
}

TEST_F(access, walk_shows_processes_whose_stat_is_readable)
{
	expect_view(_metadata, self->view, variant->sees);
}

TEST_F(access, walk_shows_their_threads)
{
	self->view->flags = XYZZY_THREADS;
	expect_view(_metadata, self->view, variant->sees);
}

/* What calls with pidfds return, and which stat files are readable. */
struct lookup {
	struct view *view;
	const struct subject *actors;
	unsigned int flags;
	size_t room;
	long ret[NR_ACTORS];
	bool readable[NR_ACTORS];
};

static int look_up(void *arg)
{
	struct lookup *lookup = arg;
	struct view *view = lookup->view;
	struct xyzzy_task tasks[2];

	if (view_open(view))
		return 1;
	for (int i = 0; i < NR_ACTORS; i++) {
		lookup->ret[i] = xyzzy_pidfd(view->procfd,
					     lookup->actors[i].pidfd, XYZZY_ALL,
					     lookup->flags, tasks,
					     lookup->room);
		lookup->readable[i] = can_read(view->stat_fd, view->actors[i],
					       "stat");
	}
	return 0;
}

static void expect_lookup(struct __test_metadata *_metadata,
			  FIXTURE_DATA(access) * self, enum sees sees,
			  unsigned int flags, size_t room)
{
	struct lookup *lookup = share_memory(sizeof(*lookup));

	*lookup = (struct lookup){
		.view = self->view, .actors = self->actors,
		.flags = flags, .room = room,
	};
	ASSERT_EQ(0, run_in_child(look_up, lookup));
	for (int i = 0; i < NR_ACTORS; i++) {
		long nr = flags && actor_kinds[i].threaded ? 2 : 1;

		EXPECT_EQ(is_seen(sees, i), lookup->readable[i])
			TH_LOG("process: %s", actor_kinds[i].name);
		EXPECT_EQ(!is_seen(sees, i) ? -EPERM : room ? nr : 0,
			  lookup->ret[i])
			TH_LOG("process: %s", actor_kinds[i].name);
	}
}

TEST_F(access, pidfd_of_hidden_process_is_eperm)
{
	expect_lookup(_metadata, self, variant->sees, 0, 2);
}

TEST_F(access, pidfd_of_hidden_process_is_eperm_for_threads)
{
	expect_lookup(_metadata, self, variant->sees, XYZZY_THREADS, 2);
}

TEST_F(access, pidfd_of_hidden_process_is_eperm_without_room)
{
	expect_lookup(_metadata, self, variant->sees, 0, 0);
}

/*
 * XYZZY_IO of processes that are all shown
 */
struct io_look {
	const struct subject *actors;
	int procfd;
	unsigned int flags;
	struct xyzzy_task tasks[NR_ACTORS];
	bool readable[NR_ACTORS];
};

FIXTURE(io)
{
	struct subject actors[NR_ACTORS];
	struct io_look *look;
};

FIXTURE_VARIANT(io)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(io, process) { 0 };
FIXTURE_VARIANT_ADD(io, thread) { XYZZY_THREADS };

static int look_at_io(void *arg)
{
	const struct caller caller = ORDINARY_USER;
	struct io_look *look = arg;
	struct xyzzy_task tasks[2];

	if (become(&caller))
		return 1;
	for (int i = 0; i < NR_ACTORS; i++) {
		memset(tasks, 0xff, sizeof(tasks));
		if (xyzzy_pidfd(look->procfd, look->actors[i].pidfd, XYZZY_ALL,
				look->flags, tasks, 2) < 1)
			return 2;
		look->tasks[i] = tasks[0];
		look->readable[i] = can_read(look->procfd, look->actors[i].pid,
					     "io");
	}
	return 0;
}

FIXTURE_SETUP(io)
{
	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	if (!have_io())
		SKIP(return, NO_IO);
	self->look = share_memory(sizeof(*self->look));
	self->look->flags = variant->flags;
	self->look->actors = self->actors;
	self->look->procfd = open_procfs("0");
	ASSERT_LE(0, self->look->procfd);
	ASSERT_EQ(0, actors_start(self->actors));
	ASSERT_EQ(0, run_in_child(look_at_io, self->look));
}

FIXTURE_TEARDOWN(io)
{
	actors_kill(self->actors);
	close(self->look->procfd);
}

TEST_F(io, is_filled_if_the_file_is_readable)
{
	for (int i = 0; i < NR_ACTORS; i++) {
		bool filled = record_has(&self->look->tasks[i], XYZZY_IO);

		EXPECT_EQ(self->look->readable[i], filled)
			TH_LOG("process: %s", actor_kinds[i].name);
		EXPECT_EQ(actor_kinds[i].ptraceable, filled);
	}
}

TEST_F(io, is_zero_otherwise_and_other_groups_are_filled)
{
	__u64 others = xyzzy_supported() & XYZZY_ALL & ~XYZZY_IO;

	for (int i = 0; i < NR_ACTORS; i++) {
		EXPECT_EQ(others, self->look->tasks[i].mask & ~XYZZY_IO);
		expect_rest_zero(_metadata, &self->look->tasks[i]);
	}
}

TEST_F(io, has_the_values_of_the_file)
{
	pid_t pid = self->actors[OWN].pid;
	struct pair pair;

	ASSERT_EQ(0, pair_take(&pair, pid, variant->flags ? pid : 0));
	pair.task = self->look->tasks[OWN];
	expect_groups(_metadata, &pair, XYZZY_IO);
	EXPECT_NE(0ULL, pair.task.syscw);
}

/*
 * A process whose threads have different IDs: its leader decides whether they are
 * shown, and each of them about its own XYZZY_IO.
 */
enum { LEADER, THREAD, NR_MIXED };

struct mixed {
	struct view view;
	uid_t uids[NR_MIXED];
	pid_t tids[NR_MIXED];
	bool stat_readable;	/* That of the process */
	bool io_readable[NR_MIXED];
	bool shown[NR_MIXED];
	bool io[NR_MIXED];
};

FIXTURE(mixed)
{
	struct subject subject;
	struct mixed *mixed;
};

FIXTURE_VARIANT(mixed)
{
	const char *options;	/* Of the procfs; NULL: procfd is -1 */
	uid_t uids[NR_MIXED];
};

FIXTURE_VARIANT_ADD(mixed, hidepid_0_users_leader)
	{ "hidepid=0", { [LEADER] = USER } };
FIXTURE_VARIANT_ADD(mixed, hidepid_0_users_thread)
	{ "hidepid=0", { [THREAD] = USER } };
FIXTURE_VARIANT_ADD(mixed, ptrace_users_leader)
	{ NULL, { [LEADER] = USER } };
FIXTURE_VARIANT_ADD(mixed, ptrace_users_thread)
	{ NULL, { [THREAD] = USER } };

static int set_thread_ids(void *arg)
{
	const uid_t id = *(const uid_t *)arg;

	return syscall(SETRESGID, id, id, id) ||
	       syscall(SETRESUID, id, id, id) ? -errno : 0;
}

/* A change of IDs undoes PR_SET_DUMPABLE, which is of the process. */
static int mix_ids(void *arg)
{
	struct mixed *mixed = arg;
	int err;

	mixed->tids[LEADER] = getpid();
	mixed->tids[THREAD] = start_thread(set_thread_ids,
					   &mixed->uids[THREAD]);
	if (mixed->tids[THREAD] < 0)
		return mixed->tids[THREAD];
	err = set_thread_ids(&mixed->uids[LEADER]);
	return err ?: prctl(PR_SET_DUMPABLE, 1) ? -errno : 0;
}

static int look_at_mixed(void *arg)
{
	struct mixed *mixed = arg;
	struct view *view = &mixed->view;
	const struct xyzzy_task *task;
	struct walk walk;
	char io[32];

	if (view_open(view) || walk_all(&walk, view->procfd, XYZZY_IO,
					XYZZY_THREADS, 64))
		return 1;
	mixed->stat_readable = can_read(view->stat_fd, mixed->tids[LEADER],
					"stat");
	for (int i = 0; i < NR_MIXED; i++) {
		snprintf(io, sizeof(io), "task/%d/io", mixed->tids[i]);
		mixed->io_readable[i] = can_read(view->stat_fd,
						 mixed->tids[LEADER], io);
		task = walk_find(&walk, mixed->tids[i]);
		mixed->shown[i] = task;
		mixed->io[i] = task && record_has(task, XYZZY_IO);
	}
	walk_free(&walk);
	return 0;
}

FIXTURE_SETUP(mixed)
{
	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	self->mixed = share_memory(sizeof(*self->mixed));
	memcpy(self->mixed->uids, variant->uids, sizeof(variant->uids));
	self->mixed->view.caller = (struct caller)ORDINARY_USER;
	self->mixed->view.options = variant->options;
	self->mixed->view.procfd = -1;
	ASSERT_EQ(0, subject_start(&self->subject, mix_ids, self->mixed));
	ASSERT_EQ(0, run_in_child(look_at_mixed, self->mixed));
}

FIXTURE_TEARDOWN(mixed)
{
	subject_kill(&self->subject);
}

TEST_F(mixed, threads_are_shown_if_stat_of_the_process_is_readable)
{
	const struct mixed *mixed = self->mixed;

	EXPECT_EQ(variant->options || variant->uids[LEADER] == USER,
		  mixed->stat_readable);
	for (int i = 0; i < NR_MIXED; i++)
		EXPECT_EQ(mixed->stat_readable, mixed->shown[i]);
}

TEST_F(mixed, io_of_each_thread_is_filled_if_its_file_is_readable)
{
	const struct mixed *mixed = self->mixed;

	if (!have_io())
		SKIP(return, NO_IO);
	for (int i = 0; i < NR_MIXED; i++) {
		EXPECT_EQ(mixed->stat_readable && mixed->uids[i] == USER,
			  mixed->io_readable[i]);
		EXPECT_EQ(mixed->io_readable[i], mixed->io[i]);
	}
}

TEST_HARNESS_MAIN
