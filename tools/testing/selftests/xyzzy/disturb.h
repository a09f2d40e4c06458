/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_DISTURB_H
#define __XYZZY_DISTURB_H

#include "helpers.h"

#include <time.h>

/*
 * Two CPUs, if there are two, and a process that takes one of them away from
 * whoever uses it, at any point, again and again.
 */
static inline __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Keep the caller on the @nth CPU that it may use, or on the last one. */
static inline int pin_to_cpu(int nth)
{
	cpu_set_t allowed, one;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return -errno;
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (!nth--)
			break;
	}
	return sched_setaffinity(0, sizeof(one), &one) ? -errno : 0;
}

/*
 * Fork a process that disturbs the @nth CPU: at random times it is busy for up
 * to @busy_us. The time in between is as long on average, so that the kernel
 * lets a real-time process go on. Without the right to be one it is of no use.
 */
static inline pid_t spawn_disturber(int nth, unsigned int busy_us)
{
	const struct sched_param param = { .sched_priority = 1 };
	unsigned int seed = 1;
	pid_t pid = fork_child();

	if (pid)
		return pid;
	if (pin_to_cpu(nth) || sched_setscheduler(0, SCHED_FIFO, &param))
		_exit(EXIT_FAILURE);
	for (;;) {
		__u64 end;

		usleep(rand_r(&seed) % busy_us + 1);
		end = now_ns() + rand_r(&seed) % busy_us * 1000ULL;
		while (now_ns() < end)
			;
	}
}

#endif /* __XYZZY_DISTURB_H */
