/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_BENCH_H
#define __XYZZY_BENCH_H

/*
 * What the benchmarks share: idle processes to read, and the methods of reading
 * them.
 */
#include <err.h>
#include <linux/xyzzy.h>
#include <stdbool.h>
#include <sys/types.h>

#if defined(__x86_64__) && defined(__ILP32__)
#define BENCH_ABI "mx32"
#elif __SIZEOF_POINTER__ == 8
#define BENCH_ABI "m64"
#else
#define BENCH_ABI "m32"
#endif

/* An ordinary user, who does not see processes of root. */
#define BENCH_USER 1234

/*
 * Our idle processes have higher PIDs than all others, so that a walk that
 * starts at @cursor covers them alone.
 */
struct bench {
	int procfd;		/* /proc */
	__u64 cursor;
	pid_t first;		/* No process of ours has a lower PID */
	size_t nr;		/* Processes, or threads of the one */
	pid_t *pids;		/* Those of the processes, see list_pids() */
	pid_t threaded;		/* The process of @nr threads, or 0 */
	int threaded_fd;	/* Its pidfd, or -1 */
	pid_t others;		/* A process of threads that are not read */
	struct xyzzy_task *tasks;
	char *strings;		/* The strings area */
	size_t strings_size;
	size_t cmdline_size;	/* 0: that of the benchmark itself */
	int *files;		/* One for each process, kept open; or NULL */
	void **objects;		/* For chase(), one for each process */
	int netlink;		/* For taskstats; -1: not there */
	unsigned int family;	/* That of taskstats */
};

/* Files of /proc/PID, for method->files */
#define FILE_STAT	0x01
#define FILE_STATM	0x02
#define FILE_STATUS	0x04
#define FILE_IO		0x08
#define FILE_CGROUP	0x10
#define FILE_CMDLINE	0x20

#define THREE_FILES	(FILE_STAT | FILE_STATM | FILE_STATUS)
#define FIVE_FILES	(THREE_FILES | FILE_IO | FILE_CGROUP)

/*
 * A method of reading all our processes. @run returns how many it has read, or
 * -1 with errno if the kernel does not support it.
 */
struct method {
	const char *name;
	long (*run)(struct bench *bench, const struct method *method);
	__u64 mask;		/* Groups, for xyzzy() */
	unsigned int flags;	/* of xyzzy() */
	unsigned int files;	/* Which files of /proc */
	unsigned int chase;	/* How many objects, for chase() */
	unsigned int lines;	/* How many lines of each */
	bool one;		/* Reads the one process of threads */
	enum {
		BENCH_PROCFD,	/* Through /proc, as root */
		BENCH_OWN,	/* procfd -1, as root */
		BENCH_HIDDEN,	/* procfd -1, as BENCH_USER */
	} caller;
};

/* Inline, as it is part of what is measured. */
static inline void run_method(struct bench *bench,
			      const struct method *method, size_t expected)
{
	long ret = method->run(bench, method);

	if (ret < 0)
		err(1, "%s", method->name);
	if ((size_t)ret != expected)
		errx(1, "%s: %ld of %zu processes", method->name, ret, expected);
}

/* bench_setup.c */
void bench_open(struct bench *bench);
void bench_set_cmdline(struct bench *bench, size_t size);
void bench_start(struct bench *bench, size_t nr, size_t spare);
void bench_start_threads(struct bench *bench, size_t nr, size_t others);
void bench_stop(struct bench *bench);
void bench_close(struct bench *bench);
double median(double *values, int nr);

/* bench_walk.c */
long walk(struct bench *bench, const struct method *method);
long walk_first_thread(struct bench *bench, const struct method *method);
long probe(struct bench *bench, const struct method *method);
long no_walk(struct bench *bench, const struct method *method);
long empty_call(struct bench *bench, const struct method *method);

/* bench_proc.c */
long list_pids(struct bench *bench, const struct method *method);
long read_files(struct bench *bench, const struct method *method);
long read_stdio(struct bench *bench, const struct method *method);
long reread_files(struct bench *bench, const struct method *method);
long read_threads(struct bench *bench, const struct method *method);
long read_threaded(struct bench *bench, const struct method *method);

/* bench_others.c */
long ask_pidfds(struct bench *bench, const struct method *method);
int open_taskstats(struct bench *bench);
long ask_taskstats(struct bench *bench, const struct method *method);

/* bench_floors.c */
void bench_make_objects(struct bench *bench, const char *directory, size_t nr,
			size_t stride);
long do_nothing(struct bench *bench, const struct method *method);
long copy_records(struct bench *bench, const struct method *method);
long chase(struct bench *bench, const struct method *method);

#endif /* __XYZZY_BENCH_H */
