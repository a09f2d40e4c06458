// SPDX-License-Identifier: GPL-2.0
/*
 * XYZZY_TIMES: CPU times and context switches, of processes, of threads, of
 * exited threads and of children.
 */
#include "kselftest_harness.h"
#include "record.h"
#include "use.h"

#include <time.h>

/* Two ticks at least, whatever they are; on the task's clock. */
#define BURN_NS 25000000ULL

#define SWITCHES 20

/* What getrusage() says may be cut off at a microsecond. */
static void expect_between(struct __test_metadata *_metadata,
			   const struct timeval *before, __u64 ns,
			   const struct timeval *after)
{
	EXPECT_LE(tv_ns(before), ns);
	EXPECT_GT(tv_ns(after) + NSEC_PER_USEC, ns);
}

static void expect_cpu_between(struct __test_metadata *_metadata,
			       const struct rusage *before,
			       const struct xyzzy_task *task,
			       const struct rusage *after)
{
	expect_between(_metadata, &before->ru_utime, task->utime,
		       &after->ru_utime);
	expect_between(_metadata, &before->ru_stime, task->stime,
		       &after->ru_stime);
}

static void expect_switches_between(struct __test_metadata *_metadata,
				    const struct rusage *before,
				    const struct xyzzy_task *task,
				    const struct rusage *after)
{
	EXPECT_LE((__u64)before->ru_nvcsw, task->nvcsw);
	EXPECT_GE((__u64)after->ru_nvcsw, task->nvcsw);
	EXPECT_LE((__u64)before->ru_nivcsw, task->nivcsw);
	EXPECT_GE((__u64)after->ru_nivcsw, task->nivcsw);
}

/* What the subject shares with the test. */
struct notes {
	struct rusage before;	/* Of itself, before it sleeps */
	struct rusage after;	/* and after that */
	struct rusage children;
	struct rusage exited;	/* Of a thread of it that is gone */
	pid_t tids[2];
};

FIXTURE(times)
{
	struct subject subject;
	struct notes *notes;
	struct pair pair;
};

FIXTURE_SETUP(times)
{
	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (!tells_modes_apart())
		SKIP(return, "user and system time are not told apart");
	adopt_orphans();
	self->notes = share_memory(sizeof(*self->notes));
}

FIXTURE_TEARDOWN(times)
{
	subject_kill(&self->subject);
	reap_orphans();
}

static void note_after(void *arg)
{
	struct notes *notes = arg;

	getrusage(RUSAGE_SELF, &notes->after);
}

/*
 * CPU times
 */
static int burn_alone(void *arg)
{
	struct notes *notes = arg;

	burn(RUSAGE_SELF, BURN_NS, BURN_NS);
	getrusage(RUSAGE_SELF, &notes->before);
	return 0;
}

TEST_F(times, cpu_times_are_ns_where_proc_has_ticks)
{
	struct notes *notes = self->notes;

	ASSERT_EQ(0, subject_start_after(&self->subject, burn_alone, note_after,
					 notes));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_times(_metadata, &self->pair);
	EXPECT_LE(BURN_NS, self->pair.task.utime);
	EXPECT_LE(BURN_NS, self->pair.task.stime);
	EXPECT_EQ(0ULL, self->pair.task.cutime);
	EXPECT_EQ(0ULL, self->pair.task.cstime);
	ASSERT_TRUE(subject_end(&self->subject));
	expect_cpu_between(_metadata, &notes->before, &self->pair.task,
			   &notes->after);
}

TEST_F(times, cpu_times_outlive_death)
{
	ASSERT_EQ(0, subject_start(&self->subject, burn_alone, self->notes));
	ASSERT_TRUE(make_zombie(self->subject.pid));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_times(_metadata, &self->pair);
	EXPECT_LE(BURN_NS, self->pair.task.utime);
	EXPECT_LE(BURN_NS, self->pair.task.stime);
}

static void *burn_thread(void *arg)
{
	(void)arg;
	burn(RUSAGE_THREAD, BURN_NS, BURN_NS);
	return NULL;
}

static int burn_in_exited_thread(void *arg)
{
	struct notes *notes = arg;
	pthread_t thread;

	if (pthread_create(&thread, NULL, burn_thread, NULL) ||
	    pthread_join(thread, NULL))
		return -EAGAIN;
	getrusage(RUSAGE_SELF, &notes->before);
	return 0;
}

TEST_F(times, process_counts_exited_threads)
{
	struct notes *notes = self->notes;
	struct xyzzy_task leader;
	pid_t pid;

	ASSERT_EQ(0, subject_start_after(&self->subject, burn_in_exited_thread,
					 note_after, notes));
	pid = self->subject.pid;
	ASSERT_EQ(0, pair_take(&self->pair, pid, pid));
	expect_times(_metadata, &self->pair);
	leader = self->pair.task;
	ASSERT_EQ(0, pair_take(&self->pair, pid, 0));
	expect_times(_metadata, &self->pair);
	EXPECT_LE(leader.utime + leader.stime + 2 * BURN_NS,
		  self->pair.task.utime + self->pair.task.stime);
	ASSERT_TRUE(subject_end(&self->subject));
	expect_cpu_between(_metadata, &notes->before, &self->pair.task,
			   &notes->after);
}

