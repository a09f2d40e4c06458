/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_RECORD_H
#define __XYZZY_RECORD_H

/*
 * Records, and what /proc shows of the same process. Include
 * kselftest_harness.h first.
 */
#include "child.h"

#include <stddef.h>

/* ns in the ticks of /proc/PID/stat. */
static inline __u64 ns_to_ticks(__u64 ns)
{
	__u64 hz = sysconf(_SC_CLK_TCK);

	return ns / 1000000000 * hz + ns % 1000000000 * hz / 1000000000;
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

/*
 * Each group of a record against what /proc shows of the same process. Include
 * after kselftest_harness.h.
 */
static inline void expect_id(struct __test_metadata *_metadata,
			     const struct pair *pair)
{
	const struct xyzzy_task *task = &pair->task;
	const struct proc_stat *stat = &pair->snap.stat;
	const struct proc_status *status = &pair->snap.status;

	EXPECT_TRUE(record_has(task, XYZZY_ID));
	EXPECT_EQ(stat->field[1], task->pid);
	EXPECT_EQ(proc_status_num(status, "Pid"), task->pid);
	EXPECT_EQ(proc_status_num(status, "Tgid"), task->tgid);
	EXPECT_EQ((__u32)stat->state, task->state);
	EXPECT_EQ(stat->field[4], task->ppid);
	EXPECT_EQ(stat->field[5], task->pgid);
	EXPECT_EQ(stat->field[6], task->sid);
	EXPECT_EQ(stat->field[7], task->tty_nr);
	EXPECT_EQ((__s32)stat->field[8], task->tty_pgrp);
	EXPECT_EQ(stat->field[9], task->flags);
	EXPECT_EQ(stat->field[20], task->nr_threads);
	EXPECT_EQ(stat->field[22], ns_to_ticks(task->start_time));
}

/* Its last byte is a NUL, as is each behind the first one. */
static inline bool comm_is_padded(const struct xyzzy_task *task)
{
	size_t len = strnlen(task->comm, sizeof(task->comm));

	return len < sizeof(task->comm) &&
	       is_filled_with(task->comm + len, 0, sizeof(task->comm) - len);
}

static inline void expect_comm(struct __test_metadata *_metadata,
			       const struct pair *pair)
{
	EXPECT_TRUE(comm_is_padded(&pair->task));
	EXPECT_STREQ(pair->snap.comm, pair->task.comm);
	EXPECT_STREQ(pair->snap.stat.comm, pair->task.comm);
}

static inline void expect_creds(struct __test_metadata *_metadata,
				const struct pair *pair)
{
	const struct xyzzy_task *task = &pair->task;
	const struct proc_status *status = &pair->snap.status;

	EXPECT_TRUE(record_has(task, XYZZY_CREDS));
	EXPECT_EQ(proc_status_nth(status, "Uid", 0), task->uid);
	EXPECT_EQ(proc_status_nth(status, "Uid", 1), task->euid);
	EXPECT_EQ(proc_status_nth(status, "Uid", 2), task->suid);
	EXPECT_EQ(proc_status_nth(status, "Uid", 3), task->fsuid);
	EXPECT_EQ(proc_status_nth(status, "Gid", 0), task->gid);
	EXPECT_EQ(proc_status_nth(status, "Gid", 1), task->egid);
	EXPECT_EQ(proc_status_nth(status, "Gid", 2), task->sgid);
	EXPECT_EQ(proc_status_nth(status, "Gid", 3), task->fsgid);
}

static inline void expect_sched(struct __test_metadata *_metadata,
				const struct pair *pair)
{
	const struct xyzzy_task *task = &pair->task;
	const struct proc_stat *stat = &pair->snap.stat;

	EXPECT_TRUE(record_has(task, XYZZY_SCHED));
	EXPECT_EQ((__s32)stat->field[18], task->priority);
	EXPECT_EQ((__s32)stat->field[19], task->nice);
	EXPECT_EQ(stat->field[39], task->cpu);
	EXPECT_EQ(stat->field[40], task->rt_priority);
	EXPECT_EQ(stat->field[41], task->policy);
	EXPECT_EQ(pair->snap.oom_score_adj, task->oom_score_adj);
}

static inline void expect_times(struct __test_metadata *_metadata,
				const struct pair *pair)
{
	const struct xyzzy_task *task = &pair->task;
	const struct proc_stat *stat = &pair->snap.stat;

	EXPECT_TRUE(record_has(task, XYZZY_TIMES));
	EXPECT_EQ(stat->field[14], ns_to_ticks(task->utime));
	EXPECT_EQ(stat->field[15], ns_to_ticks(task->stime));
	EXPECT_EQ(stat->field[16], ns_to_ticks(task->cutime));
	EXPECT_EQ(stat->field[17], ns_to_ticks(task->cstime));
}

/* status has the figures of one thread. */
static inline void expect_switches(struct __test_metadata *_metadata,
				   const struct pair *pair)
{
	const struct proc_status *status = &pair->snap.status;

	EXPECT_EQ(proc_status_num(status, "voluntary_ctxt_switches"),
		  pair->task.nvcsw);
	EXPECT_EQ(proc_status_num(status, "nonvoluntary_ctxt_switches"),
		  pair->task.nivcsw);
}

static inline void expect_faults(struct __test_metadata *_metadata,
				 const struct pair *pair)
{
	const struct xyzzy_task *task = &pair->task;
	const struct proc_stat *stat = &pair->snap.stat;

	EXPECT_TRUE(record_has(task, XYZZY_FAULTS));
	EXPECT_EQ(stat->field[10], task->min_flt);
	EXPECT_EQ(stat->field[11], task->cmin_flt);
	EXPECT_EQ(stat->field[12], task->maj_flt);
	EXPECT_EQ(stat->field[13], task->cmaj_flt);
}

/* The figures of memory that are exact: all but rss and swap. */
static inline void expect_mem(struct __test_metadata *_metadata,
			      const struct pair *pair)
{
	const struct xyzzy_task *task = &pair->task;
	const struct proc_status *status = &pair->snap.status;
	const struct proc_statm *statm = &pair->snap.statm;

	EXPECT_TRUE(record_has(task, XYZZY_MEM));
	EXPECT_EQ(pair->snap.stat.field[23], task->vm_size);
	EXPECT_EQ(proc_status_bytes(status, "VmSize"), task->vm_size);
	EXPECT_EQ(statm->size * page_size(), task->vm_size);
	EXPECT_EQ(proc_status_bytes(status, "VmPeak"), task->vm_peak);
	EXPECT_EQ(proc_status_bytes(status, "VmPTE"),
		  task->page_tables / 1024 * 1024);
	EXPECT_EQ(proc_status_bytes(status, "VmExe"), task->text);
	EXPECT_EQ(proc_status_bytes(status, "VmLib"), task->lib);
	EXPECT_EQ(proc_status_bytes(status, "VmData"), task->data);
	EXPECT_EQ(proc_status_bytes(status, "VmStk"), task->stack);
	EXPECT_EQ(statm->data * page_size(), task->data + task->stack);
	EXPECT_EQ(proc_status_bytes(status, "VmLck"), task->locked);
}

static inline void expect_io(struct __test_metadata *_metadata,
			     const struct pair *pair)
{
	const struct xyzzy_task *task = &pair->task;
	const struct proc_io *io = &pair->snap.io;

	EXPECT_EQ(!pair->snap.io_err, record_has(task, XYZZY_IO));
	EXPECT_EQ(io->rchar, task->rchar);
	EXPECT_EQ(io->wchar, task->wchar);
	EXPECT_EQ(io->syscr, task->syscr);
	EXPECT_EQ(io->syscw, task->syscw);
	EXPECT_EQ(io->read_bytes, task->read_bytes);
	EXPECT_EQ(io->write_bytes, task->write_bytes);
	EXPECT_EQ(io->cancelled_write_bytes, task->cancelled_write_bytes);
}

/*
 * A group of a record is so many bytes. Those of a group that is not filled
 * are zero.
 */
#define UP_TO(_field) offsetof(struct xyzzy_task, _field)
#define RECORD_GROUP(_name, _bit, _first, _end)				\
	{								\
		.name = (_name), .bit = (_bit),				\
		.start = UP_TO(_first), .end = (_end),			\
	}

static const struct record_group {
	const char *name;
	__u64 bit;
	size_t start;
	size_t end;
} record_groups[] = {
	RECORD_GROUP("creds", XYZZY_CREDS, uid, UP_TO(policy)),
	RECORD_GROUP("sched", XYZZY_SCHED, policy, UP_TO(utime)),
	RECORD_GROUP("times", XYZZY_TIMES, utime, UP_TO(min_flt)),
	RECORD_GROUP("faults", XYZZY_FAULTS, min_flt, UP_TO(vm_size)),
	RECORD_GROUP("mem", XYZZY_MEM, vm_size, UP_TO(rchar)),
	RECORD_GROUP("io", XYZZY_IO, rchar, UP_TO(cgroup_id)),
	RECORD_GROUP("cgroup", XYZZY_CGROUP, cgroup_id, XYZZY_TASK_SIZE_VER0),
};

/* The groups whose fields lie within the first @size bytes of a record. */
static inline __u64 groups_within(size_t size)
{
	__u64 groups = size < XYZZY_TASK_SIZE_ID ? 0 : XYZZY_ID;

	for (size_t i = 0; i < ARRAY_SIZE(record_groups); i++)
		if (record_groups[i].end <= size)
			groups |= record_groups[i].bit;
	return groups;
}

static inline bool group_is_zero(const struct xyzzy_task *task,
				 const struct record_group *group)
{
	return is_filled_with((const char *)task + group->start, 0,
			      group->end - group->start);
}

/* What is not filled is zero. */
static inline void expect_rest_zero(struct __test_metadata *_metadata,
				    const struct xyzzy_task *task)
{
	for (size_t i = 0; i < ARRAY_SIZE(record_groups); i++) {
		if (task->mask & record_groups[i].bit)
			continue;
		EXPECT_TRUE(group_is_zero(task, &record_groups[i]))
			TH_LOG("group %s is not zero", record_groups[i].name);
	}
}

#endif /* __XYZZY_RECORD_H */
