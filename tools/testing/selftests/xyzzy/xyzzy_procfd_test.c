// SPDX-License-Identifier: GPL-2.0
/*
 * Who may pass a procfs: a caller that may read and search its root directory
 * at the time of the call, whoever opened it and when.
 */
#include "kselftest_harness.h"
#include "caller.h"
#include "ns.h"

#include <sys/stat.h>

/* What a process gets from the files of a procfs: 1 or -errno, as of a call. */
static long try_files(int dirfd, const char *dir)
{
	int fd = openat(dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int stat, err = 0;

	if (fd < 0)
		return -errno;
	stat = openat(fd, "1/stat", O_RDONLY | O_CLOEXEC);
	if (stat < 0)
		err = errno;
	close_fd(stat);
	close(fd);
	return err ? -err : 1;
}

/* What it gets from a walk. */
static long try_walk(int procfd, unsigned int flags)
{
	struct xyzzy_params params;
	struct xyzzy_task task;

	params = XYZZY_PARAMS(XYZZY_ALL, &task, 1);
	params.procfd = procfd;
	return xyzzy_call(&params, flags);
}

static long try_own_pidfd(int procfd)
{
	int pidfd = sys_pidfd_open(getpid(), 0);
	struct xyzzy_task task;
	long ret = -EBADF;

	if (pidfd >= 0)
		ret = xyzzy_pidfd(procfd, pidfd, 0, 0, &task, 1);
	close_fd(pidfd);
	return ret;
}

static long try_probe(int procfd)
{
	return xyzzy_pidfd(procfd, -1, 0, 0, NULL, 0);
}

/* With a descriptor of its own, if it gets one. */
static long try_own_procfd(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long ret = fd < 0 ? -errno : try_walk(fd, 0);

	close_fd(fd);
	return ret;
}

/*
 * Modes of the directory, and callers. Directories belong to USER and GROUP.
 */
#define NR_MODES 64

/* All that r and x can be. */
static mode_t mode_of(int nr)
{
	mode_t mode = 0;

	for (int who = 0; who < 3; who++, nr >>= 2)
		mode |= ((nr & 1 ? 1 : 0) | (nr & 2 ? 4 : 0)) << 3 * who;
	return mode;
}

/* Which bits of the mode are about a caller. */
enum bits { OTHERS_BITS = 0, GROUPS_BITS = 3, OWNERS_BITS = 6, NO_BITS };

static bool is_open_to(mode_t mode, enum bits bits)
{
	return bits == NO_BITS || (mode >> bits & 5) == 5;
}

struct asked {
	struct caller caller;
	int (*enter)(void);
	const char *dir;
	int procfd;		/* Opened by root */

	int err;
	long files;
	long walk;
	long threads;
	long pidfd;
	long probe;
	long own;
};

static int ask(void *arg)
{
	struct asked *asked = arg;

	asked->err = become(&asked->caller);
	if (!asked->err && asked->enter)
		asked->err = asked->enter();
	if (asked->err)
		return 0;
	asked->files = try_files(AT_FDCWD, asked->dir);
	asked->walk = try_walk(asked->procfd, 0);
	asked->threads = try_walk(asked->procfd, XYZZY_THREADS);
	asked->pidfd = try_own_pidfd(asked->procfd);
	asked->probe = try_probe(asked->procfd);
	asked->own = try_own_procfd(asked->dir);
	return 0;
}

/* User namespaces in which the owner of the directory has an ID, and has not. */
static int enter_owners_userns(void)
{
	return enter_userns_with("0 100000 10000\n20000 1000 10000\n");
}

#define ROOT_WITH(...)							\
	{								\
		.groups = { OTHER_GROUP, OTHER_GROUP }, __VA_ARGS__	\
	}

#define OWNER_WITH(...)							\
	{								\
		.uid = USER, .euid = USER, .suid = USER, .fsuid = USER,	\
		.gid = USER, .groups = { OTHER_GROUP, OTHER_GROUP },	\
		__VA_ARGS__						\
	}

#define OTHER_WITH(...)							\
	{								\
		.uid = OTHER_USER, .euid = OTHER_USER,			\
		.suid = OTHER_USER, .fsuid = OTHER_USER,		\
		.groups = { OTHER_GROUP, OTHER_GROUP }, __VA_ARGS__	\
	}

FIXTURE(directory)
{
	char dir[32];
	struct asked *asked;
};

FIXTURE_VARIANT(directory)
{
	struct caller caller;
	int (*enter)(void);
	enum bits bits;
};

FIXTURE_VARIANT_ADD(directory, root)
{
	.caller = ROOT_WITH(),
	.bits = NO_BITS,
};

FIXTURE_VARIANT_ADD(directory, root_with_cap_sys_ptrace_alone)
{
	.caller = ROOT_WITH(.ptrace = true),
};

FIXTURE_VARIANT_ADD(directory, other_with_cap_sys_ptrace_alone)
{
	.caller = OTHER_WITH(.gid = OTHER_USER, .ptrace = true),
};

FIXTURE_VARIANT_ADD(directory, owner)
{
	.caller = OWNER_WITH(),
	.bits = OWNERS_BITS,
};

FIXTURE_VARIANT_ADD(directory, owner_in_the_group)
{
	.caller = ORDINARY_USER,
	.bits = OWNERS_BITS,
};

FIXTURE_VARIANT_ADD(directory, member)
{
	.caller = {
		.uid = OTHER_USER, .euid = OTHER_USER, .suid = OTHER_USER,
		.fsuid = OTHER_USER, .gid = OTHER_USER,
		.groups = { OTHER_GROUP, GROUP },
	},
	.bits = GROUPS_BITS,
};

FIXTURE_VARIANT_ADD(directory, member_by_gid)
{
	.caller = OTHER_WITH(.gid = GROUP),
	.bits = GROUPS_BITS,
};

FIXTURE_VARIANT_ADD(directory, other)
{
	.caller = OTHER_WITH(.gid = OTHER_USER),
};

/* As a file server is, for one. */
FIXTURE_VARIANT_ADD(directory, root_with_fsuid_of_owner)
{
	.caller = ROOT_WITH(.fsuid = USER),
	.bits = OWNERS_BITS,
};

FIXTURE_VARIANT_ADD(directory, root_with_euid_of_other)
{
	.caller = ROOT_WITH(.euid = OTHER_USER, .fsuid = OTHER_USER),
};

FIXTURE_VARIANT_ADD(directory, owner_with_euid_0)
{
	.caller = ROOT_WITH(.uid = USER),
	.bits = NO_BITS,
};

FIXTURE_VARIANT_ADD(directory, other_in_a_userns)
{
	.caller = OTHER_WITH(.gid = OTHER_USER, .userns = true),
};

FIXTURE_VARIANT_ADD(directory, owner_in_a_userns)
{
	.caller = OWNER_WITH(.userns = true),
	.bits = OWNERS_BITS,
};

FIXTURE_VARIANT_ADD(directory, root_of_a_userns)
{
	.caller = ROOT_WITH(),
	.enter = enter_userns,
};

FIXTURE_VARIANT_ADD(directory, root_of_a_userns_with_the_owner)
{
	.caller = ROOT_WITH(),
	.enter = enter_owners_userns,
	.bits = NO_BITS,
};

static const char *why_not(void)
{
	if (!have_xyzzy())
		return NO_XYZZY;
	if (geteuid())
		return NO_ROOT;
	return have_users() ? NULL : NO_USERS;
}

FIXTURE_SETUP(directory)
{
	snprintf(self->dir, sizeof(self->dir), "/tmp/xyzzy.XXXXXX");
	if (why_not())
		SKIP(return, "%s", why_not());
	if ((variant->enter || variant->caller.userns) && !have_userns())
		SKIP(return, "no user namespaces");
	self->asked = share_memory(sizeof(*self->asked));
	self->asked->caller = variant->caller;
	self->asked->enter = variant->enter;
	self->asked->dir = self->dir;
	ASSERT_TRUE(!!mkdtemp(self->dir));
	self->asked->procfd = mount_proc(self->dir, "hidepid=0");
	ASSERT_LE(0, self->asked->procfd);
	ASSERT_EQ(0, fchown(self->asked->procfd, USER, GROUP));
}

FIXTURE_TEARDOWN(directory)
{
	umount2(self->dir, MNT_DETACH);
	rmdir(self->dir);
}

TEST_F(directory, is_asked_as_open_and_search_are)
{
	struct asked *asked = self->asked;

	for (int nr = 0; nr < NR_MODES; nr++) {
		mode_t mode = mode_of(nr);
		long expected = is_open_to(mode, variant->bits) ? 1 : -EACCES;

		ASSERT_EQ(0, fchmod(asked->procfd, mode));
		ASSERT_EQ(0, run_in_child(ask, asked));
		ASSERT_EQ(0, asked->err);
		EXPECT_EQ(expected, asked->files)
			TH_LOG("mode %#o", mode);
		EXPECT_EQ(expected, asked->walk)
			TH_LOG("mode %#o", mode);
		EXPECT_EQ(expected, asked->threads)
			TH_LOG("mode %#o", mode);
		EXPECT_EQ(expected, asked->pidfd)
			TH_LOG("mode %#o", mode);
		EXPECT_EQ(expected > 0 ? 0 : expected, asked->probe)
			TH_LOG("mode %#o", mode);
		EXPECT_EQ(expected, asked->own)
			TH_LOG("mode %#o", mode);
	}
}

/*
 * When it is asked, and whose credentials count
 */
FIXTURE(moment)
{
	char dir[32];
	int procfd;
};

FIXTURE_SETUP(moment)
{
	snprintf(self->dir, sizeof(self->dir), "/tmp/xyzzy.XXXXXX");
	self->procfd = -1;
	if (why_not())
		SKIP(return, "%s", why_not());
	ASSERT_TRUE(!!mkdtemp(self->dir));
	self->procfd = mount_proc(self->dir, "hidepid=0");
	ASSERT_LE(0, self->procfd);
}

FIXTURE_TEARDOWN(moment)
{
	close_fd(self->procfd);
	umount2(self->dir, MNT_DETACH);
	rmdir(self->dir);
}

TEST_F(moment, is_that_of_each_call)
{
	ASSERT_EQ(0, fchown(self->procfd, USER, GROUP));
	ASSERT_EQ(0, seteuid(USER));
	EXPECT_EQ(1, try_walk(self->procfd, 0));
	ASSERT_EQ(0, fchmod(self->procfd, 0));
	EXPECT_EQ(-EACCES, try_walk(self->procfd, 0));
	ASSERT_EQ(0, fchmod(self->procfd, 0400));
	EXPECT_EQ(-EACCES, try_walk(self->procfd, 0));
	ASSERT_EQ(0, fchmod(self->procfd, 0100));
	EXPECT_EQ(-EACCES, try_walk(self->procfd, 0));
	ASSERT_EQ(0, fchmod(self->procfd, 0500));
	EXPECT_EQ(1, try_walk(self->procfd, 0));
	ASSERT_EQ(0, seteuid(0));
}

TEST_F(moment, in_a_walk_leaves_the_cursor)
{
	struct xyzzy_task first, task;
	struct xyzzy_params params = XYZZY_PARAMS(0, &first, 1), before;

	params.procfd = self->procfd;
	ASSERT_EQ(0, fchown(self->procfd, USER, GROUP));
	ASSERT_EQ(0, seteuid(USER));
	ASSERT_EQ(1, xyzzy_call(&params, 0));
	params.tasks = &task;
	before = params;
	ASSERT_EQ(0, fchmod(self->procfd, 0077));
	EXPECT_EQ(-EACCES, xyzzy_call(&params, 0));
	EXPECT_EQ(0, memcmp(&before, &params, sizeof(params)));
	ASSERT_EQ(0, fchmod(self->procfd, 0700));
	EXPECT_EQ(1, xyzzy_call(&params, 0));
	EXPECT_LT(first.pid, task.pid);
	ASSERT_EQ(0, seteuid(0));
}

TEST_F(moment, counts_with_the_credentials_of_the_caller)
{
	int fd;

	ASSERT_EQ(0, seteuid(USER));
	fd = open(self->dir, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, try_walk(fd, 0));
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, fchmod(fd, 0700));

	/* What root opened does not help the user. */
	ASSERT_EQ(0, seteuid(USER));
	EXPECT_EQ(-EACCES, try_walk(fd, 0));
	EXPECT_EQ(-EACCES, try_walk(self->procfd, 0));

	/* That the user opened it does not matter to root. */
	ASSERT_EQ(0, seteuid(0));
	EXPECT_EQ(1, try_walk(fd, 0));
	EXPECT_EQ(1, try_walk(self->procfd, 0));
	close(fd);
}