/* Burns and then stays. */
static void *burn_and_stay(void *arg)
{
	pid_t *tid = arg;

	burn(RUSAGE_THREAD, BURN_NS, BURN_NS);
	__atomic_store_n(tid, syscall(__NR_gettid), __ATOMIC_RELEASE);
	for (;;)
		pause();
	return NULL;
}

static int burn_in_live_thread(void *arg)
{
	struct notes *notes = arg;
	pthread_t thread;

	if (pthread_create(&thread, NULL, burn_and_stay, &notes->tids[0]))
		return -EAGAIN;
	while (!__atomic_load_n(&notes->tids[0], __ATOMIC_ACQUIRE))
		usleep(1000);
	return wait_state(notes->tids[0], 'S') ? 0 : -ETIMEDOUT;
}

TEST_F(times, process_counts_live_threads)
{
	ASSERT_EQ(0, subject_start(&self->subject, burn_in_live_thread,
				   self->notes));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_times(_metadata, &self->pair);
	/* Which of both it was is guessed for the process as a whole. */
	EXPECT_LE(2 * BURN_NS, self->pair.task.utime + self->pair.task.stime);
}

TEST_F(times, thread_counts_itself_alone)
{
	pid_t pid;

	ASSERT_EQ(0, subject_start(&self->subject, burn_in_live_thread,
				   self->notes));
	pid = self->subject.pid;
	ASSERT_EQ(0, pair_take(&self->pair, pid, self->notes->tids[0]));
	expect_times(_metadata, &self->pair);
	EXPECT_LE(BURN_NS, self->pair.task.utime);
	EXPECT_LE(BURN_NS, self->pair.task.stime);
	ASSERT_EQ(0, pair_take(&self->pair, pid, pid));
	expect_times(_metadata, &self->pair);
}

