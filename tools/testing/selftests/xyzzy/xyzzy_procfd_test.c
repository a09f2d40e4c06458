// SPDX-License-Identifier: GPL-2.0
/*
 * Who may pass a procfs: a caller that may read and search its root directory
 * at the time of the call, whoever opened it and when.
 */
#include "kselftest_harness.h"
#include "caller.h"
#include "use.h"

#include <sys/stat.h>

/* The methods to read a procfs: by opening a file, and with xyzzy(). */
enum method {
	OPEN_STAT,
	WALK,
	WALK_THREADS,
	OWN_PIDFD,
	PROBE,			/* Without room for a record */
	WALK_OWN_PROCFD,	/* With a descriptor that the caller opens, */
	WALK_O_PATH,		/* and with one that is not open for reading */
	NR_METHODS,
};

struct asked {
	struct caller caller;
	const char *dir;	/* Of the procfs */
	int procfd;		/* Opened by root */
	int err;
	long ret[NR_METHODS];	/* 1 or -errno; PROBE: 0 or -errno */
};

static long open_stat(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), stat;
	long ret = 1;

	if (fd < 0)
		return -errno;
	stat = openat(fd, "1/stat", O_RDONLY | O_CLOEXEC);
	if (stat < 0)
		ret = -errno;
	close_fd(stat);
	close(fd);
	return ret;
}

static long call_once(int procfd, int pidfd, unsigned int flags)
{
	struct xyzzy_task task;

	return xyzzy_pidfd(procfd, pidfd, XYZZY_ALL, flags, &task, 1);
}

/* Whether a walk finds the first process and the caller, or -errno. */
static long walk_once(int procfd, unsigned int flags)
{
	struct walk walk;
	long ret = walk_all(&walk, procfd, XYZZY_ID, flags, 64) ?:
		   walk_count(&walk, 1) == 1 && walk_count(&walk, getpid()) == 1;

	walk_free(&walk);
	return ret;
}

static long open_and_walk(const char *dir, int mode)
{
	int fd = open(dir, mode | O_DIRECTORY | O_CLOEXEC);
	long ret = fd < 0 ? -errno : walk_once(fd, 0);

	close_fd(fd);
	return ret;
}

static int ask(void *arg)
{
	int pidfd = sys_pidfd_open(getpid(), 0);
	struct asked *asked = arg;
	int procfd = asked->procfd;

	asked->err = pidfd < 0 ? -errno : become(&asked->caller);
	if (asked->err)
		return 0;
	asked->ret[OPEN_STAT] = open_stat(asked->dir);
	asked->ret[WALK] = walk_once(procfd, 0);
	asked->ret[WALK_THREADS] = walk_once(procfd, XYZZY_THREADS);
	asked->ret[OWN_PIDFD] = call_once(procfd, pidfd, 0);
	asked->ret[PROBE] = xyzzy_pidfd(procfd, -1, 0, 0, NULL, 0);
	asked->ret[WALK_OWN_PROCFD] = open_and_walk(asked->dir, O_RDONLY);
	asked->ret[WALK_O_PATH] = open_and_walk(asked->dir, O_PATH);
	return 0;
}

/* Calls that use an already open descriptor return @ret. */
static void expect_calls(struct __test_metadata *_metadata,
			 const struct asked *asked, long ret)
{
	EXPECT_EQ(ret, asked->ret[WALK]);
	EXPECT_EQ(ret, asked->ret[WALK_THREADS]);
	EXPECT_EQ(ret, asked->ret[OWN_PIDFD]);
	EXPECT_EQ(ret > 0 ? 0 : ret, asked->ret[PROBE]);
	EXPECT_EQ(-EBADF, asked->ret[WALK_O_PATH]);
}

/*
 * Modes of the directory, which belongs to USER and GROUP
 */
#define NR_MODES 64

/* All combinations of r and x. */
static mode_t nth_mode(int nr)
{
	mode_t mode = 0;

	for (int who = 0; who < 3; who++, nr >>= 2)
		mode |= ((nr & 1 ? 1 : 0) | (nr & 2 ? 4 : 0)) << 3 * who;
	return mode;
}

