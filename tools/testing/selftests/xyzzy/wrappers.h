/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_WRAPPERS_H
#define __XYZZY_WRAPPERS_H

#include <linux/xyzzy.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <asm/unistd.h>

#ifndef __NR_xyzzy
#if defined(__alpha__)
#define __NR_xyzzy 583
#elif defined(_MIPS_SIM) && _MIPS_SIM == _MIPS_SIM_ABI32	/* o32 */
#define __NR_xyzzy 4473
#elif defined(_MIPS_SIM) && _MIPS_SIM == _MIPS_SIM_NABI32	/* n32 */
#define __NR_xyzzy 6473
#elif defined(_MIPS_SIM) && _MIPS_SIM == _MIPS_SIM_ABI64	/* n64 */
#define __NR_xyzzy 5473
#elif defined(__x86_64__) && defined(__ILP32__)			/* x32 */
#define __NR_xyzzy (__X32_SYSCALL_BIT + 473)
#else
#define __NR_xyzzy 473
#endif
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