/* Only a directory that would do otherwise is asked. */
TEST_F(moment, comes_after_the_other_checks)
{
	static const char * const below[] = { "1", "self", "fs", "sys", "stat" };
	int path = open(self->dir, O_PATH), fd;

	ASSERT_LE(0, path);
	ASSERT_EQ(0, fchmod(self->procfd, 0));
	for (size_t i = 0; i < ARRAY_SIZE(below); i++) {
		fd = openat(self->procfd, below[i], O_RDONLY);
		if (fd < 0)
			continue;
		ASSERT_EQ(0, seteuid(USER));
		EXPECT_EQ(-EINVAL, try_walk(fd, 0));
		EXPECT_EQ(-EBADF, try_walk(path, 0));
		EXPECT_EQ(-EACCES, try_walk(self->procfd, 0));
		ASSERT_EQ(0, seteuid(0));
		close(fd);
	}
	close(path);
}

TEST_F(moment, comes_before_the_pidfd)
{
	struct xyzzy_task task;
	int reaped = reaped_pidfd();

	ASSERT_LE(0, reaped);
	ASSERT_EQ(0, fchmod(self->procfd, 0));
	ASSERT_EQ(0, seteuid(USER));
	EXPECT_EQ(-EACCES, xyzzy_pidfd(self->procfd, closed_fd(), 0, 0, &task,
				       1));
	EXPECT_EQ(-EACCES, xyzzy_pidfd(self->procfd, reaped, 0, 0, &task, 1));
	ASSERT_EQ(0, seteuid(0));
	close(reaped);
}

