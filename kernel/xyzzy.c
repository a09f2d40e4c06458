// SPDX-License-Identifier: GPL-2.0
/*
 * xyzzy(2): report many processes or threads in one call
 *
 * Fills an array of binary records, one for each process (or thread) that the
 * caller may see, as many as fit. A call validates its parameters, finds the
 * next tasks under RCU, fills a record for each of them, and stores the batch
 * in user memory outside of RCU. The functions stand in this order.
 * Strings are read between filling and storing.
 */

#include <linux/bitmap.h>
#include <linux/cgroup.h>
#include <linux/compat.h>
#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/delayacct.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/kdev_t.h>
#include <linux/kthread.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/pagewalk.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/ptrace.h>
#include <linux/sched/cputime.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/task_io_accounting_ops.h>
#include <linux/time_namespace.h>
#include <linux/tty.h>
#include <linux/uaccess.h>
#include <linux/unaligned.h>
#include <uapi/linux/xyzzy.h>

#include <asm/word-at-a-time.h>

#define XYZZY_FLAGS	(XYZZY_THREADS | XYZZY_APPROX_MEM)

/* Groups that this kernel was configured without */
#define XYZZY_UNSUPPORTED						\
	((IS_ENABLED(CONFIG_MMU) ? 0 : XYZZY_MEM | XYZZY_CMDLINE) |	\
	 (IS_ENABLED(CONFIG_TASK_DELAY_ACCT) ? 0 : XYZZY_DELAYS) |	\
	 (IS_ENABLED(CONFIG_TASK_IO_ACCOUNTING) ? 0 : XYZZY_IO) |	\
	 (IS_ENABLED(CONFIG_CGROUPS) ? 0 : XYZZY_CGROUP))

#define XYZZY_GROUPS	GENMASK_ULL(ARRAY_SIZE(group_end) - 1, 0)

#define XYZZY_SUPPORTED	(XYZZY_GROUPS & ~(u64)XYZZY_UNSUPPORTED)

/* Groups that store strings */
#define XYZZY_STRINGS	(XYZZY_CMDLINE | XYZZY_NAME)

/* Of the fields of these groups, exec changes only the name and some flags */
#define XYZZY_NO_LOCK	(XYZZY_ID | XYZZY_NAME)

#define XYZZY_TASK_SIZE_MAX	4096
#define XYZZY_NR_TASKS_MAX	SZ_1M

/* Size of the buffer for a batch, and the most records in it */
#define XYZZY_BATCH_BYTES	SZ_8K
#define XYZZY_BATCH_MAX		100

/* PIDs, threads and CPUs after which a batch ends; its last task may exceed it */
#define XYZZY_BUDGET		128

/* Range of the thread IDs of one process that are collected at a time */
#define XYZZY_TIDS		SZ_32K

/* Limits of the buffer for the strings of a batch, and of the strings area */
#define XYZZY_STRINGS_MIN	SZ_4K
#define XYZZY_STRINGS_MAX	SZ_32K
#define XYZZY_AREA_MAX		SZ_4G

/* Size of the longest name, with the NUL */
#define XYZZY_NAME_SIZE		64

/* What the strings of a record are read from. Holds references, or NULL. */
struct xyzzy_source {
	struct task_struct *kthread;	/* The task, if it is a kernel thread */
	struct mm_struct *mm;	/* The address space with the command line */
	u64 end;		/* Where the record's strings end in the area */
};

/* Strings of one call */
struct xyzzy_strings {
	char __user *area;	/* The strings area of the caller */
	u64 size;		/* Number of bytes that @area has room for */
	u64 max;		/* Most bytes to store of each string */
	u64 end;		/* Where the next string starts in @area */
	char *buf;		/* Buffer for what is to be stored */
	u64 buf_start;		/* Where the first byte of @buf goes in @area */
	size_t buf_size;
	struct xyzzy_source *sources;	/* Of each record of a batch */
	unsigned int nr_sources;
	bool full;		/* The strings of the next record do not fit */
};

/* State of one call. Holds references on ->procfs, ->tgid and ->deferred. */
struct xyzzy_walk {
	struct file *procfs;	/* Of procfd, pins ->ns; NULL if that is -1 */
	struct pid_namespace *ns;	/* PID namespace to walk */
	struct pid *tgid;	/* The process to report, NULL for all */
	enum pid_type type;	/* PIDTYPE_PID for threads, else PIDTYPE_TGID */
	u64 mask;		/* Groups to fill */
	bool approx_mem;	/* Do not sum memory counters over the CPUs */
	bool restricted;	/* Show only what the caller may ptrace-read */
	int budget;		/* What is left of XYZZY_BUDGET in this batch */
	int next;		/* Lowest PID not looked at yet */
	bool over;		/* No PID left from ->next on, or in ->tids */
	/* Process that was hidden when last asked about in this batch */
	const struct signal_struct *hidden;
	struct task_struct *deferred;	/* With PID ->next - 1 */
	unsigned long *tids;	/* Thread IDs of ->tgid, if these are walked */
	u32 first_tid;		/* Thread ID of the first bit in ->tids */
	s64 boot_offset;	/* Of the caller's time namespace, in ns */
	kuid_t kuid;		/* Last user ID translated */
	uid_t uid;		/* ->kuid in the caller's user namespace */
	kgid_t kgid;		/* Last group ID translated */
	gid_t gid;		/* ->kgid in the caller's user namespace */
	struct xyzzy_strings strings;	/* No buffer if none are asked for */
};

static void put_walk(struct xyzzy_walk *walk)
{
	bitmap_free(walk->tids);
	if (walk->deferred)
		put_task_struct(walk->deferred);
	put_pid(walk->tgid);
	if (walk->procfs)
		fput(walk->procfs);
}

/* End of each group; they are laid out in the order of their bits */
static const u16 group_end[] = {
	[ilog2(XYZZY_ID)]	= XYZZY_TASK_SIZE_ID,
	[ilog2(XYZZY_CREDS)]	= offsetofend(struct xyzzy_task, fsgid),
	[ilog2(XYZZY_SCHED)]	= offsetofend(struct xyzzy_task, oom_score_adj),
	[ilog2(XYZZY_TIMES)]	= offsetofend(struct xyzzy_task, nivcsw),
	[ilog2(XYZZY_FAULTS)]	= offsetofend(struct xyzzy_task, cmaj_flt),
	[ilog2(XYZZY_MEM)]	= offsetofend(struct xyzzy_task, locked),
	[ilog2(XYZZY_IO)]	= offsetofend(struct xyzzy_task,
					      cancelled_write_bytes),
	[ilog2(XYZZY_CGROUP)]	= offsetofend(struct xyzzy_task, cgroup_id),
	[ilog2(XYZZY_CMDLINE)]	= offsetofend(struct xyzzy_task, cmdline_size),
	[ilog2(XYZZY_NAME)]	= offsetofend(struct xyzzy_task, name_len),
	[ilog2(XYZZY_DELAYS)]	= offsetofend(struct xyzzy_task, run_delay),
};

