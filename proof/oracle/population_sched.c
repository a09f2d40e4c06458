// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that differ in how they are scheduled, and threads.
 */
#include <sys/resource.h>

#include "population.h"
#include "use.h"

static int set_nice(int number)
{
	return setpriority(PRIO_PROCESS, 0, number % 40 - 20) ? -errno : 0;
}

static int be_fifo(int number)
{
	struct attr attr = {
		.policy = SCHED_FIFO, .rt_priority = 1 + number * 3 % 99,
	};

	return set_attr(0, &attr);
}

static int be_rr(int number)
{
	struct attr attr = {
		.policy = SCHED_RR, .rt_priority = 1 + number * 5 % 99,
	};

	return set_attr(0, &attr);
}

static int be_batch(int number)
{
	struct attr attr = {
		.policy = SCHED_BATCH, .nice = number % 40 - 20,
	};

	return set_attr(0, &attr);
}

static int be_idle(int number)
{
	struct attr attr = { .policy = SCHED_IDLE, .nice = number % 20 };

	return set_attr(0, &attr);
}

static int be_deadline(int number)
{
	struct attr attr = {
		.policy = SCHED_DEADLINE,
		.runtime = NSEC_PER_MSEC,
		.deadline = (500 + number) * NSEC_PER_MSEC,
		.period = 1000 * NSEC_PER_MSEC,
	};

	return set_attr(0, &attr);
}

static int stay_on_one_cpu(int number)
{
	return pin_to_cpu(number % sysconf(_SC_NPROCESSORS_ONLN));
}

/*
 * Threads
 */
#define THREADS 10

static int threads_ready;

/* Of the threads with one number, each is something else. */
static int (* const thread_makes[])(int number) = {
	set_nice, be_fifo, be_rr, be_batch, be_idle, stay_on_one_cpu,
};

static void *thread_main(void *arg)
{
	int number = (long)arg;

	if (set_name("thread", number) ||
	    thread_makes[number % ARRAY_SIZE(thread_makes)](number))
		_exit(EXIT_FAILURE);
	if (!(number % 7))
		burn(RUSAGE_THREAD, 20 * NSEC_PER_MSEC, 10 * NSEC_PER_MSEC);
	__atomic_add_fetch(&threads_ready, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
	return NULL;
}

static int make_threads(int number)
{
	pthread_attr_t attr;
	pthread_t thread;

	if (pthread_attr_init(&attr) ||
	    pthread_attr_setstacksize(&attr, 64 * 1024))
		return -ENOMEM;
	for (long i = 0; i < THREADS; i++)
		if (pthread_create(&thread, &attr, thread_main,
				   (void *)(number * THREADS + i)))
			return -EAGAIN;
	while (__atomic_load_n(&threads_ready, __ATOMIC_ACQUIRE) != THREADS)
		usleep(1000);
	return 0;
}

static void *burn_and_exit(void *arg)
{
	burn(RUSAGE_THREAD, (long)arg * NSEC_PER_MSEC, 5 * NSEC_PER_MSEC);
	return NULL;
}

static int join_thread(int number)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, burn_and_exit, (void *)(long)number) ||
	    pthread_join(thread, NULL))
		return -EAGAIN;
	return 0;
}

static void end_leader(void)
{
	syscall(__NR_exit, 0);
}

const struct kind kinds_of_sched[] = {
	{ .name = "nice", .nr = 80, .make = set_nice },
	{ .name = "SCHED_FIFO", .nr = 33, .make = be_fifo },
	{ .name = "SCHED_RR", .nr = 33, .make = be_rr },
	{ .name = "SCHED_BATCH", .nr = 40, .make = be_batch },
	{ .name = "SCHED_IDLE", .nr = 20, .make = be_idle },
	{ .name = "deadline", .nr = 10, .make = be_deadline },
	{ .name = "on one CPU", .nr = 40, .make = stay_on_one_cpu },
	{ .name = "threads", .nr = 45, .make = make_threads },
	{ .name = "stopped crowd", .nr = 5, .state = 'T',
	  .make = make_threads, .rest = rest_stopped },
	{ .name = "leaderless", .nr = 10, .state = 'Z', .make = make_threads,
	  .rest = end_leader },
	{ .name = "ended thread", .nr = 20, .make = join_thread },
	{ },
};
