/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_STORMS_H
#define __XYZZY_STORMS_H

#include "caller.h"
#include "ns.h"
#include "../args.h"

#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

/*
 * A storm is a process that does one kind of thing in a loop. It is PID 1 of a
 * PID namespace, so that its children are killed with it.
 */

/* argv[0] of what a storm executes; see storm_main(). */
#define STORM_EXIT "storm-exit"
#define STORM_EXEC "storm-exec"

/* A set-user-ID copy of this program. */
static char suid_path[64];

static inline void storm_forks(void)
{
	for (;;) {
		for (int i = 0; i < 16; i++)
			if (!fork())
				_exit(0);
		reap_orphans();
	}
}

static inline void *end_thread(void *arg)
{
	return arg;
}

static inline void storm_threads(void)
{
	pthread_t threads[16];

	for (;;) {
		int nr = 0;

		while (nr < 16 && !pthread_create(&threads[nr], NULL,
						  end_thread, NULL))
			nr++;
		while (nr)
			pthread_join(threads[--nr], NULL);
	}
}

static inline void execute(const char *path, const char *name)
{
	execl(path, name, (char *)NULL);
	_exit(EXIT_FAILURE);
}

static inline void storm_execs(void)
{
	for (;;) {
		if (!vfork())
			execute("/proc/self/exe", STORM_EXIT);
		reap_orphans();
	}
}

static inline void *thread_execute(void *arg)
{
	execute("/proc/self/exe", STORM_EXEC);
	return arg;
}

/* A thread that is not the leader calls execve(), in a loop. */
static inline void storm_thread_execs(void)
{
	pthread_t thread;

	for (;;)
		if (!pthread_create(&thread, NULL, thread_execute, NULL))
			pause();
}

static inline void storm_suid_execs(void)
{
	for (;;) {
		if (!fork()) {
			if (setresgid(USER, USER, USER) ||
			    setresuid(USER, USER, USER))
				_exit(EXIT_FAILURE);
			execute(suid_path, STORM_EXIT);
		}
		reap_orphans();
	}
}

static inline void storm_sessions(void)
{
	for (;;) {
		for (int i = 0; i < 8; i++) {
			if (fork())
				continue;
			setpgid(0, 0);
			if (!fork())
				_exit(setsid() < 0);
			_exit(0);
		}
		reap_orphans();
	}
}

static inline void storm_creds(void)
{
	const gid_t groups[] = { USER, GROUP, OTHER_GROUP };

	for (int i = 0;; i++) {
		if (setgroups(i % 4, groups) || setresgid(-1, USER, -1) ||
		    setresuid(USER, OTHER_USER, 0) || setresuid(0, 0, 0) ||
		    setresgid(0, 0, 0) || prctl(PR_SET_DUMPABLE, i % 2))
			_exit(EXIT_FAILURE);
	}
}

static inline void storm_pidns(void)
{
	struct pidns ns;

	while (!spawn_pidns(&ns)) {
		struct walk walk;

		walk_all(&walk, ns.procfd, XYZZY_ALL, 0, 16);
		walk_free(&walk);
		kill_pidns(&ns);
	}
}

/* Mount with another hidepid= each time, and walk through it. */
static inline void storm_procfs(void)
{
	char where[] = "/tmp/xyzzy-procfs.XXXXXX", options[32];
	struct walk walk;
	int fd;

	if (unshare_mounts() || !mkdtemp(where))
		return;
	for (int i = 0;; i++) {
		if (mount("proc", where, "proc", 0, NULL))
			break;
		fd = open(where, O_RDONLY | O_DIRECTORY);
		snprintf(options, sizeof(options), "hidepid=%d", i % 3);
		mount(NULL, where, NULL, MS_REMOUNT, options);
		umount2(where, MNT_DETACH);
		walk_all(&walk, fd, XYZZY_ALL, XYZZY_THREADS, 8);
		walk_free(&walk);
		close(fd);
	}
	rmdir(where);
}

static inline void storm_ptrace(void)
{
	pid_t pid = spawn_sleeper();

	for (;;) {
		if (ptrace(PTRACE_SEIZE, pid, 0, 0) ||
		    ptrace(PTRACE_INTERRUPT, pid, 0, 0))
			break;
		waitpid(pid, NULL, __WALL);
		if (ptrace(PTRACE_DETACH, pid, 0, 0))
			break;
	}
}

static inline void storm_stops(void)
{
	pid_t pid = spawn_sleeper();

	while (stop_child(pid) && !kill(pid, SIGCONT))
		waitpid(pid, NULL, WCONTINUED);
}

static inline void take_signal(int sig)
{
}

