/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_RECORD_H
#define __XYZZY_RECORD_H

/*
 * Records, and what /proc shows of the same process. Include
 * kselftest_harness.h first.
 */
#include "child.h"

#include <stddef.h>

/* ns as the ticks of /proc/PID/stat */
static inline __u64 ns_to_ticks(__u64 ns)
{
	__u64 hz = sysconf(_SC_CLK_TCK);

	return ns / 1000000000 * hz + ns % 1000000000 * hz / 1000000000;
}

/* Get the record of process @pid, or of its thread @tid if that is not 0. */
static inline int record_get(pid_t pid, pid_t tid, __u64 mask,
			     struct xyzzy_task *task)
{
	struct xyzzy_task tasks[64];
	int pidfd = sys_pidfd_open(pid, 0);
	long ret;

	memset(task, 0xff, sizeof(*task));
	if (pidfd < 0)
		return -errno;
	memset(tasks, 0xff, sizeof(tasks));
	ret = xyzzy_pidfd(-1, pidfd, mask, tid ? XYZZY_THREADS : 0, tasks,
			  ARRAY_SIZE(tasks));
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

/* A record, and what /proc shows of the same process or thread */
struct pair {
	struct xyzzy_task task;
	struct proc_snap snap;
};

/*
 * Get both. What /proc shows has to be the same before and after the call, so
 * the process must be asleep, stopped or dead.
 */
static inline int pair_take(struct pair *pair, pid_t pid, pid_t tid)
{
	struct proc_dir dir = proc_dir(pid, tid);
	struct proc_snap before;
	int err;

	for (int i = 0; i < WAIT_TRIES; i++) {
		err = proc_snap(&dir, &before) ?:
		      record_get(pid, tid, XYZZY_ALL, &pair->task) ?:
		      proc_snap(&dir, &pair->snap);
		if (err || !memcmp(&before, &pair->snap, sizeof(before)))
			return err;
		usleep(1000);
	}
	return -ETIMEDOUT;
}

/*
 * The bytes of each group in a record
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

/* The fields of a group that is not filled are zero. */
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

/*
 * Where /proc shows each field of a record. SWITCHES stands for the context
 * switches, which are part of XYZZY_TIMES: status has those of one thread, so
 * compare them only for a thread, or for a process that has had one thread.
 */
#define SWITCHES 0x8000000000000000ULL

/* What the record has; bytes where /proc has KiB or pages */
enum unit {
	U32,
	S32,
	U64,
	TICKS,			/* ns in the record */
	KIB,
	KIB_ROUNDED,		/* Rounded down */
	PAGES,
};

#define SHOWN(_group, _field, _where, _unit)				\
	{								\
		.group = (_group), .name = #_field, .where = (_where),	\
		.unit = (_unit), .offset = UP_TO(_field),		\
	}

static const struct shown {
	__u64 group;
	const char *name;
	const char *where;	/* See proc_value() */
	enum unit unit;
	size_t offset;
} shown[] = {
	SHOWN(XYZZY_ID, start_time, "stat 22", TICKS),
	SHOWN(XYZZY_ID, pid, "stat 1", U32),
	SHOWN(XYZZY_ID, pid, "status Pid", U32),
	SHOWN(XYZZY_ID, tgid, "status Tgid", U32),
	SHOWN(XYZZY_ID, ppid, "stat 4", U32),
	SHOWN(XYZZY_ID, pgid, "stat 5", U32),
	SHOWN(XYZZY_ID, sid, "stat 6", U32),
	SHOWN(XYZZY_ID, tty_nr, "stat 7", U32),
	SHOWN(XYZZY_ID, tty_pgrp, "stat 8", S32),
	SHOWN(XYZZY_ID, nr_threads, "stat 20", U32),
	SHOWN(XYZZY_ID, flags, "stat 9", U32),
	SHOWN(XYZZY_ID, state, "stat 3", U32),

	SHOWN(XYZZY_CREDS, uid, "status Uid 0", U32),
	SHOWN(XYZZY_CREDS, euid, "status Uid 1", U32),
	SHOWN(XYZZY_CREDS, suid, "status Uid 2", U32),
	SHOWN(XYZZY_CREDS, fsuid, "status Uid 3", U32),
	SHOWN(XYZZY_CREDS, gid, "status Gid 0", U32),
	SHOWN(XYZZY_CREDS, egid, "status Gid 1", U32),
	SHOWN(XYZZY_CREDS, sgid, "status Gid 2", U32),
	SHOWN(XYZZY_CREDS, fsgid, "status Gid 3", U32),

	SHOWN(XYZZY_SCHED, policy, "stat 41", U32),
	SHOWN(XYZZY_SCHED, priority, "stat 18", S32),
	SHOWN(XYZZY_SCHED, nice, "stat 19", S32),
	SHOWN(XYZZY_SCHED, rt_priority, "stat 40", U32),
	SHOWN(XYZZY_SCHED, cpu, "stat 39", U32),
	SHOWN(XYZZY_SCHED, oom_score_adj, "oom_score_adj", S32),

	SHOWN(XYZZY_TIMES, utime, "stat 14", TICKS),
	SHOWN(XYZZY_TIMES, stime, "stat 15", TICKS),
	SHOWN(XYZZY_TIMES, cutime, "stat 16", TICKS),
	SHOWN(XYZZY_TIMES, cstime, "stat 17", TICKS),
	SHOWN(SWITCHES, nvcsw, "status voluntary_ctxt_switches", U64),
	SHOWN(SWITCHES, nivcsw, "status nonvoluntary_ctxt_switches", U64),

	SHOWN(XYZZY_FAULTS, min_flt, "stat 10", U64),
	SHOWN(XYZZY_FAULTS, maj_flt, "stat 12", U64),
	SHOWN(XYZZY_FAULTS, cmin_flt, "stat 11", U64),
	SHOWN(XYZZY_FAULTS, cmaj_flt, "stat 13", U64),

	SHOWN(XYZZY_MEM, vm_size, "stat 23", U64),
	SHOWN(XYZZY_MEM, vm_size, "statm 1", PAGES),
	SHOWN(XYZZY_MEM, vm_size, "status VmSize", KIB),
	SHOWN(XYZZY_MEM, vm_peak, "status VmPeak", KIB),
	SHOWN(XYZZY_MEM, rss_anon, "status RssAnon", KIB),
	SHOWN(XYZZY_MEM, rss_file, "status RssFile", KIB),
	SHOWN(XYZZY_MEM, rss_shmem, "status RssShmem", KIB),
	SHOWN(XYZZY_MEM, rss_peak, "status VmHWM", KIB),
	SHOWN(XYZZY_MEM, swap, "status VmSwap", KIB),
	SHOWN(XYZZY_MEM, page_tables, "status VmPTE", KIB_ROUNDED),
	SHOWN(XYZZY_MEM, text, "status VmExe", KIB),
	SHOWN(XYZZY_MEM, lib, "status VmLib", KIB),
	SHOWN(XYZZY_MEM, data, "status VmData", KIB),
	SHOWN(XYZZY_MEM, stack, "status VmStk", KIB),
	SHOWN(XYZZY_MEM, locked, "status VmLck", KIB),

	SHOWN(XYZZY_IO, rchar, "io rchar", U64),
	SHOWN(XYZZY_IO, wchar, "io wchar", U64),
	SHOWN(XYZZY_IO, syscr, "io syscr", U64),
	SHOWN(XYZZY_IO, syscw, "io syscw", U64),
	SHOWN(XYZZY_IO, read_bytes, "io read_bytes", U64),
	SHOWN(XYZZY_IO, write_bytes, "io write_bytes", U64),
	SHOWN(XYZZY_IO, cancelled_write_bytes, "io cancelled_write_bytes",
	      U64),
};

/* The value of a field, as proc_value() returns it */
static inline __u64 field_value(const struct xyzzy_task *task,
				const struct shown *field)
{
	const char *at = (const char *)task + field->offset;

	if (field->unit == U32)
		return *(const __u32 *)at;
	if (field->unit == S32)
		return *(const __s32 *)at;
	return *(const __u64 *)at;
}

static inline void expect_field(struct __test_metadata *_metadata,
				const struct pair *pair,
				const struct shown *field)
{
	__u64 record = field_value(&pair->task, field);
	__u64 proc = proc_value(&pair->snap, field->where);

	if (field->unit == TICKS)
		record = ns_to_ticks(record);
	if (field->unit == KIB_ROUNDED)
		record = record / 1024 * 1024;
	if (field->unit == KIB || field->unit == KIB_ROUNDED)
		proc *= 1024;
	if (field->unit == PAGES)
		proc *= page_size();
	EXPECT_EQ(proc, record)
		TH_LOG("%s differs from %s", field->name, field->where);
}

static inline __u64 rss(const struct xyzzy_task *task)
{
	return task->rss_anon + task->rss_file + task->rss_shmem;
}

/* The sums are those of /proc, and no peak is below the current value. */
static inline void expect_mem_sums(struct __test_metadata *_metadata,
				   const struct pair *pair)
{
	const struct xyzzy_task *task = &pair->task;
	const struct proc_snap *snap = &pair->snap;

	EXPECT_EQ(proc_value(snap, "status VmRSS") * 1024, rss(task));
	EXPECT_EQ(proc_value(snap, "statm 2") * page_size(), rss(task));
	EXPECT_EQ(proc_value(snap, "statm 3") * page_size(),
		  task->rss_file + task->rss_shmem);
	EXPECT_EQ(proc_value(snap, "statm 6") * page_size(),
		  task->data + task->stack);
	EXPECT_LE(rss(task), task->rss_peak);
	EXPECT_LE(task->vm_size, task->vm_peak);
}

/* There is a NUL, and only NULs follow it. */
static inline bool comm_is_padded(const struct xyzzy_task *task)
{
	size_t len = strnlen(task->comm, sizeof(task->comm));

	return len < sizeof(task->comm) &&
	       is_filled_with(task->comm + len, 0, sizeof(task->comm) - len);
}

/* /proc shows more of the name of a kernel thread, up to what it works on. */
static inline void expect_comm(struct __test_metadata *_metadata,
			       const struct pair *pair)
{
	const char *comm = pair->task.comm, *in_proc = pair->snap.comm;

	EXPECT_TRUE(comm_is_padded(&pair->task));
	EXPECT_STREQ(in_proc, pair->snap.stat.comm);
	if (pair->task.flags & PF_KTHREAD) {
		EXPECT_NE('\0', comm[0]);
		EXPECT_EQ(0, strncmp(in_proc, comm, strlen(comm)));
	} else {
		EXPECT_STREQ(in_proc, comm);
	}
}

/*
 * The record has @groups, with the values that /proc shows; XYZZY_IO if the
 * caller can read the file io.
 */
static inline void expect_groups(struct __test_metadata *_metadata,
				 const struct pair *pair, __u64 groups)
{
	if (pair->snap.io_err) {
		EXPECT_FALSE(record_has(&pair->task, XYZZY_IO));
		groups &= ~XYZZY_IO;
	}
	EXPECT_TRUE(record_has(&pair->task, groups & ~SWITCHES));
	expect_rest_zero(_metadata, &pair->task);
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		if (shown[i].group & groups)
			expect_field(_metadata, pair, &shown[i]);
	if (groups & XYZZY_ID)
		expect_comm(_metadata, pair);
	if (groups & XYZZY_MEM)
		expect_mem_sums(_metadata, pair);
}

/*
 * Compare @groups with /proc in the record of process @pid, or of its thread
 * @tid if that is not 0. Returns the record, which is in @pair.
 */
static inline const struct xyzzy_task *
compare(struct __test_metadata *_metadata, struct pair *pair, pid_t pid,
	pid_t tid, __u64 groups)
{
	ASSERT_EQ(0, pair_take(pair, pid, tid));
	expect_groups(_metadata, pair, groups);
	return &pair->task;
}

/* For fixtures that have a pair */
#define COMPARE(_pid, _tid, _groups)					\
	compare(_metadata, &self->pair, _pid, _tid, _groups)

static inline void record_setup(struct __test_metadata *_metadata)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	adopt_orphans();
}

/*
 * A fixture for tests that compare the record of a subject, or of another child
 * in @other, with /proc. Its teardown reaps them, and their children.
 */
#define RECORD_FIXTURE(_name)						\
FIXTURE(_name)								\
{									\
	struct subject subject;						\
	struct pair pair;						\
	pid_t other;							\
};									\
									\
FIXTURE_SETUP(_name)							\
{									\
	memset(&self->subject, -1, sizeof(self->subject));		\
	record_setup(_metadata);					\
}									\
									\
FIXTURE_TEARDOWN(_name)							\
{									\
	subject_kill(&self->subject);					\
	kill_child(self->other);					\
	reap_orphans();							\
}

#endif /* __XYZZY_RECORD_H */
