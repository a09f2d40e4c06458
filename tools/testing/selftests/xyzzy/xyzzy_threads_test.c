// SPDX-License-Identifier: GPL-2.0
/*
 * XYZZY_THREADS: processes of few threads and of very many, threads that end,
 * and threads that call execve().
 */
#include "kselftest_harness.h"
#include "use.h"

#include <stdatomic.h>

#define NR_THREADS 5
#define NR_EXECS 80

/* From @cursor to the end, in calls of @chunk records. */
static int walk_pidfd(struct walk *walk, int pidfd, __u64 mask,
		      unsigned int flags, __u64 cursor, size_t chunk)
{
	struct xyzzy_params params = XYZZY_PARAMS(mask, NULL, chunk);

	params.pidfd = pidfd;
	params.cursor = cursor;
	memset(walk, 0, sizeof(*walk));
	return walk_on(walk, &params, flags);
}

/* A child with a leader and NR_THREADS other threads. */
FIXTURE(threads)
{
	pid_t tids[1 + NR_THREADS];
	pid_t pid;
	int pidfds[2];		/* Of the process, and of a thread */
	struct walk walk;
};

FIXTURE_VARIANT(threads)
{
	size_t chunk;
	bool leader_exits;
};

FIXTURE_VARIANT_ADD(threads, by_1) { 1, false };
FIXTURE_VARIANT_ADD(threads, by_4) { 4, false };
FIXTURE_VARIANT_ADD(threads, by_1000) { 1000, false };
FIXTURE_VARIANT_ADD(threads, by_1_without_leader) { 1, true };
FIXTURE_VARIANT_ADD(threads, by_1000_without_leader) { 1000, true };

FIXTURE_SETUP(threads)
{
	memset(self->pidfds, -1, sizeof(self->pidfds));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	self->pid = spawn_threads(self->tids + 1, NR_THREADS,
				  variant->leader_exits);
	ASSERT_GT(self->pid, 0);
	self->tids[0] = self->pid;
	sort_pids(self->tids, 1 + NR_THREADS);
	self->pidfds[0] = sys_pidfd_open(self->pid, 0);
	ASSERT_GE(self->pidfds[0], 0);
	self->pidfds[1] = sys_pidfd_open(self->tids[self->tids[0] == self->pid],
					 PIDFD_THREAD);
}

FIXTURE_TEARDOWN(threads)
{
	walk_free(&self->walk);
	close_fd(self->pidfds[0]);
	close_fd(self->pidfds[1]);
	kill_child(self->pid);
}

TEST_F(threads, are_each_in_a_walk_once_and_in_order)
{
	struct walk *walk = &self->walk;
	int nr = 0;

	ASSERT_EQ(0, walk_all(walk, -1, 0, XYZZY_THREADS, variant->chunk));
	EXPECT_TRUE(is_increasing(walk));
	for (size_t i = 0; i < walk->nr; i++) {
		if (walk->tasks[i].tgid != (__u32)self->pid)
			continue;
		ASSERT_GT(1 + NR_THREADS, nr);
		EXPECT_EQ((__u32)self->tids[nr++], walk->tasks[i].pid);
	}
	EXPECT_EQ(1 + NR_THREADS, nr);
}

TEST_F(threads, do_not_show_in_a_walk_of_processes)
{
	ASSERT_EQ(0, walk_all(&self->walk, -1, 0, 0, variant->chunk));
	for (int i = 0; i <= NR_THREADS; i++)
		EXPECT_EQ(self->tids[i] == self->pid,
			  walk_count(&self->walk, self->tids[i]));
}

