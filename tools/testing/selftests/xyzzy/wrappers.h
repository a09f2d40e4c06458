/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_WRAPPERS_H
#define __XYZZY_WRAPPERS_H

#include <linux/xyzzy.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <asm/unistd.h>

/* Where the numbers of system calls start that are the same everywhere else. */
#if defined(__alpha__)
#define NR_BASE 110
#elif defined(__NR_Linux)					/* mips */
#define NR_BASE __NR_Linux
#elif defined(__x86_64__) && defined(__ILP32__)			/* x32 */
#define NR_BASE __X32_SYSCALL_BIT
#else
#define NR_BASE 0
#endif

#ifndef __NR_xyzzy
#define __NR_xyzzy (NR_BASE + 473)
#endif

/* Parameters that ask for every process in the caller's PID namespace. */
#define XYZZY_PARAMS(_mask, _tasks, _nr)			\
	((struct xyzzy_params){					\
		.size = sizeof(struct xyzzy_params),		\
		.task_size = sizeof(struct xyzzy_task),		\
		.procfd = -1,					\
		.pidfd = -1,					\
		.mask = (_mask),				\
		.tasks = (_tasks),				\
		.nr_tasks = (_nr),				\
	})

#define XYZZY_ALL (XYZZY_ID | XYZZY_CREDS | XYZZY_SCHED | XYZZY_TIMES |	\
		   XYZZY_FAULTS | XYZZY_MEM | XYZZY_IO | XYZZY_CGROUP)

static inline long sys_xyzzy(struct xyzzy_params *params, unsigned int flags)
{
	return syscall(__NR_xyzzy, params, flags);
}

#endif /* __XYZZY_WRAPPERS_H */
