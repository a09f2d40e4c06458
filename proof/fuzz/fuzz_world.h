/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_FUZZ_WORLD_H
#define __XYZZY_FUZZ_WORLD_H

#include "caller.h"
#include "ns.h"
#include "use.h"
#include "../args.h"

#include <limits.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

/*
 * What a call can refer to: processes, descriptors of every kind, and memory,
 * with the documented result of each descriptor. Include after
 * kselftest_harness.h.
 */
#define NR_SLEEPERS 40
/* More threads than the kernel adds up within a batch. */
#define NR_CROWD 140
#define NR_FDS_MAX 70
/* A command line that is larger than the kernel's buffer. */
#define BIG_ARGS (100 * 1024)
#define NR_KNOWN_MAX (NR_ACTORS + NR_SLEEPERS + 12)

#define FUZZ_ALL (XYZZY_ALL | XYZZY_STRINGS | XYZZY_DELAYS)

/* The processes that a procfd can show. */
enum shows {
	SHOWS_NOTHING,		/* It is no procfd: @procfd_err */
	SHOWS_PTRACEABLE,	/* What the caller may ptrace-read */
	SHOWS_ALL,
	SHOWS_INNER,		/* Those of the inner PID namespace, all */
};

struct fuzz_fd {
	const char *name;
	int fd;

	/* As procfd. */
	enum shows shows;
	int procfd_err;
	bool locked;		/* USER may not read it: EACCES */

	/* As pidfd: 0, or the error whatever the procfd is. */
	int pidfd_err;
	bool is_pidfd;		/* With no error and no pidfd: all processes */
	pid_t pid;		/* 0: the caller's */
	bool inner;		/* The process is in the inner PID namespace */
	bool caller;		/* It is the caller's own */
	bool ptraceable;	/* for USER */
	int nr_threads;
	size_t cmdline_max;	/* No command line of it is longer */
};

/* The strings of a process that does not change, as /proc shows them. */
struct known {
	pid_t pid;
	char name[64];
	char *cmdline;
	size_t len;
	size_t size;		/* cmdline_size, if it is cut */
	size_t resident;	/* More cannot be read without waiting */
};

/* Programs with a command line of another kind each. */
static const struct program {
	const char *name;
	int (*make)(void *arg);
	bool absent;		/* But for the first page */
	bool is_short;
} programs[] = {
	{ "a title", title_args },
	{ "no arguments", no_args },
	{ "absent arguments", absent_args, .absent = true },
	{ "arguments that stop short", short_args, .is_short = true },
};

/* Shared with the callers: command lines that are known. */
struct cmdline_counts {
	__u64 read;
	__u64 not_read;		/* The kernel was busy with their memory. */
};

struct fuzz_world {
	struct subject actors[NR_ACTORS];
	pid_t sleepers[NR_SLEEPERS];
	pid_t zombie;
	pid_t crowd;			/* Of so many threads and a leader */
	struct subject session;		/* With a terminal, if there are any */
	struct pidns ns;
	struct subject programs[ARRAY_SIZE(programs)];
	pid_t odd;			/* With arguments of all kinds */
	pid_t big;			/* With BIG_ARGS bytes of them */
	__u64 supported;

	struct known known[NR_KNOWN_MAX];
	int nr_known;
	struct cmdline_counts *cmdlines;
	size_t own_cmdline;		/* Of the caller and what it forks */
	size_t strings_max;		/* All strings take at most that much */

	struct fuzz_fd fds[NR_FDS_MAX];
	int nr_fds;

	/* Two pages and a guard: the parameters, and the same read-only. */
	char *params;
	char *params_ro;
	/* BUF_SIZE bytes and a guard: the records, and the same read-only. */
	char *buf;
	char *buf_ro;
	/* The strings area, likewise, of strings_size bytes. */
	char *strings;
	char *strings_ro;
	size_t strings_size;
};

#define BUF_SIZE (256 * 1024)
#define STRINGS_SIZE (512 * 1024)

