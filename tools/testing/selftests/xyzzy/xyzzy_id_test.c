// SPDX-License-Identifier: GPL-2.0
/*
 * XYZZY_ID: name, IDs, terminal, state, flags, number of threads, start time,
 * and the inode number of a pidfd.
 */
#include "kselftest_harness.h"
#include "ns.h"
#include "record.h"
#include "use.h"

#include <sys/ptrace.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* A flag of the kernel, which no header has for user space. */
#define PF_FORKNOEXEC 0x00000040

RECORD_FIXTURE(id)

static bool trace_child(pid_t pid)
{
	int status;

	return !ptrace(PTRACE_SEIZE, pid, 0, 0) &&
	       !ptrace(PTRACE_INTERRUPT, pid, 0, 0) &&
	       waitpid(pid, &status, __WALL) == pid;
}

/*
 * Names
 */
RECORD_FIXTURE(name)

FIXTURE_VARIANT(name)
{
	const char *name;
};

FIXTURE_VARIANT_ADD(name, plain) { "plain" };
FIXTURE_VARIANT_ADD(name, empty) { "" };
FIXTURE_VARIANT_ADD(name, looks_like_stat) { "x) Z 1 (y" };
FIXTURE_VARIANT_ADD(name, parentheses) { "))((" };
FIXTURE_VARIANT_ADD(name, spaces) { " two  words " };
FIXTURE_VARIANT_ADD(name, newline) { "new\nline\n" };
FIXTURE_VARIANT_ADD(name, escapes) { "\\n\t\033[1m" };
FIXTURE_VARIANT_ADD(name, high_bytes) { "\303\251\377\200" };
FIXTURE_VARIANT_ADD(name, letters_15) { "abcdefghijklmno" };
FIXTURE_VARIANT_ADD(name, letters_16) { "abcdefghijklmnop" };

TEST_F(name, is_that_of_proc)
{
	const struct xyzzy_task *task;
	char kept[16];

	ASSERT_EQ(0, subject_start(&self->subject, set_comm,
				   (void *)variant->name));
	task = COMPARE(self->subject.pid, 0, XYZZY_ID);
	snprintf(kept, sizeof(kept), "%.15s", variant->name);
	EXPECT_STREQ(kept, task->comm);
}

static int name_leader_and_thread(void *arg)
{
	pid_t *tid = arg;

	*tid = start_thread(set_comm, "a thread)");
	return *tid < 0 ? *tid : set_comm("a leader(");
}

TEST_F(id, name_is_of_the_thread_or_of_the_leader)
{
	pid_t *tid = share_memory(sizeof(*tid)), pid;
	const struct xyzzy_task *task;

	ASSERT_EQ(0, subject_start(&self->subject, name_leader_and_thread,
				   tid));
	pid = self->subject.pid;
	task = COMPARE(pid, *tid, XYZZY_ID);
	EXPECT_STREQ("a thread)", task->comm);
	task = COMPARE(pid, 0, XYZZY_ID);
	EXPECT_STREQ("a leader(", task->comm);
}

/*
 * A process that changes its name all the time: a record has the old name, the
 * new one, or a mix of both, but only NULs after the first NUL.
 */
#define SHORT_NAME "s"
#define LONG_NAME "a-longer-name15"

RECORD_FIXTURE(renamed)

FIXTURE_VARIANT(renamed)
{
	__u64 mask;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(renamed, id_alone) { XYZZY_ID, 0 };
FIXTURE_VARIANT_ADD(renamed, all_groups) { XYZZY_ALL, 0 };
FIXTURE_VARIANT_ADD(renamed, thread) { XYZZY_ALL, XYZZY_THREADS };

/* On the last CPU; the test runs on the first one. */
static pid_t spawn_renamer(void)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	pin_to_cpu(CPU_SETSIZE);
	for (;;)
		if (set_comm(SHORT_NAME) || set_comm(LONG_NAME))
			_exit(EXIT_FAILURE);
}

