/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_AREA_H
#define __XYZZY_AREA_H

/* The strings area, and programs with a command line of their own. */
#include "child.h"

#define XYZZY_STRINGS (XYZZY_CMDLINE | XYZZY_NAME)

/* Larger than the buffer of the kernel, and than any string of a test */
#define AREA_SIZE (4 << 20)

/* A pattern, to see which bytes a call writes */
#define UNTOUCHED 0xa5

struct area {
	char *bytes;
	size_t size;
};

static inline struct area area_map(size_t size)
{
	struct area area = { .size = size };

	area.bytes = map_before_guard(size, GUARD_UNMAPPED);
	memset(area.bytes, UNTOUCHED, size);
	return area;
}

static inline void area_use(struct xyzzy_params *params,
			    const struct area *area)
{
	params->strings = area->bytes;
	params->strings_size = area->size;
}

/* The record of the process @pid, with its strings. Returns 0 or -errno. */
static inline int strings_get(pid_t pid, __u64 mask, __u32 string_max,
			      const struct area *area, struct xyzzy_task *task)
{
	struct xyzzy_params params = XYZZY_PARAMS(mask, task, 1);
	long ret;

	area_use(&params, area);
	params.string_max = string_max;
	params.pidfd = sys_pidfd_open(pid, 0);
	if (params.pidfd < 0)
		return -errno;
	memset(task, 0xff, sizeof(*task));
	ret = xyzzy_call(&params, 0);
	close(params.pidfd);
	return ret < 0 ? (int)ret : ret == 1 ? 0 : -ENOENT;
}

/*
 * The strings of @nr records, as one call returned them, follow each other, and
 * each is followed by a NUL. Returns where the last one ends, or -1.
 */
static inline long string_end(const struct area *area, size_t at, __u32 start,
			      __u32 len)
{
	/* No room, not even for the NUL */
	if (!start && !len && at == area->size)
		return at;
	if (start != at || at + len >= area->size || area->bytes[at + len])
		return -1;
	return at + len + 1;
}

static inline long strings_end(const struct area *area,
			       const struct xyzzy_task *tasks, size_t nr)
{
	long at = 0;

	for (size_t i = 0; i < nr && at >= 0; i++) {
		if (tasks[i].mask & XYZZY_NAME)
			at = string_end(area, at, tasks[i].name,
					tasks[i].name_len);
		if (at >= 0 && tasks[i].mask & XYZZY_CMDLINE)
			at = string_end(area, at, tasks[i].cmdline,
					tasks[i].cmdline_len);
	}
	return at;
}

static inline ssize_t proc_cmdline(pid_t pid, char *buf, size_t size)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	return read_bytes(path, buf, size);
}

/*
 * Programs: this one, run again with other arguments. It sleeps.
 */
#define SLEEPER "XYZZY_SLEEPER=1"

static __attribute__((constructor, unused)) void sleep_if_sleeper(void)
{
	if (!getenv("XYZZY_SLEEPER"))
		return;
	for (;;)
		pause();
}

/* Run @argv as a child. Returns its PID when it sleeps, or -1. */
static inline pid_t spawn_program(const char * const argv[])
{
	static const char * const env[] = { SLEEPER, NULL };
	int fds[2];
	pid_t pid;
	char c;

	if (pipe(fds))
		return -1;
	pid = fork_child();
	if (!pid) {
		fcntl(fds[1], F_SETFD, FD_CLOEXEC);
		execve("/proc/self/exe", (char **)argv, (char **)env);
		_exit(write(fds[1], "", 1));
	}
	close(fds[1]);
	/* execve() closes the other end. */
	if (pid > 0 && (read(fds[0], &c, 1) || !wait_state(pid, 'S'))) {
		kill_child(pid);
		pid = -1;
	}
	close(fds[0]);
	return pid;
}

/*
 * struct prctl_mm_map of the kernel, which need not have pointers of the same
 * size as this program
 */
struct mm_map {
	__u64 start_code;
	__u64 end_code;
	__u64 start_data;
	__u64 end_data;
	__u64 start_brk;
	__u64 brk;
	__u64 start_stack;
	__u64 arg_start;
	__u64 arg_end;
	__u64 env_start;
	__u64 env_end;
	__u32 rest[4];		/* The last but padding is exe_fd. */
};

/* Move the command line to @args and the environment to @env. */
static inline int move_args(unsigned long args, unsigned long args_end,
			    unsigned long env, unsigned long env_end)
{
	struct proc_dir dir = { .path = "/proc/self" };
	struct mm_map map = {};
	struct proc_stat stat;
	unsigned int size;

	if (prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0) ||
	    size > sizeof(map) || proc_stat(&dir, &stat))
		return -EIO;
	map.start_code = stat.field[26];
	map.end_code = stat.field[27];
	map.start_stack = stat.field[28];
	map.start_data = stat.field[45];
	map.end_data = stat.field[46];
	map.start_brk = stat.field[47];
	map.brk = (unsigned long)sbrk(0);
	map.arg_start = args;
	map.arg_end = args_end;
	map.env_start = env;
	map.env_end = env_end;
	map.rest[kernel_is_64bit() ? 3 : 2] = -1;
	return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, size, 0) ? -errno : 0;
}

#endif /* __XYZZY_AREA_H */
