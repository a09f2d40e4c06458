// SPDX-License-Identifier: GPL-2.0
/*
 * The fields of XYZZY_ID: names, IDs of processes and terminals.
 */
#include "kselftest_harness.h"
#include "record.h"
#include "use.h"

#include <linux/types.h>
#include <sys/ptrace.h>
#include <time.h>

FIXTURE(fields)
{
	struct subject subject;
	struct pair pair;
	pid_t other;
};

FIXTURE_SETUP(fields)
{
	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
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
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
}

FIXTURE_TEARDOWN(name)
{
	subject_kill(&self->subject);
}

static int set_name(void *name)
{
	return prctl(PR_SET_NAME, name) ? -errno : 0;
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

static void *name_thread(void *arg)
{
	pid_t *tid = arg;

	if (set_name("a thread)"))
		_exit(EXIT_FAILURE);
	__atomic_store_n(tid, syscall(__NR_gettid), __ATOMIC_RELEASE);
	for (;;)
		pause();
	return NULL;
}

static bool wait_until_set(pid_t *pid)
{
	for (int i = 0; i < WAIT_TRIES; i++) {
		if (__atomic_load_n(pid, __ATOMIC_ACQUIRE))
			return true;
		usleep(1000);
	}
	return false;
}

static int start_named_thread(void *arg)
{
	pid_t *tid = arg;
	pthread_t thread;

	if (set_name("a leader(") ||
	    pthread_create(&thread, NULL, name_thread, arg))
		return -EAGAIN;
	return wait_until_set(tid) && wait_state(*tid, 'S') ? 0 : -ETIMEDOUT;
}

TEST_F(fields, thread_has_its_own_name_and_process_that_of_leader)
{
	pid_t *tid = share_memory(sizeof(*tid));
	pid_t pid;

	ASSERT_EQ(0, subject_start(&self->subject, start_named_thread, tid));
	pid = self->subject.pid;
	ASSERT_EQ(0, pair_take(&self->pair, pid, *tid));
	expect_id(_metadata, &self->pair);
	expect_comm(_metadata, &self->pair);
	EXPECT_STREQ("a thread)", self->pair.task.comm);
	ASSERT_EQ(0, pair_take(&self->pair, pid, 0));
	expect_comm(_metadata, &self->pair);
	EXPECT_STREQ("a leader(", self->pair.task.comm);
}

/*
 * A name that changes all the time: a record has the old one or the new one, or
 * parts of both, but nothing behind the NUL that ends it.
 */
#define SHORT_NAME "s"
#define LONG_NAME "a-longer-name15"

/* On the last CPU; the test is on the first. */
static int stay_on_cpu(long cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

static pid_t spawn_renamer(void)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	stay_on_cpu(sysconf(_SC_NPROCESSORS_ONLN) - 1);
	for (;;)
		if (set_name(SHORT_NAME) || set_name(LONG_NAME))
			_exit(EXIT_FAILURE);
}

struct names {
	__u64 nr_short;
	__u64 nr_long;
	__u64 nr_not_padded;
};

static void count_name(struct names *names, const struct xyzzy_task *task)
{
	names->nr_not_padded += !comm_is_padded(task);
	names->nr_short += !strcmp(task->comm, SHORT_NAME);
	names->nr_long += !strcmp(task->comm, LONG_NAME);
}

FIXTURE(renamed)
{
	pid_t pid;
	int pidfd;
	struct names names;
};

FIXTURE_VARIANT(renamed)
{
	__u64 mask;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(renamed, id_alone) { XYZZY_ID, 0 };
FIXTURE_VARIANT_ADD(renamed, all_groups) { XYZZY_ALL, 0 };
FIXTURE_VARIANT_ADD(renamed, thread) { XYZZY_ALL, XYZZY_THREADS };

FIXTURE_SETUP(renamed)
{
	self->pidfd = -1;
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	self->pid = spawn_renamer();
	ASSERT_LT(0, self->pid);
	self->pidfd = sys_pidfd_open(self->pid, 0);
	ASSERT_LE(0, self->pidfd);
	ASSERT_EQ(0, stay_on_cpu(0));
}

FIXTURE_TEARDOWN(renamed)
{
	kill_child(self->pid);
	close_fd(self->pidfd);
}

TEST_F(renamed, process_has_a_padded_name)
{
	time_t end = time(NULL) + 3;	/* At least two seconds */
	struct names *names = &self->names;
	struct xyzzy_task task;

	while (time(NULL) < end) {
		for (int i = 0; i < 1000; i++) {
			ASSERT_EQ(1, xyzzy_pidfd(-1, self->pidfd, variant->mask,
						 variant->flags, &task, 1));
			count_name(names, &task);
		}
	}
	TH_LOG("%llu short names, %llu long ones", names->nr_short,
	       names->nr_long);
	EXPECT_EQ(0ULL, names->nr_not_padded);
	EXPECT_LT(0ULL, names->nr_short);
	EXPECT_LT(0ULL, names->nr_long);
}

/*
 * IDs
 */
struct family {
	pid_t leader;	/* of a session */
	pid_t group;	/* Its child: leader of another process group in it */
	pid_t member;	/* Child of that, and in its process group */
};

static void lead_group(struct family *family)
{
	pid_t pid;

	if (setpgid(0, 0))
		_exit(EXIT_FAILURE);
	pid = spawn_blocked();
	if (pid < 0)
		_exit(EXIT_FAILURE);
	__atomic_store_n(&family->member, pid, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

static int make_family(void *arg)
{
	struct family *family = arg;
	pid_t pid;

	family->leader = setsid();
	if (family->leader < 0)
		return -errno;
	pid = fork_child();
	if (!pid)
		lead_group(family);
	if (pid < 0)
		return -errno;
	family->group = pid;
	if (!wait_until_set(&family->member) ||
	    !wait_state(family->group, 'S'))
		return -ETIMEDOUT;
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
		orphan = fork();
		if (!orphan)
			for (;;)
				pause();
		family->member = orphan;
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
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	adopt_orphans();
	self->family = share_memory(sizeof(*self->family));
	err = subject_start(&self->subject, take_terminal, self->family);
	if (err == -ENODEV)
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
	return setsid() < 0 ? -errno : 0;
}

TEST_F(fields, no_terminal_is_0_and_no_foreground_is_minus_1)
{
	ASSERT_EQ(0, subject_start(&self->subject, leave_terminal, NULL));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_EQ(0U, self->pair.task.tty_nr);
	EXPECT_EQ(-1, self->pair.task.tty_pgrp);
}

TEST_HARNESS_MAIN