/* The second pidfd is that of a thread. */
TEST_F(threads, pidfd_gives_the_process_alone)
{
	for (int i = 0; i < 2; i++) {
		struct xyzzy_task *task;

		ASSERT_LE(0, self->pidfds[i]);
		ASSERT_EQ(0, walk_pidfd(&self->walk, self->pidfds[i], 0, 0, 0,
					variant->chunk));
		ASSERT_EQ(1, (int)self->walk.nr);
		task = self->walk.tasks;
		EXPECT_EQ((__u32)self->pid, task->pid);
		EXPECT_EQ((__u32)self->pid, task->tgid);
		EXPECT_EQ((__u32)(variant->leader_exits ? 'Z' : 'S'),
			  task->state);
		walk_free(&self->walk);
	}
}

TEST_F(threads, pidfd_gives_all_of_the_process_alone)
{
	for (int i = 0; i < 2; i++) {
		ASSERT_LE(0, self->pidfds[i]);
		ASSERT_EQ(0, walk_pidfd(&self->walk, self->pidfds[i], 0,
					XYZZY_THREADS, 0, variant->chunk));
		ASSERT_EQ(1 + NR_THREADS, (int)self->walk.nr);
		for (int j = 0; j <= NR_THREADS; j++)
			EXPECT_EQ((__u32)self->tids[j],
				  self->walk.tasks[j].pid);
		walk_free(&self->walk);
	}
}

/*
 * Threads that exit.
 */

/* Stores its ID, and exits when that is set to 0. */
static void *thread_on_demand(void *arg)
{
	atomic_int *tid = arg;

	*tid = syscall(__NR_gettid);
	while (*tid)
		usleep(1000);
	return NULL;
}

TEST(pidfd_of_a_thread_that_is_gone_is_stale)
{
	struct xyzzy_task task;
	atomic_int running = 0;
	pthread_t thread;
	int pidfd, tid;

	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_on_demand, &running));
	while (!running)
		usleep(1000);
	tid = running;
	pidfd = sys_pidfd_open(tid, PIDFD_THREAD);
	running = 0;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	if (pidfd < 0)
		SKIP(return, "no pidfds of threads");

	/* pthread_join() may return before the thread is released. */
	for (int i = 0; i < WAIT_TRIES && proc_state(tid); i++)
		usleep(1000);
	EXPECT_EQ(-ESRCH, xyzzy_pidfd(-1, pidfd, 0, 0, &task, 1));
	EXPECT_EQ(-ESRCH, xyzzy_pidfd(-1, pidfd, 0, XYZZY_THREADS, &task, 1));
}

static void *thread_nop(void *arg)
{
	return arg;
}

/* A child that creates threads in a loop. */
static pid_t spawn_thread_maker(void)
{
	pthread_t thread;
	pid_t pid = fork_child();

	if (pid)
		return pid;
	for (;;)
		if (!pthread_create(&thread, NULL, thread_nop, NULL))
			pthread_join(thread, NULL);
}

TEST_F(threads, of_another_process_that_come_and_go_do_not_disturb)
{
	pid_t maker = spawn_thread_maker();

	ASSERT_GT(maker, 0);
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, walk_all(&self->walk, -1, 0, XYZZY_THREADS, 3));
		for (int j = 0; j <= NR_THREADS; j++)
			EXPECT_EQ(1, walk_count(&self->walk, self->tids[j]));
		EXPECT_EQ(1, walk_count(&self->walk, maker));
		walk_free(&self->walk);
	}
	kill_child(maker);
}

/*
 * When a thread that is not the leader calls execve(), it takes over the ID of
 * the process, and all other threads exit.
 */
static void *thread_exec(void *arg)
{
	char **argv = arg;

	execv("/proc/self/exe", argv);
	_exit(EXIT_FAILURE);
}

/* Call execve() @left more times, then write to @report_fd and sleep. */
static int exec_on(int left, int report_fd)
{
	char left_arg[12], fd_arg[12];
	char *argv[4] = { "exec", left_arg, fd_arg };
	pthread_t thread;

	snprintf(left_arg, sizeof(left_arg), "%d", left - 1);
	snprintf(fd_arg, sizeof(fd_arg), "%d", report_fd);
	if (left ? pthread_create(&thread, NULL, thread_exec, argv) :
		   write(report_fd, "", 1) != 1)
		return EXIT_FAILURE;
	for (;;)
		pause();
}