static int check_params(const struct xyzzy_params *params, unsigned int flags)
{
	if (flags & ~XYZZY_FLAGS || params->mask & ~XYZZY_GROUPS)
		return -EINVAL;
	if (params->task_size > XYZZY_TASK_SIZE_MAX ||
	    params->task_size % sizeof(u64) ||
	    params->task_size < group_end[fls64(params->mask | XYZZY_ID) - 1])
		return -EINVAL;
	if (params->reserved || (params->mask & XYZZY_STRINGS &&
				 params->nr_tasks && !params->strings_size))
		return -EINVAL;
	return 0;
}

static int set_namespace(struct xyzzy_walk *walk, int procfd)
{
	struct dentry *dir;

	walk->ns = task_active_pid_ns(current);
	if (procfd == -1)
		return 0;

	/* fget() refuses descriptors opened with O_PATH */
	walk->procfs = fget(procfd);
	if (!walk->procfs)
		return -EBADF;
	dir = walk->procfs->f_path.dentry;
	if (dir->d_sb->s_magic != PROC_SUPER_MAGIC || dir != dir->d_sb->s_root)
		return -EINVAL;

	walk->ns = proc_pid_ns(dir->d_sb);
	/* The caller must be allowed to list it now, no matter who opened it */
	return file_permission(walk->procfs, MAY_READ | MAY_EXEC) ?:
	       security_file_permission(walk->procfs, MAY_READ);
}

/* The pidfd of a thread stands for the process that the thread belongs to */
static struct task_struct *get_pidfd_task(int pidfd)
{
	unsigned int pidfd_flags;
	struct task_struct *task;
	struct pid *pid;

	/* PIDFD_SELF and the like */
	if (pidfd < 0)
		return pidfd_get_task(pidfd, &pidfd_flags);

	/* pidfd_get_task() fails for the pidfd of a thread */
	pid = pidfd_get_pid(pidfd, &pidfd_flags);
	if (IS_ERR(pid))
		return ERR_CAST(pid);
	task = get_pid_task(pid, PIDTYPE_PID);
	put_pid(pid);
	return task ?: ERR_PTR(-ESRCH);
}

/*
 * Returns true if the caller sees only the processes that it may ptrace for
 * reading. Checked for each batch, because a remount can change it.
 */
static bool is_restricted(const struct xyzzy_walk *walk)
{
	return !walk->procfs ||
	       proc_needs_ptrace_access(file_inode(walk->procfs)->i_sb);
}

static bool may_ptrace_read(struct task_struct *task)
{
	return ptrace_may_access(task, PTRACE_MODE_READ_FSCREDS |
				       PTRACE_MODE_NOAUDIT);
}

/*
 * Returns the groups to fill for @task, or 0 if the caller may not see it. A
 * process that the mount shows is hidden if the caller fails the ptrace check
 * and a security module denies sched_getscheduler(2) for it. I/O figures can
 * reveal the length of a password, so they need the ptrace check in any case.
 */
static __always_inline
u64 visible_groups(const struct xyzzy_walk *walk, struct task_struct *task)
{
	struct task_struct *leader = READ_ONCE(task->group_leader);
	bool check = walk->restricted || IS_ENABLED(CONFIG_SECURITY);
	bool may_read = check && may_ptrace_read(leader);

	if (!may_read &&
	    (walk->restricted || security_task_getscheduler(leader)))
		return 0;
	if (!(walk->mask & XYZZY_IO))
		return walk->mask;
	if (!check || task != leader)
		may_read = may_ptrace_read(task);
	return may_read ? walk->mask : walk->mask & ~(u64)XYZZY_IO;
}

/*
 * Fails if the process is gone or not visible. The task that the caller holds
 * keeps @sig.
 */
static int check_process(struct xyzzy_walk *walk, struct signal_struct *sig)
{
	struct task_struct *leader;
	int ret = -ESRCH;

	if (down_read_interruptible(&sig->exec_update_lock))
		return -ERESTARTNOINTR;

	walk->restricted = is_restricted(walk);
	scoped_guard(rcu) {
		leader = pid_task(walk->tgid, PIDTYPE_TGID);
		if (leader)
			ret = visible_groups(walk, leader) ? 0 : -EPERM;
	}
	up_read(&sig->exec_update_lock);
	return ret;
}

static int set_process(struct xyzzy_walk *walk, int pidfd)
{
	struct task_struct *task;
	int ret = -ESRCH;

	if (pidfd == -1)
		return 0;

	task = get_pidfd_task(pidfd);
	if (IS_ERR(task))
		return PTR_ERR(task);
	walk->tgid = get_task_pid(task, PIDTYPE_TGID);
	if (pid_nr_ns(walk->tgid, walk->ns))
		ret = check_process(walk, task->signal);
	put_task_struct(task);
	return ret;
}

/* Inline variant of pid_nr_ns(), as each record has five numbers */
static u32 nr_in_walk(const struct xyzzy_walk *walk, const struct pid *pid)
{
	unsigned int level = walk->ns->level;

	if (!pid || pid->level < level || pid->numbers[level].ns != walk->ns)
		return 0;
	return pid->numbers[level].nr;
}

/*
 * Collect the thread IDs of the process from ->next on, in a range that begins
 * at the lowest one or below it. Few threads have a lower ID than their leader,
 * so try that one first. If the lowest one exits meanwhile, the range may be
 * empty.
 */
static void collect_tids(struct xyzzy_walk *walk)
{
	const unsigned int level = walk->ns->level;
	unsigned long *tids = walk->tids;
	const u32 next = walk->next;
	struct task_struct *leader, *thread;
	const struct signal_struct *sig;
	const struct pid *pid;
	u32 first, nr, lowest;
	int tries = 2;

	lowest = max(next, nr_in_walk(walk, walk->tgid));
	do {
		first = lowest;
		lowest = U32_MAX;
		bitmap_zero(tids, XYZZY_TIDS);

		guard(rcu)();
		leader = pid_task(walk->tgid, PIDTYPE_TGID);
		if (!leader)
			break;
		sig = leader->signal;
		__for_each_thread(sig, thread) {
			/* Pairs with exchange_tids(): no ID is missed */
			pid = smp_load_acquire(&thread->thread_pid);
			/* All threads of a process are in one PID namespace */
			nr = pid ? pid->numbers[level].nr : 0;
			if (nr < next)
				continue;
			lowest = min(lowest, nr);
			if (nr - first < XYZZY_TIDS)
				__set_bit(nr - first, tids);
		}
	} while (--tries && lowest != U32_MAX && lowest - first >= XYZZY_TIDS);

	walk->first_tid = first;
	walk->next = first;
	walk->over = lowest == U32_MAX;
}

/* Returns the number of PIDs found, in increasing order */
static unsigned int find_pids(struct xyzzy_walk *walk, struct pid **pids,
			      unsigned int max)
{
	unsigned long bit = walk->next - walk->first_tid;
	unsigned int found = 0;

	if (!walk->tgid)
		return find_ge_pids(walk->next, walk->ns, pids, max);
	if (!walk->tids) {
		pids[0] = walk->tgid;
		return nr_in_walk(walk, walk->tgid) >= walk->next;
	}

	for_each_set_bit_from(bit, walk->tids, XYZZY_TIDS) {
		pids[found] = find_pid_ns(walk->first_tid + bit, walk->ns);
		if (pids[found] && ++found == max)
			break;
	}
	return found;
}

