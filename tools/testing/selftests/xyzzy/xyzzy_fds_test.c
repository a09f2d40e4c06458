// SPDX-License-Identifier: GPL-2.0
/* Which descriptors can be procfd and pidfd, and which cannot. */
#include "kselftest_harness.h"
#include "ns.h"

#include <limits.h>
#include <sys/stat.h>

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif

/* The numbers from -10000 down to this are reserved, as for PIDFD_SELF. */
#define LOWEST_RESERVED_FD -40000

/* Look up the caller through @procfd; returns what the call returns. */
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
 * Numbers that are no descriptors, and descriptors of files. The root of a
 * procfs, open for reading, is a procfd. None of them is a pidfd.
 */
FIXTURE(fd)
{
	int fd;
	struct xyzzy_task task;
};

FIXTURE_VARIANT(fd)
{
	long procfd;		/* What a call with this procfd returns */
	const char *path;
	int flags;
	int number;		/* Without a path; 0: of a closed descriptor */
};

/* clang-format off */
FIXTURE_VARIANT_ADD(fd, closed) { -EBADF };
FIXTURE_VARIANT_ADD(fd, minus_2) { -EBADF, .number = -2 };
FIXTURE_VARIANT_ADD(fd, at_fdcwd) { -EBADF, .number = AT_FDCWD };
FIXTURE_VARIANT_ADD(fd, pidfs_root) { -EBADF, .number = -10002 };
FIXTURE_VARIANT_ADD(fd, fd_invalid) { -EBADF, .number = -10009 };
FIXTURE_VARIANT_ADD(fd, minus_20000) { -EBADF, .number = -20000 };
FIXTURE_VARIANT_ADD(fd, int_min) { -EBADF, .number = INT_MIN };
FIXTURE_VARIANT_ADD(fd, int_max) { -EBADF, .number = INT_MAX };
FIXTURE_VARIANT_ADD(fd, regular) { -EINVAL, "/proc/self/exe", O_RDONLY };
FIXTURE_VARIANT_ADD(fd, regular_path) { -EBADF, "/proc/self/exe", O_PATH };
FIXTURE_VARIANT_ADD(fd, other_root) { -EINVAL, "/", O_RDONLY | O_DIRECTORY };
FIXTURE_VARIANT_ADD(fd, other_root_path) { -EBADF, "/", O_PATH };
FIXTURE_VARIANT_ADD(fd, device) { -EINVAL, "/dev/null", O_RDONLY };
FIXTURE_VARIANT_ADD(fd, device_path) { -EBADF, "/dev/null", O_PATH };
FIXTURE_VARIANT_ADD(fd, device_for_writing) { -EINVAL, "/dev/null", O_WRONLY };
FIXTURE_VARIANT_ADD(fd, sysfs) { -EINVAL, "/sys", O_RDONLY | O_DIRECTORY };
FIXTURE_VARIANT_ADD(fd, sysfs_path) { -EBADF, "/sys", O_PATH };
FIXTURE_VARIANT_ADD(fd, proc_process) { -EINVAL, "/proc/self", O_RDONLY };
FIXTURE_VARIANT_ADD(fd, proc_process_path) { -EBADF, "/proc/self/", O_PATH };
FIXTURE_VARIANT_ADD(fd, proc_link) { -EBADF, "/proc/self", O_PATH | O_NOFOLLOW };
FIXTURE_VARIANT_ADD(fd, proc_task) { -EINVAL, "/proc/self/task", O_RDONLY };
FIXTURE_VARIANT_ADD(fd, proc_fs) { -EINVAL, "/proc/fs", O_RDONLY | O_DIRECTORY };
FIXTURE_VARIANT_ADD(fd, proc_sys) { -EINVAL, "/proc/sys", O_RDONLY | O_DIRECTORY };
FIXTURE_VARIANT_ADD(fd, proc_sys_path) { -EBADF, "/proc/sys", O_PATH };
FIXTURE_VARIANT_ADD(fd, proc_file) { -EINVAL, "/proc/stat", O_RDONLY };
FIXTURE_VARIANT_ADD(fd, proc_file_path) { -EBADF, "/proc/stat", O_PATH };
FIXTURE_VARIANT_ADD(fd, proc_process_file) { -EINVAL, "/proc/self/stat", O_RDONLY };
FIXTURE_VARIANT_ADD(fd, namespace) { -EINVAL, "/proc/self/ns/mnt", O_RDONLY };
FIXTURE_VARIANT_ADD(fd, proc_root_path) { -EBADF, "/proc", O_PATH };
FIXTURE_VARIANT_ADD(fd, proc_root_path_cloexec) { -EBADF, "/proc", O_PATH | O_CLOEXEC };
FIXTURE_VARIANT_ADD(fd, proc_root_path_dir) { -EBADF, "/proc", O_PATH | O_DIRECTORY };
FIXTURE_VARIANT_ADD(fd, proc_root_path_below) { -EBADF, "/proc/self/..", O_PATH };
FIXTURE_VARIANT_ADD(fd, root_directory) { 1, "/proc", O_RDONLY | O_DIRECTORY };
FIXTURE_VARIANT_ADD(fd, root_plain) { 1, "/proc", O_RDONLY };
FIXTURE_VARIANT_ADD(fd, root_cloexec) { 1, "/proc", O_RDONLY | O_CLOEXEC };
FIXTURE_VARIANT_ADD(fd, root_from_below) { 1, "/proc/self/..", O_RDONLY };
FIXTURE_VARIANT_ADD(fd, root_through_a_process) { 1, "/proc/self/root/proc", O_RDONLY };
FIXTURE_VARIANT_ADD(fd, root_nonblocking) { 1, "/proc", O_RDONLY | O_NONBLOCK };
/* clang-format on */

