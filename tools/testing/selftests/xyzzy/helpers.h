/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_HELPERS_H
#define __XYZZY_HELPERS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wrappers.h"

#ifndef __NR_pidfd_open
#define __NR_pidfd_open (NR_BASE + 434)
#endif
#ifndef __NR_pidfd_getfd
#define __NR_pidfd_getfd (NR_BASE + 438)
#endif
#ifndef __NR_fsopen
#define __NR_fsopen (NR_BASE + 430)
#endif
#ifndef __NR_fsconfig
#define __NR_fsconfig (NR_BASE + 431)
#endif
#ifndef __NR_fsmount
#define __NR_fsmount (NR_BASE + 432)
#endif

/* Some <sys/mount.h> have these as macros, older ones not at all. */
#ifndef FSCONFIG_SET_STRING
#define FSCONFIG_SET_STRING 1
#endif
#ifndef FSCONFIG_CMD_CREATE
#define FSCONFIG_CMD_CREATE 6
#endif

#ifndef __NR_pidfd_send_signal
#define __NR_pidfd_send_signal (NR_BASE + 424)
#endif

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif
#ifndef PIDFD_SELF_THREAD
#define PIDFD_SELF_THREAD -10000
#endif
#ifndef PIDFD_SELF_THREAD_GROUP
#define PIDFD_SELF_THREAD_GROUP -10001
#endif

/* Polls of 1 ms: only a kernel that never gets there uses them up. */
#define WAIT_TRIES 10000

/* Reasons to SKIP(). */
#define NO_XYZZY "xyzzy() is not there"
#define NO_ROOT "needs root"

/* To be asked first in every test or fixture setup. */
static inline bool xyzzy_is_there(void)
{
	return sys_xyzzy(NULL, 0) == 0 || errno != ENOSYS;
}

static inline int sys_pidfd_open(pid_t pid, unsigned int flags)
{
	return syscall(__NR_pidfd_open, pid, flags);
}

static inline int sys_pidfd_getfd(int pidfd, int fd)
{
	return syscall(__NR_pidfd_getfd, pidfd, fd, 0);
}

/* Does the kernel take this number, which is no descriptor, for the caller? */
static inline bool is_pidfd_self(int number)
{
	return number < 0 &&
	       !syscall(__NR_pidfd_send_signal, number, 0, NULL, 0);
}

static inline size_t page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

/*
 * Processes.
 */

/* fork(), but the child is killed when the thread that calls this ends. */
static inline pid_t fork_child(void)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid)
		return pid;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(EXIT_FAILURE);
	return 0;
}

/* Kill and reap @pid; a value that is no process ID is passed over. */
static inline void kill_child(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* The letter in /proc/PID/stat of a process or thread, 0 without one. */
static inline char proc_state(pid_t pid)
{
	char path[64], buf[512], *name_end;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	len = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (len <= 0)
		return 0;
	buf[len] = '\0';
	name_end = strrchr(buf, ')');
	return name_end ? name_end[2] : 0;
}

static inline bool wait_state(pid_t pid, char state)
{
	for (int i = 0; i < WAIT_TRIES; i++) {
		if (proc_state(pid) == state)
			return true;
		usleep(1000);
	}
	return false;
}

/* Fork a child that only sleeps. Does not wait until it does. */
static inline pid_t spawn_sleeper(void)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	for (;;)
		pause();
}

/* Fork a child that sleeps by now. */
static inline pid_t spawn_blocked(void)
{
	pid_t pid = spawn_sleeper();

	if (pid > 0 && !wait_state(pid, 'S')) {
		kill_child(pid);
		return -1;
	}
	return pid;
}

/* Fork @nr children that only sleep; the IDs of those not made are 0. */
static inline int spawn_many(pid_t *pids, int nr)
{
	memset(pids, 0, nr * sizeof(*pids));
	for (int i = 0; i < nr; i++) {
		pids[i] = spawn_sleeper();
		if (pids[i] < 0)
			return -1;
	}
	return 0;
}