static inline struct fuzz_fd *add_fd(struct fuzz_world *world,
				     const char *name, int fd)
{
	struct fuzz_fd *new = &world->fds[world->nr_fds++];

	if (world->nr_fds > NR_FDS_MAX)
		abort();
	*new = (struct fuzz_fd){
		.name = name, .fd = fd, .procfd_err = -EINVAL,
		.pidfd_err = -EBADF,
	};
	return new;
}

/* Numbers that are no descriptors. */
static inline void add_bad_numbers(struct fuzz_world *world)
{
	const int numbers[] = {
		-2, AT_FDCWD, -9999, -10002, -10009, -20000, -40000, INT_MIN,
		INT_MAX,
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		add_fd(world, "a bad number", numbers[i])->procfd_err = -EBADF;
	add_fd(world, "a closed one", closed_fd())->procfd_err = -EBADF;
}

/* Descriptors with O_PATH. */
static inline void add_path(struct fuzz_world *world, const char *name,
			    const char *path)
{
	add_fd(world, name, open(path, O_PATH))->procfd_err = -EBADF;
}

static inline void add_files(struct fuzz_world *world)
{
	int fds[2];

	if (!pipe(fds)) {
		add_fd(world, "a pipe", fds[0]);
		close(fds[1]);
	}
	add_fd(world, "null", open("/dev/null", O_RDWR));
	add_fd(world, "a memfd", syscall(__NR_memfd_create, "fuzz", 0));
	add_fd(world, "an eventfd", eventfd(0, 0));
	add_fd(world, "an epoll", epoll_create1(0));
	add_fd(world, "a socket", socket(AF_UNIX, SOCK_STREAM, 0));
	add_fd(world, "the root", open("/", O_RDONLY | O_DIRECTORY));
	add_path(world, "the root, O_PATH", "/");
	add_fd(world, "a process's directory", open("/proc/self", O_RDONLY));
	add_fd(world, "a file of procfs", open("/proc/stat", O_RDONLY));
}

static inline void add_procfs(struct fuzz_world *world, const char *name,
			      int fd, enum shows shows)
{
	if (fd >= 0)
		add_fd(world, name, fd)->shows = shows;
}

/* USER may not read it, or not search it. */
static inline void add_locked_procfs(struct fuzz_world *world,
				     const char *name, mode_t mode)
{
	int fd = open_procfs(NULL);

	if (fd >= 0 && fchmod(fd, mode))
		abort();
	add_procfs(world, name, fd, SHOWS_ALL);
	if (fd >= 0)
		world->fds[world->nr_fds - 1].locked = true;
}

static inline void add_procfses(struct fuzz_world *world)
{
	add_procfs(world, "procfs", open_procfs(NULL), SHOWS_ALL);
	add_path(world, "procfs, O_PATH", "/proc");
	add_locked_procfs(world, "procfs, mode 0700", 0700);
	add_locked_procfs(world, "procfs, mode 0744", 0744);
	add_locked_procfs(world, "procfs, mode 0711", 0711);
	add_procfs(world, "procfs, hidepid=2", open_procfs("2"),
		   SHOWS_PTRACEABLE);
	add_procfs(world, "procfs, hidepid=4", open_procfs("4"),
		   SHOWS_PTRACEABLE);
	add_procfs(world, "inner procfs", world->ns.procfd, SHOWS_INNER);
}

static inline struct fuzz_fd *add_pidfd(struct fuzz_world *world,
					const char *name, pid_t pid)
{
	int fd = sys_pidfd_open(pid, 0);
	struct fuzz_fd *new;

	if (fd < 0)
		return NULL;
	new = add_fd(world, name, fd);
	new->pidfd_err = 0;
	new->is_pidfd = true;
	new->pid = pid;
	new->nr_threads = 1;
	new->cmdline_max = world->own_cmdline;
	return new;
}

/* The numbers that stand for the caller, if the kernel has them. */
static inline void add_pidfd_self(struct fuzz_world *world)
{
	const int numbers[] = { PIDFD_SELF_THREAD, PIDFD_SELF_THREAD_GROUP };
	struct fuzz_fd *new;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		new = add_fd(world, "PIDFD_SELF", numbers[i]);
		new->procfd_err = -EBADF;
		if (!is_pidfd_self(numbers[i]))
			continue;
		new->pidfd_err = 0;
		new->is_pidfd = true;
		new->ptraceable = true;
		new->caller = true;
		new->nr_threads = 1;
		new->cmdline_max = world->own_cmdline;
	}
}

