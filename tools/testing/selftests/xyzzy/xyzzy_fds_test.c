// SPDX-License-Identifier: GPL-2.0
/* procfd and pidfd of struct xyzzy_params: what they take and what not. */
#include "kselftest_harness.h"
#include "helpers.h"

#include <limits.h>
#include <sys/stat.h>

#ifndef __NR_open_tree
#define __NR_open_tree (NR_BASE + 428)
#endif
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif

/* The caller through @procfd: what the call returns, -errno on an error. */
static long find_self(int procfd)
{
	struct xyzzy_task task = { 0 };
	int pidfd = sys_pidfd_open(getpid(), 0);
	long ret;

	if (pidfd < 0)
		return -errno;
	ret = xyzzy_pidfd(procfd, pidfd, 0, 0, &task, 1);
	close(pidfd);
	return ret == 1 && task.pid != (__u32)getpid() ? -ENOMSG : ret;
}

/*
 * Numbers that are no descriptor.
 */
FIXTURE(number)
{
	int fd;
};

FIXTURE_VARIANT(number)
{
	int fd;
};

FIXTURE_VARIANT_ADD(number, closed) { 0 };
FIXTURE_VARIANT_ADD(number, minus_2) { -2 };
FIXTURE_VARIANT_ADD(number, at_fdcwd) { AT_FDCWD };
FIXTURE_VARIANT_ADD(number, pidfd_self_thread) { -10000 };
FIXTURE_VARIANT_ADD(number, pidfd_self_process) { -10001 };
FIXTURE_VARIANT_ADD(number, int_min) { INT_MIN };
FIXTURE_VARIANT_ADD(number, int_max) { INT_MAX };

FIXTURE_SETUP(number)
{
	if (!xyzzy_is_there())
		SKIP(return, NO_XYZZY);

	self->fd = variant->fd ?: closed_fd();
	/* In case it is taken for the working directory. */
	ASSERT_EQ(0, chdir("/proc"));
}

FIXTURE_TEARDOWN(number)
{
}

TEST_F(number, is_a_bad_procfd)
{
	EXPECT_EQ(-EBADF, find_self(self->fd));
}

TEST_F(number, is_a_bad_procfd_for_a_probe)
{
	EXPECT_EQ(-EBADF, xyzzy_pidfd(self->fd, -1, 0, 0, NULL, 0));
}

TEST_F(number, is_a_bad_pidfd)
{
	struct xyzzy_task task;

	EXPECT_EQ(-EBADF, xyzzy_pidfd(-1, self->fd, 0, 0, &task, 1));
}

TEST_F(number, is_a_bad_pidfd_for_a_probe)
{
	EXPECT_EQ(-EBADF, xyzzy_pidfd(-1, self->fd, 0, 0, NULL, 0));
}

/*
 * Descriptors of files that are neither the root of a procfs nor a pidfd.
 */
FIXTURE(file)
{
	int fd;
};

FIXTURE_VARIANT(file)
{
	const char *path;
	int flags;
};

FIXTURE_VARIANT_ADD(file, regular) { "/proc/self/exe", O_RDONLY };
FIXTURE_VARIANT_ADD(file, regular_path) { "/proc/self/exe", O_PATH };
FIXTURE_VARIANT_ADD(file, other_root) { "/", O_RDONLY | O_DIRECTORY };
FIXTURE_VARIANT_ADD(file, other_root_path) { "/", O_PATH };
FIXTURE_VARIANT_ADD(file, device) { "/dev/null", O_RDONLY };
FIXTURE_VARIANT_ADD(file, sysfs) { "/sys", O_RDONLY | O_DIRECTORY };
FIXTURE_VARIANT_ADD(file, proc_process) { "/proc/self", O_RDONLY };
FIXTURE_VARIANT_ADD(file, proc_process_path) { "/proc/self/", O_PATH };
FIXTURE_VARIANT_ADD(file, proc_link) { "/proc/self", O_PATH | O_NOFOLLOW };
FIXTURE_VARIANT_ADD(file, proc_task) { "/proc/self/task", O_RDONLY };
FIXTURE_VARIANT_ADD(file, proc_fs) { "/proc/fs", O_RDONLY | O_DIRECTORY };
FIXTURE_VARIANT_ADD(file, proc_sys) { "/proc/sys", O_RDONLY | O_DIRECTORY };
FIXTURE_VARIANT_ADD(file, proc_sys_path) { "/proc/sys", O_PATH };
FIXTURE_VARIANT_ADD(file, proc_file) { "/proc/stat", O_RDONLY };
FIXTURE_VARIANT_ADD(file, proc_process_file) { "/proc/self/stat", O_RDONLY };
FIXTURE_VARIANT_ADD(file, namespace) { "/proc/self/ns/mnt", O_RDONLY };

