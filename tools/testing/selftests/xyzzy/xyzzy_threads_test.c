// SPDX-License-Identifier: GPL-2.0
/* Processes of more than one thread, and XYZZY_THREADS. */
#include "kselftest_harness.h"
#include "child.h"

#define NR_THREADS 5
#define NR_EXECS 80

static int compare_tids(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

/* A child with NR_THREADS threads besides the leader; tids[0] is the leader. */
FIXTURE(threads)
{
	pid_t tids[1 + NR_THREADS];
	pid_t pid;
	int pidfd;
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
	self->pidfd = -1;
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	self->pid = spawn_threads(self->tids + 1, NR_THREADS,
				  variant->leader_exits);
	ASSERT_GT(self->pid, 0);
	self->tids[0] = self->pid;
	qsort(self->tids, 1 + NR_THREADS, sizeof(*self->tids), compare_tids);
	self->pidfd = sys_pidfd_open(self->pid, 0);
	ASSERT_GE(self->pidfd, 0);
}

FIXTURE_TEARDOWN(threads)
{
	walk_free(&self->walk);
	close(self->pidfd);
	kill_child(self->pid);
}

TEST_F(threads, each_is_reported_once)
{
	ASSERT_EQ(0, walk_all(&self->walk, -1, 0, XYZZY_THREADS,
			      variant->chunk));
	for (int i = 0; i <= NR_THREADS; i++)
		EXPECT_EQ(1, walk_count(&self->walk, self->tids[i]));
}

TEST_F(threads, order_is_that_of_their_ids)
{
	ASSERT_EQ(0, walk_all(&self->walk, -1, 0, XYZZY_THREADS,
			      variant->chunk));
	for (size_t i = 1; i < self->walk.nr; i++)
		EXPECT_LT(self->walk.tasks[i - 1].pid, self->walk.tasks[i].pid);
}

TEST_F(threads, have_the_id_of_their_process)
{
	ASSERT_EQ(0, walk_all(&self->walk, -1, 0, XYZZY_THREADS,
			      variant->chunk));
	for (int i = 0; i <= NR_THREADS; i++) {
		struct xyzzy_task *task = walk_find(&self->walk, self->tids[i]);

		ASSERT_TRUE(!!task);
		EXPECT_EQ((__u32)self->pid, task->tgid);
	}
}

TEST_F(threads, of_other_processes_are_not_claimed)
{
	int nr = 0;

	ASSERT_EQ(0, walk_all(&self->walk, -1, 0, XYZZY_THREADS,
			      variant->chunk));
	for (size_t i = 0; i < self->walk.nr; i++)
		nr += self->walk.tasks[i].tgid == (__u32)self->pid;
	EXPECT_EQ(1 + NR_THREADS, nr);
}

TEST_F(threads, do_not_show_in_a_walk_of_processes)
{
	ASSERT_EQ(0, walk_all(&self->walk, -1, 0, 0, variant->chunk));
	for (int i = 0; i <= NR_THREADS; i++)
		EXPECT_EQ(self->tids[i] == self->pid,
			  walk_count(&self->walk, self->tids[i]));
}

TEST_F(threads, process_without_leader_is_a_zombie_that_stays)
{
	struct xyzzy_task task;

	ASSERT_EQ(1, xyzzy_pidfd(-1, self->pidfd, 0, 0, &task, 1));
	EXPECT_EQ((__u32)self->pid, task.pid);
	EXPECT_EQ((__u32)self->pid, task.tgid);
	EXPECT_EQ((__u32)(variant->leader_exits ? 'Z' : 'S'), task.state);
}

/*
 * pidfds.
 */
static int walk_pidfd(struct walk *walk, int pidfd, unsigned int flags,
		      size_t chunk)
{
	struct xyzzy_params params = XYZZY_PARAMS(0, NULL, chunk);

	params.pidfd = pidfd;
	return walk_on(walk, &params, flags);
}

TEST_F(threads, pidfd_gives_the_process_alone)
{
	ASSERT_EQ(0, walk_pidfd(&self->walk, self->pidfd, 0, variant->chunk));
	ASSERT_EQ(1, (int)self->walk.nr);
	EXPECT_EQ((__u32)self->pid, self->walk.tasks[0].pid);
}

TEST_F(threads, pidfd_gives_all_of_the_process_alone)
{
	ASSERT_EQ(0, walk_pidfd(&self->walk, self->pidfd, XYZZY_THREADS,
				variant->chunk));
	ASSERT_EQ(1 + NR_THREADS, (int)self->walk.nr);
	for (int i = 0; i <= NR_THREADS; i++)
		EXPECT_EQ((__u32)self->tids[i], self->walk.tasks[i].pid);
}

/* A pidfd of one of the threads that is not the leader. */
static int thread_pidfd(const pid_t *tids, pid_t pid)
{
	return sys_pidfd_open(tids[tids[0] == pid], PIDFD_THREAD);
}

TEST_F(threads, pidfd_of_a_thread_gives_its_process_alone)
{
	int pidfd = thread_pidfd(self->tids, self->pid);

	if (pidfd < 0)
		SKIP(return, "no pidfds of threads");
	ASSERT_EQ(0, walk_pidfd(&self->walk, pidfd, 0, variant->chunk));
	close(pidfd);
	ASSERT_EQ(1, (int)self->walk.nr);
	EXPECT_EQ((__u32)self->pid, self->walk.tasks[0].pid);
}

TEST_F(threads, pidfd_of_a_thread_gives_all_of_its_process_alone)
{
	int pidfd = thread_pidfd(self->tids, self->pid);

	if (pidfd < 0)
		SKIP(return, "no pidfds of threads");
	ASSERT_EQ(0, walk_pidfd(&self->walk, pidfd, XYZZY_THREADS,
				variant->chunk));
	close(pidfd);
	ASSERT_EQ(1 + NR_THREADS, (int)self->walk.nr);
	for (int i = 0; i <= NR_THREADS; i++)
		EXPECT_EQ((__u32)self->tids[i], self->walk.tasks[i].pid);
}

/*
 * Threads that end.
 */
struct thread_args {
	int report_fd;
	int go_fd;
};

/* Write the thread ID, and end when there is something to read. */
static void *thread_on_demand(void *arg)
{
	struct thread_args *args = arg;
	pid_t tid = syscall(__NR_gettid);
	char byte;

	if (write(args->report_fd, &tid, sizeof(tid)) != sizeof(tid) ||
	    read(args->go_fd, &byte, 1) < 0)
		_exit(EXIT_FAILURE);
	return NULL;
}

TEST(pidfd_of_a_thread_that_is_gone_is_stale)
{
	struct xyzzy_task task;
	struct thread_args args;
	int report[2], go[2], pidfd;
	pthread_t thread;
	pid_t tid;

	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	ASSERT_EQ(0, pipe(report));
	ASSERT_EQ(0, pipe(go));
	args.report_fd = report[1];
	args.go_fd = go[0];
	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_on_demand, &args));
	ASSERT_EQ((ssize_t)sizeof(tid), read(report[0], &tid, sizeof(tid)));
	pidfd = sys_pidfd_open(tid, PIDFD_THREAD);
	close(go[1]);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	if (pidfd < 0)
		SKIP(return, "no pidfds of threads");

	/* pthread_join() may return before the kernel is done with it. */
	for (int i = 0; i < WAIT_TRIES && proc_state(tid); i++)
		usleep(1000);
	EXPECT_EQ(-ESRCH, xyzzy_pidfd(-1, pidfd, 0, 0, &task, 1));
	EXPECT_EQ(-ESRCH, xyzzy_pidfd(-1, pidfd, 0, XYZZY_THREADS, &task, 1));
}