static inline void kill_many(const pid_t *pids, int nr)
{
	for (int i = 0; i < nr; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
	for (int i = 0; i < nr; i++)
		kill_child(pids[i]);
}

/* Stop a child (state T) and wait until it has. */
static inline bool stop_child(pid_t pid)
{
	int status;

	return !kill(pid, SIGSTOP) &&
	       waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status);
}

/* Kill a child and leave it as a zombie. */
static inline bool make_zombie(pid_t pid)
{
	siginfo_t info;

	return !kill(pid, SIGKILL) &&
	       !waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
}

/* A pidfd of a process that is no more. */
static inline int reaped_pidfd(void)
{
	pid_t pid = spawn_sleeper();
	int pidfd;

	if (pid < 0)
		return -1;
	pidfd = sys_pidfd_open(pid, 0);
	kill_child(pid);
	return pidfd;
}

/* The number of a descriptor that is not open, and not soon will be. */
static inline int closed_fd(void)
{
	int low = sys_pidfd_open(getpid(), 0);
	int high = fcntl(low, F_DUPFD, 500);

	close(low);
	close(high);
	return high;
}

/*
 * Threads.
 */
static inline void *thread_sleep(void *arg)
{
	pid_t tid = syscall(__NR_gettid);

	if (write(*(int *)arg, &tid, sizeof(tid)) != sizeof(tid))
		_exit(EXIT_FAILURE);
	for (;;)
		pause();
	return NULL;
}

static inline void start_threads(int nr, int *report_fd)
{
	pthread_attr_t attr;
	pthread_t thread;

	if (pthread_attr_init(&attr) ||
	    pthread_attr_setstacksize(&attr, 256 * 1024))
		_exit(EXIT_FAILURE);
	for (int i = 0; i < nr; i++)
		if (pthread_create(&thread, &attr, thread_sleep, report_fd))
			_exit(EXIT_FAILURE);
}

/*
 * Fork a child of @nr sleeping threads and a leader, which sleeps or, with
 * @leader_exits, ends. The IDs of the @nr threads go to @tids.
 */
static inline pid_t spawn_threads(pid_t *tids, int nr, bool leader_exits)
{
	static int fds[2];
	pid_t pid;

	if (pipe(fds))
		return -1;
	pid = fork_child();
	if (!pid) {
		close(fds[0]);
		start_threads(nr, &fds[1]);
		if (leader_exits)
			syscall(__NR_exit, 0);
		for (;;)
			pause();
	}
	close(fds[1]);
	for (int i = 0; pid > 0 && i < nr; i++) {
		if (read(fds[0], &tids[i], sizeof(*tids)) == sizeof(*tids) &&
		    wait_state(tids[i], 'S'))
			continue;
		kill_child(pid);
		pid = -1;
	}
	close(fds[0]);
	if (pid > 0 && !wait_state(pid, leader_exits ? 'Z' : 'S')) {
		kill_child(pid);
		return -1;
	}
	return pid;
}

/*
 * Calls of xyzzy(). All of these return what the call does, or -errno.
 */

static inline long xyzzy_call(struct xyzzy_params *params, unsigned int flags)
{
	long ret = sys_xyzzy(params, flags);

	return ret < 0 ? -errno : ret;
}

/* The records of one pidfd, seen through @procfd or, with -1, without. */
static inline long xyzzy_pidfd(int procfd, int pidfd, __u64 mask,
			       unsigned int flags, struct xyzzy_task *tasks,
			       size_t nr)
{
	struct xyzzy_params params = XYZZY_PARAMS(mask, tasks, nr);

	params.procfd = procfd;
	params.pidfd = pidfd;
	return xyzzy_call(&params, flags);
}

