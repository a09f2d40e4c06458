/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_NS_H
#define __XYZZY_NS_H

/* PID and user namespaces. */
#include "child.h"

#include <linux/sched.h>
#include <stdint.h>

/*
 * A child PID namespace with two sleeping processes: @init is the outer PID of
 * its init, @inner_sleeper the inner PID of the other one. @procfd is the root
 * directory of a procfs of that namespace.
 */
struct pidns {
	pid_t init;
	pid_t inner_sleeper;
	int procfd;
};

struct pidns_ready {
	pid_t sleeper;
	int procfd;
};

static inline int pidns_main(void *arg)
{
	struct pidns_ready ready = { .procfd = open_procfs(NULL) };
	int *report_fd = arg;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		_exit(EXIT_FAILURE);
	ready.sleeper = fork();
	if (ready.sleeper &&
	    write(*report_fd, &ready, sizeof(ready)) != sizeof(ready))
		_exit(EXIT_FAILURE);
	for (;;)
		pause();
	return 0;
}

/* Returns 0, or -1 with errno: EINVAL or EPERM without PID namespaces. */
static inline int spawn_pidns(struct pidns *ns)
{
	struct pidns_ready ready;
	int fds[2], pidfd, err;

	if (pipe(fds))
		return -1;
	ns->procfd = -1;
	ns->init = clone_child(pidns_main, CLONE_NEWPID, &fds[1]);
	err = ns->init < 0 ? errno : EIO;
	close(fds[1]);
	if (read(fds[0], &ready, sizeof(ready)) == sizeof(ready)) {
		ns->inner_sleeper = ready.sleeper;
		pidfd = sys_pidfd_open(ns->init, 0);
		ns->procfd = sys_pidfd_getfd(pidfd, ready.procfd);
		close(pidfd);
	}
	close(fds[0]);
	if (ns->procfd >= 0)
		return 0;
	kill_child(ns->init);
	ns->init = 0;
	errno = err;
	return -1;
}

static inline void kill_pidns(struct pidns *ns)
{
	kill_child(ns->init);
	close_fd(ns->procfd);
	ns->init = 0;
	ns->procfd = -1;
}

/* sh does not have it. */
#ifndef __NR_clone3
#define __NR_clone3 -1
#endif

/* Put future children into the PID namespace of the process @pid. */
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
 * fork() into the namespace, with the PID @inner in it unless that is 0.
 * Returns the PID outside; 0 in the child.
 */
static inline pid_t fork_into(const struct pidns *ns, pid_t inner)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&inner,
		.set_tid_size = 1,
	};
	pid_t pid, parent = getpid();

	if (set_child_namespace(ns->init))
		return -1;
	pid = inner ? syscall(__NR_clone3, &args, sizeof(args)) : fork();
	if (!pid) {
		die_with_parent(parent);
		return 0;
	}
	if (set_child_namespace(getpid())) {
		kill_child(pid);
		return -1;
	}
	return pid;
}

/* Fork a child into the namespace that only sleeps. */
static inline pid_t spawn_into(const struct pidns *ns, pid_t inner)
{
	pid_t pid = fork_into(ns, inner);

	if (pid)
		return pid;
	for (;;)
		pause();
}

/* Like run_in_child(), in the namespace. */
static inline int run_inside(const struct pidns *ns, int (*fn)(void *arg),
			     void *arg)
{
	int ret = set_child_namespace(ns->init) ?: run_in_child(fn, arg);

	return set_child_namespace(getpid()) ?: ret;
}

/* More than 16 bits, except where setfsuid() is limited to that. */
#ifdef __sparc__
#define MAP_START 40000
#else
#define MAP_START 100000
#endif
#define MAP_LEN 10000

static inline int write_map(pid_t pid, const char *name, const char *map)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return write_text(AT_FDCWD, path, map);
}

/* In a child, which stays outside: write the maps once the pipe is closed. */
static inline void map_parent(const int fds[2], const char *map)
{
	char c;

	close(fds[1]);
	_exit(read(fds[0], &c, 1) || write_map(getppid(), "uid_map", map) ||
	      write_map(getppid(), "gid_map", map));
}

/* Become root of a new user namespace whose uid_map and gid_map are @map. */
static inline int enter_userns_with(const char *map)
{
	int fds[2], status, err;
	pid_t mapper;

	if (pipe(fds))
		return -errno;
	mapper = fork_child();
	if (!mapper)
		map_parent(fds, map);
	close(fds[0]);
	err = unshare(CLONE_NEWUSER) ? -errno : 0;
	close(fds[1]);
	if (mapper < 0 || waitpid(mapper, &status, 0) != mapper)
		return -ECHILD;
	if (err || status)
		return err ?: -EIO;
	return setresgid(0, 0, 0) || setresuid(0, 0, 0) ? -errno : 0;
}

/* The IDs from 0 are those from MAP_START outside. */
static inline int enter_userns(void)
{
	char map[64];

	snprintf(map, sizeof(map), "0 %d %d\n", MAP_START, MAP_LEN);
	return enter_userns_with(map);
}

static inline bool have_userns(void)
{
	return !access("/proc/self/ns/user", F_OK);
}

#endif /* __XYZZY_NS_H */