TEST_F(renamed, process_has_a_padded_name)
{
	unsigned long nr_short = 0, nr_long = 0, nr_not_padded = 0;
	const __u64 end = now_ns() + 2 * NSEC_PER_SEC;
	const __u64 limit = end + 18 * NSEC_PER_SEC;
	struct xyzzy_task task;
	int pidfd;

	self->other = spawn_renamer();
	ASSERT_LT(0, self->other);
	pidfd = sys_pidfd_open(self->other, 0);
	ASSERT_EQ(0, pin_to_cpu(0));
	while (now_ns() < (nr_short && nr_long ? end : limit)) {
		ASSERT_EQ(1, xyzzy_pidfd(-1, pidfd, variant->mask,
					 variant->flags, &task, 1));
		nr_not_padded += !comm_is_padded(&task);
		nr_short += !strcmp(task.comm, SHORT_NAME);
		nr_long += !strcmp(task.comm, LONG_NAME);
	}
	TH_LOG("%lu short names, %lu long names", nr_short, nr_long);
	EXPECT_EQ(0UL, nr_not_padded);
	EXPECT_LT(0UL, nr_short);
	EXPECT_LT(0UL, nr_long);
}

/*
 * IDs: each process of the family is the parent of the next one.
 */
enum relative {
	THE_TEST,
	SESSION_LEADER,
	GROUP_LEADER,
	MEMBER,			/* of the group */
	NR_RELATIVES,
};

RECORD_FIXTURE(family)

FIXTURE_VARIANT(family)
{
	enum relative who;
	enum relative parent;
	enum relative group;
};

FIXTURE_VARIANT_ADD(family, session_leader)
{ SESSION_LEADER, THE_TEST, SESSION_LEADER };
FIXTURE_VARIANT_ADD(family, group_leader)
{ GROUP_LEADER, SESSION_LEADER, GROUP_LEADER };
FIXTURE_VARIANT_ADD(family, member)
{ MEMBER, GROUP_LEADER, GROUP_LEADER };

