/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_POLICY_H
#define __XYZZY_POLICY_H

#include "helpers.h"

/* How a process has itself scheduled. */

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif

/* Version 0 of struct sched_attr, which newer C libraries have too. */
struct attr {
	__u32 size;
	__u32 policy;
	__u64 flags;
	__s32 nice;
	__u32 rt_priority;
	__u64 runtime;
	__u64 deadline;
	__u64 period;
};

static inline int set_attr(pid_t pid, struct attr *attr)
{
	attr->size = sizeof(*attr);
	return syscall(__NR_sched_setattr, pid, attr, 0) ? -errno : 0;
}

static inline int move_to_cpu(void *arg)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(*(int *)arg, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

static inline int set_oom_adj(void *arg)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", *(int *)arg);

	if (fd < 0 || write(fd, text, len) != len)
		return -errno;
	close(fd);
	return 0;
}

#endif /* __XYZZY_POLICY_H */