/* Returns the task of @pid, NULL if the walk does not cover it */
static struct task_struct *task_in_walk(const struct xyzzy_walk *walk,
					struct pid *pid)
{
	struct task_struct *task = pid_task(pid, walk->type);

	/* release_task() may clear the process ID concurrently */
	if (task && walk->tgid && data_race(task_tgid(task)) != walk->tgid)
		return NULL;
	return task;
}

/* ->siglock pins the terminal. It is taken only if there appears to be one. */
static void fill_tty(struct xyzzy_task *rec, struct task_struct *task,
		     const struct xyzzy_walk *walk)
{
	struct tty_struct *tty;
	unsigned long flags;
	struct pid *pgrp;

	rec->tty_nr = 0;
	rec->tty_pgrp = -1;
	if (!READ_ONCE(task->signal->tty) || !lock_task_sighand(task, &flags))
		return;

	tty = task->signal->tty;
	if (tty) {
		pgrp = tty_get_pgrp(tty);
		rec->tty_pgrp = nr_in_walk(walk, pgrp);
		put_pid(pgrp);
		rec->tty_nr = new_encode_dev(tty_devnum(tty));
	}
	unlock_task_sighand(task, &flags);
}

/* All bytes after the NUL are zero, even if the name changes meanwhile */
static void fill_comm(struct xyzzy_task *rec, const struct task_struct *task)
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	unsigned long word, zeros, keep = ~0UL;

	BUILD_BUG_ON(sizeof(rec->comm) != sizeof(task->comm));

	for (size_t i = 0; i < sizeof(rec->comm); i += sizeof(word)) {
		/* It may change at any time, but always ends with a NUL */
		data_race(memcpy(&word, task->comm + i, sizeof(word)));
		word &= keep;
		if (has_zero(word, &zeros, &constants)) {
			zeros = prep_zero_mask(word, zeros, &constants);
			word &= zero_bytemask(create_zero_mask(zeros));
			keep = 0;
		}
		memcpy(rec->comm + i, &word, sizeof(word));
	}
}

/*
 * All of XYZZY_ID except ->mask and ->pid, which are set. RCU protects all of
 * the structs. Taking ->siglock would not help, because setsid() and setpgid()
 * do not take it. Returns false if @task has been released and lost its IDs.
 */
static bool fill_id(struct xyzzy_task *rec, struct task_struct *task,
		    struct pid *pid, const struct xyzzy_walk *walk)
{
	struct signal_struct *sig = task->signal;
	struct pid *tgid = READ_ONCE(sig->pids[PIDTYPE_TGID]);
	struct pid *pgrp = READ_ONCE(sig->pids[PIDTYPE_PGID]);
	struct pid *session = READ_ONCE(sig->pids[PIDTYPE_SID]);
	struct task_struct *parent = rcu_dereference(task->real_parent);

	if (!tgid || !pgrp || !session)
		return false;

	rec->tgid = tgid == pid ? rec->pid : nr_in_walk(walk, tgid);
	rec->ppid = nr_in_walk(walk,
			       READ_ONCE(parent->signal->pids[PIDTYPE_TGID]));
	rec->pgid = nr_in_walk(walk, pgrp);
	rec->sid = nr_in_walk(walk, session);
	rec->nr_threads = READ_ONCE(sig->nr_threads);
	fill_tty(rec, task, walk);
	/* de_thread() sets this to the start time of the old leader */
	rec->start_time = data_race(task->start_boottime) + walk->boot_offset;
	/* On 32 bits, st_ino is the lower half: unique while the upper is 0 */
	rec->pidfs_ino = (unsigned long)pid->ino == pid->ino ? pid->ino : 0;
	rec->flags = READ_ONCE(task->flags);
	/* The state may change at any time */
	rec->state = data_race(task_state_to_char(task));
	fill_comm(rec, task);
	return true;
}

/* Translating an ID is expensive, and many processes in a row have the same */
static uid_t uid_for_caller(struct xyzzy_walk *walk, kuid_t kuid)
{
	if (!uid_eq(walk->kuid, kuid)) {
		walk->kuid = kuid;
		walk->uid = from_kuid_munged(current_user_ns(), kuid);
	}
	return walk->uid;
}

static gid_t gid_for_caller(struct xyzzy_walk *walk, kgid_t kgid)
{
	if (!gid_eq(walk->kgid, kgid)) {
		walk->kgid = kgid;
		walk->gid = from_kgid_munged(current_user_ns(), kgid);
	}
	return walk->gid;
}

static void fill_creds(struct xyzzy_task *rec, struct task_struct *task,
		       struct xyzzy_walk *walk)
{
	const struct cred *cred = __task_cred(task);

	rec->uid = uid_for_caller(walk, cred->uid);
	rec->euid = uid_for_caller(walk, cred->euid);
	rec->suid = uid_for_caller(walk, cred->suid);
	rec->fsuid = uid_for_caller(walk, cred->fsuid);
	rec->gid = gid_for_caller(walk, cred->gid);
	rec->egid = gid_for_caller(walk, cred->egid);
	rec->sgid = gid_for_caller(walk, cred->sgid);
	rec->fsgid = gid_for_caller(walk, cred->fsgid);
}

static void fill_sched(struct xyzzy_task *rec, struct task_struct *task)
{
	/* No locks are taken: each value may change at any time */
	rec->nice = data_race(task_nice(task));
	rec->policy = READ_ONCE(task->policy);
	rec->priority = task_prio(task);
	rec->rt_priority = READ_ONCE(task->rt_priority);
	rec->cpu = task_cpu(task);
	rec->oom_score_adj = READ_ONCE(task->signal->oom_score_adj);
}

static void fill_cputime(struct xyzzy_task *rec, struct task_struct *task,
			 const struct xyzzy_walk *walk)
{
	if (walk->type == PIDTYPE_PID)
		task_cputime_adjusted(task, &rec->utime, &rec->stime);
	else
		thread_group_cputime_adjusted(task, &rec->utime, &rec->stime);
}

static unsigned long read_count(const unsigned long *count)
{
	/* The thread itself updates it without a lock */
	return data_race(*count);
}

/*
 * The counts of an exiting thread or of a reaped child are added to the
 * signal_struct under ->stats_lock, so none is missed or counted twice.
 * Everything in the signal_struct is read before the threads, because KCSAN
 * loses track of a seqlock after a number of accesses.
 */
static void fill_counts(struct xyzzy_task *rec, struct task_struct *task,
			const struct xyzzy_walk *walk, u64 groups)
{
	struct signal_struct *sig = task->signal;
	u64 nvcsw, nivcsw, min_flt, maj_flt;
	const struct task_struct *thread;

	scoped_seqlock_read(&sig->stats_lock, ss_lock_irqsave) {
		if (groups & XYZZY_TIMES) {
			rec->cutime = sig->cutime;
			rec->cstime = sig->cstime;
		}
		if (groups & XYZZY_FAULTS) {
			rec->cmin_flt = sig->cmin_flt;
			rec->cmaj_flt = sig->cmaj_flt;
		}

		if (walk->type == PIDTYPE_PID) {
			nvcsw = read_count(&task->nvcsw);
			nivcsw = read_count(&task->nivcsw);
			min_flt = read_count(&task->min_flt);
			maj_flt = read_count(&task->maj_flt);
		} else {
			nvcsw = sig->nvcsw;
			nivcsw = sig->nivcsw;
			min_flt = sig->min_flt;
			maj_flt = sig->maj_flt;
			__for_each_thread(sig, thread) {
				nvcsw += read_count(&thread->nvcsw);
				nivcsw += read_count(&thread->nivcsw);
				min_flt += read_count(&thread->min_flt);
				maj_flt += read_count(&thread->maj_flt);
			}
		}

		if (groups & XYZZY_TIMES) {
			rec->nvcsw = nvcsw;
			rec->nivcsw = nivcsw;
		}
		if (groups & XYZZY_FAULTS) {
			rec->min_flt = min_flt;
			rec->maj_flt = maj_flt;
		}
	}
}

