// SPDX-License-Identifier: GPL-2.0
/*
 * A call that has to wait: for a process whose execve() waits for its old
 * address space.
 */
#include "kselftest_harness.h"
#include "exec_hold.h"
#include "sandbox.h"

#define NR_TRIES 5
#define NR_RECORDS 512
#define TIMEOUT 300
#define NOT_HELD "execve() could not be held up for long enough"

/* Who calls, in a process of its own, and how the call ended. */
struct waiter {
	int pidfd;
	__u64 cursor;
	unsigned int flags;
	int sa_flags;
	atomic_bool calls;
	atomic_bool returned;	/* from the first call */
	atomic_int nr_signals;
	long ret;		/* of the first call */
	int err;		/* of all of them */
	struct walk walk;
	struct xyzzy_task tasks[NR_RECORDS];
};

static struct waiter *signalled;

static void count_signal(int sig)
{
	(void)sig;
	signalled->nr_signals++;
}

static void catch_signal(struct waiter *waiter)
{
	const struct sigaction action = {
		.sa_handler = count_signal, .sa_flags = waiter->sa_flags,
	};

	signalled = waiter;
	if (sigaction(SIGUSR1, &action, NULL))
		_exit(EXIT_FAILURE);
}

static void waiter_main(struct waiter *waiter)
{
	struct xyzzy_params params = XYZZY_PARAMS(XYZZY_ALL, NULL, 0);
	size_t nr = 0;
	long ret;

	catch_signal(waiter);
	params.pidfd = waiter->pidfd;
	params.cursor = waiter->cursor;
	do {
		params.tasks = waiter->tasks + nr;
		params.nr_tasks = NR_RECORDS - nr;
		waiter->calls = true;
		ret = xyzzy_call(&params, waiter->flags);
		if (!waiter->returned)
			waiter->ret = ret;
		waiter->returned = true;
		nr += ret > 0 ? ret : 0;
	} while (ret > 0 && nr < NR_RECORDS);
	waiter->err = ret < 0 ? ret : 0;
	waiter->walk = (struct walk){ .tasks = waiter->tasks, .nr = nr };
	_exit(EXIT_SUCCESS);
}

FIXTURE(held)
{
	struct hold hold;
	struct waiter *waiter;
	pid_t waiter_pid;
	pid_t before;		/* A process with a lower ID */
};

FIXTURE_VARIANT(held)
{
	unsigned int flags;
	int sa_flags;
};

FIXTURE_VARIANT_ADD(held, process) { 0, 0 };
FIXTURE_VARIANT_ADD(held, process_sa_restart) { 0, SA_RESTART };
FIXTURE_VARIANT_ADD(held, threads) { XYZZY_THREADS, 0 };

FIXTURE_SETUP(held)
{
	memset(&self->hold, -1, sizeof(self->hold));
	if (!xyzzy_is_there())
		SKIP(return, NO_XYZZY);
	if (!(xyzzy_supported() & XYZZY_IO))
		SKIP(return, "no /proc/PID/io to tell that execve() is held");
	adopt_orphans();
	self->waiter = share_memory(sizeof(*self->waiter));
	self->before = spawn_blocked();
	ASSERT_LT(0, self->before);
}

FIXTURE_TEARDOWN(held)
{
	kill_child(self->waiter_pid);
	hold_stop(&self->hold);
	kill_child(self->before);
	reap_orphans();
}

/*
 * Wait until it has ended. Returns 0 if it found the held process once, and the
 * new program there; -ESTALE for the old one, which held others off by then.
 */
static int end_waiter(FIXTURE_DATA(held) * self)
{
	struct waiter *waiter = self->waiter;
	int status, nr;

	if (waitpid(self->waiter_pid, &status, 0) != self->waiter_pid)
		return -errno;
	self->waiter_pid = 0;
	if (status || waiter->err)
		return waiter->err ?: -EIO;
	nr = walk_count(&waiter->walk, self->hold.pid);
	if (nr != 1)
		return nr ? -EEXIST : -ENOENT;
	return strcmp(walk_find(&waiter->walk, self->hold.pid)->comm,
		      HELD_OLD_NAME) ? 0 : -ESTALE;
}

