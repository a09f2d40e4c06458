/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __SELFTEST_XYZZY_H
#define __SELFTEST_XYZZY_H

/* The system call, walks, and what every test needs. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <asm/unistd.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/xyzzy.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* The groups of version 0 */
#define XYZZY_ALL (XYZZY_ID | XYZZY_CREDS | XYZZY_SCHED | XYZZY_TIMES |	\
		   XYZZY_FAULTS | XYZZY_MEM | XYZZY_IO | XYZZY_CGROUP)

/* Fails to compile unless a field is at the offset of the LP64 or ILP32 layout. */
#define ABI_OFFSET(_type, _field, _lp64, _ilp32)			\
	static_assert(offsetof(struct _type, _field) ==			\
		      (__BITS_PER_LONG == 64 ? (_lp64) : (_ilp32)), #_field)

static inline long sys_xyzzy(struct xyzzy_params *params, unsigned int flags)
{
	return syscall(__NR_xyzzy, params, flags);
}

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif
#ifndef PIDFD_SELF_THREAD
#define PIDFD_SELF_THREAD -10000
#endif
#ifndef PIDFD_SELF_THREAD_GROUP
#define PIDFD_SELF_THREAD_GROUP -10001
#endif

/* Reasons to SKIP(). */
#define NO_XYZZY "the kernel does not have xyzzy()"
#define NO_ROOT "needs root"

/* The first question of each test or fixture setup. */
static inline bool have_xyzzy(void)
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

/* Does this number, which is not a descriptor, stand for the caller? */
static inline bool is_pidfd_self(int number)
{
	return number < 0 &&
	       !syscall(__NR_pidfd_send_signal, number, 0, NULL, 0);
}

static inline size_t page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

/* Kernels without CONFIG_MULTIUSER only have root. */
#define NO_USERS "needs CONFIG_MULTIUSER"

static inline bool have_users(void)
{
	return !setresuid(-1, -1, -1);
}

#define NO_IO "no I/O accounting"

static inline bool have_io(void)
{
	return !access("/proc/self/io", F_OK);
}

static inline void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* The number of a descriptor that is not open and not the next to be used. */
static inline int closed_fd(void)
{
	int low = sys_pidfd_open(getpid(), 0);
	int high = fcntl(low, F_DUPFD, 500);

	close(low);
	close(high);
	return high;
}

/*
 * Calls of xyzzy(). They return what the call returns, or -errno.
 */

static inline long xyzzy_call(struct xyzzy_params *params, unsigned int flags)
{
	long ret = sys_xyzzy(params, flags);

	return ret < 0 ? -errno : ret;
}

/* The records of one pidfd, through @procfd if that is not -1. */
static inline long xyzzy_pidfd(int procfd, int pidfd, __u64 mask,
			       unsigned int flags, struct xyzzy_task *tasks,
			       size_t nr)
{
	struct xyzzy_params params = XYZZY_PARAMS(mask, tasks, nr);

	params.procfd = procfd;
	params.pidfd = pidfd;
	return xyzzy_call(&params, flags);
}

/* The record of the process @pid; returns 1 if there is one. */
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

static inline bool record_has(const struct xyzzy_task *task, __u64 groups)
{
	return (task->mask & groups) == groups;
}

/* The groups that the kernel can fill, 0 on an error. */
static inline __u64 xyzzy_supported(void)
{
	struct xyzzy_params params = XYZZY_PARAMS(0, NULL, 0);

	return sys_xyzzy(&params, 0) ? 0 : params.supported;
}

/* The size of the kernel's own struct, which may be of a later version. */
static inline __u32 kernel_params_size(void)
{
	struct xyzzy_params params = { .size = ~0U };

	sys_xyzzy(&params, 0);
	return params.size;
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
 * One call of a walk: add at most params->nr_tasks records, from
 * params->cursor on, to @walk, where params->tasks then points to them.
 * Returns their number or -errno: -EOVERFLOW if the call returns more records
 * than it had room for, -EBADMSG if the cursor is not right after the last one.
 */
static inline long walk_step(struct walk *walk, struct xyzzy_params *params,
			     unsigned int flags)
{
	size_t chunk = params->nr_tasks;
	long ret;

	if (walk_make_room(walk, chunk))
		return -ENOMEM;
	params->tasks = walk->tasks + walk->nr;
	ret = xyzzy_call(params, flags);
	if (ret <= 0)
		return ret;
	if ((size_t)ret > chunk)
		return -EOVERFLOW;
	if (params->cursor != params->tasks[ret - 1].pid + 1ULL)
		return -EBADMSG;
	walk->nr += ret;
	return ret;
}

/*
 * Walk from params->cursor to the end. Returns 0 or -errno, as walk_step()
 * does, and -ELOOP if the walk does not end.
 */
static inline int walk_on(struct walk *walk, struct xyzzy_params *params,
			  unsigned int flags)
{
	long ret;

	while (walk->nr < 1000000) {
		ret = walk_step(walk, params, flags);
		if (ret <= 0)
			return ret;
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

/* In the order of their PIDs? */
static inline bool is_increasing(const struct walk *walk)
{
	for (size_t i = 1; i < walk->nr; i++)
		if (walk->tasks[i - 1].pid >= walk->tasks[i].pid)
			return false;
	return true;
}

static inline int compare_pids(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

static inline void sort_pids(pid_t *pids, size_t nr)
{
	qsort(pids, nr, sizeof(*pids), compare_pids);
}

static inline bool is_in(const pid_t *pids, int nr, pid_t pid)
{
	for (int i = 0; i < nr; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* How often @pid is in the walk. */
static inline int walk_count(const struct walk *walk, pid_t pid)
{
	int count = 0;

	for (size_t i = 0; i < walk->nr; i++)
		count += walk->tasks[i].pid == (__u32)pid;
	return count;
}

/*
 * Memory. Without any, the test aborts.
 */

/* Each byte is compared with the one before it. */
static inline bool is_filled_with(const void *where, int byte, size_t size)
{
	const unsigned char *bytes = where;

	return !size ||
	       (bytes[0] == byte && !memcmp(bytes, bytes + 1, size - 1));
}

enum guard {
	GUARD_UNMAPPED,
	GUARD_NONE,		/* PROT_NONE */
	GUARD_READ_ONLY,
};

/* Map @size bytes right before a page that cannot be written. */
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

/* Memory that the test and its children share. */
static inline void *share_memory(size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		abort();
	return map;
}

/* The kernel, not this program. */
static inline bool kernel_is_64bit(void)
{
	struct utsname name;

	return sizeof(long) == 8 || uname(&name) ||
	       strstr(name.machine, "64") || !strcmp(name.machine, "s390x");
}

#endif /* __SELFTEST_XYZZY_H */