static void lead_group(pid_t *pids)
{
	pid_t pid = setpgid(0, 0) ? -1 : spawn_blocked();

	if (pid < 0)
		_exit(EXIT_FAILURE);
	__atomic_store_n(&pids[MEMBER], pid, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

static int lead_session(void *arg)
{
	pid_t *pids = arg, pid;

	pids[SESSION_LEADER] = setsid();
	pid = fork_child();
	if (!pid)
		lead_group(pids);
	pids[GROUP_LEADER] = pid;
	for (int i = 0; i < WAIT_TRIES; i++) {
		if (__atomic_load_n(&pids[MEMBER], __ATOMIC_ACQUIRE))
			return wait_state(pid, 'S') ? 0 : -ETIMEDOUT;
		usleep(1000);
	}
	return -ETIMEDOUT;
}

TEST_F(family, ids_are_those_of_process_parent_group_and_session)
{
	pid_t *pids = share_memory(NR_RELATIVES * sizeof(*pids)), pid;
	const struct xyzzy_task *task;

	pids[THE_TEST] = getpid();
	ASSERT_EQ(0, subject_start(&self->subject, lead_session, pids));
	pid = pids[variant->who];
	task = COMPARE(pid, 0, XYZZY_ID);
	EXPECT_EQ(pid, (pid_t)task->pid);
	EXPECT_EQ(pid, (pid_t)task->tgid);
	EXPECT_EQ(pids[variant->parent], (pid_t)task->ppid);
	EXPECT_EQ(pids[variant->group], (pid_t)task->pgid);
	EXPECT_EQ(pids[SESSION_LEADER], (pid_t)task->sid);
}

/* fork_child() would kill the child with its parent. */
static int leave_orphan(void *arg)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	*(pid_t *)arg = pid;
	return pid < 0;
}

TEST_F(id, ppid_is_the_new_parent_of_an_orphan)
{
	pid_t *orphan = share_memory(sizeof(*orphan));
	const struct xyzzy_task *task;

	ASSERT_EQ(0, run_in_child(leave_orphan, orphan));
	self->other = *orphan;
	ASSERT_TRUE(wait_state(*orphan, 'S'));
	task = COMPARE(*orphan, 0, XYZZY_ID);
	EXPECT_EQ(getpid(), (pid_t)task->ppid);
}

static int fork_sleeper(void *child)
{
	*(pid_t *)child = spawn_blocked();
	return *(pid_t *)child < 0 ? -EAGAIN : 0;
}

static int fork_in_thread(void *child)
{
	pid_t tid = start_thread(fork_sleeper, child);

	return tid < 0 ? tid : 0;
}

TEST_F(id, ppid_is_the_process_of_the_thread_that_forked)
{
	pid_t *child = share_memory(sizeof(*child));
	const struct xyzzy_task *task;

	ASSERT_EQ(0, subject_start(&self->subject, fork_in_thread, child));
	task = COMPARE(*child, 0, XYZZY_ID);
	EXPECT_EQ(self->subject.pid, (pid_t)task->ppid);
}

static int trace_sibling(void *arg)
{
	pid_t pid = *(pid_t *)arg;
	struct xyzzy_task task;

	if (!trace_child(pid) || record_get(pid, 0, 0, &task))
		return 1;
	return task.ppid == (__u32)getppid() ? 0 : 2;
}

TEST_F(id, ppid_is_not_the_tracer)
{
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	EXPECT_EQ(0, run_in_child(trace_sibling, &self->subject.pid));
}

/*
 * Terminals
 */
RECORD_FIXTURE(terminal)

FIXTURE_VARIANT(terminal)
{
	bool foreground;
	unsigned int least_minor;
};

FIXTURE_VARIANT_ADD(terminal, background) { false };
FIXTURE_VARIANT_ADD(terminal, foreground) { true };
/* The number has the minor in two parts. */
FIXTURE_VARIANT_ADD(terminal, of_a_high_number) { true, 256 };

TEST_F(terminal, is_shown_with_its_foreground_process_group)
{
	struct tty_family *family = share_memory(sizeof(*family));
	const struct xyzzy_task *task;
	int err;

	family->least_minor = variant->least_minor;
	err = subject_start(&self->subject, take_terminal, family);
	if (err == -ENODEV)
		SKIP(return, "no pseudo-terminals");
	ASSERT_EQ(0, err);
	task = COMPARE(variant->foreground ? family->foreground :
					     family->leader, 0, XYZZY_ID);
	EXPECT_NE(0U, family->tty_nr);
	EXPECT_EQ(family->tty_nr, task->tty_nr);
	EXPECT_EQ(family->foreground, task->tty_pgrp);
	EXPECT_EQ(variant->foreground, (pid_t)task->pgid == family->foreground);
}

static int leave_terminal(void *arg)
{
	(void)arg;
	return setsid() < 0 ? -errno : 0;
}

TEST_F(id, without_terminal_tty_nr_is_0_and_tty_pgrp_is_minus_1)
{
	const struct xyzzy_task *task;

	ASSERT_EQ(0, subject_start(&self->subject, leave_terminal, NULL));
	task = COMPARE(self->subject.pid, 0, XYZZY_ID);
	EXPECT_EQ(0U, task->tty_nr);
	EXPECT_EQ(-1, task->tty_pgrp);
}

/*
 * States. That of an idle kernel thread, I, is in xyzzy_groups_test.
 */
RECORD_FIXTURE(state)

FIXTURE_VARIANT(state)
{
	char state;
	void (*run)(void);		/* In the child, instead of sleeping */
	bool (*change)(pid_t pid);	/* In the parent, once it sleeps */
};

static void spin(void)
{
	for (;;)
		__asm__ volatile("" : : : "memory");
}

FIXTURE_VARIANT_ADD(state, sleeping) { 'S' };
FIXTURE_VARIANT_ADD(state, running) { 'R', .run = spin };
FIXTURE_VARIANT_ADD(state, in_vfork) { 'D', .run = sleep_in_vfork };
FIXTURE_VARIANT_ADD(state, stopped) { 'T', .change = stop_child };
FIXTURE_VARIANT_ADD(state, traced) { 't', .change = trace_child };
FIXTURE_VARIANT_ADD(state, dead) { 'Z', .change = make_zombie };

TEST_F(state, is_the_letter_of_proc)
{
	pid_t pid = variant->run ? fork_child() : spawn_blocked();
	struct xyzzy_task task;

	if (!pid)
		variant->run();
	ASSERT_LT(0, pid);
	self->other = pid;
	if (variant->change)
		ASSERT_TRUE(variant->change(pid));
	ASSERT_TRUE(wait_state(pid, variant->state));
	/* What /proc shows of a running process keeps changing. */
	if (variant->state != 'R')
		COMPARE(pid, 0, XYZZY_ID);
	ASSERT_EQ(0, record_get(pid, 0, XYZZY_ID, &task));
	EXPECT_EQ((__u32)variant->state, task.state);
}

TEST_F(id, caller_is_R)
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

/*
 * Flags and threads
 */

/* The process that called execve(); the harness forks. */
static pid_t program;

static void __attribute__((constructor)) save_program(void)
{
	program = getpid();
}

TEST_F(id, flags_tell_exec_from_fork)
{
	const struct xyzzy_task *task;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	task = COMPARE(self->subject.pid, 0, XYZZY_ID);
	EXPECT_NE(0U, task->flags & PF_FORKNOEXEC);
	task = COMPARE(program, 0, XYZZY_ID);
	EXPECT_EQ(0U, task->flags & PF_FORKNOEXEC);
}

TEST_F(id, nr_threads_is_of_the_process_in_every_record)
{
	const struct xyzzy_task *task;
	pid_t tids[4] = { 0 }, pid;

	pid = spawn_threads(tids + 1, 3, false);
	ASSERT_LT(0, pid);
	self->other = pid;
	for (int i = 0; i < 4; i++) {
		task = COMPARE(pid, tids[i], XYZZY_ID);
		EXPECT_EQ(tids[i] ?: pid, (pid_t)task->pid);
		EXPECT_EQ(pid, (pid_t)task->tgid);
		EXPECT_EQ(4U, task->nr_threads);
	}
}

/*
 * Start time
 */
static __s64 boottime_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * (__s64)NSEC_PER_SEC + ts.tv_nsec;
}