/*
 * chmod 0700 /proc: what a user cannot open shows no process.
 */
TEST(mode_0700_of_proc_keeps_users_out)
{
	struct xyzzy_params params;
	struct xyzzy_task tasks[64];
	int procfd, path;

	if (why_not())
		SKIP(return, "%s", why_not());
	ASSERT_EQ(0, mount_private("proc", "/proc", NULL));
	procfd = open("/proc", O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, procfd);
	ASSERT_EQ(0, chmod("/proc", 0700));
	ASSERT_EQ(0, setresuid(USER, USER, USER));

	EXPECT_EQ(-EACCES, try_files(AT_FDCWD, "/proc"));
	EXPECT_EQ(-EACCES, try_files(procfd, "."));
	path = open("/proc", O_PATH | O_DIRECTORY);
	ASSERT_LE(0, path);
	params = XYZZY_PARAMS(XYZZY_ALL, tasks, 64);
	params.procfd = path;
	EXPECT_EQ(-EBADF, xyzzy_call(&params, 0));
	params.procfd = procfd;
	EXPECT_EQ(-EACCES, xyzzy_call(&params, 0));
	EXPECT_EQ(0ULL, params.cursor);

	/* Without a procfs, there are just the user's own. */
	params.procfd = -1;
	params.cursor = 0;
	EXPECT_EQ(1, xyzzy_call(&params, 0));
	EXPECT_EQ((__u32)getpid(), tasks[0].pid);
}