/* Which bits of the mode apply to a caller. */
enum bits { OTHERS_BITS = 0, GROUPS_BITS = 3, OWNERS_BITS = 6, NO_BITS };

static bool is_open_to(mode_t mode, enum bits bits)
{
	return bits == NO_BITS || (mode >> bits & 5) == 5;
}

FIXTURE(directory)
{
	struct mounted procfs;
	struct asked *asked;
};

FIXTURE_VARIANT(directory)
{
	struct caller caller;
	enum bits bits;
};

/* Callers with user IDs of root, of the directory's owner, and of another user. */
#define ROOT_WITH(...) { .group = OTHER_GROUP, __VA_ARGS__ }
#define OWNER_WITH(...) { .uids = USER_IDS, .gid = USER, __VA_ARGS__ }
#define OTHER_WITH(...) { .uids = OTHER_IDS, .gid = OTHER_USER, __VA_ARGS__ }

FIXTURE_VARIANT_ADD(directory, root)
	{ ROOT_WITH(), NO_BITS };
FIXTURE_VARIANT_ADD(directory, root_with_cap_sys_ptrace_alone)
	{ ROOT_WITH(.ptrace = true), OTHERS_BITS };
FIXTURE_VARIANT_ADD(directory, other_with_cap_sys_ptrace_alone)
	{ OTHER_WITH(.group = OTHER_GROUP, .ptrace = true), OTHERS_BITS };
FIXTURE_VARIANT_ADD(directory, owner)
	{ OWNER_WITH(.group = OTHER_GROUP), OWNERS_BITS };
FIXTURE_VARIANT_ADD(directory, owner_in_the_group)
	{ OWNER_WITH(.group = GROUP), OWNERS_BITS };
FIXTURE_VARIANT_ADD(directory, member)
	{ OTHER_WITH(.group = GROUP), GROUPS_BITS };
FIXTURE_VARIANT_ADD(directory, member_by_gid)
	{ { .uids = OTHER_IDS, .gid = GROUP, .group = OTHER_GROUP },
	  GROUPS_BITS };
FIXTURE_VARIANT_ADD(directory, other)
	{ OTHER_WITH(.group = OTHER_GROUP), OTHERS_BITS };

/* A file server, for example, changes only its fsuid. */
FIXTURE_VARIANT_ADD(directory, root_with_fsuid_of_owner)
	{ ROOT_WITH(.uids = { 0, 0, 0, USER }), OWNERS_BITS };
FIXTURE_VARIANT_ADD(directory, root_with_euid_of_other)
	{ ROOT_WITH(.uids = { 0, OTHER_USER, 0, OTHER_USER }), OTHERS_BITS };
FIXTURE_VARIANT_ADD(directory, owner_with_euid_0)
	{ ROOT_WITH(.uids = { USER, 0, 0, 0 }), NO_BITS };

/* The owner has an ID in the last of these user namespaces. */
FIXTURE_VARIANT_ADD(directory, other_in_a_userns)
	{ OTHER_WITH(.group = OTHER_GROUP, .userns = true), OTHERS_BITS };
FIXTURE_VARIANT_ADD(directory, owner_in_a_userns)
	{ OWNER_WITH(.group = OTHER_GROUP, .userns = true), OWNERS_BITS };
FIXTURE_VARIANT_ADD(directory, root_of_a_userns)
	{ ROOT_WITH(.id_map = "0 100000 10000\n"), OTHERS_BITS };
FIXTURE_VARIANT_ADD(directory, root_of_a_userns_with_the_owner)
	{ ROOT_WITH(.id_map = "0 100000 10000\n20000 1000 10000\n"), NO_BITS };

FIXTURE_SETUP(directory)
{
	if (cannot_be_caller(&variant->caller))
		SKIP(return, "%s", cannot_be_caller(&variant->caller));
	ASSERT_EQ(0, mount_at_new_dir(&self->procfs, "proc", "hidepid=0"));
	ASSERT_EQ(0, fchown(self->procfs.fd, USER, GROUP));
	self->asked = share_memory(sizeof(*self->asked));
	self->asked->caller = variant->caller;
	self->asked->dir = self->procfs.dir;
	self->asked->procfd = self->procfs.fd;
}

