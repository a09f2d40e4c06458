// SPDX-License-Identifier: GPL-2.0
/* Signals that are pending or arrive during a walk. */
#include "kselftest_harness.h"
#include "caller.h"
#include "use.h"

#include <stdatomic.h>
#include <sys/ptrace.h>
#include <sys/time.h>

#define NR_CHILDREN 200
#define NR_RECORDS 4096
#define NR_CALLS 4096

/* The calls of a walker in another process. */
struct report {
	__u64 cursor;		/* Where to start */
	atomic_bool done;
	bool full;
	int nr_calls;
	long result[NR_CALLS];
	size_t nr;
	struct xyzzy_task tasks[NR_RECORDS];
};

static atomic_int nr_signals;

static void count_signal(int sig)
{
	nr_signals++;
}

static int catch(int sig, int sa_flags)
{
	struct sigaction action = {
		.sa_handler = count_signal,
		.sa_flags = sa_flags,
	};

	return sigaction(sig, &action, NULL);
}

FIXTURE(signal)
{
	pid_t pids[NR_CHILDREN];
	struct report *report;
	struct walk walk;
};

FIXTURE_VARIANT(signal)
{
	unsigned int flags;
	int sa_flags;
};

FIXTURE_VARIANT_ADD(signal, processes) { 0, 0 };
FIXTURE_VARIANT_ADD(signal, processes_sa_restart) { 0, SA_RESTART };
FIXTURE_VARIANT_ADD(signal, threads) { XYZZY_THREADS, 0 };

FIXTURE_SETUP(signal)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	avoid_wrap(2 * NR_CHILDREN);
	self->report = share_memory(sizeof(*self->report));
	ASSERT_EQ(0, spawn_many(self->pids, NR_CHILDREN));
	self->report->cursor = self->pids[0];
}

FIXTURE_TEARDOWN(signal)
{
	kill_many(self->pids, NR_CHILDREN);
	walk_free(&self->walk);
}

/* Walk to the end in calls with much room, and record their results. */
static void walk_and_report(struct report *report, unsigned int flags)
{
	struct xyzzy_params params = XYZZY_PARAMS(0, NULL, 0);
	long ret;

	params.cursor = report->cursor;
	do {
		params.tasks = report->tasks + report->nr;
		params.nr_tasks = NR_RECORDS - report->nr;
		if (!params.nr_tasks || report->nr_calls == NR_CALLS) {
			report->full = true;
			break;
		}
		ret = xyzzy_call(&params, flags);
		report->result[report->nr_calls++] = ret;
		if (ret > 0)
			report->nr += ret;
	} while (ret > 0);
	report->done = true;
}

/* A walker that stops first. It is @caller, if that is not NULL. */
static pid_t spawn_walker(struct report *report, unsigned int flags,
			  int sa_flags, const struct caller *caller)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	if ((caller && become(caller)) ||
	    ptrace(PTRACE_TRACEME, 0, NULL, NULL) || catch(SIGUSR1, sa_flags))
		_exit(EXIT_FAILURE);
	raise(SIGSTOP);
	walk_and_report(report, flags);
	_exit(EXIT_SUCCESS);
}

/* Some architectures, such as m68k, do not report which call is entered. */
#define NO_CALLS "PTRACE_GET_SYSCALL_INFO does not work here"

static bool tells_calls(void)
{
	struct __ptrace_syscall_info info;
	pid_t pid = fork_child();
	bool tells;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(EXIT_SUCCESS);
	}
	tells = pid > 0 && waitpid(pid, NULL, 0) == pid &&
		ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info),
		       &info) > 0;
	kill_child(pid);
	return tells;
}

/* Is the tracee about to enter xyzzy()? */
static bool enters_xyzzy(pid_t pid)
{
	struct __ptrace_syscall_info info = { 0 };
	long ret = ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info),
			  &info);

	return ret > 0 && info.op == PTRACE_SYSCALL_INFO_ENTRY &&
	       info.entry.nr == (__u32)__NR_xyzzy;
}

/*
 * Trace a stopped walker to its end, and send it a signal whenever it is about
 * to enter the call, so that the signal is pending during the whole call.
 */
static int trace_walker(pid_t pid)
{
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
	int status, sig = 0, nr_sent = 0;

	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)options))
		return -1;
	while (!ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)sig) &&
	       waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		sig = WSTOPSIG(status);
		if (sig != (SIGTRAP | 0x80))
			continue;
		sig = 0;
		if (!enters_xyzzy(pid))
			continue;
		if (kill(pid, SIGUSR1))
			return -1;
		nr_sent++;
	}
	return WIFEXITED(status) && !WEXITSTATUS(status) ? nr_sent : -1;
}

