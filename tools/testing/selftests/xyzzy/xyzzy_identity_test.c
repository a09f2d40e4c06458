// SPDX-License-Identifier: GPL-2.0
/*
 * What tells one process from another: start time and pidfd inode number.
 */
#include "kselftest_harness.h"
#include "record.h"

#include <linux/sched.h>
#include <sys/stat.h>
#include <time.h>

#ifndef __NR_clone3
#define __NR_clone3 435
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define NSEC_PER_SEC 1000000000LL

FIXTURE(identity)
{
	struct subject subject;
	struct pair pair;
	pid_t other;
};

FIXTURE_SETUP(identity)
{
	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	adopt_orphans();
}

FIXTURE_TEARDOWN(identity)
{
	subject_kill(&self->subject);
	kill_child(self->other);
	reap_orphans();
}

/*
 * Start time
 */
static __s64 boottime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

TEST_F(identity, start_time_is_in_ns_since_boot)
{
	__s64 before = boottime(), after;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	after = boottime();
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_LE(before, self->pair.task.start_time);
	EXPECT_GE(after, self->pair.task.start_time);
}

struct in_timens {
	long long offset;	/* Of its boot, in seconds */
	pid_t pid;
	struct pair pair;
};

static int take_pair(void *arg)
{
	struct in_timens *in = arg;

	return pair_take(&in->pair, in->pid, 0) ? 1 : 0;
}

/* Children of this one are in a new time namespace. */
static int enter_timens(void *arg)
{
	struct in_timens *in = arg;
	char offset[40];
	int fd, len;

	if (unshare(CLONE_NEWTIME))
		return KSFT_SKIP;
	fd = open("/proc/self/timens_offsets", O_WRONLY);
	len = snprintf(offset, sizeof(offset), "boottime %lld 0", in->offset);
	if (fd < 0 || write(fd, offset, len) != len)
		return KSFT_SKIP;
	close(fd);
	return run_in_child(take_pair, arg);
}

/* Start a process, and look at it from a time namespace. */
FIXTURE(timens)
{
	struct subject subject;
	struct pair pair;
	struct in_timens *in;
};

