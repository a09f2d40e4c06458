/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_PIDNS_H
#define __XYZZY_PIDNS_H

#include "helpers.h"

#include <linux/sched.h>
#include <stdint.h>

#ifndef __NR_clone3
#define __NR_clone3 435
#endif

/* Have the caller's next children live in the namespace of the process @pid. */
static inline int set_child_namespace(pid_t pid)
{
	char path[32];
	int fd, ret;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = setns(fd, CLONE_NEWPID);
	close(fd);
	return ret;
}

/*
 * fork() into the namespace, where the child gets the PID @inner if that is
 * not 0. Returns the PID here; 0 in the child.
 */
static inline pid_t fork_into(const struct pidns *ns, pid_t inner)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = inner ? (uintptr_t)&inner : 0,
		.set_tid_size = inner ? 1 : 0,
	};
	pid_t pid;

	if (set_child_namespace(ns->init))
		return -1;
	pid = syscall(__NR_clone3, &args, sizeof(args));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		return 0;
	}
	if (set_child_namespace(getpid())) {
		kill_child(pid);
		return -1;
	}
	return pid;
}

#endif /* __XYZZY_PIDNS_H */
