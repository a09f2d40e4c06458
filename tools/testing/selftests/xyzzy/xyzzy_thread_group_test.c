// SPDX-License-Identifier: GPL-2.0
/* The threads of one process, by pidfd with XYZZY_THREADS: few, or very many. */
#include "kselftest_harness.h"
#include "use.h"

#include <time.h>

#define MAX_THREADS 4200
#define NR_OTHERS 2000
#define TIMEOUT 300

#define PID_MAX "/proc/sys/kernel/pid_max"

static const size_t chunks[] = { 1, 7, 100, 4096 };

static int compare_tids(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

/* Returns what was there before, 0 if it cannot be read or set. */
static int set_pid_max(int value)
{
	FILE *file = fopen(PID_MAX, "r+");
	int old = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%d", &old) != 1)
		old = 0;
	rewind(file);
	if (fprintf(file, "%d\n", value) < 0)
		old = 0;
	return fclose(file) ? 0 : old;
}

/* No lower value is allowed, nor are IDs given out again that are below. */
#define PID_MAX_MIN 301

/* The ID of a new process, but no lower one than that. */
static pid_t burn_pids(void)
{
	pid_t pid;

	do {
		pid = spawn_sleeper();
		kill_child(pid);
	} while (pid > 0 && pid < PID_MAX_MIN);
	return pid;
}

/* As spawn_threads(), and IDs wrap when half of the threads are made. */
static pid_t spawn_wrapped(pid_t *tids, int nr)
{
	int old = set_pid_max(burn_pids() + nr / 2 + 2);
	pid_t pid = -1;

	if (old) {
		pid = spawn_threads(tids, nr, false);
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
	bool wrap;		/* Not in the order in which they were made */
};

/* clang-format off */
FIXTURE_VARIANT_ADD(group, of_1)
{ .nr = 1, };
FIXTURE_VARIANT_ADD(group, of_2)
{ .nr = 2, };
FIXTURE_VARIANT_ADD(group, of_2_leader_exits)
{ .nr = 2, .leader_exits = true, };
FIXTURE_VARIANT_ADD(group, of_2_wrap)
{ .nr = 2, .wrap = true, };
FIXTURE_VARIANT_ADD(group, of_100)
{ .nr = 100, };
FIXTURE_VARIANT_ADD(group, of_100_leader_exits)
{ .nr = 100, .leader_exits = true, };
FIXTURE_VARIANT_ADD(group, of_100_wrap)
{ .nr = 100, .wrap = true, };
FIXTURE_VARIANT_ADD(group, of_4200)
{ .nr = 4200, };
FIXTURE_VARIANT_ADD(group, of_4200_wrap)
{ .nr = 4200, .wrap = true, };

/* clang-format on */

FIXTURE_SETUP(group)
{
	self->pidfd = -1;
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	self->nr = variant->nr;
	if (variant->wrap)
		self->pid = spawn_wrapped(self->tids + 1, self->nr - 1);
	else
		self->pid = spawn_threads(self->tids + 1, self->nr - 1,
					  variant->leader_exits);
	if (self->pid < 0 && variant->wrap)
		SKIP(return, "cannot make thread IDs wrap");
	if (self->pid < 0 && self->nr == MAX_THREADS)
		SKIP(return, "no room for so many threads");
	ASSERT_LT(0, self->pid);
	self->tids[0] = self->pid;
	qsort(self->tids, self->nr, sizeof(*self->tids), compare_tids);
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

/* From @cursor to the end, in calls of @chunk records. */
static int walk_group(struct walk *walk, int pidfd, __u64 mask, __u64 cursor,
		      size_t chunk)
{
	struct xyzzy_params params = XYZZY_PARAMS(mask, NULL, chunk);

	params.pidfd = pidfd;
	params.cursor = cursor;
	memset(walk, 0, sizeof(*walk));
	return walk_on(walk, &params, XYZZY_THREADS);
}

/* The same, and all threads are there that have such an ID, and no others. */
static void expect_group(struct __test_metadata *_metadata,
			 FIXTURE_DATA(group) * self, __u64 mask, __u64 cursor,
			 size_t chunk)
{
	struct walk *walk = &self->walk;
	int first = 0, nr_wrong = 0;

	while (first < self->nr && (__u64)self->tids[first] < cursor)
		first++;
	ASSERT_EQ(0, walk_group(walk, self->pidfd, mask, cursor, chunk));
	ASSERT_EQ(self->nr - first, (int)walk->nr) {
		TH_LOG("from %llu in calls of %zu", cursor, chunk);
	}
	for (size_t i = 0; i < walk->nr; i++)
		nr_wrong += walk->tasks[i].pid != (__u32)self->tids[first + i] ||
			    walk->tasks[i].tgid != (__u32)self->pid;
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
	const __u64 behind_all[] = {
		self->tids[self->nr - 1] + 1, 1U << 31, 1ULL << 32,
		(1ULL << 32) + self->tids[0], ~0ULL,
	};
	int step = self->nr / 50 + 1;

	for (int i = 0; i < self->nr; i += step) {
		expect_group(_metadata, self, XYZZY_ID, self->tids[i], 1000);
		expect_group(_metadata, self, XYZZY_ID, self->tids[i] + 1,
			     1000);
	}
	for (size_t i = 0; i < ARRAY_SIZE(behind_all); i++)
		expect_group(_metadata, self, XYZZY_ID, behind_all[i], 1000);
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
 * Threads that come and go between those that stay.
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

static void *end_at_once(void *arg)
{
	return arg;
}

static void *make_threads(void *arg)
{
	pthread_t threads[NR_PASSING];

	(void)arg;
	for (;;) {
		int nr = 0;

		while (nr < NR_PASSING &&
		       !pthread_create(&threads[nr], NULL, end_at_once, NULL))
			nr++;
		while (nr)
			pthread_join(threads[--nr], NULL);
	}
	return NULL;
}

/* Threads that stay: some are older than those that pass, some younger. */
static void pass_threads(int *report_fd)
{
	pthread_t thread;

	for (int i = 0; i < NR_STEADY; i += 2) {
		start_threads(2, report_fd);
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

		ASSERT_EQ(0, walk_group(walk, self->pidfd, XYZZY_ALL, 0,
					chunk));
		ASSERT_EQ(1, walk_count(walk, self->pid));
		for (int j = 0; j < NR_STEADY; j++)
			ASSERT_EQ(1, walk_count(walk, self->tids[j]));
		for (size_t j = 1; j < walk->nr; j++)
			ASSERT_LT(walk->tasks[j - 1].pid, walk->tasks[j].pid);
		walk_free(walk);
	}
}

/*
 * What others there are does not make a process more expensive.
 */
#define COST_ROUNDS 20
#define COST_CALLS 50
/* The clock may do no more than tick. */
#define COST_MS 50
#define COST_FACTOR 3

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

/* The CPU time of one call, in the best of some rounds; 0 on an error. */
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
	__u64 alone = cost_of(self->pidfd, variant->flags), beside;

	self->others = spawn_threads(self->tids, NR_OTHERS - 1, false);
	if (self->others < 0)
		SKIP(return, "no room for so many threads");
	beside = cost_of(self->pidfd, variant->flags);
	TH_LOG("a call: %llu ns alone, %llu ns beside %d threads", alone,
	       beside, NR_OTHERS);
	ASSERT_LT(0ULL, alone);
	EXPECT_GT(COST_FACTOR * alone, beside);
}

TEST_HARNESS_MAIN
