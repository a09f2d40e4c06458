/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_SUBJECT_H
#define __XYZZY_SUBJECT_H

#include "helpers.h"
#include "proc_parse.h"

#include <sys/utsname.h>

/*
 * A subject is a child that makes itself what the test wants to look at, and
 * then sleeps: nothing about it changes while it is looked at.
 */
struct subject {
	pid_t pid;
	int pidfd;
	int ready_fd;	/* The subject writes an error code when it is ready */
	int go_fd;	/* and goes on when this is closed */
};

/* Memory that the test and its children share. */
static inline void *share_memory(size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED) {
		perror("mmap");
		exit(EXIT_FAILURE);
	}
	return map;
}

/* A change of credentials loses the signal; ask for it again. */
static inline void die_with_parent(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(EXIT_FAILURE);
}

static inline void subject_main(int ready_fd, int go_fd, pid_t parent,
				int (*make)(void *arg), void (*after)(void *arg),
				void *arg)
{
	int err = make ? make(arg) : 0;
	char c;

	die_with_parent(parent);
	if (write(ready_fd, &err, sizeof(err)) != sizeof(err) || err)
		_exit(EXIT_FAILURE);
	while (read(go_fd, &c, 1) < 0 && errno == EINTR)
		;
	if (after)
		after(arg);
	_exit(EXIT_SUCCESS);
}

/*
 * Start a child that calls @make(@arg), then sleeps until subject_end(), then
 * calls @after(@arg) and exits. Returns 0 when it sleeps, or -errno: that
 * of @make, for one.
 */
static inline int subject_start_after(struct subject *subject,
				      int (*make)(void *arg),
				      void (*after)(void *arg), void *arg)
{
	int ready[2], go[2], err = -EPIPE;
	pid_t parent = getpid();

	memset(subject, -1, sizeof(*subject));
	if (pipe(ready) || pipe(go))
		return -errno;
	subject->ready_fd = ready[0];
	subject->go_fd = go[1];
	subject->pid = fork_child();
	if (!subject->pid) {
		close(ready[0]);
		close(go[1]);
		subject_main(ready[1], go[0], parent, make, after, arg);
	}
	close(ready[1]);
	close(go[0]);
	if (subject->pid < 0)
		return -EAGAIN;
	subject->pidfd = sys_pidfd_open(subject->pid, 0);
	if (subject->pidfd < 0)
		return -errno;
	if (read(ready[0], &err, sizeof(err)) < 0 || err)
		return err;
	return wait_state(subject->pid, 'S') ? 0 : -ETIMEDOUT;
}

static inline int subject_start(struct subject *subject,
				int (*make)(void *arg), void *arg)
{
	return subject_start_after(subject, make, NULL, arg);
}

/* Let it go on; returns when it has exited and is reaped. */
static inline bool subject_end(struct subject *subject)
{
	int status;

	close(subject->go_fd);
	subject->go_fd = -1;
	if (waitpid(subject->pid, &status, 0) != subject->pid)
		return false;
	subject->pid = -1;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static inline void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static inline void subject_kill(struct subject *subject)
{
	kill_child(subject->pid);
	close_fd(subject->pidfd);
	close_fd(subject->ready_fd);
	close_fd(subject->go_fd);
	memset(subject, -1, sizeof(*subject));
}

/* Kernels without CONFIG_MULTIUSER have root alone. */
#define NO_USERS "no users but root"

static inline bool have_users(void)
{
	return !setresuid(-1, -1, -1);
}

/* vfork() sleeps until the child is done with the memory: it never is. */
static inline void sleep_in_vfork(void)
{
	pid_t parent = getpid();

	if (!vfork()) {
		die_with_parent(parent);
		for (;;)
			pause();
	}
	_exit(EXIT_SUCCESS);
}

/*
 * Children of killed children become ours, so that nothing is left behind:
 * adopt_orphans() at the start of a test, reap_orphans() at its end.
 */
static inline void adopt_orphans(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static inline void reap_orphans(void)
{
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

/*
 * Run @fn(@arg) in a child, as another caller. Returns its return value, 0 to
 * 255, or -1 if it did not get that far.
 */
static inline int run_in_child(int (*fn)(void *arg), void *arg)
{
	pid_t pid = fork_child();
	int status;

	if (!pid)
		_exit(fn(arg));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/*
 * Records.
 */
#define RECORDS_MAX 64

/* The record of the thread @tid of @pid, or with @tid 0 of the process. */
static inline int record_get(pid_t pid, pid_t tid, __u64 mask,
			     struct xyzzy_task *task)
{
	struct xyzzy_task tasks[RECORDS_MAX];
	int pidfd = sys_pidfd_open(pid, 0);
	long ret;

	memset(task, 0xff, sizeof(*task));
	if (pidfd < 0)
		return -errno;
	memset(tasks, 0xff, sizeof(tasks));
	ret = xyzzy_pidfd(-1, pidfd, mask, tid ? XYZZY_THREADS : 0, tasks,
			  RECORDS_MAX);
	close(pidfd);
	if (ret < 0)
		return ret;
	for (long i = 0; i < ret; i++) {
		if (tasks[i].pid != (__u32)(tid ?: pid))
			continue;
		*task = tasks[i];
		return 0;
	}
	return -ENOENT;
}

static inline bool record_has(const struct xyzzy_task *task, __u64 groups)
{
	return (task->mask & groups) == groups;
}

/* A record, and what /proc shows of the same process (thread) meanwhile. */
struct pair {
	struct xyzzy_task task;
	struct proc_snap snap;
};

/*
 * Take both. What /proc shows must be the same before and after the call, so
 * this is for those that sleep, are stopped or dead.
 */
static inline int pair_take(struct pair *pair, pid_t pid, pid_t tid)
{
	struct proc_dir dir = proc_dir(pid, tid);
	struct proc_snap before;
	int err;

	for (int i = 0; i < WAIT_TRIES; i++) {
		err = proc_snap(&dir, &before);
		if (!err)
			err = record_get(pid, tid, XYZZY_ALL, &pair->task);
		if (!err)
			err = proc_snap(&dir, &pair->snap);
		if (err)
			return err;
		if (!memcmp(&before, &pair->snap, sizeof(before)))
			return 0;
		usleep(1000);
	}
	return -ETIMEDOUT;
}

/* What the kernel is, whatever this program was compiled for. */
static inline bool kernel_is_64bit(void)
{
	struct utsname name;

	return sizeof(long) == 8 || uname(&name) ||
	       strstr(name.machine, "64") || !strcmp(name.machine, "s390x");
}

/* ns in the ticks of /proc/PID/stat. */
static inline __u64 ns_to_ticks(__u64 ns)
{
	__u64 hz = sysconf(_SC_CLK_TCK);

	return ns / 1000000000 * hz + ns % 1000000000 * hz / 1000000000;
}

#endif /* __XYZZY_SUBJECT_H */