#ifdef CONFIG_TASK_IO_ACCOUNTING
static __always_inline
void fill_io(struct xyzzy_task *rec, struct task_struct *task,
	     const struct xyzzy_walk *walk)
{
	struct task_io_accounting ioac;

	if (walk->type == PIDTYPE_PID) {
		/* The thread itself updates them without a lock */
		ioac = data_race(task->ioac);
	} else {
		scoped_seqlock_read(&task->signal->stats_lock, ss_lock_irqsave)
			thread_group_io_accounting(task->signal, &ioac);
	}

	rec->rchar = ioac.rchar;
	rec->wchar = ioac.wchar;
	rec->syscr = ioac.syscr;
	rec->syscw = ioac.syscw;
	rec->read_bytes = ioac.read_bytes;
	rec->write_bytes = ioac.write_bytes;
	rec->cancelled_write_bytes = ioac.cancelled_write_bytes;
}
#else
static void fill_io(struct xyzzy_task *rec, struct task_struct *task,
		    const struct xyzzy_walk *walk)
{
}
#endif

/* A group starts where the one before it ends */
static __always_inline void clear_group(struct xyzzy_task *rec, u64 group)
{
	const u16 *end = &group_end[ilog2(group)];

	memset((void *)rec + end[-1], 0, end[0] - end[-1]);
}

/*
 * ->alloc_lock keeps exit from dropping ->mm. A reference would have to be
 * dropped with mmput_async(). The ->mm of a kernel thread is borrowed. Taking
 * mmap_lock would not make the counters more accurate. The recorded peaks are
 * updated late, so a peak is at least the current value.
 */
static bool fill_mem(struct xyzzy_task *rec, struct task_struct *task,
		     struct xyzzy_walk *walk)
{
	unsigned long counters[NR_MM_COUNTERS];
	struct mm_struct *mm;
	u64 exec;

	guard(task_lock)(task);
	mm = task->mm;
	if (!mm || rec->flags & PF_KTHREAD)
		return false;

	if (walk->approx_mem) {
		counters[MM_FILEPAGES] = get_mm_counter(mm, MM_FILEPAGES);
		counters[MM_ANONPAGES] = get_mm_counter(mm, MM_ANONPAGES);
		counters[MM_SWAPENTS] = get_mm_counter(mm, MM_SWAPENTS);
		counters[MM_SHMEMPAGES] = get_mm_counter(mm, MM_SHMEMPAGES);
	} else {
		walk->budget -= num_online_cpus();
		get_mm_counters_sum(mm, counters);
	}
	rec->rss_anon = (u64)counters[MM_ANONPAGES] << PAGE_SHIFT;
	rec->rss_file = (u64)counters[MM_FILEPAGES] << PAGE_SHIFT;
	rec->rss_shmem = (u64)counters[MM_SHMEMPAGES] << PAGE_SHIFT;
	rec->swap = (u64)counters[MM_SWAPENTS] << PAGE_SHIFT;
	rec->rss_peak = max(rec->rss_anon + rec->rss_file + rec->rss_shmem,
			    (u64)READ_ONCE(mm->hiwater_rss) << PAGE_SHIFT);
	rec->vm_size = (u64)READ_ONCE(mm->total_vm) << PAGE_SHIFT;
	rec->vm_peak = max(rec->vm_size,
			   (u64)READ_ONCE(mm->hiwater_vm) << PAGE_SHIFT);
	rec->page_tables = mm_pgtables_bytes(mm);
	rec->data = (u64)READ_ONCE(mm->data_vm) << PAGE_SHIFT;
	rec->stack = (u64)READ_ONCE(mm->stack_vm) << PAGE_SHIFT;
	rec->locked = (u64)READ_ONCE(mm->locked_vm) << PAGE_SHIFT;
	exec = (u64)READ_ONCE(mm->exec_vm) << PAGE_SHIFT;
	/* prctl(PR_SET_MM) may change the bounds of the text */
	rec->text = min_t(u64, data_race(mm_text_size(mm)), exec);
	rec->lib = exec - rec->text;
	return true;
}

#ifdef CONFIG_CGROUPS
static void fill_cgroup(struct xyzzy_task *rec, struct task_struct *task)
{
	rec->cgroup_id = cgroup_id(task_dfl_cgroup(task));
}
#else
static void fill_cgroup(struct xyzzy_task *rec, struct task_struct *task) { }
#endif

#ifdef CONFIG_TASK_DELAY_ACCT
static void fill_delays(struct xyzzy_task *rec, struct task_struct *task)
{
	rec->blkio_delay = delayacct_blkio_delay(task);
	/* The scheduler updates it under the lock of the run queue */
	rec->run_delay = data_race(task->sched_info.run_delay);
}
#else
static void fill_delays(struct xyzzy_task *rec, struct task_struct *task) { }
#endif

/*
 * @rec holds zeros or an earlier record of the same call. Groups that were not
 * asked for are zero in both; each other group must be filled or cleared.
 * Returns false if @task has been released.
 */
static bool fill_record(struct xyzzy_task *rec, struct task_struct *task,
			struct pid *pid, struct xyzzy_walk *walk, u64 groups)
{
	rec->mask = groups;
	if (!fill_id(rec, task, pid, walk))
		return false;
	if (!(walk->mask & ~XYZZY_NO_LOCK))
		goto out;

	if (groups & (XYZZY_TIMES | XYZZY_FAULTS))
		fill_counts(rec, task, walk, groups);
	if (groups & XYZZY_CREDS)
		fill_creds(rec, task, walk);
	if (groups & XYZZY_SCHED)
		fill_sched(rec, task);
	if (groups & XYZZY_TIMES)
		fill_cputime(rec, task, walk);
	if (groups & XYZZY_MEM && !fill_mem(rec, task, walk)) {
		rec->mask &= ~(u64)XYZZY_MEM;
		clear_group(rec, XYZZY_MEM);
	}
	if (groups & XYZZY_CGROUP)
		fill_cgroup(rec, task);
	if (groups & XYZZY_DELAYS)
		fill_delays(rec, task);
	if (groups & XYZZY_IO)
		fill_io(rec, task, walk);
	else if (walk->mask & XYZZY_IO)
		clear_group(rec, XYZZY_IO);
out:
	/* release_task() clears ->thread_pid before the other IDs, for good */
	return data_race(pid_alive(task));
}