/*
 * Landlock acts when a file is opened: its domains get no descriptor of a
 * directory that they may not read, and keep those that they have.
 */
FIXTURE(landlock)
{
	int procfd;
};

FIXTURE_VARIANT(landlock)
{
	__u64 denied;
	long files;
	long own;
};

FIXTURE_VARIANT_ADD(landlock, directories)
{
	.denied = LANDLOCK_ACCESS_FS_READ_DIR,
	.files = -EACCES,
	.own = -EACCES,
};

FIXTURE_VARIANT_ADD(landlock, files)
{
	.denied = LANDLOCK_ACCESS_FS_READ_FILE,
	.files = -EACCES,
	.own = 1,
};

FIXTURE_VARIANT_ADD(landlock, both)
{
	.denied = LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_READ_FILE,
	.files = -EACCES,
	.own = -EACCES,
};

FIXTURE_VARIANT_ADD(landlock, neither)
{
	.denied = LANDLOCK_ACCESS_FS_MAKE_SYM,
	.files = 1,
	.own = 1,
};

FIXTURE_SETUP(landlock)
{
	int err;

	self->procfd = -1;
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	self->procfd = open("/proc", O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, self->procfd);
	err = enter_landlock(variant->denied);
	if (err == -EOPNOTSUPP)
		SKIP(return, "Landlock is off");
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN(landlock)
{
	close_fd(self->procfd);
}

TEST_F(landlock, domain_opens_what_it_may)
{
	int path = open("/proc", O_PATH);

	ASSERT_LE(0, path);
	EXPECT_EQ(variant->files, try_files(AT_FDCWD, "/proc"));
	EXPECT_EQ(variant->own, try_own_procfd("/proc"));
	EXPECT_EQ(-EBADF, try_walk(path, 0));
	close(path);
}

TEST_F(landlock, domain_keeps_its_descriptor)
{
	struct walk walk;

	EXPECT_EQ(1, try_walk(self->procfd, 0));
	EXPECT_EQ(1, try_own_pidfd(self->procfd));
	EXPECT_EQ(0, try_probe(self->procfd));
	ASSERT_EQ(0, walk_all(&walk, self->procfd, XYZZY_ALL, 0, 64));
	EXPECT_EQ(1, walk_count(&walk, 1));
	EXPECT_EQ(1, walk_count(&walk, getpid()));
	walk_free(&walk);
}

/*
 * Smack is asked about the directory at each call.
 */
#define SMACK_DIR "XyzzyDir"
#define SMACK_READER "XyzzyReader"

struct smack {
	struct caller caller;
	int procfd;
	int err;
	long files;
	long walk;
	long probe;
};

FIXTURE(smack)
{
	struct smack *smack;
};

FIXTURE_VARIANT(smack)
{
	const char *rule;
	long result;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(smack, none) { SMACK_READER " " SMACK_DIR " -", -EACCES, };
FIXTURE_VARIANT_ADD(smack, r) { SMACK_READER " " SMACK_DIR " r", -EACCES, };
FIXTURE_VARIANT_ADD(smack, x) { SMACK_READER " " SMACK_DIR " x", -EACCES, };
FIXTURE_VARIANT_ADD(smack, rx) { SMACK_READER " " SMACK_DIR " rx", 1, };
/* clang-format on */

static int ask_smack(void *arg)
{
	struct smack *smack = arg;

	smack->err = take_smack_label(SMACK_READER);
	if (!smack->err)
		smack->err = become(&smack->caller);
	if (smack->err)
		return 0;
	smack->files = try_files(smack->procfd, ".");
	smack->walk = try_walk(smack->procfd, 0);
	smack->probe = try_probe(smack->procfd);
	return 0;
}

FIXTURE_SETUP(smack)
{
	static const char * const options[] = { "smackfsroot", SMACK_DIR, NULL };
	struct caller caller = ORDINARY_USER;

	if (why_not())
		SKIP(return, "%s", why_not());
	if (!have_smack())
		SKIP(return, "Smack is off");
	self->smack = share_memory(sizeof(*self->smack));
	self->smack->caller = caller;
	self->smack->procfd = open_fs("proc", options);
	ASSERT_LE(0, self->smack->procfd);
	ASSERT_EQ(0, set_smack_rule(variant->rule));
}

FIXTURE_TEARDOWN(smack)
{
}

TEST_F(smack, rule_is_asked_for)
{
	struct smack *smack = self->smack;

	ASSERT_EQ(0, run_in_child(ask_smack, smack));
	ASSERT_EQ(0, smack->err);
	EXPECT_EQ(variant->result, smack->files);
	EXPECT_EQ(variant->result, smack->walk);
	EXPECT_EQ(variant->result > 0 ? 0 : variant->result, smack->probe);
}

TEST_HARNESS_MAIN