static inline void add_pidfds(struct fuzz_world *world)
{
	struct fuzz_fd *new;

	for (int i = 0; i < NR_ACTORS; i++) {
		new = add_pidfd(world, actor_kinds[i].name,
				world->actors[i].pid);
		new->ptraceable = actor_kinds[i].ptraceable;
		new->nr_threads += actor_kinds[i].threaded;
	}
	add_pidfd(world, "a session's leader", world->session.pid);
	new = add_pidfd(world, "a process of many threads", world->crowd);
	new->nr_threads = NR_CROWD + 1;
	add_pidfd(world, "a zombie", world->zombie);
	add_fd(world, "a reaped one", reaped_pidfd())->pidfd_err = -ESRCH;
	if (world->ns.procfd >= 0)
		add_pidfd(world, "inner init", world->ns.init)->inner = true;
	add_pidfd(world, "odd arguments", world->odd);
	add_pidfd(world, "big arguments", world->big)->cmdline_max = BIG_ARGS;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		new = add_pidfd(world, programs[i].name,
				world->programs[i].pid);
		if (new)
			new->cmdline_max = ARGS_PAGES * page_size();
	}
}

/*
 * Processes whose strings are known.
 */
static inline void add_known(struct fuzz_world *world, pid_t pid,
			     const struct program *program)
{
	struct known *known = &world->known[world->nr_known];
	struct proc_dir dir = proc_dir(pid, 0);
	const size_t pages = ARGS_PAGES * page_size();
	char *buf = malloc(BIG_ARGS + pages);
	struct proc_stat stat;
	ssize_t len = pages;

	if (!buf || world->nr_known == NR_KNOWN_MAX)
		abort();
	/* Reading the file would fault them in. */
	if (program && program->absent)
		memset(buf, 'a', pages);
	else
		len = proc_cmdline(pid, buf, BIG_ARGS + pages);
	if (pid <= 0 || len < 0 || proc_stat(&dir, &stat)) {
		free(buf);
		return;
	}
	*known = (struct known){
		.pid = pid, .cmdline = realloc(buf, len + 1), .len = len,
		.size = program && program->is_short ? pages : (size_t)len,
		.resident = program && program->absent ? page_size() : len,
	};
	memcpy(known->name, stat.comm, sizeof(known->name));
	world->nr_known++;
}