FIXTURE_SETUP(file)
{
	if (!xyzzy_is_there())
		SKIP(return, NO_XYZZY);

	self->fd = open(variant->path, variant->flags | O_CLOEXEC);
	if (self->fd < 0)
		SKIP(return, "cannot open %s", variant->path);
}

FIXTURE_TEARDOWN(file)
{
	close(self->fd);
}

TEST_F(file, is_no_procfd)
{
	EXPECT_EQ(-EINVAL, find_self(self->fd));
}

TEST_F(file, is_no_procfd_for_a_probe)
{
	EXPECT_EQ(-EINVAL, xyzzy_pidfd(self->fd, -1, 0, 0, NULL, 0));
}

TEST_F(file, is_no_pidfd)
{
	struct xyzzy_task task;

	EXPECT_EQ(-EBADF, xyzzy_pidfd(-1, self->fd, 0, 0, &task, 1));
}

TEST_F(file, is_no_pidfd_for_a_probe)
{
	EXPECT_EQ(-EBADF, xyzzy_pidfd(-1, self->fd, 0, 0, NULL, 0));
}

/*
 * Descriptors of the root of a procfs.
 */
FIXTURE(procfd)
{
	int fd;
};

FIXTURE_VARIANT(procfd)
{
	const char *path;
	int flags;
};

FIXTURE_VARIANT_ADD(procfd, directory) { "/proc", O_RDONLY | O_DIRECTORY };
FIXTURE_VARIANT_ADD(procfd, plain) { "/proc", O_RDONLY };
FIXTURE_VARIANT_ADD(procfd, path) { "/proc", O_PATH };
FIXTURE_VARIANT_ADD(procfd, path_cloexec) { "/proc", O_PATH | O_CLOEXEC };
FIXTURE_VARIANT_ADD(procfd, from_below) { "/proc/self/..", O_PATH };
FIXTURE_VARIANT_ADD(procfd, through_a_process) { "/proc/self/root/proc", O_PATH };

FIXTURE_SETUP(procfd)
{
	if (!xyzzy_is_there())
		SKIP(return, NO_XYZZY);

	self->fd = open(variant->path, variant->flags);
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(procfd)
{
	close(self->fd);
}

TEST_F(procfd, is_accepted)
{
	EXPECT_EQ(1, find_self(self->fd));
}

TEST_F(procfd, is_accepted_for_a_probe)
{
	EXPECT_EQ(0, xyzzy_pidfd(self->fd, -1, 0, 0, NULL, 0));
}

TEST_F(procfd, is_no_pidfd)
{
	struct xyzzy_task task;

	EXPECT_EQ(-EBADF, xyzzy_pidfd(-1, self->fd, 0, 0, &task, 1));
}

TEST(procfd_zero_is_a_descriptor)
{
	int fd;

	if (!xyzzy_is_there())
		SKIP(return, NO_XYZZY);

	fd = open("/proc", O_PATH);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, dup2(fd, 0));
	EXPECT_EQ(1, find_self(0));
}

TEST(procfs_that_is_mounted_nowhere_is_accepted)
{
	int fd;

	if (!xyzzy_is_there())
		SKIP(return, NO_XYZZY);

	fd = open_procfs(NULL, NULL);
	if (fd < 0)
		SKIP(return, "cannot mount procfs");
	EXPECT_EQ(1, find_self(fd));
}

TEST(copy_of_a_procfs_mount_is_accepted)
{
	int fd;

	if (!xyzzy_is_there())
		SKIP(return, NO_XYZZY);

	fd = syscall(__NR_open_tree, AT_FDCWD, "/proc", OPEN_TREE_CLONE);
	if (fd < 0)
		SKIP(return, "cannot copy a mount");
	EXPECT_EQ(1, find_self(fd));
}

/*
 * Bind mounts.
 */
FIXTURE(bind)
{
	char where[32];
	int fd;
};

FIXTURE_VARIANT(bind)
{
	const char *source;
	long result;
};

FIXTURE_VARIANT_ADD(bind, of_the_root) { "/proc", 1 };
FIXTURE_VARIANT_ADD(bind, of_a_directory) { "/proc/fs", -EINVAL };
FIXTURE_VARIANT_ADD(bind, of_a_process) { "/proc/self", -EINVAL };

