// SPDX-License-Identifier: GPL-2.0
/*
 * The fields of XYZZY_ID: names, IDs, terminals, states, start times.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>

#include "kselftest_harness.h"
#include "expect.h"

#ifndef __NR_clone3
#define __NR_clone3 435
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif
#ifndef PF_KTHREAD
#define PF_KTHREAD 0x00200000
#endif
#ifndef PF_FORKNOEXEC
#define PF_FORKNOEXEC 0x00000040
#endif

#define NSEC_PER_SEC 1000000000ULL

FIXTURE(fields)
{
	struct subject subject;
	struct pair pair;
	pid_t other;
};

FIXTURE_SETUP(fields)
{
	memset(&self->subject, -1, sizeof(self->subject));
	SKIP_WITHOUT_XYZZY();
	adopt_orphans();
}

FIXTURE_TEARDOWN(fields)
{
	subject_kill(&self->subject);
	kill_child(self->other);
	reap_orphans();
}

/*
 * Names
 */
FIXTURE(name)
{
	struct subject subject;
	struct pair pair;
};

FIXTURE_VARIANT(name)
{
	const char *given;
	const char *kept;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(name, plain)
{ .given = "plain", .kept = "plain", };
FIXTURE_VARIANT_ADD(name, empty)
{ .given = "", .kept = "", };
FIXTURE_VARIANT_ADD(name, looks_like_stat)
{ .given = "x) Z 1 (y", .kept = "x) Z 1 (y", };
FIXTURE_VARIANT_ADD(name, parentheses)
{ .given = "))((", .kept = "))((", };
FIXTURE_VARIANT_ADD(name, spaces)
{ .given = " two  words ", .kept = " two  words ", };
FIXTURE_VARIANT_ADD(name, newline)
{ .given = "new\nline\n", .kept = "new\nline\n", };
FIXTURE_VARIANT_ADD(name, escapes)
{ .given = "\\n\t\033[1m", .kept = "\\n\t\033[1m", };
FIXTURE_VARIANT_ADD(name, high_bytes)
{ .given = "\303\251\377\200", .kept = "\303\251\377\200", };
FIXTURE_VARIANT_ADD(name, letters_15)
{ .given = "abcdefghijklmno", .kept = "abcdefghijklmno", };
FIXTURE_VARIANT_ADD(name, letters_16)
{ .given = "abcdefghijklmnop", .kept = "abcdefghijklmno", };
/* clang-format on */

FIXTURE_SETUP(name)
{
	memset(&self->subject, -1, sizeof(self->subject));
	SKIP_WITHOUT_XYZZY();
}

FIXTURE_TEARDOWN(name)
{
	subject_kill(&self->subject);
}

static int set_name(void *name)
{
	return prctl(PR_SET_NAME, name) ? errno : 0;
}

TEST_F(name, is_that_of_proc)
{
	ASSERT_EQ(0, subject_start(&self->subject, set_name,
				   (void *)variant->given));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	EXPECT_STREQ(variant->kept, self->pair.task.comm);
	expect_comm(_metadata, &self->pair);
	expect_id(_metadata, &self->pair);
}

/*
 * IDs
 */
struct family {
	pid_t leader;	/* of a session */
	pid_t group;	/* Its child: leader of another process group in it */
	pid_t member;	/* Child of that, and in its process group */
};

static bool wait_until_set(volatile pid_t *pid)
{
	for (int i = 0; !*pid && i < WAIT_TRIES; i++)
		usleep(1000);
	return *pid;
}

static void lead_group(struct family *family)
{
	pid_t pid;

	if (setpgid(0, 0))
		_exit(EXIT_FAILURE);
	pid = spawn_blocked();
	if (pid < 0)
		_exit(EXIT_FAILURE);
	family->member = pid;
	for (;;)
		pause();
}

static int make_family(void *arg)
{
	struct family *family = arg;

	family->leader = setsid();
	if (family->leader < 0)
		return errno;
	family->group = fork_child();
	if (!family->group)
		lead_group(family);
	if (family->group < 0)
		return errno;
	if (!wait_until_set(&family->member) ||
	    !wait_state(family->group, 'S'))
		return ETIMEDOUT;
	return 0;
}

TEST_F(fields, session_leader_leads_session_and_group)
{
	struct family *family = share_memory(sizeof(*family));

	ASSERT_EQ(0, subject_start(&self->subject, make_family, family));
	ASSERT_EQ(0, pair_take(&self->pair, family->leader, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_EQ(family->leader, (pid_t)self->pair.task.pid);
	EXPECT_EQ(family->leader, (pid_t)self->pair.task.tgid);
	EXPECT_EQ(getpid(), (pid_t)self->pair.task.ppid);
	EXPECT_EQ(family->leader, (pid_t)self->pair.task.pgid);
	EXPECT_EQ(family->leader, (pid_t)self->pair.task.sid);
}

TEST_F(fields, group_leader_leads_group_alone)
{
	struct family *family = share_memory(sizeof(*family));

	ASSERT_EQ(0, subject_start(&self->subject, make_family, family));
	ASSERT_EQ(0, pair_take(&self->pair, family->group, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_EQ(family->group, (pid_t)self->pair.task.pid);
	EXPECT_EQ(family->group, (pid_t)self->pair.task.tgid);
	EXPECT_EQ(family->leader, (pid_t)self->pair.task.ppid);
	EXPECT_EQ(family->group, (pid_t)self->pair.task.pgid);
	EXPECT_EQ(family->leader, (pid_t)self->pair.task.sid);
}

TEST_F(fields, member_is_in_group_and_session_of_others)
{
	struct family *family = share_memory(sizeof(*family));

	ASSERT_EQ(0, subject_start(&self->subject, make_family, family));
	ASSERT_EQ(0, pair_take(&self->pair, family->member, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_EQ(family->member, (pid_t)self->pair.task.pid);
	EXPECT_EQ(family->member, (pid_t)self->pair.task.tgid);
	EXPECT_EQ(family->group, (pid_t)self->pair.task.ppid);
	EXPECT_EQ(family->group, (pid_t)self->pair.task.pgid);
	EXPECT_EQ(family->leader, (pid_t)self->pair.task.sid);
}

TEST_F(fields, ppid_follows_when_orphan_is_adopted)
{
	struct family *family = share_memory(sizeof(*family));
	pid_t orphan, middle = fork_child();

	if (!middle) {
		/* Not fork_child(): this one outlives its parent. */
		family->member = fork();
		if (!family->member)
			for (;;)
				pause();
		_exit(EXIT_SUCCESS);
	}
	ASSERT_LT(0, middle);
	ASSERT_EQ(middle, waitpid(middle, NULL, 0));
	orphan = family->member;
	self->other = orphan;
	ASSERT_LT(0, orphan);
	ASSERT_TRUE(wait_state(orphan, 'S'));
	ASSERT_EQ(0, pair_take(&self->pair, orphan, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_EQ(getpid(), (pid_t)self->pair.task.ppid);
}

/* The parent of a traced process is its parent, not its tracer. */
static int trace(void *arg)
{
	pid_t pid = *(pid_t *)arg;
	struct xyzzy_task task;
	int status;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) ||
	    ptrace(PTRACE_INTERRUPT, pid, 0, 0) ||
	    waitpid(pid, &status, __WALL) != pid)
		return 1;
	if (record_get(pid, 0, 0, &task))
		return 2;
	return task.ppid == (__u32)getppid() ? 0 : 3;
}

TEST_F(fields, ppid_is_not_the_tracer)
{
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	EXPECT_EQ(0, run_in_child(trace, &self->subject.pid));
}

/*
 * Controlling terminals
 */
struct tty_family {
	pid_t leader;
	pid_t foreground;
	unsigned int tty_nr;
};

/* The number of a terminal as /proc/PID/stat has it. */
static unsigned int encode_tty(dev_t dev)
{
	unsigned int min = minor(dev);

	return (min & 0xff) | major(dev) << 8 | (min & ~0xffU) << 12;
}

static int open_terminal(void)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), unlock = 0;

	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock))
		return -1;
	return ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
}

static int take_terminal(void *arg)
{
	struct tty_family *family = arg;
	int tty = open_terminal();
	struct stat st;

	if (tty < 0)
		return ENODEV;
	family->leader = setsid();
	if (family->leader < 0 || ioctl(tty, TIOCSCTTY, 0) || fstat(tty, &st))
		return errno;
	family->tty_nr = encode_tty(st.st_rdev);
	family->foreground = spawn_blocked();
	if (family->foreground < 0)
		return EAGAIN;
	if (setpgid(family->foreground, family->foreground) ||
	    tcsetpgrp(tty, family->foreground))
		return errno;
	return 0;
}

FIXTURE(terminal)
{
	struct subject subject;
	struct tty_family *family;
	struct pair pair;
};

FIXTURE_SETUP(terminal)
{
	int err;

	memset(&self->subject, -1, sizeof(self->subject));
	SKIP_WITHOUT_XYZZY();
	adopt_orphans();
	self->family = share_memory(sizeof(*self->family));
	err = subject_start(&self->subject, take_terminal, self->family);
	if (err == ENODEV)
		SKIP(return, "no pseudo-terminals");
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN(terminal)
{
	subject_kill(&self->subject);
	reap_orphans();
}

TEST_F(terminal, background_leader_shows_terminal_and_foreground)
{
	ASSERT_EQ(0, pair_take(&self->pair, self->family->leader, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_NE(0U, self->family->tty_nr);
	EXPECT_EQ(self->family->tty_nr, self->pair.task.tty_nr);
	EXPECT_EQ(self->family->foreground, self->pair.task.tty_pgrp);
	EXPECT_NE(self->family->foreground, (pid_t)self->pair.task.pgid);
}

TEST_F(terminal, foreground_process_shows_the_same)
{
	ASSERT_EQ(0, pair_take(&self->pair, self->family->foreground, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_EQ(self->family->tty_nr, self->pair.task.tty_nr);
	EXPECT_EQ(self->family->foreground, self->pair.task.tty_pgrp);
	EXPECT_EQ(self->family->foreground, (pid_t)self->pair.task.pgid);
}

static int leave_terminal(void *arg)
{
	(void)arg;
	return setsid() < 0 ? errno : 0;
}

TEST_F(fields, no_terminal_is_0_and_no_foreground_is_minus_1)
{
	ASSERT_EQ(0, subject_start(&self->subject, leave_terminal, NULL));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_EQ(0U, self->pair.task.tty_nr);
	EXPECT_EQ(-1, self->pair.task.tty_pgrp);
}

/*
 * States
 */
TEST_F(fields, sleeping_is_S)
{
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_EQ((__u32)'S', self->pair.task.state);
}

TEST_F(fields, spinning_is_R)
{
	struct xyzzy_task task;

	self->other = fork_child();
	if (!self->other)
		for (;;)
			__asm__ volatile("" : : : "memory");
	ASSERT_LT(0, self->other);
	ASSERT_TRUE(wait_state(self->other, 'R'));
	ASSERT_EQ(0, record_get(self->other, 0, 0, &task));
	EXPECT_EQ((__u32)'R', task.state);
}

TEST_F(fields, caller_is_R_itself)
{
	struct xyzzy_task task;

	ASSERT_EQ(0, record_get(getpid(), 0, 0, &task));
	EXPECT_EQ((__u32)'R', task.state);
	EXPECT_EQ(getpid(), (pid_t)task.pid);
	EXPECT_EQ(getppid(), (pid_t)task.ppid);
	EXPECT_EQ(getpgrp(), (pid_t)task.pgid);
	EXPECT_EQ(getsid(0), (pid_t)task.sid);
	EXPECT_EQ(1U, task.nr_threads);
}

TEST_F(fields, stopped_is_T)
{
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_TRUE(stop_child(self->subject.pid));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_EQ((__u32)'T', self->pair.task.state);
}

TEST_F(fields, traced_is_t)
{
	pid_t pid;
	int status;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	pid = self->subject.pid;
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, pid, 0, 0));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	ASSERT_EQ(pid, waitpid(pid, &status, __WALL));
	ASSERT_EQ(0, pair_take(&self->pair, pid, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_EQ((__u32)'t', self->pair.task.state);
}

TEST_F(fields, dead_is_Z)
{
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_TRUE(make_zombie(self->subject.pid));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_id(_metadata, &self->pair);
	expect_comm(_metadata, &self->pair);
	EXPECT_EQ((__u32)'Z', self->pair.task.state);
}

/* vfork() sleeps until the child is done with the memory: it never is. */
static void sleep_in_vfork(void)
{
	if (!vfork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	_exit(EXIT_SUCCESS);
}

TEST_F(fields, parent_in_vfork_is_D)
{
	self->other = fork_child();
	if (!self->other)
		sleep_in_vfork();
	ASSERT_LT(0, self->other);
	ASSERT_TRUE(wait_state(self->other, 'D'));
	ASSERT_EQ(0, pair_take(&self->pair, self->other, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_EQ((__u32)'D', self->pair.task.state);
}

/* A pair of a kernel thread that is idle. */
static bool idle_kthread(struct pair *pair)
{
	struct proc_stat stat;
	struct proc_dir dir;
	bool found = false;
	struct dirent *ent;
	DIR *proc = opendir("/proc");

	while (!found && proc && (ent = readdir(proc))) {
		dir = proc_dir(atoi(ent->d_name), 0);
		if (atoi(ent->d_name) <= 0 || proc_stat(&dir, &stat))
			continue;
		if (!(stat.field[9] & PF_KTHREAD) || stat.state != 'I')
			continue;
		found = !pair_take(pair, atoi(ent->d_name), 0) &&
			pair->snap.stat.state == 'I';
	}
	if (proc)
		closedir(proc);
	return found;
}

TEST_F(fields, idle_kernel_thread_is_I)
{
	SKIP_WITHOUT_ROOT();
	if (!idle_kthread(&self->pair))
		SKIP(return, "no idle kernel thread in sight");
	expect_id(_metadata, &self->pair);
	EXPECT_EQ((__u32)'I', self->pair.task.state);
}

/*
 * Flags
 */
TEST_F(fields, flags_tell_an_exec)
{
	struct xyzzy_task before, after;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_EQ(0, record_get(self->subject.pid, 0, 0, &before));
	EXPECT_NE(0U, before.flags & PF_FORKNOEXEC);
	ASSERT_EQ(0, record_get(getpid(), 0, 0, &after));
	EXPECT_NE(0U, after.flags & PF_FORKNOEXEC);
	ASSERT_EQ(0, record_get(1, 0, 0, &after));
	EXPECT_EQ(0U, after.flags & PF_FORKNOEXEC);
}

/*
 * Start time
 */
static __u64 boottime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

TEST_F(fields, start_time_is_in_ns_since_boot)
{
	__u64 before = boottime(), after;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	after = boottime();
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_LE(before, self->pair.task.start_time);
	EXPECT_GE(after, self->pair.task.start_time);
}

#define TIMENS_OFFSET 12345ULL

struct in_timens {
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
	char offset[32];
	int fd, len;

	if (unshare(CLONE_NEWTIME))
		return KSFT_SKIP;
	fd = open("/proc/self/timens_offsets", O_WRONLY);
	len = snprintf(offset, sizeof(offset), "boottime %llu 0",
		       TIMENS_OFFSET);
	if (fd < 0 || write(fd, offset, len) != len)
		return KSFT_SKIP;
	close(fd);
	return run_in_child(take_pair, arg);
}

TEST_F(fields, start_time_is_in_callers_time_namespace)
{
	struct in_timens *in = share_memory(sizeof(*in));
	int ret;

	SKIP_WITHOUT_ROOT();
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	in->pid = self->subject.pid;
	ret = run_in_child(enter_timens, in);
	if (ret == KSFT_SKIP)
		SKIP(return, "no time namespaces");
	ASSERT_EQ(0, ret);
	expect_id(_metadata, &in->pair);
	EXPECT_EQ(self->pair.task.start_time + TIMENS_OFFSET * NSEC_PER_SEC,
		  in->pair.task.start_time);
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

static bool kernel_is_64bit(void)
{
	struct utsname name;

	return sizeof(long) == 8 || uname(&name) ||
	       strstr(name.machine, "64") || !strcmp(name.machine, "s390x");
}

/* 32-bit kernels run out of inode numbers; 64-bit ones do not. */
#define SKIP_IF_UNKNOWN(_ino)						\
	do {								\
		if (!(_ino) && !kernel_is_64bit())			\
			SKIP(return, "pidfs_ino is unknown");		\
	} while (0)

TEST_F(fields, pidfs_ino_is_that_of_pidfd)
{
	struct xyzzy_task task;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_EQ(0, record_get(self->subject.pid, 0, 0, &task));
	SKIP_IF_UNKNOWN(task.pidfs_ino);
	EXPECT_NE(0ULL, task.pidfs_ino);
	EXPECT_EQ(pidfd_ino(self->subject.pidfd), task.pidfs_ino);
}

TEST_F(fields, pidfs_ino_is_known_before_there_is_a_pidfd)
{
	struct xyzzy_task *task;
	struct walk walk;
	int pidfd;

	self->other = spawn_blocked();
	ASSERT_LT(0, self->other);
	ASSERT_EQ(0, walk_all(&walk, -1, 0, 0, 100));
	task = walk_find(&walk, self->other);
	ASSERT_NE(NULL, task);
	SKIP_IF_UNKNOWN(task->pidfs_ino);
	pidfd = sys_pidfd_open(self->other, 0);
	ASSERT_LE(0, pidfd);
	EXPECT_NE(0ULL, task->pidfs_ino);
	EXPECT_EQ(pidfd_ino(pidfd), task->pidfs_ino);
	close(pidfd);
	walk_free(&walk);
}

TEST_F(fields, pidfs_ino_of_thread_is_that_of_its_pidfd)
{
	struct xyzzy_task leader, task;
	pid_t tids[2];
	int pidfd;

	self->other = spawn_threads(tids, 2, false);
	ASSERT_LT(0, self->other);
	ASSERT_EQ(0, record_get(self->other, self->other, 0, &leader));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, record_get(self->other, tids[i], 0, &task));
		SKIP_IF_UNKNOWN(task.pidfs_ino);
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

TEST_F(fields, pidfs_ino_differs_when_pid_is_reused)
{
	struct xyzzy_task first, second;
	pid_t pid;

	SKIP_WITHOUT_ROOT();
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	pid = self->subject.pid;
	ASSERT_EQ(0, record_get(pid, 0, 0, &first));
	SKIP_IF_UNKNOWN(first.pidfs_ino);
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