FIXTURE(exec)
{
	int report[2];
	pid_t pid;
	int pidfd;
	struct walk walk;
};

FIXTURE_VARIANT(exec)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(exec, processes) { 0 };
FIXTURE_VARIANT_ADD(exec, threads) { XYZZY_THREADS };

FIXTURE_SETUP(exec)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);

	ASSERT_EQ(0, pipe2(self->report, O_NONBLOCK));
	self->pid = fork_child();
	ASSERT_LE(0, self->pid);
	if (!self->pid)
		_exit(exec_on(NR_EXECS, self->report[1]));
	close(self->report[1]);
	self->pidfd = sys_pidfd_open(self->pid, 0);
	ASSERT_GE(self->pidfd, 0);
}

FIXTURE_TEARDOWN(exec)
{
	walk_free(&self->walk);
	close(self->report[0]);
	close(self->pidfd);
	kill_child(self->pid);
}

/* Is the child still calling execve()? */
static bool is_busy(int report_fd)
{
	char byte;

	return read(report_fd, &byte, 1) < 0 && errno == EAGAIN;
}

TEST_F(exec, of_a_thread_does_not_hide_the_process)
{
	bool busy = true;

	while (busy) {
		busy = is_busy(self->report[0]);
		ASSERT_EQ(0, walk_all(&self->walk, -1, 0, variant->flags, 7));
		ASSERT_EQ(1, walk_count(&self->walk, self->pid));
		walk_free(&self->walk);
	}
	EXPECT_TRUE(wait_state(self->pid, 'S'));
}

TEST_F(exec, of_a_thread_keeps_the_process_of_a_pidfd)
{
	struct walk *walk = &self->walk;
	struct xyzzy_task first = { 0 }, *task;
	bool busy = true;

	for (int i = 0; busy; i++) {
		busy = is_busy(self->report[0]);
		ASSERT_EQ(0, walk_pidfd(walk, self->pidfd, 0, variant->flags,
					0, i % 2 ? 8 : 1));
		ASSERT_EQ(1, walk_count(walk, self->pid));
		task = walk_find(walk, self->pid);
		if (!first.pid)
			first = *task;
		ASSERT_EQ(first.pidfs_ino, task->pidfs_ino);
		ASSERT_EQ(first.start_time, task->start_time);
		EXPECT_EQ((__u32)self->pid, task->tgid);
		/* After the last execve(), there is one thread. */
		if (!busy) {
			EXPECT_EQ(1, (int)walk->nr);
			EXPECT_EQ(1U, task->nr_threads);
		}
		walk_free(walk);
	}
	EXPECT_TRUE(wait_state(self->pid, 'S'));
}

/*
 * The threads of one process, by pidfd: few or many, with IDs close together or
 * far apart.
 */
#define MAX_THREADS 300
#define NR_OTHERS 2000
#define TIMEOUT 300

static const size_t chunks[] = { 1, 7, 100, 4096 };

/* Returns what was there before, 0 if it cannot be read or set. */
static int set_pid_max(int value)
{
	struct proc_dir dir = { "/proc/sys/kernel" };
	long long old = 0;
	char text[16];

	snprintf(text, sizeof(text), "%d", value);
	if (proc_num(&dir, "pid_max", &old) ||
	    write_text(AT_FDCWD, "/proc/sys/kernel/pid_max", text))
		return 0;
	return old;
}

/* The lowest pid_max. After a wrap, IDs start at 300. */
#define PID_MAX_MIN 301

/* The ID of a new process; after a wrap, @nr others have room below it. */
static pid_t burn_pids(int nr)
{
	pid_t pid;

	do {
		pid = spawn_sleeper();
		kill_child(pid);
	} while (pid > 0 && pid < PID_MAX_MIN + nr);
	return pid;
}