FIXTURE_TEARDOWN(directory)
{
	unmount(&self->procfs);
}

TEST_F(directory, must_be_readable_and_searchable)
{
	struct asked *asked = self->asked;

	for (int nr = 0; nr < NR_MODES; nr++) {
		mode_t mode = nth_mode(nr);
		long ret = is_open_to(mode, variant->bits) ? 1 : -EACCES;

		ASSERT_EQ(0, fchmod(self->procfs.fd, mode));
		ASSERT_EQ(0, run_in_child(ask, asked));
		ASSERT_EQ(0, asked->err);
		expect_calls(_metadata, asked, ret);
		EXPECT_EQ(ret, asked->ret[OPEN_STAT]);
		EXPECT_EQ(ret, asked->ret[WALK_OWN_PROCFD])
			TH_LOG("mode %#o", mode);
	}
}

/*
 * When permission is checked, and with whose credentials
 */
FIXTURE(check)
{
	struct mounted procfs;
	int procfd;
};

FIXTURE_SETUP(check)
{
	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	ASSERT_EQ(0, mount_at_new_dir(&self->procfs, "proc", "hidepid=0"));
	self->procfd = self->procfs.fd;
}

FIXTURE_TEARDOWN(check)
{
	unmount(&self->procfs);
}

TEST_F(check, is_repeated_in_each_call)
{
	static const mode_t denied[] = { 0, 0400, 0100 };

	ASSERT_EQ(0, fchown(self->procfd, USER, GROUP));
	ASSERT_EQ(0, seteuid(USER));
	EXPECT_EQ(1, call_once(self->procfd, -1, 0));
	for (size_t i = 0; i < ARRAY_SIZE(denied); i++) {
		ASSERT_EQ(0, fchmod(self->procfd, denied[i]));
		EXPECT_EQ(-EACCES, call_once(self->procfd, -1, 0));
	}
	ASSERT_EQ(0, fchmod(self->procfd, 0500));
	EXPECT_EQ(1, call_once(self->procfd, -1, 0));
	ASSERT_EQ(0, seteuid(0));
}

/* Take the permission away while a call waits for a page to store records in. */
static void deny_and_provide(int procfd, int fd)
{
	__u64 page = wait_for_fault(fd);

	_exit(!page || fchmod(procfd, 0) || provide_page(fd, page) ?
	      EXIT_FAILURE : EXIT_SUCCESS);
}

TEST_F(check, is_made_once_in_a_call)
{
	struct xyzzy_params params = XYZZY_PARAMS(XYZZY_ALL, NULL, PIDS_MAX);
	size_t size = (PIDS_MAX + 1) * sizeof(*params.tasks);
	char *map = mmap(NULL, size + page_size(), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open_uffd(map + page_size(), page_size());
	pid_t children[32];
	struct walk walk;
	long ret;

	ASSERT_TRUE(map != MAP_FAILED);
	if (fd < 0)
		SKIP(return, "no userfaultfd");
	/* More processes than a batch of the call has */
	avoid_wrap(100);
	for (size_t i = 0; i < ARRAY_SIZE(children); i++)
		ASSERT_LT(0, children[i] = spawn_sleeper());
	ASSERT_EQ(0, fchown(self->procfd, USER, GROUP));
	if (!fork_child())
		deny_and_provide(self->procfd, fd);

	/* The first record lies before the page, and the others in it. */
	params.tasks = (void *)(map + page_size() - sizeof(*params.tasks));
	params.procfd = self->procfd;
	ASSERT_EQ(0, seteuid(USER));
	ret = xyzzy_call(&params, 0);
	EXPECT_EQ(-EACCES, call_once(self->procfd, -1, 0));
	ASSERT_EQ(0, seteuid(0));
	ASSERT_LT(0, ret);
	walk = (struct walk){ .tasks = params.tasks, .nr = ret };
	for (size_t i = 0; i < ARRAY_SIZE(children); i++) {
		EXPECT_EQ(1, walk_count(&walk, children[i]));
		kill_child(children[i]);
	}
}

TEST_F(check, leaves_params_unchanged_if_it_fails_during_a_walk)
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

TEST_F(check, uses_credentials_of_caller)
{
	int fd;

	ASSERT_EQ(0, seteuid(USER));
	fd = open(self->procfs.dir, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, call_once(fd, -1, 0));
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, fchmod(fd, 0700));

	/* A descriptor that root opened does not help the user. */
	ASSERT_EQ(0, seteuid(USER));
	EXPECT_EQ(-EACCES, call_once(fd, -1, 0));
	EXPECT_EQ(-EACCES, call_once(self->procfd, -1, 0));

	/* One that the user opened works for root. */
	ASSERT_EQ(0, seteuid(0));
	EXPECT_EQ(1, call_once(fd, -1, 0));
	EXPECT_EQ(1, call_once(self->procfd, -1, 0));
	close(fd);
}