FIXTURE_SETUP(fd)
{
	self->fd = -1;
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	/* In case AT_FDCWD is taken as the working directory. */
	ASSERT_EQ(0, chdir("/proc"));
	if (!variant->path) {
		self->fd = variant->number ?: closed_fd();
		return;
	}
	self->fd = open(variant->path, variant->flags);
	if (self->fd < 0 && variant->procfd < 0)
		SKIP(return, "cannot open %s", variant->path);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(fd)
{
	if (variant->path)
		close_fd(self->fd);
}

TEST_F(fd, is_a_procfd_if_it_is_the_root_of_a_procfs)
{
	EXPECT_EQ(variant->procfd, find_self(self->fd));
}

TEST_F(fd, is_a_procfd_of_a_probe_if_it_is_the_root_of_a_procfs)
{
	EXPECT_EQ(variant->procfd < 0 ? variant->procfd : 0,
		  xyzzy_pidfd(self->fd, -1, 0, 0, NULL, 0));
}

TEST_F(fd, is_not_a_pidfd)
{
	EXPECT_EQ(-EBADF, xyzzy_pidfd(-1, self->fd, 0, 0, &self->task, 1));
}

TEST_F(fd, is_not_a_pidfd_of_a_probe)
{
	EXPECT_EQ(-EBADF, xyzzy_pidfd(-1, self->fd, 0, 0, NULL, 0));
}

TEST(negative_number_is_a_bad_procfd)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	for (int fd = -2; fd >= LOWEST_RESERVED_FD; fd--) {
		ASSERT_EQ(-EBADF, xyzzy_pidfd(fd, -1, 0, 0, NULL, 0))
			TH_LOG("procfd %d", fd);
	}
}

TEST(negative_number_is_a_pidfd_if_it_is_one_for_signals)
{
	struct xyzzy_task task;

	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	for (int fd = -2; fd >= LOWEST_RESERVED_FD; fd--) {
		ASSERT_EQ(is_pidfd_self(fd) ? 1 : -EBADF,
			  xyzzy_pidfd(-1, fd, 0, 0, &task, 1))
			TH_LOG("pidfd %d", fd);
	}
}

TEST(procfd_zero_is_a_descriptor)
{
	int fd;

	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	fd = open("/proc", O_RDONLY);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, dup2(fd, 0));
	EXPECT_EQ(1, find_self(0));
}

/* Only the descriptor keeps the mount alive. */
TEST(procfs_that_is_mounted_nowhere_is_accepted)
{
	int fd;

	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	fd = open_procfs(NULL);
	if (fd < 0)
		SKIP(return, "cannot mount procfs");
	EXPECT_EQ(1, find_self(fd));
}

/* open_tree() gives an O_PATH descriptor; opened for reading it is a procfd. */
TEST(copy_of_a_procfs_mount_is_accepted_open_for_reading)
{
	int path, fd;

	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	path = syscall(__NR_open_tree, AT_FDCWD, "/proc", OPEN_TREE_CLONE);
	if (path < 0)
		SKIP(return, "cannot copy a mount");
	EXPECT_EQ(-EBADF, find_self(path));
	fd = open_for_reading(path);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(1, find_self(fd));
	close(path);
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
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (unshare_mounts())
		SKIP(return, "needs a mount namespace");

	snprintf(self->where, sizeof(self->where), "/tmp/xyzzy.XXXXXX");
	ASSERT_TRUE(!!mkdtemp(self->where));
	if (!mount(variant->source, self->where, NULL, MS_BIND, NULL))
		self->fd = open(self->where, O_RDONLY | O_DIRECTORY);
}

FIXTURE_TEARDOWN(bind)
{
	close(self->fd);
	umount2(self->where, MNT_DETACH);
	rmdir(self->where);
}

TEST_F(bind, is_accepted_if_it_shows_the_root)
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
	if (!have_xyzzy())
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
	int procfd = open("/proc", O_RDONLY);

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

/*
 * PIDFD_SELF_THREAD and PIDFD_SELF_THREAD_GROUP stand for the process of the
 * caller, no matter which of its threads calls.
 */
struct self_call {
	int procfd;
	int pidfd;
	unsigned int flags;
	pid_t tid;
	struct xyzzy_task tasks[4];
	long ret;
};