/* Of the threads of a process, only the leader reports the command line */
static bool has_cmdline(const struct xyzzy_task *rec)
{
	return rec->mask & XYZZY_CMDLINE && rec->pid == rec->tgid;
}

/*
 * Take the references that read_strings() needs. ->exec_update_lock keeps
 * execve() from replacing the address space that the record was filled from.
 */
static void add_source(struct xyzzy_walk *walk, const struct xyzzy_task *rec,
		       struct task_struct *task)
{
	struct xyzzy_strings *strings = &walk->strings;
	struct xyzzy_source *source = &strings->sources[strings->nr_sources++];

	if (READ_ONCE(task->flags) & PF_KTHREAD) {
		if (rec->mask & XYZZY_NAME)
			source->kthread = get_task_struct(task);
	} else if (has_cmdline(rec)) {
		/* It reads ->flags, which may change at any time */
		source->mm = data_race(get_task_mm(task));
	}
}

/*
 * Fill a record for @pid, whose task is @task, if the caller may see it. If
 * @task is released meanwhile, retry with the thread that has taken over the
 * PID in execve(), which has the same signal_struct; otherwise the process has
 * ended.
 */
static bool report_task(struct xyzzy_walk *walk, struct pid *pid,
			struct task_struct *task, struct xyzzy_task *rec)
{
	const struct signal_struct *sig = task->signal;
	struct task_struct *last;
	u64 groups;

	do {
		groups = visible_groups(walk, task);
		if (!groups) {
			walk->hidden = sig;
			return false;
		}
		if (fill_record(rec, task, pid, walk, groups)) {
			if (walk->strings.buf)
				add_source(walk, rec, task);
			return true;
		}
		last = task;
		task = task_in_walk(walk, pid);
	} while (task && task != last && task->signal == sig);
	return false;
}

/*
 * Fill a record for @pid if the caller may see it. ->exec_update_lock is held
 * from the visibility check to the end of the record: this keeps the record
 * about one program, and the ptrace check from failing because execve() is in
 * progress. If the lock is taken, or there are more threads to sum than the
 * budget of an RCU section allows, end the batch and leave the task to
 * fill_deferred().
 */
static bool report_pid(struct xyzzy_walk *walk, struct pid *pid,
		       struct xyzzy_task *rec)
{
	struct task_struct *task = task_in_walk(walk, pid);
	struct signal_struct *sig;
	int nr_threads = 0;
	bool reported;

	if (!task)
		return false;
	/* Modules may log a denial: do not ask them for each thread */
	if (IS_ENABLED(CONFIG_SECURITY) && task->signal == walk->hidden)
		return false;
	if (!(walk->mask & ~XYZZY_NO_LOCK) && !walk->restricted &&
	    !IS_ENABLED(CONFIG_SECURITY))
		return report_task(walk, pid, task, rec);

	sig = task->signal;
	if (walk->type == PIDTYPE_TGID &&
	    walk->mask & (XYZZY_TIMES | XYZZY_FAULTS | XYZZY_IO))
		nr_threads = READ_ONCE(sig->nr_threads);
	if (nr_threads > XYZZY_BUDGET ||
	    !down_read_trylock(&sig->exec_update_lock)) {
		walk->deferred = get_task_struct(task);
		walk->budget = 0;
		return false;
	}
	walk->budget -= nr_threads;
	reported = report_task(walk, pid, task, rec);
	up_read(&sig->exec_update_lock);
	return reported;
}

/*
 * Returns the number of records filled. RCU protects the pids, tasks and
 * signal_structs that are found; references are taken only on what is used
 * after the RCU section.
 */
static noinline_for_stack long fill_batch(struct xyzzy_walk *walk, void *batch,
					  size_t task_size, size_t room)
{
	struct pid *pids[XYZZY_BATCH_MAX] __uninitialized;
	struct xyzzy_task *rec;
	unsigned int i, found;
	size_t n = 0;

	walk->restricted = is_restricted(walk);
	walk->budget = XYZZY_BUDGET;
	guard(rcu)();
	/* RCU keeps the signal_struct from being reused */
	walk->hidden = NULL;
	while (n < room && walk->budget > 0 && !walk->over) {
		found = find_pids(walk, pids,
				  min_t(size_t, room - n, walk->budget));
		for (i = 0; i < found && walk->budget > 0; i++) {
			rec = batch + n * task_size;
			/* Each was found by its number in the namespace */
			rec->pid = pids[i]->numbers[walk->ns->level].nr;
			walk->next = rec->pid + 1;
			walk->budget--;
			if (report_pid(walk, pids[i], rec))
				n++;
		}
		walk->over = !found;
	}
	return n;
}

/*
 * Fill the record of the deferred task in an RCU section of its own. Returns
 * the number of records filled, or -ERESTARTNOINTR. A killable wait could
 * deadlock: to restrict all threads of a process, Landlock takes the lock for
 * writing and waits until each of them, maybe this one, has run task work.
 */
static long fill_deferred(struct xyzzy_walk *walk, struct xyzzy_task *rec)
{
	struct task_struct *deferred __free(put_task) =
		no_free_ptr(walk->deferred);
	struct signal_struct *sig = deferred->signal;
	struct task_struct *task;
	struct pid *pid;
	long n = 0;

	if (down_read_interruptible(&sig->exec_update_lock))
		return -ERESTARTNOINTR;

	walk->restricted = is_restricted(walk);
	scoped_guard(rcu) {
		rec->pid = walk->next - 1;
		pid = find_pid_ns(rec->pid, walk->ns);
		task = task_in_walk(walk, pid);
		/* The PID may belong to another process by now */
		if (task && task->signal == sig)
			n = report_task(walk, pid, task, rec);
	}
	up_read(&sig->exec_update_lock);
	return n;
}

/* Store the strings up to @end, which are in the buffer */
static int store_strings(const struct xyzzy_strings *strings, u64 end)
{
	const size_t len = end - strings->buf_start;

	if (len && copy_to_user(strings->area + strings->buf_start,
				strings->buf, len))
		return -EFAULT;
	return 0;
}

static size_t buffer_room(const struct xyzzy_strings *strings)
{
	return strings->buf_size - (strings->end - strings->buf_start);
}

static char *buffer_end(const struct xyzzy_strings *strings)
{
	return strings->buf + (strings->end - strings->buf_start);
}

/*
 * The most bytes to store of a string. The strings of the first record of a
 * call are cut to what fits in the area, those of any other record must fit.
 */
static u64 string_limit(const struct xyzzy_strings *strings, bool first)
{
	u64 room = strings->size - strings->end;

	if (!first)
		return strings->max;
	return min(strings->max, room ? room - 1 : 0);
}

/* Terminate the string from @start to ->end */
static int end_string(struct xyzzy_strings *strings, u64 start, bool first,
		      u32 *offset, u32 *len)
{
	*offset = 0;
	*len = 0;
	if (strings->end >= strings->size)
		return first ? 0 : -ENOSPC;
	if (!buffer_room(strings))
		return -ENOBUFS;

	*offset = start;
	*len = strings->end - start;
	*buffer_end(strings) = '\0';
	strings->end++;
	return 0;
}