FIXTURE_SETUP(bind)
{
	self->fd = -1;
	if (!xyzzy_is_there())
		SKIP(return, NO_XYZZY);
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		SKIP(return, "needs a mount namespace");

	snprintf(self->where, sizeof(self->where), "/tmp/xyzzy.XXXXXX");
	ASSERT_TRUE(!!mkdtemp(self->where));
	if (!mount(variant->source, self->where, NULL, MS_BIND, NULL))
		self->fd = open(self->where, O_PATH | O_DIRECTORY);
}

FIXTURE_TEARDOWN(bind)
{
	close(self->fd);
	umount2(self->where, MNT_DETACH);
	rmdir(self->where);
}

TEST_F(bind, counts_as_what_it_shows)
{
	ASSERT_GE(self->fd, 0);
	EXPECT_EQ(variant->result, find_self(self->fd));
}

/*
 * pidfds.
 */
FIXTURE(pidfd)
{
	struct xyzzy_task tasks[2];
	pid_t child;
	int pidfd;
};

FIXTURE_SETUP(pidfd)
{
	self->pidfd = -1;
	if (!xyzzy_is_there())
		SKIP(return, NO_XYZZY);

	self->child = spawn_blocked();
	ASSERT_GT(self->child, 0);
	self->pidfd = sys_pidfd_open(self->child, 0);
	ASSERT_GE(self->pidfd, 0);
}

FIXTURE_TEARDOWN(pidfd)
{
	close(self->pidfd);
	kill_child(self->child);
}

TEST_F(pidfd, reports_its_process_alone)
{
	ASSERT_EQ(1, xyzzy_pidfd(-1, self->pidfd, 0, 0, self->tasks, 2));
	EXPECT_EQ((__u32)self->child, self->tasks[0].pid);
}

TEST_F(pidfd, works_through_a_procfs)
{
	int procfd = open("/proc", O_PATH);

	ASSERT_GE(procfd, 0);
	ASSERT_EQ(1, xyzzy_pidfd(procfd, self->pidfd, 0, 0, self->tasks, 2));
	EXPECT_EQ((__u32)self->child, self->tasks[0].pid);
	close(procfd);
}

TEST_F(pidfd, walk_ends_after_its_process)
{
	struct xyzzy_params params = XYZZY_PARAMS(0, self->tasks, 1);

	params.pidfd = self->pidfd;
	ASSERT_EQ(1, xyzzy_call(&params, 0));
	EXPECT_EQ(0, xyzzy_call(&params, 0));
	EXPECT_EQ(0, xyzzy_call(&params, 0));
}

TEST_F(pidfd, zero_is_a_descriptor)
{
	ASSERT_EQ(0, dup2(self->pidfd, 0));
	ASSERT_EQ(1, xyzzy_pidfd(-1, 0, 0, 0, self->tasks, 2));
	EXPECT_EQ((__u32)self->child, self->tasks[0].pid);
}

TEST_F(pidfd, opened_by_path_is_no_pidfd)
{
	char link[32];
	int fd;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", self->pidfd);
	fd = open(link, O_PATH);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EBADF, xyzzy_pidfd(-1, fd, 0, 0, self->tasks, 2));
	close(fd);
}

TEST_F(pidfd, is_no_procfd)
{
	EXPECT_EQ(-EINVAL, find_self(self->pidfd));
}

TEST_F(pidfd, of_a_zombie_works)
{
	ASSERT_TRUE(make_zombie(self->child));
	ASSERT_EQ(1, xyzzy_pidfd(-1, self->pidfd, 0, 0, self->tasks, 2));
	EXPECT_EQ((__u32)self->child, self->tasks[0].pid);
	EXPECT_EQ((__u32)'Z', self->tasks[0].state);
}

TEST_F(pidfd, of_a_reaped_process_is_stale)
{
	kill_child(self->child);
	self->child = 0;
	EXPECT_EQ(-ESRCH, xyzzy_pidfd(-1, self->pidfd, 0, 0, self->tasks, 2));
	EXPECT_EQ(-ESRCH, xyzzy_pidfd(-1, self->pidfd, 0, XYZZY_THREADS,
				      self->tasks, 2));
}

TEST_F(pidfd, of_a_reaped_process_is_stale_in_a_running_walk)
{
	struct xyzzy_params params = XYZZY_PARAMS(0, self->tasks, 1);

	params.pidfd = self->pidfd;
	ASSERT_EQ(1, xyzzy_call(&params, 0));
	kill_child(self->child);
	self->child = 0;
	EXPECT_EQ(-ESRCH, xyzzy_call(&params, 0));
}

TEST_HARNESS_MAIN