static inline void add_all_known(struct fuzz_world *world)
{
	for (int i = 0; i < NR_ACTORS; i++)
		add_known(world, world->actors[i].pid, NULL);
	for (int i = 0; i < NR_SLEEPERS; i++)
		add_known(world, world->sleepers[i], NULL);
	add_known(world, world->zombie, NULL);
	add_known(world, world->crowd, NULL);
	add_known(world, world->odd, NULL);
	add_known(world, world->big, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		add_known(world, world->programs[i].pid, &programs[i]);
}

static inline const struct known *find_known(const struct fuzz_world *world,
					     __u32 pid)
{
	for (int i = 0; i < world->nr_known; i++)
		if (world->known[i].pid == (pid_t)pid)
			return &world->known[i];
	return NULL;
}

static inline int start_programs(struct fuzz_world *world)
{
	static const char * const odd[] = {
		"odd", "", "new\nline", "\xff\xc0", "", NULL,
	};

	world->odd = spawn_program(odd);
	world->big = spawn_large_program(BIG_ARGS);
	/* PR_SET_MM may not be there. */
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (subject_start(&world->programs[i], programs[i].make, NULL))
			subject_kill(&world->programs[i]);
	return world->odd < 0 || world->big < 0 ? -EAGAIN : 0;
}

/* Twice what they take now, as some processes come and go. */
static inline size_t measure_strings(const struct fuzz_world *world)
{
	const size_t nr = 4096;
	struct xyzzy_task *tasks = calloc(nr, sizeof(*tasks));
	struct xyzzy_params params = XYZZY_PARAMS(XYZZY_STRINGS, tasks, nr);
	size_t used = 0;
	long ret;

	params.strings = world->strings;
	params.strings_size = world->strings_size;
	ret = tasks ? xyzzy_call(&params, XYZZY_THREADS) : -ENOMEM;
	for (long i = 0; i < ret; i++)
		used += tasks[i].name_len + 1 + tasks[i].cmdline_len + 1;
	if (ret <= 0 || xyzzy_call(&params, XYZZY_THREADS))
		used = SIZE_MAX / 2;
	free(tasks);
	return 2 * used;
}

/* Callers have one thread otherwise. */
static inline void set_nr_own_threads(struct fuzz_world *world, int nr)
{
	for (int i = 0; i < world->nr_fds; i++)
		if (world->fds[i].caller)
			world->fds[i].nr_threads = nr;
}

/* The largest alignment that caches need for shared memory, as on parisc. */
#define COLOURS (4UL * 1024 * 1024)

/* Addresses for @size bytes and an inaccessible page behind them. */
static inline char *reserve(size_t size)
{
	char *map = mmap(NULL, size + page_size() + COLOURS, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		abort();
	return (char *)(((uintptr_t)map + COLOURS - 1) / COLOURS * COLOURS);
}

/* Memory, and at *@alias the same memory read-only. */
static inline char *map_twice(size_t size, char **alias)
{
	int fd = syscall(__NR_memfd_create, "fuzz", 0);
	char *map = reserve(size), *ro = reserve(size);

	if (fd < 0 || ftruncate(fd, size) ||
	    mmap(map, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		 0) != map ||
	    mmap(ro, size, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) != ro)
		abort();
	close(fd);
	*alias = ro;
	return map;
}

/* Returns 0 or -errno; leaves out what the kernel does not have. */
static inline int world_make(struct fuzz_world *world)
{
	int err = actors_start(world->actors);
	pid_t tids[NR_CROWD];

	world->params = map_twice(2 * page_size(), &world->params_ro);
	world->buf = map_twice(BUF_SIZE, &world->buf_ro);
	world->strings = map_twice(STRINGS_SIZE, &world->strings_ro);
	world->strings_size = STRINGS_SIZE;
	world->cmdlines = share_memory(sizeof(*world->cmdlines));

	if (!err && spawn_many(world->sleepers, NR_SLEEPERS))
		err = -EAGAIN;
	world->zombie = spawn_sleeper();
	world->crowd = spawn_threads(tids, NR_CROWD, false);
	if (err || world->crowd < 0 || world->zombie < 0 ||
	    !make_zombie(world->zombie))
		return err ?: -EAGAIN;
	if (spawn_pidns(&world->ns))
		world->ns.procfd = -1;
	if (subject_start(&world->session, take_terminal,
			  share_memory(sizeof(struct tty_family))))
		subject_kill(&world->session);
	if (!err)
		err = start_programs(world);
	if (err)
		return err;
	world->supported = xyzzy_supported();
	world->own_cmdline = proc_cmdline(getpid(), world->params,
					  2 * page_size());
	add_all_known(world);

	/* Most calls use the first one. */
	add_fd(world, "none", -1)->shows = SHOWS_PTRACEABLE;
	world->fds[0].pidfd_err = 0;
	add_bad_numbers(world);
	add_files(world);
	add_procfses(world);
	add_pidfds(world);
	add_pidfd_self(world);

	world->strings_max = measure_strings(world);
	return 0;
}

static inline void world_end(struct fuzz_world *world)
{
	actors_kill(world->actors);
	kill_many(world->sleepers, NR_SLEEPERS);
	kill_child(world->zombie);
	kill_child(world->crowd);
	subject_kill(&world->session);
	kill_child(world->odd);
	kill_child(world->big);
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		subject_kill(&world->programs[i]);
	if (world->ns.procfd >= 0)
		kill_pidns(&world->ns);
}

#endif /* __XYZZY_FUZZ_WORLD_H */
