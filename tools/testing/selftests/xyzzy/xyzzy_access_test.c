// SPDX-License-Identifier: GPL-2.0
/*
 * With a procfs: a caller is shown just the processes whose /proc/PID/stat it
 * could read there, whatever hidepid= and gid= are.
 */
#include "kselftest_harness.h"
#include "caller.h"

FIXTURE(hidepid)
{
	struct subject actors[NR_ACTORS];
	struct view *view;
};

FIXTURE_VARIANT(hidepid)
{
	const char *options[7];
	struct caller caller;
	enum sees sees;
};

FIXTURE_VARIANT_ADD(hidepid, default)
{
	.options = { NULL },
	.caller = ORDINARY_USER,
	.sees = SEES_ALL,
};

FIXTURE_VARIANT_ADD(hidepid, off)
{
	.options = { "hidepid", "0", NULL },
	.caller = ORDINARY_USER,
	.sees = SEES_ALL,
};

FIXTURE_VARIANT_ADD(hidepid, noaccess)
{
	.options = { "hidepid", "1", NULL },
	.caller = ORDINARY_USER,
};

FIXTURE_VARIANT_ADD(hidepid, invisible)
{
	.options = { "hidepid", "2", NULL },
	.caller = ORDINARY_USER,
};

FIXTURE_VARIANT_ADD(hidepid, ptraceable)
{
	.options = { "hidepid", "4", NULL },
	.caller = ORDINARY_USER,
};

FIXTURE_VARIANT_ADD(hidepid, off_foreign_gid)
{
	.options = { "hidepid", "0", "gid", "5679", NULL },
	.caller = ORDINARY_USER,
	.sees = SEES_ALL,
};

FIXTURE_VARIANT_ADD(hidepid, noaccess_gid)
{
	.options = { "hidepid", "1", "gid", "1234", NULL },
	.caller = ORDINARY_USER,
	.sees = SEES_ALL,
};

FIXTURE_VARIANT_ADD(hidepid, noaccess_foreign_gid)
{
	.options = { "hidepid", "1", "gid", "5679", NULL },
	.caller = ORDINARY_USER,
};

FIXTURE_VARIANT_ADD(hidepid, invisible_gid)
{
	.options = { "hidepid", "2", "gid", "1234", NULL },
	.caller = ORDINARY_USER,
	.sees = SEES_ALL,
};

FIXTURE_VARIANT_ADD(hidepid, invisible_supplementary_gid)
{
	.options = { "hidepid", "2", "gid", "5678", NULL },
	.caller = ORDINARY_USER,
	.sees = SEES_ALL,
};

FIXTURE_VARIANT_ADD(hidepid, invisible_foreign_gid)
{
	.options = { "hidepid", "2", "gid", "5679", NULL },
	.caller = ORDINARY_USER,
};

/* Without gid= it is group 0 that sees all. */
FIXTURE_VARIANT_ADD(hidepid, invisible_in_group_0)
{
	.options = { "hidepid", "2", NULL },
	.caller = {
		.uid = USER, .euid = USER, .suid = USER, .fsuid = USER,
		.gid = USER, .groups = { GROUP, 0 },
	},
	.sees = SEES_ALL,
};

FIXTURE_VARIANT_ADD(hidepid, ptraceable_whatever_gid)
{
	.options = { "hidepid", "4", "gid", "1234", NULL },
	.caller = ORDINARY_USER,
};

FIXTURE_VARIANT_ADD(hidepid, invisible_but_for_cap_sys_ptrace)
{
	.options = { "hidepid", "2", NULL },
	.caller = {
		.uid = USER, .euid = USER, .suid = USER, .fsuid = USER,
		.gid = USER, .groups = { GROUP, GROUP }, .ptrace = true,
	},
	.sees = SEES_ALL,
};

FIXTURE_VARIANT_ADD(hidepid, ptraceable_by_root)
{
	.options = { "hidepid", "4", NULL },
	.caller = { .groups = { GROUP, GROUP } },
	.sees = SEES_ALL,
};

/* From a user namespace of its own it may not even read its user's. */
FIXTURE_VARIANT_ADD(hidepid, ptraceable_by_root_of_userns)
{
	.options = { "hidepid", "4", NULL },
	.caller = {
		.uid = USER, .euid = USER, .suid = USER, .fsuid = USER,
		.gid = USER, .groups = { GROUP, GROUP }, .userns = true,
	},
	.sees = SEES_NONE,
};

FIXTURE_VARIANT_ADD(hidepid, subset_pid)
{
	.options = { "subset", "pid", NULL },
	.caller = ORDINARY_USER,
	.sees = SEES_ALL,
};

FIXTURE_VARIANT_ADD(hidepid, subset_pid_invisible)
{
	.options = { "subset", "pid", "hidepid", "2", NULL },
	.caller = ORDINARY_USER,
};

FIXTURE_SETUP(hidepid)
{
	int procfd;

	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (!have_users())
		SKIP(return, NO_USERS);
	if (variant->caller.userns && access("/proc/self/ns/user", F_OK))
		SKIP(return, "no user namespaces");
	procfd = open_fs("proc", variant->options);
	ASSERT_LE(0, procfd);
	self->view = view_make(&variant->caller, procfd);
	ASSERT_EQ(0, actors_start(self->actors));
}

FIXTURE_TEARDOWN(hidepid)
{
	actors_kill(self->actors);
	view_close(self->view);
}