/* Length of a name, without the padding of fill_comm() */
static size_t comm_len(const struct xyzzy_task *rec)
{
	u64 high = get_unaligned_le64(rec->comm + sizeof(u64));
	u64 low = get_unaligned_le64(rec->comm);

	BUILD_BUG_ON(sizeof(rec->comm) != 2 * sizeof(u64));
	return high ? sizeof(u64) + DIV_ROUND_UP(fls64(high), BITS_PER_BYTE) :
		      DIV_ROUND_UP(fls64(low), BITS_PER_BYTE);
}

static int read_name(struct xyzzy_strings *strings, struct xyzzy_task *rec,
		     struct task_struct *kthread, bool first)
{
	const u64 start = strings->end;
	char *buf = buffer_end(strings);
	size_t len;

	if (buffer_room(strings) < XYZZY_NAME_SIZE)
		return -ENOBUFS;
	if (kthread) {
		get_task_full_name(buf, XYZZY_NAME_SIZE, kthread);
		len = strlen(buf);
	} else {
		memcpy(buf, rec->comm, sizeof(rec->comm));
		len = comm_len(rec);
	}
	strings->end += min_t(u64, len, string_limit(strings, first));
	return end_string(strings, start, first, &rec->name, &rec->name_len);
}

#ifdef CONFIG_MMU
/*
 * Returns true if an access to @addr, which is not mapped, would grow the
 * stack. Checks RLIMIT_STACK only: if something else prevents that, the caller
 * reads the file in vain.
 */
static bool stack_would_grow(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *next, *prev;

	next = find_vma_prev(mm, addr, &prev);
	if (next && next->vm_flags & VM_GROWSDOWN)
		return next->vm_end - (addr & PAGE_MASK) <=
		       rlimit(RLIMIT_STACK);
	return prev && prev->vm_flags & VM_GROWSUP &&
	       PAGE_ALIGN(addr + 1) - prev->vm_start <= rlimit(RLIMIT_STACK);
}

/*
 * Read what is in memory at @addr, at most to the end of the page, under
 * mmap_lock. Returns the number of bytes, 0 where /proc/PID/cmdline would stop
 * short, or -EAGAIN where reading that file could wait or fault a page in.
 */
static int read_resident(struct mm_struct *mm, unsigned long addr, char *buf,
			 size_t size)
{
	struct vm_area_struct *vma;
	struct folio_walk fw;
	void *from;

	addr = untagged_addr_remote(mm, addr);
	vma = vma_lookup(mm, addr);
	if (!vma)
		return stack_would_grow(mm, addr) ? -EAGAIN : 0;
	if (!vma_is_anonymous(vma))
		return vma->vm_ops->access ? -EAGAIN : 0;
	if (vma->vm_flags & (VM_IO | VM_PFNMAP) || !(vma->vm_flags & VM_READ))
		return 0;
	if (!folio_walk_start(&fw, vma, addr, FW_ZEROPAGE))
		return -EAGAIN;

	size = min(size, PAGE_SIZE - offset_in_page(addr));
	if (fw.page) {
		flush_anon_page(vma, fw.page, addr);
		from = kmap_local_page(fw.page);
		copy_from_user_page(vma, fw.page, addr, buf,
				    from + offset_in_page(addr), size);
		kunmap_local(from);
	} else {
		memset(buf, 0, size);
	}
	folio_walk_end(&fw, vma);
	return size;
}

/* A command line while it is read */
struct xyzzy_cmdline {
	unsigned long start;	/* Address of the first byte */
	unsigned long arg_end;	/* End of the arguments */
	unsigned long title_end;	/* End of what a title may overwrite */
	u64 limit;		/* Most bytes to store */
	u64 size;		/* Most bytes to read, 0 if not known yet */
	u64 read;		/* Number of bytes read */
	bool title;		/* It is a title, which ends with a NUL */
	bool cut;		/* There are arguments after the limit */
};

/*
 * A program that overwrites its arguments with a title overwrites the last NUL,
 * too. procfs looks for the end of a title in the first PAGE_SIZE bytes. If the
 * arguments lie within a page, read all of them and return their number: each
 * page is expensive to look up.
 */
static int find_size(struct xyzzy_strings *strings,
		     struct xyzzy_cmdline *cmdline, struct mm_struct *mm)
{
	const unsigned long len = cmdline->arg_end - cmdline->start;
	const bool all = offset_in_page(cmdline->start) + len <= PAGE_SIZE &&
			 len < buffer_room(strings);
	const size_t size = all ? len : 1;
	char byte, *buf = all ? buffer_end(strings) : &byte;
	int got;

	got = read_resident(mm, cmdline->arg_end - size, buf, size);
	if (got < 0)
		return got;

	cmdline->title = got && buf[size - 1];
	if (cmdline->title)
		cmdline->size = min(cmdline->title_end - cmdline->start,
				    PAGE_SIZE);
	else
		cmdline->size = min(len, cmdline->limit);
	return all ? got : 0;
}

/* Returns true if /proc/PID/cmdline would have arguments after the limit */
static bool is_cut(const struct xyzzy_cmdline *cmdline, struct mm_struct *mm)
{
	char byte;

	return !cmdline->title && cmdline->read == cmdline->limit &&
	       cmdline->read < cmdline->arg_end - cmdline->start &&
	       read_resident(mm, cmdline->start + cmdline->read, &byte, 1);
}

/*
 * Read as much as the buffer has room for, under mmap_lock. Returns -ENOBUFS if
 * there is more.
 */
static int read_part(struct xyzzy_strings *strings,
		     struct xyzzy_cmdline *cmdline, struct mm_struct *mm)
{
	int got = cmdline->size ? 0 : find_size(strings, cmdline, mm);
	u64 left;
	int len;

	while (got >= 0 && cmdline->read < cmdline->size) {
		/* Leave room for the NUL */
		if (buffer_room(strings) <= 1)
			return -ENOBUFS;
		left = cmdline->size - cmdline->read;
		if (!got)
			got = read_resident(mm, cmdline->start + cmdline->read,
					    buffer_end(strings),
					    min_t(u64, left,
						  buffer_room(strings) - 1));
		if (got <= 0)
			break;

		got = min_t(u64, got, left);
		if (cmdline->title) {
			len = strnlen(buffer_end(strings), got);
			if (len < got) {
				got = len + 1;
				cmdline->size = cmdline->read + got;
			}
		}
		/* The rest of a title is read to find its length */
		if (cmdline->read < cmdline->limit)
			strings->end += min_t(u64, got, cmdline->limit -
							cmdline->read);
		cmdline->read += got;
		got = 0;
	}
	if (got < 0)
		return got;
	cmdline->cut = is_cut(cmdline, mm);
	return 0;
}

/*
 * Store what is in the buffer. This can take arbitrarily long, so the process
 * must be able to exit and free its memory. A signal ends the call before this
 * record unless it is the first: each call has to store one.
 */
static int store_part(struct xyzzy_strings *strings,
		      struct xyzzy_source *source, bool first)
{
	struct mm_struct *mm = source->mm;
	int ret;

	if (strings->end >= strings->size)
		return -ENOSPC;

	mmgrab(mm);
	mmput_async(mm);
	ret = store_strings(strings, strings->end);
	strings->buf_start = strings->end;
	if (!mmget_not_zero(mm)) {
		source->mm = NULL;
		ret = ret ?: -EAGAIN;
	}
	mmdrop(mm);
	cond_resched();
	if (fatal_signal_pending(current) || (signal_pending(current) && !first))
		return -ENOSPC;
	return ret;
}

