/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_CHILD_H
#define __XYZZY_CHILD_H

/* Children of a test, and their threads. */
#include "proc.h"

/* How often to poll, every millisecond, before a test fails. */
#define WAIT_TRIES 10000

/*
 * Processes.
 */

/*
 * Be killed when the parent ends. A change of credentials undoes this. In a
 * child PID namespace, the ID of the parent is 0.
 */
static inline void die_with_parent(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) ||
	    (getppid() && getppid() != parent))
		_exit(EXIT_FAILURE);
}

/* fork(), but the child is killed when the thread that calls this ends. */
static inline pid_t fork_child(void)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (!pid)
		die_with_parent(parent);
	return pid;
}

/* clone() a child that runs @fn on a stack of its own. */
static inline pid_t clone_child(int (*fn)(void *arg), int flags, void *arg)
{
	const size_t size = 256 * 1024;
	char *stack = map_before_guard(size, GUARD_NONE);
	pid_t pid;

	/* On parisc, stacks grow up. */
	pid = clone(fn, stack + size / 2, flags | SIGCHLD, arg);
	if (!(flags & CLONE_VM))
		munmap(stack, size + page_size());
	return pid;
}

/* Kill and reap @pid, if it is a process ID. */
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
	struct proc_dir dir = proc_dir(pid, 0);
	struct proc_stat stat;

	return proc_stat(&dir, &stat) ? 0 : stat.state;
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

/* Fork a child that sleeps, maybe not yet when this returns. */
static inline pid_t spawn_sleeper(void)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	for (;;)
		pause();
}

/* Fork a child that sleeps when this returns. */
static inline pid_t spawn_blocked(void)
{
	pid_t pid = spawn_sleeper();

	if (pid > 0 && !wait_state(pid, 'S')) {
		kill_child(pid);
		return -1;
	}
	return pid;
}

/*
 * Fork @nr children that sleep, and sort their IDs, as they may have wrapped
 * around. If one fails, an ID of 0 stands for each that is missing.
 */
static inline int spawn_many(pid_t *pids, int nr)
{
	memset(pids, 0, nr * sizeof(*pids));
	for (int i = 0; i < nr; i++) {
		pids[i] = spawn_sleeper();
		if (pids[i] < 0)
			return -1;
	}
	sort_pids(pids, nr);
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

/* Stop a child and wait until it has stopped. */
static inline bool stop_child(pid_t pid)
{
	int status;

	return !kill(pid, SIGSTOP) &&
	       waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status);
}

/* Kill a child, but do not reap it. */
static inline bool make_zombie(pid_t pid)
{
	siginfo_t info;

	return !kill(pid, SIGKILL) &&
	       !waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
}

/* A pidfd of a process that has been reaped. */
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

/* Leave out the next @nr process and thread IDs. Returns 0 or -errno. */
static inline int skip_ids(int nr)
{
	struct proc_dir dir = { "/proc/sys/kernel" };
	char text[16];
	long long last;
	int err;

	err = proc_num(&dir, "ns_last_pid", &last);
	if (err)
		return err;
	snprintf(text, sizeof(text), "%lld", last + nr);
	return write_text(AT_FDCWD, "/proc/sys/kernel/ns_last_pid", text);
}

/*
 * If the IDs would wrap around within the next @nr, let them do so now, where
 * the caller is able to choose IDs.
 */
static inline void avoid_wrap(int nr)
{
	struct proc_dir dir = { "/proc/sys/kernel" };
	long long last, max;

	if (!proc_num(&dir, "ns_last_pid", &last) &&
	    !proc_num(&dir, "pid_max", &max) && last + nr >= max)
		skip_ids(max - 1 - last);
}