/* Only a directory that would be accepted otherwise is checked. */
TEST_F(check, comes_after_other_checks)
{
	static const char * const below[] = { "1", "self", "fs", "sys", "stat" };
	int path = open(self->procfs.dir, O_PATH), fd;

	ASSERT_LE(0, path);
	ASSERT_EQ(0, fchmod(self->procfd, 0));
	for (size_t i = 0; i < ARRAY_SIZE(below); i++) {
		fd = openat(self->procfd, below[i], O_RDONLY);
		if (fd < 0)
			continue;
		ASSERT_EQ(0, seteuid(USER));
		EXPECT_EQ(-EINVAL, call_once(fd, -1, 0));
		EXPECT_EQ(-EBADF, call_once(path, -1, 0));
		EXPECT_EQ(-EACCES, call_once(self->procfd, -1, 0));
		ASSERT_EQ(0, seteuid(0));
		close(fd);
	}
	close(path);
}

TEST_F(check, comes_before_that_of_the_pidfd)
{
	int pidfds[] = { closed_fd(), reaped_pidfd() };
	struct xyzzy_task task;

	ASSERT_LE(0, pidfds[1]);
	ASSERT_EQ(0, fchmod(self->procfd, 0));
	ASSERT_EQ(0, seteuid(USER));
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(-EACCES, xyzzy_pidfd(self->procfd, pidfds[i], 0, 0,
					       &task, 1));
	ASSERT_EQ(0, seteuid(0));
	close(pidfds[1]);
}

/* "chmod 0700 /proc" keeps users out. */
TEST(proc_of_mode_0700_is_closed_to_users)
{
	struct xyzzy_params params;
	struct xyzzy_task tasks[64];
	int procfd, path;

	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	ASSERT_EQ(0, mount_private("proc", "/proc", NULL));
	procfd = open("/proc", O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, procfd);
	ASSERT_EQ(0, chmod("/proc", 0700));
	ASSERT_EQ(0, setresuid(USER, USER, USER));

	EXPECT_EQ(-EACCES, open_stat("/proc"));
	EXPECT_EQ(-1, open_for_reading(procfd));
	EXPECT_EQ(EACCES, errno);
	path = open("/proc", O_PATH | O_DIRECTORY);
	ASSERT_LE(0, path);
	params = XYZZY_PARAMS(XYZZY_ALL, tasks, 64);
	params.procfd = path;
	EXPECT_EQ(-EBADF, xyzzy_call(&params, 0));
	params.procfd = procfd;
	EXPECT_EQ(-EACCES, xyzzy_call(&params, 0));
	EXPECT_EQ(0ULL, params.cursor);

	/* Without a procfs, the user sees its own processes. */
	params.procfd = -1;
	params.cursor = 0;
	EXPECT_EQ(1, xyzzy_call(&params, 0));
	EXPECT_EQ((__u32)getpid(), tasks[0].pid);
}

/*
 * Security modules. Landlock checks a directory when it is opened: a process in a
 * domain cannot open one that it may not read, but can use one that is open
 * already. AppArmor allows the use of what an unconfined process has opened. Smack
 * and SELinux check the directory in each call, and SELinux the use of a
 * descriptor that another domain has opened.
 */
#define SMACK_DIR "XyzzyDir"
#define SMACK_READER "XyzzyReader"

FIXTURE(module)
{
	struct mounted procfs;
	struct asked *asked;
};

FIXTURE_VARIANT(module)
{
	__u64 landlock;
	struct label label;
	const char *smack_access;
	long open_stat;
	long open_and_walk;
	long calls;
};