TEST_F(id, start_time_is_in_ns_since_boot)
{
	__s64 before = boottime_ns(), after;
	const struct xyzzy_task *task;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	after = boottime_ns();
	task = COMPARE(self->subject.pid, 0, XYZZY_ID);
	EXPECT_LE(before, task->start_time);
	EXPECT_GE(after, task->start_time);
}

struct late_thread {
	__s64 before;
	pid_t tid;
};

static int start_late_thread(void *arg)
{
	struct late_thread *late = arg;

	usleep(20000);
	late->before = boottime_ns();
	late->tid = start_thread(set_comm, "late");
	return late->tid < 0 ? late->tid : 0;
}

TEST_F(id, start_time_of_a_thread_is_its_own)
{
	struct late_thread *late = share_memory(sizeof(*late));
	const struct xyzzy_task *task;

	ASSERT_EQ(0, subject_start(&self->subject, start_late_thread, late));
	task = COMPARE(self->subject.pid, late->tid, XYZZY_ID);
	EXPECT_LE(late->before, task->start_time);
	task = COMPARE(self->subject.pid, 0, XYZZY_ID);
	EXPECT_GT(late->before, task->start_time);
}

RECORD_FIXTURE(timens)

FIXTURE_VARIANT(timens)
{
	long long offset;
	bool started_before_boot;
};

FIXTURE_VARIANT_ADD(timens, set_forward) { 12345, false };
FIXTURE_VARIANT_ADD(timens, as_it_is) { 0, false };
FIXTURE_VARIANT_ADD(timens, set_back) { 0, true };

/* Wait for a new second, and make it the time of the boot. */
static long long offset_to_next_second(void)
{
	__s64 now = boottime_ns() / NSEC_PER_SEC, next;

	while ((next = boottime_ns() / NSEC_PER_SEC) == now)
		usleep(10000);
	return -next;
}