/*
 * Have a process call while another one is held, and wait until it waits. With
 * @from_before it walks, and comes to others first; else it asks by pidfd.
 * Returns 1 when it waits; 0 or an error of end_waiter() if it did not.
 */
static int start_waiter(FIXTURE_DATA(held) * self, bool from_before,
			unsigned int flags, int sa_flags)
{
	struct waiter *waiter = self->waiter;

	memset(waiter, 0, sizeof(*waiter));
	waiter->pidfd = from_before ? -1 : self->hold.pidfd;
	waiter->cursor = from_before ? self->before : 0;
	waiter->flags = flags;
	waiter->sa_flags = sa_flags;
	self->waiter_pid = fork_child();
	if (!self->waiter_pid)
		waiter_main(waiter);
	while (!waiter->calls && proc_state(self->waiter_pid) != 'Z')
		usleep(1000);
	if (rests_in_state(self->waiter_pid, 'S') && !waiter->returned)
		return 1;
	return end_waiter(self);
}

/* The same, several times if it was over too early; -EAGAIN if it always was. */
static int hold_and_wait(FIXTURE_DATA(held) * self, bool from_before,
			 unsigned int flags, int sa_flags)
{
	for (int i = 0; i < NR_TRIES; i++) {
		int ret = 0;

		if (hold_start(&self->hold))
			ret = start_waiter(self, from_before, flags, sa_flags);
		if (ret)
			return ret < 0 ? ret : 0;
		hold_stop(&self->hold);
	}
	return -EAGAIN;
}

TEST_F_TIMEOUT(held, makes_a_call_wait_for_the_new_program, TIMEOUT)
{
	int err;

	err = hold_and_wait(self, false, variant->flags, variant->sa_flags);
	if (err == -EAGAIN)
		SKIP(return, NOT_HELD);
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, end_waiter(self));
	EXPECT_EQ(1, self->waiter->ret);
}

TEST_F_TIMEOUT(held, makes_a_walk_wait_for_the_new_program, TIMEOUT)
{
	int err;

	err = hold_and_wait(self, true, variant->flags, variant->sa_flags);
	if (err == -EAGAIN)
		SKIP(return, NOT_HELD);
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, end_waiter(self));
	EXPECT_EQ(1, walk_count(&self->waiter->walk, self->before));
}

static bool wait_return(const struct waiter *waiter)
{
	for (int i = 0; i < WAIT_TRIES && !waiter->returned; i++)
		usleep(1000);
	return waiter->returned;
}

TEST_F_TIMEOUT(held, wait_ends_at_a_signal_with_what_there_is, TIMEOUT)
{
	struct waiter *waiter = self->waiter;
	bool in_time = false;
	int err;

	for (int i = 0; i < NR_TRIES && !in_time; i++) {
		err = hold_and_wait(self, true, variant->flags,
				    variant->sa_flags);
		if (err == -EAGAIN)
			SKIP(return, NOT_HELD);
		ASSERT_EQ(0, err);
		ASSERT_EQ(0, kill(self->waiter_pid, SIGUSR1));
		ASSERT_TRUE(wait_return(waiter));
		in_time = !hold_is_over(&self->hold);
		ASSERT_EQ(0, end_waiter(self));
		EXPECT_EQ(1, walk_count(&waiter->walk, self->before));
		if (!in_time)
			hold_stop(&self->hold);
	}
	if (!in_time)
		SKIP(return, NOT_HELD);
	EXPECT_EQ(1, waiter->nr_signals);
	ASSERT_LE(1, waiter->ret);
	for (long i = 0; i < waiter->ret; i++)
		EXPECT_GT((__u32)self->hold.pid, waiter->tasks[i].pid);
}