/* spawn_threads(), but the IDs wrap after half of the threads. */
static pid_t spawn_wrapped(pid_t *tids, int nr)
{
	int old = set_pid_max(burn_pids(nr) + nr / 2 + 2);
	pid_t pid = -1;

	if (old) {
		pid = spawn_threads(tids, nr, false);
		set_pid_max(old);
	}
	return pid;
}

/* spawn_threads(), but the IDs are more than @gap apart. */
static pid_t spawn_far_apart(pid_t *tids, int nr, int gap)
{
	int old = set_pid_max((nr + 2) * gap);
	pid_t pid = -1;

	if (old) {
		pid = spawn_sparse_threads(tids, nr, gap, false);
		set_pid_max(old);
	}
	return pid;
}

FIXTURE(group)
{
	pid_t tids[MAX_THREADS];	/* In order */
	int nr;
	pid_t pid;
	int pidfd;
	struct walk walk;
};

FIXTURE_VARIANT(group)
{
	int nr;			/* The leader is one of them */
	bool leader_exits;
	bool wrap;		/* The IDs wrap between the threads */
	int gap;		/* The IDs are more than that apart */
};

FIXTURE_VARIANT_ADD(group, of_1) { .nr = 1 };
FIXTURE_VARIANT_ADD(group, of_2) { .nr = 2 };
FIXTURE_VARIANT_ADD(group, of_2_leader_exits) { .nr = 2, .leader_exits = true };
FIXTURE_VARIANT_ADD(group, of_2_wrap) { .nr = 2, .wrap = true };
FIXTURE_VARIANT_ADD(group, of_8_far_apart) { .nr = 8, .gap = 20000 };
FIXTURE_VARIANT_ADD(group, of_3_very_far_apart) { .nr = 3, .gap = 1000000 };
FIXTURE_VARIANT_ADD(group, of_100) { .nr = 100 };
FIXTURE_VARIANT_ADD(group, of_100_leader_exits) { .nr = 100, .leader_exits = true };
FIXTURE_VARIANT_ADD(group, of_100_wrap) { .nr = 100, .wrap = true };
FIXTURE_VARIANT_ADD(group, of_300) { .nr = 300 };
FIXTURE_VARIANT_ADD(group, of_300_wrap) { .nr = 300, .wrap = true };

FIXTURE_SETUP(group)
{
	self->pidfd = -1;
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	self->nr = variant->nr;
	avoid_wrap(self->nr + 10);
	if (variant->wrap)
		self->pid = spawn_wrapped(self->tids + 1, self->nr - 1);
	else if (variant->gap)
		self->pid = spawn_far_apart(self->tids + 1, self->nr - 1,
					    variant->gap);
	else
		self->pid = spawn_threads(self->tids + 1, self->nr - 1,
					  variant->leader_exits);
	if (self->pid < 0 && variant->wrap)
		SKIP(return, "cannot make thread IDs wrap");
	if (self->pid < 0 && variant->gap)
		SKIP(return, "cannot choose thread IDs: no pid_max or ns_last_pid");
	ASSERT_LT(0, self->pid);
	self->tids[0] = self->pid;
	sort_pids(self->tids, self->nr);
	/* The leader came first. */
	ASSERT_EQ(variant->wrap, self->tids[0] < self->pid);
	self->pidfd = sys_pidfd_open(self->pid, 0);
	ASSERT_LE(0, self->pidfd);
}

FIXTURE_TEARDOWN(group)
{
	walk_free(&self->walk);
	close_fd(self->pidfd);
	kill_child(self->pid);
}