/* A look at a process from a time namespace */
struct look {
	long long offset;	/* Of the time of boot there, in seconds */
	pid_t pid;
	struct pair pair;
};

static int take_pair(void *arg)
{
	struct look *look = arg;

	return pair_take(&look->pair, look->pid, 0) ? 1 : 0;
}

/* The children of this process are in the new time namespace. */
static int enter_timens(void *arg)
{
	struct look *look = arg;
	char offset[40];

	snprintf(offset, sizeof(offset), "boottime %lld 0", look->offset);
	if (unshare(CLONE_NEWTIME) ||
	    write_text(AT_FDCWD, "/proc/self/timens_offsets", offset))
		return KSFT_SKIP;
	return run_in_child(take_pair, look);
}

TEST_F(timens, start_time_is_that_of_the_caller)
{
	struct look *look = share_memory(sizeof(*look));
	const struct xyzzy_task *task, *there = &look->pair.task;
	int ret;

	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	look->pid = self->subject.pid;
	look->offset = variant->started_before_boot ? offset_to_next_second() :
						      variant->offset;
	ret = run_in_child(enter_timens, look);
	if (ret == KSFT_SKIP)
		SKIP(return, "no time namespaces");
	ASSERT_EQ(0, ret);
	/* Field 22 of stat has the ticks of the same 64 bits, unsigned. */
	expect_groups(_metadata, &look->pair, XYZZY_ID);
	task = COMPARE(self->subject.pid, 0, XYZZY_ID);
	EXPECT_EQ(task->start_time + look->offset * (__s64)NSEC_PER_SEC,
		  there->start_time);
	EXPECT_EQ(variant->started_before_boot, there->start_time < 0);
}

/*
 * The inode number of a pidfd. A 32-bit kernel may have too many pidfds for its
 * inode numbers, and then reports 0.
 */
#define NO_INO "pidfs_ino is unknown"

static bool ino_is_known(const struct xyzzy_task *task)
{
	return task->pidfs_ino || kernel_is_64bit();
}

static void expect_ino(struct __test_metadata *_metadata, int pidfd,
		       const struct xyzzy_task *task)
{
	struct statx st;

	ASSERT_EQ(0, statx(pidfd, "", AT_EMPTY_PATH, STATX_INO, &st));
	EXPECT_NE(0ULL, task->pidfs_ino);
	EXPECT_EQ(st.stx_ino, task->pidfs_ino);
}

TEST_F(id, pidfs_ino_is_that_of_pidfd)
{
	struct xyzzy_task task;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_EQ(0, record_get(self->subject.pid, 0, 0, &task));
	if (!ino_is_known(&task))
		SKIP(return, NO_INO);
	expect_ino(_metadata, self->subject.pidfd, &task);
}

TEST_F(id, pidfs_ino_is_known_before_there_is_a_pidfd)
{
	const struct xyzzy_task *task;
	struct walk walk;

	self->other = spawn_blocked();
	ASSERT_LT(0, self->other);
	ASSERT_EQ(0, walk_all(&walk, -1, 0, 0, 100));
	task = walk_find(&walk, self->other);
	ASSERT_TRUE(!!task);
	if (!ino_is_known(task))
		SKIP(return, NO_INO);
	expect_ino(_metadata, sys_pidfd_open(self->other, 0), task);
	walk_free(&walk);
}

TEST_F(id, pidfs_ino_of_thread_is_that_of_its_pidfd)
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
		ASSERT_LE(0, pidfd);
		expect_ino(_metadata, pidfd, &task);
	}
}

TEST_F(id, pidfs_ino_changes_when_pid_is_reused)
{
	struct pidns here = { .init = getpid() };
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
	self->other = spawn_into(&here, pid);
	if (self->other < 0)
		SKIP(return, "cannot choose a PID: %s", strerror(errno));
	ASSERT_EQ(pid, self->other);
	ASSERT_EQ(0, record_get(pid, 0, 0, &second));
	EXPECT_EQ(pid, (pid_t)second.pid);
	EXPECT_NE(first.pidfs_ino, second.pidfs_ino);
}

TEST_HARNESS_MAIN
