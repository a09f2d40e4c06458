/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_FUZZ_WORLD_H
#define __XYZZY_FUZZ_WORLD_H

#include "caller.h"
#include "ns.h"
#include "use.h"

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
#define NR_FDS_MAX 60

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
	bool inner;		/* The process is in the inner PID namespace */
	bool caller;		/* It is the caller's own */
	bool ptraceable;	/* for USER */
	int nr_threads;
};

struct fuzz_world {
	struct subject actors[NR_ACTORS];
	pid_t sleepers[NR_SLEEPERS];
	pid_t zombie;
	pid_t crowd;			/* Of so many threads and a leader */
	struct subject session;		/* With a terminal, if there are any */
	struct pidns ns;
	__u64 supported;

	struct fuzz_fd fds[NR_FDS_MAX];
	int nr_fds;

	/* Two pages and a guard: the parameters, and the same read-only. */
	char *params;
	char *params_ro;
	/* BUF_SIZE bytes and a guard: the records, and the same read-only. */
	char *buf;
	char *buf_ro;
};

#define BUF_SIZE (256 * 1024)

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
					const char *name, int fd)
{
	struct fuzz_fd *new;

	if (fd < 0)
		return NULL;
	new = add_fd(world, name, fd);
	new->pidfd_err = 0;
	new->is_pidfd = true;
	new->nr_threads = 1;
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
	}
}

static inline void add_pidfds(struct fuzz_world *world)
{
	struct fuzz_fd *new;

	for (int i = 0; i < NR_ACTORS; i++) {
		new = add_pidfd(world, actor_kinds[i].name,
				world->actors[i].pidfd);
		new->ptraceable = actor_kinds[i].ptraceable;
		new->nr_threads += actor_kinds[i].threaded;
	}
	add_pidfd(world, "a session's leader", world->session.pidfd);
	add_pidfd(world, "a process of many threads",
		  sys_pidfd_open(world->crowd, 0))->nr_threads = NR_CROWD + 1;
	add_pidfd(world, "a zombie", sys_pidfd_open(world->zombie, 0));
	add_pidfd(world, "a reaped one", reaped_pidfd())->pidfd_err = -ESRCH;
	if (world->ns.procfd >= 0)
		add_pidfd(world, "inner init",
			  sys_pidfd_open(world->ns.init, 0))->inner = true;
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
	world->supported = xyzzy_supported();

	/* Most calls use the first one. */
	add_fd(world, "none", -1)->shows = SHOWS_PTRACEABLE;
	world->fds[0].pidfd_err = 0;
	add_bad_numbers(world);
	add_files(world);
	add_procfses(world);
	add_pidfds(world);
	add_pidfd_self(world);

	world->params = map_twice(2 * page_size(), &world->params_ro);
	world->buf = map_twice(BUF_SIZE, &world->buf_ro);
	return 0;
}

static inline void world_end(struct fuzz_world *world)
{
	actors_kill(world->actors);
	kill_many(world->sleepers, NR_SLEEPERS);
	kill_child(world->zombie);
	kill_child(world->crowd);
	subject_kill(&world->session);
	if (world->ns.procfd >= 0)
		kill_pidns(&world->ns);
}

#endif /* __XYZZY_FUZZ_WORLD_H */