/*
 * If the record is the only one of the batch, a command line that is larger
 * than the buffer is read and stored in parts. Returns -EAGAIN if reading it
 * would wait.
 */
static int read_cmdline(struct xyzzy_strings *strings, struct xyzzy_task *rec,
			struct xyzzy_source *source, bool first, bool alone)
{
	struct xyzzy_cmdline cmdline = {
		.limit = string_limit(strings, first),
	};
	const u64 start = strings->end;
	int ret;

	if (!source->mm || !get_mm_arg_range(source->mm, &cmdline.start,
					     &cmdline.arg_end,
					     &cmdline.title_end)) {
		rec->cmdline_size = 0;
		return end_string(strings, start, first, &rec->cmdline,
				  &rec->cmdline_len);
	}

	do {
		if (!mmap_read_trylock(source->mm))
			return -EAGAIN;
		ret = read_part(strings, &cmdline, source->mm);
		mmap_read_unlock(source->mm);
		if (ret != -ENOBUFS || !alone)
			break;
		ret = store_part(strings, source, first);
	} while (!ret);
	if (ret)
		return ret;

	rec->cmdline_size = cmdline.cut ? cmdline.arg_end - cmdline.start :
					  cmdline.read;
	return end_string(strings, start, first, &rec->cmdline,
			  &rec->cmdline_len);
}

static void put_source_mm(struct xyzzy_source *source)
{
	if (source->mm)
		mmput_async(source->mm);
	source->mm = NULL;
}
#else
static int read_cmdline(struct xyzzy_strings *strings, struct xyzzy_task *rec,
			struct xyzzy_source *source, bool first, bool alone)
{
	return -EAGAIN;
}

static void put_source_mm(struct xyzzy_source *source) { }
#endif

/* Forget the strings from @start on */
static void rewind_strings(struct xyzzy_strings *strings, u64 start)
{
	strings->end = start;
	strings->buf_start = min(strings->buf_start, start);
}

static int read_record_strings(struct xyzzy_strings *strings,
			       struct xyzzy_task *rec,
			       struct xyzzy_source *source, bool first,
			       bool alone)
{
	const u64 start = strings->end;
	u64 name_end;
	int ret = 0;

	if (rec->mask & XYZZY_NAME)
		ret = read_name(strings, rec, source->kthread, first);
	name_end = strings->end;
	if (!ret && rec->mask & XYZZY_CMDLINE) {
		ret = -EAGAIN;
		if (has_cmdline(rec))
			ret = read_cmdline(strings, rec, source, first, alone);
		if (ret == -EAGAIN) {
			rewind_strings(strings, name_end);
			rec->mask &= ~(u64)XYZZY_CMDLINE;
			clear_group(rec, XYZZY_CMDLINE);
			ret = 0;
		}
	}
	if (ret)
		rewind_strings(strings, start);
	source->end = strings->end;
	return ret;
}

/* After this, the source is ready for another batch */
static void put_source(struct xyzzy_source *source)
{
	if (source->kthread) {
		put_task_struct(source->kthread);
		source->kthread = NULL;
	}
	put_source_mm(source);
}

/* Cut a batch to @n records, and leave the others to the next one */
static size_t cut_batch(struct xyzzy_walk *walk, const void *batch,
			size_t task_size, size_t n)
{
	const struct xyzzy_task *next = batch + n * task_size;
	struct xyzzy_strings *strings = &walk->strings;

	while (strings->nr_sources > n)
		put_source(&strings->sources[--strings->nr_sources]);
	if (walk->deferred)
		put_task_struct(walk->deferred);
	walk->deferred = NULL;
	walk->next = next->pid;
	walk->over = false;
	return n;
}

/*
 * Read the strings of a batch of @n records into the buffer. A reference is
 * dropped once it has been read from, and all of them before anything is
 * stored. Returns the number of records whose strings there was room for, or
 * -EFAULT. @first: nothing has been stored by this call.
 */
static long read_strings(struct xyzzy_walk *walk, void *batch, size_t task_size,
			 size_t n, bool first)
{
	struct xyzzy_strings *strings = &walk->strings;
	struct xyzzy_source *source = strings->sources;
	size_t i = 0;
	int ret = 0;

	/* Even if @n is 0: what was in the buffer has been stored */
	strings->buf_start = strings->end;
	while (i < n && !ret) {
		ret = read_record_strings(strings, batch + i * task_size,
					  &source[i], first && !i, n == 1);
		if (!ret) {
			put_source(&source[i++]);
			cond_resched();
		} else if (ret == -ENOBUFS) {
			/* The first one gets the buffer for itself */
			n = cut_batch(walk, batch, task_size, max(i, 1));
			ret = 0;
		}
	}
	if (ret)
		n = cut_batch(walk, batch, task_size, i);
	strings->full = ret == -ENOSPC;
	strings->nr_sources = 0;
	return ret == -EFAULT ? ret : n;
}

/* One allocation for the records of a batch, their sources and the strings */
static void *alloc_batch(struct xyzzy_walk *walk,
			 const struct xyzzy_params *params, size_t nr)
{
	struct xyzzy_strings *strings = &walk->strings;
	const size_t records = nr * params->task_size;
	const size_t sources = nr * sizeof(*strings->sources);
	void *batch;

	if (!(walk->mask & XYZZY_STRINGS))
		return kzalloc(records, GFP_KERNEL_ACCOUNT);

	strings->area = params->strings;
	strings->size = min_t(u64, params->strings_size, XYZZY_AREA_MAX);
	strings->max = params->string_max ?: U64_MAX;
	strings->buf_size = clamp(strings->size, XYZZY_STRINGS_MIN,
				  XYZZY_STRINGS_MAX);
	batch = kvmalloc(records + sources + strings->buf_size,
			 GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!batch)
		return NULL;

	strings->sources = batch + records;
	strings->buf = batch + records + sources;
	return memset(batch, 0, records + sources);
}

/*
 * @batch has the layout that the records have in user memory. Returns how many
 * were stored whole, with their strings: if copying all of them faults, copy
 * them one by one.
 */
static size_t store_batch(struct xyzzy_strings *strings,
			  const struct xyzzy_params *params, size_t index,
			  const void *batch, size_t n)
{
	const size_t size = params->task_size;
	void __user *to = (void __user *)params->tasks + index * size;
	size_t i;

	if (!store_strings(strings, strings->end) &&
	    !copy_to_user(to, batch, n * size))
		return n;

	for (i = 0; i < n; i++) {
		if (strings->buf &&
		    store_strings(strings, strings->sources[i].end))
			break;
		if (copy_to_user(to + i * size, batch + i * size, size))
			break;
	}
	return i;
}