/* All threads with an ID from @cursor on are reported, and no others. */
static void expect_group(struct __test_metadata *_metadata,
			 FIXTURE_DATA(group) * self, __u64 mask, __u64 cursor,
			 size_t chunk)
{
	struct walk *walk = &self->walk;
	int first = 0, nr_wrong = 0;

	while (first < self->nr && (__u64)self->tids[first] < cursor)
		first++;
	ASSERT_EQ(0, walk_pidfd(walk, self->pidfd, mask, XYZZY_THREADS, cursor,
				chunk));
	ASSERT_EQ(self->nr - first, (int)walk->nr) {
		TH_LOG("from %llu in calls of %zu", cursor, chunk);
	}
	for (size_t i = 0; i < walk->nr; i++)
		nr_wrong += walk->tasks[i].tgid != (__u32)self->pid ||
			    walk->tasks[i].pid !=
				    (__u32)self->tids[first + i];
	EXPECT_EQ(0, nr_wrong) {
		TH_LOG("from %llu in calls of %zu", cursor, chunk);
	}
	walk_free(walk);
}

TEST_F_TIMEOUT(group, is_whole_and_in_order_with_any_chunk, TIMEOUT)
{
	for (size_t i = 0; i < ARRAY_SIZE(chunks); i++)
		expect_group(_metadata, self, XYZZY_ID, 0, chunks[i]);
	expect_group(_metadata, self, XYZZY_ALL, 0, 100);
}

TEST_F_TIMEOUT(group, is_walked_from_any_cursor, TIMEOUT)
{
	const __u64 after_all[] = {
		self->tids[self->nr - 1] + 1, 1U << 31, 1ULL << 32,
		(1ULL << 32) + self->tids[0], ~0ULL,
	};
	int step = self->nr / 50 + 1;

	for (int i = 0; i < self->nr; i += step) {
		expect_group(_metadata, self, XYZZY_ID, self->tids[i], 1000);
		expect_group(_metadata, self, XYZZY_ID, self->tids[i] + 1,
			     1000);
	}
	for (size_t i = 0; i < ARRAY_SIZE(after_all); i++)
		expect_group(_metadata, self, XYZZY_ID, after_all[i], 1000);
}

TEST_F_TIMEOUT(group, is_one_process_without_the_flag, TIMEOUT)
{
	struct xyzzy_task task;

	ASSERT_EQ(1, xyzzy_pidfd(-1, self->pidfd, XYZZY_ALL, 0, &task, 1));
	EXPECT_EQ((__u32)self->pid, task.pid);
	if (!variant->leader_exits)
		EXPECT_EQ((__u32)self->nr, task.nr_threads);
}

/*
 * Threads that start and exit among threads that stay.
 */
#define NR_STEADY 50
#define NR_PASSING 20
#define PASSING_MS 1000

FIXTURE(passing)
{
	pid_t tids[NR_STEADY];
	pid_t pid;
	int pidfd;
	struct walk walk;
};

static void *make_threads(void *arg)
{
	pthread_t threads[NR_PASSING];

	(void)arg;
	for (;;) {
		int nr = 0;

		while (nr < NR_PASSING &&
		       !pthread_create(&threads[nr], NULL, thread_nop, NULL))
			nr++;
		while (nr)
			pthread_join(threads[--nr], NULL);
	}
	return NULL;
}

/* Some of the threads that stay are older than the others, some younger. */
static void pass_threads(int *report_fd)
{
	pthread_t thread;

	for (int i = 0; i < NR_STEADY; i += 2) {
		start_threads(2, 0, report_fd);
		if (i == NR_STEADY / 2 &&
		    pthread_create(&thread, NULL, make_threads, NULL))
			_exit(EXIT_FAILURE);
	}
	for (;;)
		pause();
}

FIXTURE_SETUP(passing)
{
	int fds[2];

	self->pidfd = -1;
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	ASSERT_EQ(0, pipe(fds));
	self->pid = fork_child();
	ASSERT_LE(0, self->pid);
	if (!self->pid)
		pass_threads(&fds[1]);
	close(fds[1]);
	for (int i = 0; i < NR_STEADY; i++)
		ASSERT_EQ((ssize_t)sizeof(pid_t),
			  read(fds[0], &self->tids[i], sizeof(pid_t)));
	close(fds[0]);
	self->pidfd = sys_pidfd_open(self->pid, 0);
	ASSERT_LE(0, self->pidfd);
}