TEST_F_TIMEOUT(held, wait_goes_on_after_a_signal_without_any, TIMEOUT)
{
	struct waiter *waiter = self->waiter;
	int err;

	err = hold_and_wait(self, false, variant->flags, variant->sa_flags);
	if (err == -EAGAIN)
		SKIP(return, NOT_HELD);
	ASSERT_EQ(0, err);
	for (int i = 0; !waiter->returned && i < WAIT_TRIES; i++) {
		ASSERT_EQ(0, kill(self->waiter_pid, SIGUSR1));
		usleep(5000);
	}
	ASSERT_EQ(0, end_waiter(self));
	EXPECT_EQ(1, waiter->ret);
	EXPECT_LE(1, waiter->nr_signals);
}

TEST_F_TIMEOUT(held, wait_ends_at_once_when_the_caller_is_killed, TIMEOUT)
{
	bool in_time = false;
	int err;

	for (int i = 0; i < NR_TRIES && !in_time; i++) {
		err = hold_and_wait(self, false, variant->flags,
				    variant->sa_flags);
		if (err == -EAGAIN)
			SKIP(return, NOT_HELD);
		ASSERT_EQ(0, err);
		kill_child(self->waiter_pid);
		self->waiter_pid = 0;
		in_time = !hold_is_over(&self->hold);
		hold_stop(&self->hold);
	}
	/* If not, it waited until execve() was through, each time. */
	EXPECT_TRUE(in_time);
}

/*
 * Landlock can restrict all threads of a process at once, which waits for each
 * of them, and keeps those away who want to look at the process meanwhile.
 */
#ifndef LANDLOCK_RESTRICT_SELF_TSYNC
#define LANDLOCK_RESTRICT_SELF_TSYNC 8
#endif

#define NR_WALKERS 3
#define NR_PROCESSES 10
/* Landlock does not nest more than 16. */
#define NR_RESTRICTIONS 12

static int restrict_all_threads(void)
{
	struct landlock_ruleset_attr attr = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_SYM,
	};
	int fd = syscall(__NR_landlock_create_ruleset, &attr, sizeof(attr), 0);
	int err = 0;

	if (fd < 0)
		return -EOPNOTSUPP;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(__NR_landlock_restrict_self, fd,
		    LANDLOCK_RESTRICT_SELF_TSYNC))
		err = errno == EINVAL ? -EOPNOTSUPP : -errno;
	close(fd);
	return err;
}

static void *walk_on_and_on(void *arg)
{
	unsigned int flags = 0;
	struct walk walk;

	(void)arg;
	for (;;) {
		if (walk_all(&walk, -1, XYZZY_ALL, flags, 16))
			_exit(EXIT_FAILURE);
		walk_free(&walk);
		flags ^= XYZZY_THREADS;
	}
	return NULL;
}

static void restrict_walkers(void)
{
	pthread_t thread;
	int err = 0;

	for (int i = 0; i < NR_WALKERS; i++)
		if (pthread_create(&thread, NULL, walk_on_and_on, NULL))
			_exit(EXIT_FAILURE);
	for (int i = 0; i < NR_RESTRICTIONS && !err; i++) {
		usleep(1000);
		err = restrict_all_threads();
	}
	_exit(-err);
}

FIXTURE(landlock)
{
	pid_t pid;
};

FIXTURE_SETUP(landlock)
{
	if (!xyzzy_is_there())
		SKIP(return, NO_XYZZY);
}

FIXTURE_TEARDOWN(landlock)
{
	kill_child(self->pid);
}

/* Its exit status, or -1 if it does not end. */
static int wait_exit(pid_t *pid)
{
	int status;

	for (int i = 0; i < 3 * WAIT_TRIES; i++) {
		if (waitpid(*pid, &status, WNOHANG) == *pid) {
			*pid = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		}
		usleep(1000);
	}
	return -1;
}

TEST_F_TIMEOUT(landlock, can_restrict_all_threads_while_they_walk, TIMEOUT)
{
	int status;

	for (int i = 0; i < NR_PROCESSES; i++) {
		self->pid = fork_child();
		if (!self->pid)
			restrict_walkers();
		status = wait_exit(&self->pid);
		if (status == EOPNOTSUPP)
			SKIP(return, "Landlock cannot restrict all threads");
		ASSERT_EQ(0, status);
	}
}

int main(int argc, char **argv)
{
	hold_main(argc, argv);
	return test_harness_run(argc, argv);
}