/* The record of the process @pid: 1 if there is one. */
static inline long xyzzy_one(pid_t pid, __u64 mask, struct xyzzy_task *task)
{
	int pidfd = sys_pidfd_open(pid, 0);
	long ret;

	if (pidfd < 0)
		return -errno;
	ret = xyzzy_pidfd(-1, pidfd, mask, 0, task, 1);
	close(pidfd);
	return ret;
}

/* The groups that the kernel can fill, 0 on an error. */
static inline __u64 xyzzy_supported(void)
{
	struct xyzzy_params params = XYZZY_PARAMS(0, NULL, 0);

	return sys_xyzzy(&params, 0) ? 0 : params.supported;
}

/* All records of a walk. */
struct walk {
	struct xyzzy_task *tasks;
	size_t nr;
	size_t room;
};

static inline void walk_free(struct walk *walk)
{
	free(walk->tasks);
	memset(walk, 0, sizeof(*walk));
}

static inline int walk_make_room(struct walk *walk, size_t nr)
{
	size_t room = 2 * (walk->nr + nr);
	void *tasks;

	if (walk->nr + nr <= walk->room)
		return 0;
	tasks = realloc(walk->tasks, room * sizeof(*walk->tasks));
	if (!tasks)
		return -ENOMEM;
	walk->tasks = tasks;
	walk->room = room;
	return 0;
}

/*
 * Walk from params->cursor to the end, at most params->nr_tasks records a
 * call, and add the records to @walk. params->tasks is not used. Returns 0 or
 * -errno, -EOVERFLOW if a call stores more than it was given room for and
 * -ELOOP if there seems to be no end.
 */
static inline int walk_on(struct walk *walk, struct xyzzy_params *params,
			  unsigned int flags)
{
	size_t chunk = params->nr_tasks;
	long ret;

	while (walk->nr < 1000000) {
		if (walk_make_room(walk, chunk))
			return -ENOMEM;
		params->tasks = walk->tasks + walk->nr;
		ret = xyzzy_call(params, flags);
		if (ret < 0)
			return ret;
		if ((size_t)ret > chunk)
			return -EOVERFLOW;
		if (!ret)
			return 0;
		walk->nr += ret;
	}
	return -ELOOP;
}

/* A whole walk in calls of @chunk records; *@walk is overwritten. */
static inline int walk_all(struct walk *walk, int procfd, __u64 mask,
			   unsigned int flags, size_t chunk)
{
	struct xyzzy_params params = XYZZY_PARAMS(mask, NULL, chunk);

	params.procfd = procfd;
	memset(walk, 0, sizeof(*walk));
	return walk_on(walk, &params, flags);
}

/* The record of @pid (with XYZZY_THREADS: of the thread), NULL without one. */
static inline struct xyzzy_task *walk_find(struct walk *walk, pid_t pid)
{
	for (size_t i = 0; i < walk->nr; i++)
		if (walk->tasks[i].pid == (__u32)pid)
			return &walk->tasks[i];
	return NULL;
}

/* How often @pid is in the walk. */
static inline int walk_count(const struct walk *walk, pid_t pid)
{
	int count = 0;

	for (size_t i = 0; i < walk->nr; i++)
		count += walk->tasks[i].pid == (__u32)pid;
	return count;
}

