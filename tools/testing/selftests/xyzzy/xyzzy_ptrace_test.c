// SPDX-License-Identifier: GPL-2.0
/*
 * Without a procfs: a caller is shown just the processes that it may read as a
 * tracer. With or without one, only of these it is told XYZZY_IO.
 */
#include "kselftest_harness.h"
#include "caller.h"
#include "record.h"

FIXTURE(ptrace)
{
	struct subject actors[NR_ACTORS];
	struct view *view;
};

FIXTURE_VARIANT(ptrace)
{
	struct caller caller;
	enum sees sees;
};

FIXTURE_VARIANT_ADD(ptrace, ordinary_user)
{
	.caller = ORDINARY_USER,
};

FIXTURE_VARIANT_ADD(ptrace, with_cap_sys_ptrace)
{
	.caller = {
		.uid = USER, .euid = USER, .suid = USER, .fsuid = USER,
		.gid = USER, .groups = { GROUP, GROUP }, .ptrace = true,
	},
	.sees = SEES_ALL,
};

FIXTURE_VARIANT_ADD(ptrace, root)
{
	.caller = { .groups = { GROUP, GROUP } },
	.sees = SEES_ALL,
};

FIXTURE_VARIANT_ADD(ptrace, in_group_0)
{
	.caller = {
		.uid = USER, .euid = USER, .suid = USER, .fsuid = USER,
		.gid = USER, .groups = { GROUP, 0 },
	},
};

/* From a user namespace of its own it may not even read its user's. */
FIXTURE_VARIANT_ADD(ptrace, root_of_userns)
{
	.caller = {
		.uid = USER, .euid = USER, .suid = USER, .fsuid = USER,
		.gid = USER, .groups = { GROUP, GROUP }, .userns = true,
	},
	.sees = SEES_NONE,
};

/* It is the file system user ID that counts. */
FIXTURE_VARIANT_ADD(ptrace, other_but_for_fsuid)
{
	.caller = {
		.uid = USER, .euid = OTHER_USER, .suid = USER, .fsuid = USER,
		.gid = USER, .groups = { GROUP, GROUP },
	},
};

FIXTURE_VARIANT_ADD(ptrace, fsuid_of_other)
{
	.caller = {
		.uid = USER, .euid = USER, .suid = OTHER_USER,
		.fsuid = OTHER_USER,
		.gid = USER, .groups = { GROUP, GROUP },
	},
	.sees = SEES_OTHERS,
};

FIXTURE_SETUP(ptrace)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (!have_users())
		SKIP(return, NO_USERS);
	if (variant->caller.userns && access("/proc/self/ns/user", F_OK))
		SKIP(return, "no user namespaces");
	self->view = view_make(&variant->caller, -1);
	ASSERT_EQ(0, actors_start(self->actors));
}

FIXTURE_TEARDOWN(ptrace)
{
	actors_kill(self->actors);
	view_close(self->view);
}

TEST_F(ptrace, shows_processes_that_caller_may_read)
{
	expect_view(_metadata, self->view);
	expect_actors(_metadata, self->view, self->actors, variant->sees);
}

TEST_F(ptrace, shows_threads_of_these_processes)
{
	self->view->flags = XYZZY_THREADS;
	expect_view(_metadata, self->view);
	expect_actors(_metadata, self->view, self->actors, variant->sees);
}

TEST_F(ptrace, pidfd_of_other_process_is_eperm)
{
	struct lookup *lookup = share_memory(sizeof(*lookup));

	lookup->view = self->view;
	lookup->actors = self->actors;
	ASSERT_EQ(0, run_in_child(look_up, lookup));
	for (int i = 0; i < NR_ACTORS; i++) {
		EXPECT_EQ(is_seen(variant->sees, i) ? 1 : -EPERM,
			  lookup->ret[i])
			TH_LOG("process: %s", actor_kinds[i].name);
	}
}

/*
 * XYZZY_IO
 */
struct io_look {
	const struct subject *actors;
	int procfd;
	unsigned int flags;
	struct xyzzy_task tasks[NR_ACTORS];
	bool readable[NR_ACTORS];
};

FIXTURE(io_access)
{
	struct subject actors[NR_ACTORS];
	struct io_look *look;
};

FIXTURE_VARIANT(io_access)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(io_access, process)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(io_access, thread)
{
	.flags = XYZZY_THREADS,
};

FIXTURE_SETUP(io_access)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (!have_users())
		SKIP(return, NO_USERS);
	if (access("/proc/self/io", F_OK))
		SKIP(return, "no I/O accounting");
	self->look = share_memory(sizeof(*self->look));
	self->look->flags = variant->flags;
	self->look->actors = self->actors;
	self->look->procfd = open_procfs("0");
	ASSERT_LE(0, self->look->procfd);
	ASSERT_EQ(0, actors_start(self->actors));
}

FIXTURE_TEARDOWN(io_access)
{
	actors_kill(self->actors);
	close(self->look->procfd);
}

/* As an ordinary user; all of the processes are shown to it. */
static int look_at_io(void *arg)
{
	struct io_look *look = arg;
	struct caller caller = ORDINARY_USER;
	struct xyzzy_task tasks[2];
	long ret;

	if (become(&caller))
		return 1;
	for (int i = 0; i < NR_ACTORS; i++) {
		memset(tasks, 0xff, sizeof(tasks));
		ret = xyzzy_pidfd(look->procfd, look->actors[i].pidfd,
				  XYZZY_ALL, look->flags, tasks, 2);
		if (ret < 1)
			return 2;
		look->tasks[i] = tasks[0];
		look->readable[i] = can_read(look->procfd, look->actors[i].pid,
					     "io");
	}
	return 0;
}

TEST_F(io_access, io_is_told_to_those_who_can_read_it_in_proc)
{
	const struct xyzzy_task *task;

	ASSERT_EQ(0, run_in_child(look_at_io, self->look));
	for (int i = 0; i < NR_ACTORS; i++) {
		task = &self->look->tasks[i];
		EXPECT_EQ(self->look->readable[i], record_has(task, XYZZY_IO))
			TH_LOG("process: %s", actor_kinds[i].name);
		EXPECT_EQ(actor_kinds[i].ptraceable,
			  record_has(task, XYZZY_IO));
	}
}

TEST_F(io_access, io_not_told_is_zero_and_the_rest_is_there)
{
	__u64 rest = xyzzy_supported() & XYZZY_ALL & ~XYZZY_IO;

	ASSERT_EQ(0, run_in_child(look_at_io, self->look));
	for (int i = 0; i < NR_ACTORS; i++) {
		EXPECT_EQ(rest, self->look->tasks[i].mask & ~XYZZY_IO);
		expect_rest_zero(_metadata, &self->look->tasks[i]);
	}
}

TEST_F(io_access, io_told_is_that_of_proc)
{
	struct pair pair;

	ASSERT_EQ(0, run_in_child(look_at_io, self->look));
	ASSERT_EQ(0, pair_take(&pair, self->actors[OWN].pid,
			       variant->flags ? self->actors[OWN].pid : 0));
	pair.task = self->look->tasks[OWN];
	expect_io(_metadata, &pair);
	EXPECT_NE(0ULL, pair.task.syscw);
}

TEST_HARNESS_MAIN