/* Returns the number of records stored, with the cursor after the last one */
static long walk_tasks(struct xyzzy_walk *walk, struct xyzzy_params *params)
{
	const size_t room = min_t(size_t, params->nr_tasks, XYZZY_NR_TASKS_MAX);
	const size_t task_size = params->task_size;
	const size_t batch_max = min3(room, XYZZY_BATCH_BYTES / task_size,
				      XYZZY_BATCH_MAX);
	void *batch __free(kvfree) = NULL;
	size_t whole, limit = batch_max, stored = 0;
	struct xyzzy_task *last;
	long filled, fit;

	if (!room)
		return 0;
	batch = alloc_batch(walk, params, batch_max);
	if (!batch)
		return -ENOMEM;
	if (walk->tgid && walk->type == PIDTYPE_PID) {
		walk->tids = bitmap_alloc(XYZZY_TIDS, GFP_KERNEL_ACCOUNT);
		if (!walk->tids)
			return -ENOMEM;
		collect_tids(walk);
	}

	while (stored < room && !walk->over) {
		if (walk->deferred)
			filled = fill_deferred(walk, batch);
		else
			filled = fill_batch(walk, batch, task_size,
					    min(limit, room - stored));
		if (filled >= 0 && walk->strings.buf) {
			fit = read_strings(walk, batch, task_size, filled,
					   !stored);
			/* Do not fill many records only to cut them off */
			limit = fit < filled ? max(fit, 1) :
					       min(2 * limit, batch_max);
			filled = fit;
		}
		if (filled < 0)
			return stored ?: filled;

		whole = store_batch(&walk->strings, params, stored, batch,
				    filled);
		if (whole) {
			last = batch + (whole - 1) * task_size;
			params->cursor = last->pid + 1;
		}
		stored += whole;
		if (whole < filled)
			return stored ?: -EFAULT;

		if (walk->strings.full || fatal_signal_pending(current) ||
		    (stored && signal_pending(current)))
			break;
		if (walk->over && walk->tids)
			collect_tids(walk);
		cond_resched();
	}
	return stored;
}

/**
 * ksys_xyzzy - Report processes or threads
 * @params: Parameters in the native layout; changed
 * @flags: XYZZY_THREADS, XYZZY_APPROX_MEM
 * @supported: Where to store the supported groups, on success. Not a pointer to
 *	       u64, which a compat layout may align to 4 bytes.
 * @cursor: Where to store the cursor, if records were stored; likewise
 *
 * Context: Process context. May sleep, holds no lock on entry or return.
 * Return: The number of records stored in user memory, or
 * * %-EINVAL - A flag, group, field or procfd that is not valid
 * * %-EBADF - procfd is not open for reading, or pidfd is not a pidfd
 * * %-EACCES - The caller may not read and search procfd (a security module
 *   may choose another error)
 * * %-ESRCH - The process of pidfd is gone, or not in the PID namespace
 * * %-EPERM - The process of pidfd is not visible to the caller
 * * %-ERESTARTNOINTR - A signal interrupted waiting for a process in execve()
 * * %-ENOMEM - No memory for the buffers
 * * %-EFAULT - No record could be stored whole, or a result could not be stored
 */
static long ksys_xyzzy(struct xyzzy_params *params, unsigned int flags,
		       void __user *supported, void __user *cursor)
{
	struct xyzzy_walk walk __cleanup(put_walk) = {
		.type = flags & XYZZY_THREADS ? PIDTYPE_PID : PIDTYPE_TGID,
		.mask = (params->mask & XYZZY_SUPPORTED) | XYZZY_ID,
		.approx_mem = flags & XYZZY_APPROX_MEM,
		.next = clamp_t(u64, params->cursor, 1, PID_MAX_LIMIT),
		.boot_offset = timens_add_boottime_ns(0),
		.kuid = INVALID_UID,
		.kgid = INVALID_GID,
	};
	long ret;

	BUILD_BUG_ON(offsetof(struct xyzzy_task, uid) != XYZZY_TASK_SIZE_ID);
	BUILD_BUG_ON(offsetofend(struct xyzzy_task, cgroup_id) !=
		     XYZZY_TASK_SIZE_VER0);
	BUILD_BUG_ON(offsetofend(struct xyzzy_params, nr_tasks) !=
		     XYZZY_PARAMS_SIZE_VER0);
	BUILD_BUG_ON(sizeof(struct xyzzy_task) != XYZZY_TASK_SIZE_VER1);
	BUILD_BUG_ON(sizeof(struct xyzzy_params) != XYZZY_PARAMS_SIZE_VER1);

	params->supported = XYZZY_SUPPORTED;
	ret = check_params(params, flags) ?:
	      set_namespace(&walk, params->procfd) ?:
	      set_process(&walk, params->pidfd) ?:
	      walk_tasks(&walk, params);
	if (ret >= 0 && copy_to_user(supported, &params->supported,
				     sizeof(params->supported)))
		return -EFAULT;
	if (ret > 0 && copy_to_user(cursor, &params->cursor,
				    sizeof(params->cursor)))
		return -EFAULT;
	return ret;
}

/* The size comes first in both layouts of the parameters */
static int copy_params(void *params, size_t ksize, void __user *uparams,
		       size_t ver0_size)
{
	u32 __user *usize_ptr = uparams;
	u32 usize;
	int ret;

	if (get_user(usize, usize_ptr))
		return -EFAULT;
	if (usize < ver0_size)
		return -EINVAL;
	ret = usize > PAGE_SIZE ? -E2BIG :
	      copy_struct_from_user(params, ksize, uparams, usize);
	if (ret == -E2BIG && put_user(ksize, usize_ptr))
		return -EFAULT;
	return ret;
}

SYSCALL_DEFINE2(xyzzy, struct xyzzy_params __user *, uparams,
		unsigned int, flags)
{
	struct xyzzy_params params;
	int ret;

	ret = copy_params(&params, sizeof(params), uparams,
			  XYZZY_PARAMS_SIZE_VER0);
	if (ret)
		return ret;

	return ksys_xyzzy(&params, flags, &uparams->supported,
			  &uparams->cursor);
}

#ifdef CONFIG_COMPAT
#define COMPAT_XYZZY_PARAMS_SIZE_VER0	48
#define COMPAT_XYZZY_PARAMS_SIZE_VER1	64

COMPAT_SYSCALL_DEFINE2(xyzzy, struct compat_xyzzy_params __user *, uparams,
		       unsigned int, flags)
{
	struct compat_xyzzy_params compat;
	struct xyzzy_params params;
	int ret;

	BUILD_BUG_ON(offsetofend(struct compat_xyzzy_params, nr_tasks) !=
		     COMPAT_XYZZY_PARAMS_SIZE_VER0);
	BUILD_BUG_ON(sizeof(compat) != COMPAT_XYZZY_PARAMS_SIZE_VER1);

	ret = copy_params(&compat, sizeof(compat), uparams,
			  COMPAT_XYZZY_PARAMS_SIZE_VER0);
	if (ret)
		return ret;

	params = (struct xyzzy_params) {
		.task_size = compat.task_size,
		.procfd = compat.procfd,
		.pidfd = compat.pidfd,
		.mask = compat.mask,
		.cursor = compat.cursor,
		.tasks = compat_ptr(compat.tasks),
		.nr_tasks = compat.nr_tasks,
		.strings = compat_ptr(compat.strings),
		.strings_size = compat.strings_size,
		.string_max = compat.string_max,
		.reserved = compat.reserved,
	};
	return ksys_xyzzy(&params, flags, &uparams->supported,
			  &uparams->cursor);
}
#endif