/* The directory of an O_PATH descriptor, open for reading as procfd has to be. */
static inline int open_for_reading(int dirfd)
{
	return openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Mount what a context of fsopen() describes, but nowhere: its root directory. */
static inline int open_mount(int fs)
{
	int mount = syscall(__NR_fsmount, fs, 0, 0), fd;

	if (mount < 0)
		return -1;
	fd = open_for_reading(mount);
	close(mount);
	return fd;
}

/*
 * A new procfs of the caller's PID namespace, mounted nowhere: a descriptor of
 * its root directory. @hidepid and @gid are mount options, NULL for none.
 */
static inline int open_procfs(const char *hidepid, const char *gid)
{
	int fs = syscall(__NR_fsopen, "proc", 0);
	int fd = -1;

	if (fs < 0)
		return -1;
	if (hidepid && syscall(__NR_fsconfig, fs, FSCONFIG_SET_STRING,
			       "hidepid", hidepid, 0))
		goto out;
	if (gid && syscall(__NR_fsconfig, fs, FSCONFIG_SET_STRING, "gid", gid,
			   0))
		goto out;
	if (syscall(__NR_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		goto out;
	fd = open_mount(fs);
out:
	close(fs);
	return fd;
}

/*
 * A child PID namespace: @init is its PID 1, @sleeper one more process in it
 * (PID @inner_sleeper there), @procfd the root of a procfs of that namespace.
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
	struct pidns_ready ready = { 0 };
	int *report_fd = arg;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		_exit(EXIT_FAILURE);
	ready.procfd = open_procfs(NULL, NULL);
	ready.sleeper = fork();
	if (ready.sleeper) {
		if (write(*report_fd, &ready, sizeof(ready)) != sizeof(ready))
			_exit(EXIT_FAILURE);
	}
	for (;;)
		pause();
	return 0;
}

/* Returns 0, or -1 with errno (EINVAL, EPERM: no PID namespaces here). */
static inline int spawn_pidns(struct pidns *ns)
{
	const size_t stack_size = 128 * 1024;
	struct pidns_ready ready;
	int fds[2], pidfd, err;
	char *stack;

	if (pipe(fds))
		return -1;
	stack = mmap(NULL, stack_size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack == MAP_FAILED)
		return -1;
	ns->procfd = -1;
	/* On parisc, stacks grow up. */
	ns->init = clone(pidns_main, stack + stack_size / 2,
			 CLONE_NEWPID | SIGCHLD, &fds[1]);
	err = errno;
	munmap(stack, stack_size);
	close(fds[1]);
	if (ns->init < 0) {
		close(fds[0]);
		errno = err;
		return -1;
	}
	if (read(fds[0], &ready, sizeof(ready)) == sizeof(ready)) {
		ns->inner_sleeper = ready.sleeper;
		pidfd = sys_pidfd_open(ns->init, 0);
		ns->procfd = sys_pidfd_getfd(pidfd, ready.procfd);
		close(pidfd);
	}
	close(fds[0]);
	if (ns->procfd < 0) {
		kill_child(ns->init);
		ns->init = 0;
		errno = EIO;
		return -1;
	}
	return 0;
}

static inline void kill_pidns(struct pidns *ns)
{
	kill_child(ns->init);
	if (ns->procfd >= 0)
		close(ns->procfd);
	ns->init = 0;
	ns->procfd = -1;
}

/*
 * Memory. A test that gets none ends here.
 */

/* memcmp() compares many bytes at a time, each with the one before it. */
static inline bool is_filled_with(const void *where, int byte, size_t size)
{
	const unsigned char *bytes = where;

	return !size ||
	       (bytes[0] == byte && !memcmp(bytes, bytes + 1, size - 1));
}

/* Map memory that is shared with child processes. */
static inline void *map_shared(size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		abort();
	return map;
}

enum guard {
	GUARD_UNMAPPED,
	GUARD_NONE,		/* PROT_NONE */
	GUARD_READ_ONLY,
};

/* Map @size bytes that end right before a page that cannot be written. */
static inline void *map_before_guard(size_t size, enum guard guard)
{
	size_t page = page_size();
	size_t room = (size + page - 1) / page * page;
	char *map, *end;
	int err;

	map = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		abort();
	end = map + room;
	if (guard == GUARD_UNMAPPED)
		err = munmap(end, page);
	else
		err = mprotect(end, page,
			       guard == GUARD_NONE ? PROT_NONE : PROT_READ);
	if (err)
		abort();
	return end - size;
}

#endif /* __XYZZY_HELPERS_H */