static void *thread_nop(void *arg)
{
	return arg;
}

/* A child that makes threads without end. */
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
 * A thread that is not the leader calls execve(): it takes over the process
 * and its ID, and all other threads end.
 */
static void *thread_exec(void *arg)
{
	char **argv = arg;

	execv("/proc/self/exe", argv);
	_exit(EXIT_FAILURE);
}

/* Exec @left times more, then write to @report_fd and sleep. */
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

/* True as long as the child goes on with its execs. */
static bool is_busy(int report_fd)
{
	char byte;

	return read(report_fd, &byte, 1) < 0 && errno == EAGAIN;
}

TEST_F(exec, of_a_thread_does_not_hide_the_process)
{
	while (is_busy(self->report[0])) {
		ASSERT_EQ(0, walk_all(&self->walk, -1, 0, variant->flags, 7));
		ASSERT_EQ(1, walk_count(&self->walk, self->pid));
		walk_free(&self->walk);
	}
	EXPECT_TRUE(wait_state(self->pid, 'S'));
}

TEST_F(exec, of_a_thread_does_not_hide_the_process_of_a_pidfd)
{
	while (is_busy(self->report[0])) {
		ASSERT_EQ(0, walk_pidfd(&self->walk, self->pidfd,
					variant->flags, 1));
		ASSERT_EQ(1, walk_count(&self->walk, self->pid));
		walk_free(&self->walk);
	}
	EXPECT_TRUE(wait_state(self->pid, 'S'));
}

TEST_F(exec, of_a_thread_keeps_the_identity_of_the_process)
{
	__u64 pidfs_ino = 0;
	__s64 start_time = 0;
	struct xyzzy_task *task;

	while (is_busy(self->report[0])) {
		ASSERT_EQ(0, walk_pidfd(&self->walk, self->pidfd,
					variant->flags, 8));
		task = walk_find(&self->walk, self->pid);
		ASSERT_TRUE(!!task);
		pidfs_ino = pidfs_ino ?: task->pidfs_ino;
		start_time = start_time ?: task->start_time;
		ASSERT_EQ(pidfs_ino, task->pidfs_ino);
		ASSERT_EQ(start_time, task->start_time);
		walk_free(&self->walk);
	}
	EXPECT_TRUE(wait_state(self->pid, 'S'));
}

TEST_F(exec, of_a_thread_keeps_the_process_id)
{
	while (is_busy(self->report[0]))
		usleep(1000);
	ASSERT_EQ(0, walk_pidfd(&self->walk, self->pidfd, variant->flags, 8));
	ASSERT_EQ(1, (int)self->walk.nr);
	EXPECT_EQ((__u32)self->pid, self->walk.tasks[0].pid);
	EXPECT_EQ((__u32)self->pid, self->walk.tasks[0].tgid);
	EXPECT_EQ(1U, self->walk.tasks[0].nr_threads);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[0], "exec"))
		return exec_on(atoi(argv[1]), atoi(argv[2]));
	return test_harness_run(argc, argv);
}