static int burn_in_child(void *arg)
{
	struct notes *notes = arg;
	pid_t pid = fork_child();

	if (!pid) {
		burn(RUSAGE_SELF, BURN_NS, BURN_NS);
		_exit(EXIT_SUCCESS);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		return -ECHILD;
	getrusage(RUSAGE_CHILDREN, &notes->children);
	return 0;
}

TEST_F(times, waited_for_children_are_counted_apart)
{
	struct xyzzy_task *task = &self->pair.task;

	ASSERT_EQ(0, subject_start(&self->subject, burn_in_child, self->notes));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_times(_metadata, &self->pair);
	EXPECT_LE(BURN_NS, task->cutime);
	EXPECT_LE(BURN_NS, task->cstime);
	EXPECT_EQ(tv_ns(&self->notes->children.ru_utime),
		  task->cutime / NSEC_PER_USEC * NSEC_PER_USEC);
	EXPECT_EQ(tv_ns(&self->notes->children.ru_stime),
		  task->cstime / NSEC_PER_USEC * NSEC_PER_USEC);
}

TEST_F(times, thread_record_has_children_of_process)
{
	pid_t pid;

	ASSERT_EQ(0, subject_start(&self->subject, burn_in_child, self->notes));
	pid = self->subject.pid;
	ASSERT_EQ(0, pair_take(&self->pair, pid, pid));
	expect_times(_metadata, &self->pair);
	EXPECT_LE(BURN_NS, self->pair.task.cutime);
	EXPECT_LE(BURN_NS, self->pair.task.cstime);
}

static int burn_in_zombie(void *arg)
{
	siginfo_t info;
	pid_t pid = fork_child();

	(void)arg;
	if (!pid) {
		burn(RUSAGE_SELF, BURN_NS, BURN_NS);
		_exit(EXIT_SUCCESS);
	}
	if (pid < 0 || waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		return -ECHILD;
	return 0;
}

TEST_F(times, children_not_waited_for_are_not_counted)
{
	ASSERT_EQ(0, subject_start(&self->subject, burn_in_zombie, NULL));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_times(_metadata, &self->pair);
	EXPECT_EQ(0ULL, self->pair.task.cutime);
	EXPECT_EQ(0ULL, self->pair.task.cstime);
}

/*
 * Context switches
 */
FIXTURE(switches)
{
	struct subject subject;
	struct notes *notes;
	struct pair pair;
};

FIXTURE_SETUP(switches)
{
	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	self->notes = share_memory(sizeof(*self->notes));
}

FIXTURE_TEARDOWN(switches)
{
	subject_kill(&self->subject);
}

/* A sleep that is over before it begins does not count. */
static void sleep_often(void)
{
	const struct timespec ts = { .tv_nsec = 1000 };
	struct rusage usage;

	do {
		nanosleep(&ts, NULL);
		getrusage(RUSAGE_THREAD, &usage);
	} while (usage.ru_nvcsw < SWITCHES);
}

static int sleep_alone(void *arg)
{
	(void)arg;
	sleep_often();
	return 0;
}

TEST_F(switches, of_single_thread_are_those_of_status)
{
	ASSERT_EQ(0, subject_start(&self->subject, sleep_alone, NULL));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_switches(_metadata, &self->pair);
	EXPECT_LE((__u64)SWITCHES, self->pair.task.nvcsw);
}

static void *sleep_thread(void *arg)
{
	struct notes *notes = arg;

	sleep_often();
	getrusage(RUSAGE_THREAD, &notes->exited);
	return NULL;
}

static int sleep_in_exited_thread(void *arg)
{
	struct notes *notes = arg;
	pthread_t thread;

	if (pthread_create(&thread, NULL, sleep_thread, arg) ||
	    pthread_join(thread, NULL))
		return -EAGAIN;
	getrusage(RUSAGE_SELF, &notes->before);
	return 0;
}

TEST_F(switches, of_exited_threads_are_counted)
{
	struct notes *notes = self->notes;
	__u64 nvcsw;
	pid_t pid;

	ASSERT_EQ(0, subject_start_after(&self->subject, sleep_in_exited_thread,
					 note_after, notes));
	pid = self->subject.pid;
	ASSERT_EQ(0, pair_take(&self->pair, pid, pid));
	expect_switches(_metadata, &self->pair);
	nvcsw = self->pair.task.nvcsw;
	ASSERT_EQ(0, pair_take(&self->pair, pid, 0));
	EXPECT_LE(nvcsw + notes->exited.ru_nvcsw, self->pair.task.nvcsw);
	ASSERT_TRUE(subject_end(&self->subject));
	expect_switches_between(_metadata, &notes->before, &self->pair.task,
				&notes->after);
}

static int yielded;

static void yield_often(void)
{
	struct rusage usage;

	do {
		for (int i = 0; i < SWITCHES; i++)
			sched_yield();
		getrusage(RUSAGE_THREAD, &usage);
	} while (usage.ru_nivcsw < SWITCHES);
	__atomic_add_fetch(&yielded, 1, __ATOMIC_RELAXED);
	/* The other one needs someone to yield to. */
	while (__atomic_load_n(&yielded, __ATOMIC_RELAXED) < 2)
		sched_yield();
}

static void *yield_and_stay(void *arg)
{
	pid_t *tid = arg;

	yield_often();
	__atomic_store_n(tid, syscall(__NR_gettid), __ATOMIC_RELEASE);
	for (;;)
		pause();
	return NULL;
}

/* Two threads on one CPU that give it to each other. */
static int yield_in_two_threads(void *arg)
{
	struct notes *notes = arg;
	int cpu = sched_getcpu();
	pthread_t thread;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (cpu < 0 || sched_setaffinity(0, sizeof(set), &set))
		return -errno;
	if (pthread_create(&thread, NULL, yield_and_stay, &notes->tids[0]))
		return -EAGAIN;
	yield_often();
	while (!__atomic_load_n(&notes->tids[0], __ATOMIC_ACQUIRE))
		usleep(1000);
	return wait_state(notes->tids[0], 'S') ? 0 : -ETIMEDOUT;
}

TEST_F(switches, of_threads_are_summed_up)
{
	__u64 nvcsw = 0, nivcsw = 0;
	pid_t tids[2];

	ASSERT_EQ(0, subject_start(&self->subject, yield_in_two_threads,
				   self->notes));
	tids[0] = self->subject.pid;
	tids[1] = self->notes->tids[0];
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, pair_take(&self->pair, tids[0], tids[i]));
		expect_switches(_metadata, &self->pair);
		EXPECT_LE((__u64)SWITCHES, self->pair.task.nivcsw);
		nvcsw += self->pair.task.nvcsw;
		nivcsw += self->pair.task.nivcsw;
	}
	ASSERT_EQ(0, pair_take(&self->pair, tids[0], 0));
	EXPECT_EQ(nvcsw, self->pair.task.nvcsw);
	EXPECT_EQ(nivcsw, self->pair.task.nivcsw);
}

/*
 * One that runs while it is looked at.
 */
TEST_F(times, caller_itself_lies_between_before_and_after)
{
	struct rusage before, after;
	struct xyzzy_task task;

	burn(RUSAGE_SELF, BURN_NS, BURN_NS);
	sleep_often();
	getrusage(RUSAGE_SELF, &before);
	ASSERT_EQ(0, record_get(getpid(), 0, XYZZY_TIMES, &task));
	getrusage(RUSAGE_SELF, &after);
	expect_cpu_between(_metadata, &before, &task, &after);
	expect_switches_between(_metadata, &before, &task, &after);
}

TEST_HARNESS_MAIN