static inline void start_threads(int nr, int gap, int *report_fd)
{
	pthread_attr_t attr;
	pthread_t thread;

	if (pthread_attr_init(&attr) ||
	    pthread_attr_setstacksize(&attr, 256 * 1024))
		_exit(EXIT_FAILURE);
	for (int i = 0; i < nr; i++)
		if ((gap && skip_ids(gap)) ||
		    pthread_create(&thread, &attr, thread_sleep, report_fd))
			_exit(EXIT_FAILURE);
}

/*
 * Fork a child with @nr sleeping threads and a leader, which sleeps too or exits
 * (@leader_exits). The IDs of the @nr threads are stored in @tids. They are more
 * than @gap apart.
 */
static inline pid_t spawn_sparse_threads(pid_t *tids, int nr, int gap,
					 bool leader_exits)
{
	static int fds[2];
	pid_t pid;

	if (pipe(fds))
		return -1;
	pid = fork_child();
	if (!pid) {
		close(fds[0]);
		start_threads(nr, gap, &fds[1]);
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

static inline pid_t spawn_threads(pid_t *tids, int nr, bool leader_exits)
{
	return spawn_sparse_threads(tids, nr, 0, leader_exits);
}

/*
 * Run @make(@arg) in a new thread of the caller, which then sleeps for good.
 * Returns the ID of the thread when it sleeps, or -errno, also that of @make.
 */
struct thread_start {
	int (*make)(void *arg);
	void *arg;
	pid_t result;
};

static inline void *make_and_sleep(void *arg)
{
	struct thread_start *start = arg;
	int err = start->make(start->arg);

	__atomic_store_n(&start->result, err ?: (int)syscall(__NR_gettid),
			 __ATOMIC_RELEASE);
	for (;;)
		pause();
	return NULL;
}

static inline pid_t start_thread(int (*make)(void *arg), void *arg)
{
	struct thread_start start = { .make = make, .arg = arg };
	pthread_t thread;
	pid_t tid;

	if (pthread_create(&thread, NULL, make_and_sleep, &start))
		return -EAGAIN;
	while (!(tid = __atomic_load_n(&start.result, __ATOMIC_ACQUIRE)))
		usleep(1000);
	return tid < 0 || wait_state(tid, 'S') ? tid : -ETIMEDOUT;
}

/* Change the name of the calling thread. */
static inline int set_comm(void *name)
{
	return prctl(PR_SET_NAME, name) ? -errno : 0;
}

/*
 * A subject is a child that sets itself up as the test wants it to be and then
 * sleeps, so that its figures do not change while the test reads them.
 */
struct subject {
	pid_t pid;
	int pidfd;
	int ready_fd;	/* The subject writes an error code when it is ready */
	int go_fd;	/* The subject continues when this is closed */
};

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
 * calls @after(@arg) and exits. Returns 0 when it sleeps, or -errno, which may
 * be what @make returned.
 */
static inline int subject_start_after(struct subject *subject,
				      int (*make)(void *arg),
				      void (*after)(void *arg), void *arg)
{
	int ready[2], go[2], err = -EPIPE;
	pid_t pid, parent = getpid();

	memset(subject, -1, sizeof(*subject));
	if (pipe(ready) || pipe(go))
		return -errno;
	subject->ready_fd = ready[0];
	subject->go_fd = go[1];
	pid = fork_child();
	if (!pid) {
		close(ready[0]);
		close(go[1]);
		subject_main(ready[1], go[0], parent, make, after, arg);
	}
	subject->pid = pid;
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

/* Let it continue, and wait until it has exited. */
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

static inline void subject_kill(struct subject *subject)
{
	kill_child(subject->pid);
	close_fd(subject->pidfd);
	close_fd(subject->ready_fd);
	close_fd(subject->go_fd);
	memset(subject, -1, sizeof(*subject));
}

/* The child of vfork() never releases the memory, so the parent sleeps. */
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
 * Children of killed children become ours, to be reaped at the end of the test:
 * adopt_orphans() at its start, reap_orphans() at its end.
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
 * 255, or -1 if the child did not exit.
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

#endif /* __XYZZY_CHILD_H */