static void *call_self(void *arg)
{
	struct self_call *call = arg;

	call->tid = syscall(__NR_gettid);
	call->ret = xyzzy_pidfd(call->procfd, call->pidfd, 0, call->flags,
				call->tasks, 4);
	return NULL;
}

static bool call_self_from_thread(struct self_call *call)
{
	pthread_t thread;

	return !pthread_create(&thread, NULL, call_self, call) &&
	       !pthread_join(thread, NULL);
}

FIXTURE(pidfd_self)
{
	struct self_call call;
	struct pidns ns;
};

FIXTURE_VARIANT(pidfd_self)
{
	int number;
};

FIXTURE_VARIANT_ADD(pidfd_self, thread) { PIDFD_SELF_THREAD };
FIXTURE_VARIANT_ADD(pidfd_self, thread_group) { PIDFD_SELF_THREAD_GROUP };

FIXTURE_SETUP(pidfd_self)
{
	self->ns.procfd = -1;
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (!is_pidfd_self(variant->number))
		SKIP(return, "no PIDFD_SELF");

	self->call.procfd = -1;
	self->call.pidfd = variant->number;
}

FIXTURE_TEARDOWN(pidfd_self)
{
	kill_pidns(&self->ns);
}

TEST_F(pidfd_self, is_the_process_of_its_leader)
{
	call_self(&self->call);
	ASSERT_EQ(1, self->call.ret);
	EXPECT_EQ((__u32)getpid(), self->call.tasks[0].pid);
	EXPECT_EQ(1U, self->call.tasks[0].nr_threads);
}

TEST_F(pidfd_self, is_the_process_of_a_thread)
{
	ASSERT_TRUE(call_self_from_thread(&self->call));
	ASSERT_EQ(1, self->call.ret);
	EXPECT_NE(getpid(), self->call.tid);
	EXPECT_EQ((__u32)getpid(), self->call.tasks[0].pid);
	EXPECT_EQ((__u32)getpid(), self->call.tasks[0].tgid);
	EXPECT_EQ(2U, self->call.tasks[0].nr_threads);
}

TEST_F(pidfd_self, has_all_threads)
{
	self->call.flags = XYZZY_THREADS;
	ASSERT_TRUE(call_self_from_thread(&self->call));
	ASSERT_EQ(2, self->call.ret);
	EXPECT_EQ((__u32)getpid(), self->call.tasks[0].pid);
	EXPECT_EQ((__u32)self->call.tid, self->call.tasks[1].pid);
	EXPECT_EQ((__u32)getpid(), self->call.tasks[1].tgid);
}

TEST_F(pidfd_self, works_through_a_procfs)
{
	self->call.procfd = open("/proc", O_RDONLY);
	ASSERT_GE(self->call.procfd, 0);
	ASSERT_TRUE(call_self_from_thread(&self->call));
	close(self->call.procfd);
	ASSERT_EQ(1, self->call.ret);
	EXPECT_EQ((__u32)getpid(), self->call.tasks[0].pid);
}

TEST_F(pidfd_self, is_not_in_a_namespace_below)
{
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (spawn_pidns(&self->ns))
		SKIP(return, "no PID namespace: %s", strerror(errno));
	self->call.procfd = self->ns.procfd;
	call_self(&self->call);
	EXPECT_EQ(-ESRCH, self->call.ret);
}

TEST_F(pidfd_self, works_for_a_probe)
{
	EXPECT_EQ(0, xyzzy_pidfd(-1, variant->number, 0, 0, NULL, 0));
}

TEST_F(pidfd_self, walk_ends_after_the_process)
{
	struct xyzzy_params params = XYZZY_PARAMS(0, self->call.tasks, 1);

	params.pidfd = variant->number;
	ASSERT_EQ(1, xyzzy_call(&params, 0));
	EXPECT_EQ(0, xyzzy_call(&params, 0));
}

TEST_F(pidfd_self, is_no_procfd)
{
	EXPECT_EQ(-EBADF, find_self(variant->number));
}

static pthread_t first_thread;

static void *call_self_without_leader(void *arg)
{
	/* The leader is a zombie soon after it can be joined. */
	if (pthread_join(first_thread, NULL) || !wait_state(getpid(), 'Z'))
		_exit(EXIT_FAILURE);
	call_self(arg);
	_exit(EXIT_SUCCESS);
}

static void lose_leader(struct self_call *call)
{
	pthread_t thread;

	first_thread = pthread_self();
	if (pthread_create(&thread, NULL, call_self_without_leader, call))
		_exit(EXIT_FAILURE);
	pthread_exit(NULL);
}

TEST_F(pidfd_self, is_the_process_when_its_leader_has_ended)
{
	struct self_call *call = share_memory(sizeof(*call));
	pid_t pid;
	int status;

	*call = self->call;
	pid = fork_child();
	ASSERT_LE(0, pid);
	if (!pid)
		lose_leader(call);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_EQ(1, call->ret);
	EXPECT_EQ((__u32)pid, call->tasks[0].pid);
	EXPECT_EQ((__u32)pid, call->tasks[0].tgid);
	EXPECT_EQ((__u32)'Z', call->tasks[0].state);
}

TEST_HARNESS_MAIN