FIXTURE_TEARDOWN(passing)
{
	walk_free(&self->walk);
	close_fd(self->pidfd);
	kill_child(self->pid);
}

TEST_F_TIMEOUT(passing, threads_hide_and_repeat_none_that_stays, TIMEOUT)
{
	__u64 end = now_ns() + PASSING_MS * 1000000ULL;
	struct walk *walk = &self->walk;

	for (int i = 0; now_ns() < end; i++) {
		size_t chunk = chunks[i % ARRAY_SIZE(chunks)];

		ASSERT_EQ(0, walk_pidfd(walk, self->pidfd, XYZZY_ALL,
					XYZZY_THREADS, 0, chunk));
		ASSERT_EQ(1, walk_count(walk, self->pid));
		for (int j = 0; j < NR_STEADY; j++)
			ASSERT_EQ(1, walk_count(walk, self->tids[j]));
		ASSERT_TRUE(is_increasing(walk));
		walk_free(walk);
	}
}

/*
 * The cost of one process does not depend on how many others there are.
 */
#define COST_ROUNDS 20
#define COST_CALLS 50
/* The clock may have the resolution of a tick. */
#define COST_MS 50
#define COST_FACTOR 3
#define COST_TRIES 10

FIXTURE(cost)
{
	pid_t tids[NR_OTHERS];
	pid_t others;
	pid_t pid;
	int pidfd;
};

FIXTURE_VARIANT(cost)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(cost, process) { 0 };
FIXTURE_VARIANT_ADD(cost, threads) { XYZZY_THREADS };

FIXTURE_SETUP(cost)
{
	self->pidfd = -1;
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	self->pid = spawn_threads(self->tids, 1, false);
	ASSERT_LT(0, self->pid);
	self->pidfd = sys_pidfd_open(self->pid, 0);
	ASSERT_LE(0, self->pidfd);
}

FIXTURE_TEARDOWN(cost)
{
	close_fd(self->pidfd);
	kill_child(self->pid);
	kill_child(self->others);
}

static __u64 cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* The CPU time of one call, the best of several rounds; 0 on an error. */
static __u64 cost_of(int pidfd, unsigned int flags)
{
	long expected = flags ? 2 : 1;
	struct xyzzy_task tasks[4];
	__u64 best = ~0ULL;

	for (int i = 0; i < COST_ROUNDS; i++) {
		__u64 begin = cpu_ns(), ns, calls = 0;

		do {
			for (int j = 0; j < COST_CALLS; j++)
				if (xyzzy_pidfd(-1, pidfd, XYZZY_ID, flags,
						tasks, 4) != expected)
					return 0;
			calls += COST_CALLS;
			ns = cpu_ns() - begin;
		} while (ns < COST_MS * 1000000ULL);
		best = ns / calls < best ? ns / calls : best;
	}
	return best;
}

TEST_F_TIMEOUT(cost, does_not_depend_on_others, TIMEOUT)
{
	__u64 alone = 0, beside = 0;

	/*
	 * Anything else on the host of a virtual machine makes calls slower, so
	 * that one is measured right after the other.
	 */
	for (int i = 0; i < COST_TRIES && beside >= COST_FACTOR * alone; i++) {
		alone = cost_of(self->pidfd, variant->flags);
		self->others = spawn_threads(self->tids, NR_OTHERS - 1, false);
		if (self->others < 0)
			SKIP(return, "no room for so many threads");
		beside = cost_of(self->pidfd, variant->flags);
		kill_child(self->others);
		self->others = 0;
	}
	TH_LOG("a call: %llu ns alone, %llu ns beside %d threads", alone,
	       beside, NR_OTHERS);
	ASSERT_LT(0ULL, alone);
	EXPECT_GT(COST_FACTOR * alone, beside);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[0], "exec"))
		return exec_on(atoi(argv[1]), atoi(argv[2]));
	return test_harness_run(argc, argv);
}