static inline void storm_signals(void)
{
	pid_t pid;

	signal(SIGUSR1, take_signal);
	pid = spawn_sleeper();
	while (!kill(pid, SIGUSR1))
		sched_yield();
}

/*
 * A process that moves its arguments and overwrites them. Once it has this name,
 * each byte of them is an a or b or a NUL.
 */
#define ARGS_NAME "storm-args"

static inline void change_args(char *map, int i)
{
	const size_t page = page_size(), size = ARGS_PAGES * page;
	char *start = map + i % 5 * 1000, *end = start + i % 7 * 1000;

	switch (i % 4) {
	case 0:
		memset(map, i / 4 % 2 ? 'a' : 'b', size);
		break;
	case 1:
		madvise(map + page, page, MADV_DONTNEED);
		break;
	case 2:
		map += i % 3 * page;
		munmap(map, page);
		mmap(map, page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		break;
	default:
		set_args(start, end < map + size ? end : map + size);
	}
}

static inline void storm_args(void)
{
	char *map = map_before_guard(ARGS_PAGES * page_size(), GUARD_UNMAPPED);

	/* Without PR_SET_MM, only the memory changes. */
	if (!set_args(map, map + page_size()))
		prctl(PR_SET_NAME, ARGS_NAME);
	for (int i = 0;; i++)
		change_args(map, i);
}

/* Processes with arguments of 100 KiB that exit while these are read. */
static inline void storm_exits(void)
{
	const size_t size = 100 * 1024;
	char *map = map_before_guard(size, GUARD_UNMAPPED);

	memset(map, 'a', size - 1);
	if (!set_args(map, map + size))
		prctl(PR_SET_NAME, ARGS_NAME);
	storm_forks();
}

/* A cgroup with little memory, which storm_oom_end() removes. */
#define OOM_CGROUP "/sys/fs/cgroup/xyzzy-storm"
#define CONTROL "/sys/fs/cgroup/cgroup.subtree_control"

static inline bool storm_oom_begin(void)
{
	write_text(AT_FDCWD, CONTROL, "+memory");
	mkdir(OOM_CGROUP, 0755);
	return !write_text(AT_FDCWD, OOM_CGROUP "/memory.max", "2M");
}

static inline void storm_oom_end(void)
{
	for (int i = 0; i < WAIT_TRIES && rmdir(OOM_CGROUP) &&
	     errno == EBUSY; i++)
		usleep(1000);
	/* Fails if others use it. */
	write_text(AT_FDCWD, CONTROL, "-memory");
}

static inline void take_memory(void)
{
	const size_t size = 16 << 20;
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map != MAP_FAILED &&
	    !write_text(AT_FDCWD, OOM_CGROUP "/cgroup.procs", "0"))
		memset(map, 1, size);
	_exit(EXIT_SUCCESS);
}

static inline void storm_oom(void)
{
	for (;;) {
		if (!fork())
			take_memory();
		reap_orphans();
	}
}

static const struct storm {
	const char *name;
	void (*rage)(void);
	bool needs_oom;
} storms[] = {
	{ "forks", storm_forks },
	{ "threads", storm_threads },
	{ "execs", storm_execs },
	{ "execs of threads", storm_thread_execs },
	{ "set-user-ID execs", storm_suid_execs },
	{ "sessions", storm_sessions },
	{ "credentials", storm_creds },
	{ "PID namespaces", storm_pidns },
	{ "procfs", storm_procfs },
	{ "ptrace", storm_ptrace },
	{ "stops", storm_stops },
	{ "signals", storm_signals },
	{ "arguments", storm_args },
	{ "exits", storm_exits },
	{ "out of memory", storm_oom, true },
};

#define NR_STORMS (sizeof(storms) / sizeof(*storms))

/* For main(): the storms execute this program. */
static inline bool storm_main(const char *name)
{
	if (!strcmp(name, STORM_EXEC))
		storm_thread_execs();
	return !strcmp(name, STORM_EXIT);
}

/* Returns only if the storm cannot continue. */
static inline int storm_init(void *arg)
{
	const struct storm *storm = arg;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return EXIT_FAILURE;
	storm->rage();
	return EXIT_FAILURE;
}

static inline pid_t storm_start(const struct storm *storm)
{
	return clone_child(storm_init, CLONE_NEWPID, (void *)storm);
}

static inline bool make_suid_file(void)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to;
	struct stat stat;

	snprintf(suid_path, sizeof(suid_path), "/tmp/xyzzy-storm.XXXXXX");
	to = mkstemp(suid_path);
	if (from < 0 || to < 0 || fstat(from, &stat))
		return false;
	return sendfile(to, from, NULL, stat.st_size) == stat.st_size &&
	       !fchmod(to, 04755) && !close(from) && !close(to);
}

#endif /* __XYZZY_STORMS_H */