FIXTURE_VARIANT(timens)
{
	bool set_back;		/* To the present second, later than the start */
	long long offset;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(timens, set_forward) { .offset = 12345, };
FIXTURE_VARIANT_ADD(timens, as_it_is) { .offset = 0, };
FIXTURE_VARIANT_ADD(timens, set_back) { .set_back = true, };
/* clang-format on */

/* Wait for the next second, and make it the one of the boot. */
static long long set_back_by(void)
{
	__s64 start = boottime() / NSEC_PER_SEC;

	while (boottime() / NSEC_PER_SEC == start)
		usleep(10000);
	return -(start + 1);
}

FIXTURE_SETUP(timens)
{
	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	self->in = share_memory(sizeof(*self->in));
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	self->in->pid = self->subject.pid;
	self->in->offset = variant->set_back ? set_back_by() : variant->offset;
}

FIXTURE_TEARDOWN(timens)
{
	subject_kill(&self->subject);
}

TEST_F(timens, start_time_is_that_of_the_caller)
{
	struct in_timens *in = self->in;
	int ret = run_in_child(enter_timens, in);

	if (ret == KSFT_SKIP)
		SKIP(return, "no time namespaces");
	ASSERT_EQ(0, ret);
	/* Field 22 of stat among others: the ticks of the same 64 bits. */
	expect_id(_metadata, &in->pair);
	EXPECT_EQ(self->pair.task.start_time + in->offset * NSEC_PER_SEC,
		  in->pair.task.start_time);
	EXPECT_EQ(variant->set_back, in->pair.task.start_time < 0);
}

/*
 * Identity: the inode number of a pidfd
 */
static __u64 pidfd_ino(int pidfd)
{
	struct statx st;

	if (statx(pidfd, "", AT_EMPTY_PATH, STATX_INO, &st))
		return ~0ULL;
	return st.stx_ino;
}

/* 32-bit kernels run out of inode numbers; 64-bit ones do not. */
#define NO_INO "pidfs_ino is unknown"

static bool ino_is_known(const struct xyzzy_task *task)
{
	return task->pidfs_ino || kernel_is_64bit();
}

TEST_F(identity, pidfs_ino_is_that_of_pidfd)
{
	struct xyzzy_task task;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_EQ(0, record_get(self->subject.pid, 0, 0, &task));
	if (!ino_is_known(&task))
		SKIP(return, NO_INO);
	EXPECT_NE(0ULL, task.pidfs_ino);
	EXPECT_EQ(pidfd_ino(self->subject.pidfd), task.pidfs_ino);
}

/* A record without a pidfd. */
static int find_in_walk(pid_t pid, struct xyzzy_task *task)
{
	struct xyzzy_task *found;
	struct walk walk;
	int err = walk_all(&walk, -1, 0, 0, 100);

	found = err ? NULL : walk_find(&walk, pid);
	if (found)
		*task = *found;
	walk_free(&walk);
	return found ? 0 : err ?: -ENOENT;
}

TEST_F(identity, pidfs_ino_is_known_before_there_is_a_pidfd)
{
	struct xyzzy_task task;
	int pidfd;

	self->other = spawn_blocked();
	ASSERT_LT(0, self->other);
	ASSERT_EQ(0, find_in_walk(self->other, &task));
	if (!ino_is_known(&task))
		SKIP(return, NO_INO);
	pidfd = sys_pidfd_open(self->other, 0);
	ASSERT_LE(0, pidfd);
	EXPECT_NE(0ULL, task.pidfs_ino);
	EXPECT_EQ(pidfd_ino(pidfd), task.pidfs_ino);
	close(pidfd);
}

TEST_F(identity, pidfs_ino_of_thread_is_that_of_its_pidfd)
{
	struct xyzzy_task leader, task;
	pid_t tids[2];
	int pidfd;

	self->other = spawn_threads(tids, 2, false);
	ASSERT_LT(0, self->other);
	ASSERT_EQ(0, record_get(self->other, self->other, 0, &leader));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, record_get(self->other, tids[i], 0, &task));
		if (!ino_is_known(&task))
			SKIP(return, NO_INO);
		EXPECT_NE(leader.pidfs_ino, task.pidfs_ino);
		pidfd = sys_pidfd_open(tids[i], PIDFD_THREAD);
		if (pidfd < 0)
			SKIP(return, "no pidfds of threads");
		EXPECT_EQ(pidfd_ino(pidfd), task.pidfs_ino);
		close(pidfd);
	}
}

/* A sleeping child with the PID @pid. */
static pid_t spawn_with_pid(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (__u64)(unsigned long)&pid,
		.set_tid_size = 1,
	};
	pid_t parent = getpid();
	pid_t child = syscall(__NR_clone3, &args, sizeof(args));

	if (child)
		return child;
	die_with_parent(parent);
	for (;;)
		pause();
}

TEST_F(identity, pidfs_ino_differs_when_pid_is_reused)
{
	struct xyzzy_task first, second;
	pid_t pid;

	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	pid = self->subject.pid;
	ASSERT_EQ(0, record_get(pid, 0, 0, &first));
	if (!ino_is_known(&first))
		SKIP(return, NO_INO);
	subject_kill(&self->subject);
	self->other = spawn_with_pid(pid);
	if (self->other < 0)
		SKIP(return, "cannot choose a PID: %s", strerror(errno));
	ASSERT_EQ(pid, self->other);
	ASSERT_EQ(0, record_get(pid, 0, 0, &second));
	EXPECT_EQ(pid, (pid_t)second.pid);
	EXPECT_NE(first.pidfs_ino, second.pidfs_ino);
}

TEST_HARNESS_MAIN