TEST_F(hidepid, shows_processes_whose_stat_can_be_read)
{
	expect_view(_metadata, self->view);
	expect_actors(_metadata, self->view, self->actors, variant->sees);
}

TEST_F(hidepid, shows_threads_of_these_processes)
{
	self->view->flags = XYZZY_THREADS;
	expect_view(_metadata, self->view);
	expect_actors(_metadata, self->view, self->actors, variant->sees);
}

TEST_F(hidepid, pidfd_of_hidden_process_is_eperm)
{
	struct lookup *lookup = share_memory(sizeof(*lookup));

	lookup->view = self->view;
	lookup->actors = self->actors;
	ASSERT_EQ(0, run_in_child(look_up, lookup));
	for (int i = 0; i < NR_ACTORS; i++) {
		EXPECT_EQ(lookup->readable[i] ? 1 : -EPERM, lookup->ret[i])
			TH_LOG("process: %s", actor_kinds[i].name);
		EXPECT_EQ(is_seen(variant->sees, i), lookup->readable[i]);
	}
}

TEST_F(hidepid, pidfd_of_hidden_process_is_eperm_for_its_threads)
{
	struct lookup *lookup = share_memory(sizeof(*lookup));
	long threads;

	lookup->view = self->view;
	lookup->actors = self->actors;
	lookup->flags = XYZZY_THREADS;
	ASSERT_EQ(0, run_in_child(look_up, lookup));
	for (int i = 0; i < NR_ACTORS; i++) {
		threads = actor_kinds[i].threaded ? 2 : 1;
		EXPECT_EQ(lookup->readable[i] ? threads : -EPERM,
			  lookup->ret[i])
			TH_LOG("process: %s", actor_kinds[i].name);
	}
}

TEST_F(hidepid, pidfd_of_hidden_process_is_eperm_without_room)
{
	struct lookup *lookup = share_memory(sizeof(*lookup));

	lookup->view = self->view;
	lookup->actors = self->actors;
	lookup->no_room = true;
	ASSERT_EQ(0, run_in_child(look_up, lookup));
	for (int i = 0; i < NR_ACTORS; i++) {
		EXPECT_EQ(lookup->readable[i] ? 0 : -EPERM, lookup->ret[i])
			TH_LOG("process: %s", actor_kinds[i].name);
	}
}

/*
 * Remounts
 */
FIXTURE(remount)
{
	struct subject actors[NR_ACTORS];
	struct view *view;
	struct caller caller;
};

FIXTURE_SETUP(remount)
{
	struct caller caller = ORDINARY_USER;
	int procfd;

	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (!have_users())
		SKIP(return, NO_USERS);
	procfd = open_procfs("0");
	ASSERT_LE(0, procfd);
	self->view = view_make(&caller, procfd);
	ASSERT_EQ(0, actors_start(self->actors));
}

FIXTURE_TEARDOWN(remount)
{
	actors_kill(self->actors);
	view_close(self->view);
}

TEST_F(remount, hidepid_hides_from_open_descriptor)
{
	expect_view(_metadata, self->view);
	expect_actors(_metadata, self->view, self->actors, SEES_ALL);
	ASSERT_EQ(0, reconfigure(self->view->procfd, "hidepid", "2"));
	expect_view(_metadata, self->view);
	expect_actors(_metadata, self->view, self->actors, SEES_OWN);
}

TEST_F(remount, hidepid_0_shows_all_to_open_descriptor)
{
	ASSERT_EQ(0, reconfigure(self->view->procfd, "hidepid", "4"));
	expect_view(_metadata, self->view);
	expect_actors(_metadata, self->view, self->actors, SEES_OWN);
	ASSERT_EQ(0, reconfigure(self->view->procfd, "hidepid", "0"));
	expect_view(_metadata, self->view);
	expect_actors(_metadata, self->view, self->actors, SEES_ALL);
}

TEST_F(remount, gid_shows_all_to_open_descriptor)
{
	ASSERT_EQ(0, reconfigure(self->view->procfd, "hidepid", "2"));
	expect_view(_metadata, self->view);
	expect_actors(_metadata, self->view, self->actors, SEES_OWN);
	ASSERT_EQ(0, reconfigure(self->view->procfd, "gid", "5678"));
	expect_view(_metadata, self->view);
	expect_actors(_metadata, self->view, self->actors, SEES_ALL);
}

TEST_F(remount, other_procfs_is_left_alone)
{
	int other = open_procfs("0");

	ASSERT_LE(0, other);
	ASSERT_EQ(0, reconfigure(other, "hidepid", "2"));
	expect_view(_metadata, self->view);
	expect_actors(_metadata, self->view, self->actors, SEES_ALL);
	close(other);
}

/*
 * A procfs that has a place in the file system
 */
TEST_F(remount, mounted_on_a_directory_it_hides_as_well)
{
	char dir[] = "/tmp/xyzzy.XXXXXX";
	int procfd;

	ASSERT_TRUE(!!mkdtemp(dir));
	procfd = mount_proc(dir, "hidepid=2");
	EXPECT_LE(0, procfd);
	self->view->procfd = procfd;
	self->view->truth_fd = procfd;
	expect_view(_metadata, self->view);
	expect_actors(_metadata, self->view, self->actors, SEES_OWN);
	umount2(dir, MNT_DETACH);
	rmdir(dir);
}

TEST_HARNESS_MAIN