TEST_F(signal, pending_ends_each_call_early_and_loses_no_process)
{
	struct report *report = self->report;
	struct walk walk;
	pid_t pid;

	if (!tells_calls())
		SKIP(return, NO_CALLS);
	pid = spawn_walker(report, variant->flags, variant->sa_flags, NULL);
	ASSERT_LT(0, pid);
	ASSERT_LT(0, trace_walker(pid));
	ASSERT_TRUE(atomic_load(&report->done));
	ASSERT_FALSE(report->full);

	EXPECT_GT(NR_CHILDREN, report->result[0]);
	for (int i = 0; i < report->nr_calls - 1; i++)
		EXPECT_LE(1, report->result[i]);
	EXPECT_EQ(0, report->result[report->nr_calls - 1]);
	walk = (struct walk){ .tasks = report->tasks, .nr = report->nr };
	for (int i = 0; i < NR_CHILDREN; i++)
		EXPECT_EQ(1, walk_count(&walk, self->pids[i]));
}

/* More processes than one batch looks at, all hidden, have lower PIDs. */
TEST_F(signal, pending_does_not_end_a_call_before_its_first_record)
{
	static const struct caller user = ORDINARY_USER;
	struct report *report = self->report;
	struct walk walk;
	pid_t pid;

	if (cannot_be_caller(&user))
		SKIP(return, "%s", cannot_be_caller(&user));
	if (!tells_calls())
		SKIP(return, NO_CALLS);
	pid = spawn_walker(report, variant->flags, variant->sa_flags, &user);
	ASSERT_LT(self->pids[NR_CHILDREN - 1], pid);
	ASSERT_LT(0, trace_walker(pid));
	ASSERT_TRUE(atomic_load(&report->done));
	ASSERT_LE(1, report->result[0]);
	walk = (struct walk){ .tasks = report->tasks, .nr = report->nr };
	EXPECT_EQ(0, walk_count(&walk, self->pids[0]));
	EXPECT_EQ(1, walk_count(&walk, pid));
}

TEST_F(signal, blocked_does_not_end_the_call)
{
	struct report *report = self->report;
	struct walk first;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, NULL));
	ASSERT_EQ(0, raise(SIGUSR1));
	walk_and_report(report, variant->flags);
	ASSERT_FALSE(report->full);
	first = (struct walk){ .tasks = report->tasks, .nr = report->result[0] };
	for (int i = 0; i < NR_CHILDREN; i++)
		EXPECT_EQ(1, walk_count(&first, self->pids[i]));
}

TEST_F(signal, from_a_timer_loses_no_process_and_repeats_none)
{
	struct itimerval timer = {
		.it_interval = { .tv_usec = 1000 },
		.it_value = { .tv_usec = 1000 },
	};

	ASSERT_EQ(0, catch(SIGALRM, variant->sa_flags));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
	while (nr_signals < 100) {
		ASSERT_EQ(0, walk_all(&self->walk, -1, XYZZY_ALL,
				      variant->flags, 1000));
		for (int i = 0; i < NR_CHILDREN; i++)
			ASSERT_EQ(1, walk_count(&self->walk, self->pids[i]));
		walk_free(&self->walk);
	}
}

/* A call for records of 4096 bytes, so that many batches are stored */
#define STRIDE 4096

struct wide_call {
	struct xyzzy_params params;
	unsigned int flags;
};

static int call_wide(void *arg)
{
	struct wide_call *call = arg;

	return xyzzy_call(&call->params, call->flags) < 0;
}

TEST_F(signal, sigkill_ends_the_call_before_the_last_record)
{
	const size_t size = NR_CHILDREN * STRIDE;
	char *buf = share_memory(size);
	struct wide_call call = {
		.params = XYZZY_PARAMS(0, (void *)buf, NR_CHILDREN),
		.flags = variant->flags,
	};
	int err;

	call.params.task_size = STRIDE;
	call.params.cursor = self->pids[0];
	err = kill_while_filling(buf, size, call_wide, &call);
	if (err == -EPERM)
		SKIP(return, NO_ROOT);
	if (err == -EAGAIN)
		SKIP(return, TOO_FAST);
	ASSERT_EQ(0, err);
	EXPECT_TRUE(is_filled_with(buf + size - STRIDE, 0xa5, STRIDE));
}

TEST_HARNESS_MAIN