FIXTURE_VARIANT_ADD(module, landlock_denies_dirs)
	{ LANDLOCK_ACCESS_FS_READ_DIR, {}, NULL, -EACCES, -EACCES, 1 };
FIXTURE_VARIANT_ADD(module, landlock_denies_files)
	{ LANDLOCK_ACCESS_FS_READ_FILE, {}, NULL, -EACCES, 1, 1 };
FIXTURE_VARIANT_ADD(module, landlock_denies_both)
	{ LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_READ_FILE, {}, NULL,
	  -EACCES, -EACCES, 1 };
FIXTURE_VARIANT_ADD(module, landlock_denies_neither)
	{ LANDLOCK_ACCESS_FS_MAKE_SYM, {}, NULL, 1, 1, 1 };
FIXTURE_VARIANT_ADD(module, smack_no_access)
	{ 0, SMACK_LABEL(SMACK_READER), "-", -EACCES, -EACCES, -EACCES };
FIXTURE_VARIANT_ADD(module, smack_r)
	{ 0, SMACK_LABEL(SMACK_READER), "r", -EACCES, -EACCES, -EACCES };
FIXTURE_VARIANT_ADD(module, smack_x)
	{ 0, SMACK_LABEL(SMACK_READER), "x", -EACCES, -EACCES, -EACCES };
FIXTURE_VARIANT_ADD(module, smack_rx)
	{ 0, SMACK_LABEL(SMACK_READER), "rx", 1, 1, 1 };
FIXTURE_VARIANT_ADD(module, apparmor_denies_all_files)
	{ 0, APPARMOR_PROFILE("xyzzy_no_files"), NULL, -EACCES, -EACCES, 1 };
FIXTURE_VARIANT_ADD(module, apparmor_allows_all_files)
	{ 0, APPARMOR_PROFILE("xyzzy_no_ptrace"), NULL, 1, 1, 1 };
FIXTURE_VARIANT_ADD(module, selinux_denies_reading_the_directory)
	{ 0, SELINUX_DOMAIN("no_proc_t"), NULL, -EACCES, -EACCES, -EACCES };
FIXTURE_VARIANT_ADD(module, selinux_allows_reading_the_directory)
	{ 0, SELINUX_DOMAIN("no_rule_t"), NULL, 1, 1, 1 };
FIXTURE_VARIANT_ADD(module, selinux_denies_use_of_a_descriptor_of_root)
	{ 0, SELINUX_DOMAIN("no_fd_t"), NULL, 1, 1, -EACCES };

FIXTURE_SETUP(module)
{
	const struct caller caller = {
		.uids = USER_IDS, .gid = USER, .group = GROUP,
		.landlock = variant->landlock,
		.label = variant->label,
	};
	int err = 0;

	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	if (variant->smack_access)
		err = set_smack_rule(SMACK_READER, SMACK_DIR,
				     variant->smack_access);
	if (err == -EOPNOTSUPP)
		SKIP(return, "Smack is off");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, mount_at_new_dir(&self->procfs, "proc",
				      variant->smack_access ?
				      "smackfsroot=" SMACK_DIR : NULL));
	self->asked = share_memory(sizeof(*self->asked));
	self->asked->caller = caller;
	self->asked->dir = self->procfs.dir;
	self->asked->procfd = self->procfs.fd;
	ASSERT_EQ(0, run_in_child(ask, self->asked));
	if (self->asked->err == -EOPNOTSUPP) {
		unmount(&self->procfs);
		SKIP(return, "the security module is off, or its policy is not loaded");
	}
	ASSERT_EQ(0, self->asked->err);
}

FIXTURE_TEARDOWN(module)
{
	unmount(&self->procfs);
}

TEST_F(module, decides_about_opening)
{
	EXPECT_EQ(variant->open_stat, self->asked->ret[OPEN_STAT]);
	EXPECT_EQ(variant->open_and_walk, self->asked->ret[WALK_OWN_PROCFD]);
}

TEST_F(module, decides_about_calls)
{
	expect_calls(_metadata, self->asked, variant->calls);
}

TEST_HARNESS_MAIN
