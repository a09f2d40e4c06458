/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_LINUX_XYZZY_H
#define _UAPI_LINUX_XYZZY_H

#include <linux/types.h>
#include <linux/posix_types.h>
#include <asm/bitsperlong.h>

/* The flags argument. */
#define XYZZY_THREADS		0x00000001	/* A record for each thread */
#define XYZZY_APPROX_MEM	0x00000002	/* Do not sum memory counters over CPUs */

/*
 * Groups of fields, for xyzzy_params.mask, xyzzy_params.supported and
 * xyzzy_task.mask.
 */
#define XYZZY_ID		0x00000001	/* Always filled */
#define XYZZY_CREDS		0x00000002	/* User and group IDs */
#define XYZZY_SCHED		0x00000004	/* Scheduling */
#define XYZZY_TIMES		0x00000008	/* CPU time, context switches */
#define XYZZY_FAULTS		0x00000010	/* Page faults */
#define XYZZY_MEM		0x00000020	/* Memory */
#define XYZZY_IO		0x00000040	/* I/O accounting */
#define XYZZY_CGROUP		0x00000080	/* Cgroup ID */
#define XYZZY_CMDLINE		0x00000100	/* Command line, a string */
#define XYZZY_NAME		0x00000200	/* The whole name, a string */
#define XYZZY_DELAYS		0x00000400	/* Time spent waiting */

/*
 * struct xyzzy_task - Information about one process or thread
 *
 * @mask says which groups are filled: zero in a field of a group in @mask is a
 * value, zero in any other field means "not available" or "not asked for". New
 * fields go at the end.
 */
struct xyzzy_task {
	/* XYZZY_ID */
	__u64	mask;		/* Groups that are filled */
	__s64	start_time;	/* ns since boot, caller's time namespace */
	__u64	pidfs_ino;	/* st_ino of a pidfd; 0: unknown */
	__u32	pid;		/* Thread ID */
	__u32	tgid;		/* Process ID */
	__u32	ppid;		/* Parent's process ID; 0: outside the namespace */
	__u32	pgid;
	__u32	sid;
	__u32	tty_nr;		/* Controlling terminal; 0: none */
	__s32	tty_pgrp;	/* Its foreground process group; -1: none */
	__u32	nr_threads;	/* In the process */
	__u32	flags;		/* The kernel's PF_* */
	__u32	state;		/* A letter, as in /proc/PID/stat */
	char	comm[16];	/* NUL-terminated */

	/* XYZZY_CREDS, in the caller's user namespace */
	__u32	uid;
	__u32	euid;
	__u32	suid;
	__u32	fsuid;
	__u32	gid;
	__u32	egid;
	__u32	sgid;
	__u32	fsgid;

	/* XYZZY_SCHED */
	__u32	policy;		/* SCHED_* */
	__s32	priority;	/* The kernel's */
	__s32	nice;
	__u32	rt_priority;
	__u32	cpu;		/* Last ran on */
	__s32	oom_score_adj;

	/* XYZZY_TIMES: of the process or the thread, ns and counts */
	__u64	utime;
	__u64	stime;
	__u64	cutime;		/* Of waited-for children */
	__u64	cstime;
	__u64	nvcsw;		/* Voluntary context switches */
	__u64	nivcsw;		/* Involuntary ones */

	/* XYZZY_FAULTS: of the process or the thread */
	__u64	min_flt;
	__u64	maj_flt;
	__u64	cmin_flt;	/* Of waited-for children */
	__u64	cmaj_flt;

	/* XYZZY_MEM, in bytes */
	__u64	vm_size;
	__u64	vm_peak;
	__u64	rss_anon;
	__u64	rss_file;
	__u64	rss_shmem;
	__u64	rss_peak;
	__u64	swap;
	__u64	page_tables;
	__u64	text;
	__u64	lib;
	__u64	data;
	__u64	stack;
	__u64	locked;

	/* XYZZY_IO: of the process or the thread */
	__u64	rchar;
	__u64	wchar;
	__u64	syscr;
	__u64	syscw;
	__u64	read_bytes;
	__u64	write_bytes;
	__u64	cancelled_write_bytes;

	/* XYZZY_CGROUP */
	__u64	cgroup_id;	/* In the unified hierarchy */

	/* XYZZY_CMDLINE */
	__u32	cmdline;	/* Offset in the strings area */
	__u32	cmdline_len;	/* Bytes stored, without the NUL behind them */
	__u64	cmdline_size;	/* Bytes that /proc/PID/cmdline has */

	/* XYZZY_NAME */
	__u32	name;		/* Offset in the strings area */
	__u32	name_len;	/* Bytes stored, without the NUL behind them */

	/* XYZZY_DELAYS: of the thread-group leader or the thread, in ns */
	__u64	blkio_delay;	/* Waiting for block I/O */
	__u64	run_delay;	/* Waiting for a CPU */
};

/*
 * struct xyzzy_params - The parameters of xyzzy(2)
 * @size: sizeof(struct xyzzy_params); written when the call fails with E2BIG
 * @task_size: sizeof(struct xyzzy_task) or less, the stride of @tasks
 * @procfd: Root directory of a procfs mount, open for reading, or -1
 * @pidfd: Report only this process, or -1 for all
 * @mask: Groups wanted
 * @supported: Out: groups that this kernel can fill
 * @cursor: In: where to start, 0 at first. Out: where to continue
 * @tasks: Out: the records
 * @nr_tasks: Room in @tasks, in records
 * @strings: Out: the strings area, for the groups that store strings
 * @strings_size: Room in @strings, in bytes
 * @string_max: The most bytes to store of each string, 0 for no limit
 * @reserved: Must be 0
 *
 * New fields go at the end. Zero in a new field means the behavior without it.
 */
struct xyzzy_params {
	__u32	size;
	__u32	task_size;
	__s32	procfd;
	__s32	pidfd;
	__u64	mask;
	__u64	supported;
	__u64	cursor;
	struct xyzzy_task __user *tasks;
	__kernel_size_t	nr_tasks;
	char __user *strings;
	__kernel_size_t	strings_size;
	__u32	string_max;
	__u32	reserved;
};

/* The smallest @task_size: the fields of XYZZY_ID alone. */
#define XYZZY_TASK_SIZE_ID	80

/* Sizes of each version. */
#define XYZZY_TASK_SIZE_VER0	384
#define XYZZY_TASK_SIZE_VER1	424
#if __BITS_PER_LONG == 64
#define XYZZY_PARAMS_SIZE_VER0	56
#define XYZZY_PARAMS_SIZE_VER1	80
#else
#define XYZZY_PARAMS_SIZE_VER0	48
#define XYZZY_PARAMS_SIZE_VER1	64
#endif

#endif /* _UAPI_LINUX_XYZZY_H */
