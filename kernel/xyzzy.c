// SPDX-License-Identifier: GPL-2.0
/*
 * xyzzy(2): which processes are there, and what are they doing?
 *
 * One call fills an array of binary records, as many as fit, for the processes
 * (or threads) that the caller may see. A walk has four steps: validate the
 * parameters, find the next tasks under RCU, fill one record for each, and
 * store the batch in user memory outside of RCU.
 */

#include <linux/cgroup.h>
#include <linux/cleanup.h>
#include <linux/compat.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/sched/cputime.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <linux/seqlock.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/task_io_accounting_ops.h>
#include <linux/threads.h>
#include <linux/time_namespace.h>
#include <linux/tty.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include <uapi/linux/xyzzy.h>

#define XYZZY_GROUPS	(XYZZY_ID | XYZZY_CREDS | XYZZY_SCHED | XYZZY_TIMES | \
			 XYZZY_FAULTS | XYZZY_MEM | XYZZY_IO | XYZZY_CGROUP)

/* What this kernel cannot fill, for want of a configuration option. */
#define XYZZY_MISSING	((IS_ENABLED(CONFIG_MMU) ? 0 : XYZZY_MEM) |	     \
			 (IS_ENABLED(CONFIG_TASK_IO_ACCOUNTING) ? 0 : XYZZY_IO) | \
			 (IS_ENABLED(CONFIG_CGROUPS) ? 0 : XYZZY_CGROUP))

#define XYZZY_SUPPORTED	((u64)(XYZZY_GROUPS & ~XYZZY_MISSING))

#define XYZZY_TASK_SIZE_MAX	4096
#define XYZZY_NR_TASKS_MAX	SZ_1M

/* Records in the kernel's buffer, which is the largest that comes from a slab. */
#define XYZZY_BATCH		(SZ_8K / sizeof(struct xyzzy_task))

/*
 * Bounds an RCU read-side section: PIDs looked at, plus threads whose counts
 * are summed up.
 */
#define XYZZY_BUDGET		128

/**
 * struct xyzzy_walk - Where a walk goes and what it fills
 * @procfs: Directory given as procfd, pins @ns; NULL: the ptrace rule
 * @ns: PID namespace that is walked
 * @tgid: Only this process (a reference is held); NULL: all
 * @type: PIDTYPE_TGID for processes, PIDTYPE_PID for threads
 * @mask: Groups to fill
 * @next: Lowest PID in @ns that was not looked at
 * @over: There is no PID at or above @next
 * @io_deferred: I/O figures of the batch's last record may have to be filled yet
 * @boot: Boot of the caller's time namespace before that of the machine, in ns
 * @kuid: User whose number in the caller's user namespace is @uid
 * @kgid: Group whose number there is @gid
 * @uid: Number of @kuid, kept as the next process mostly runs under it too
 * @gid: Number of @kgid
 */
struct xyzzy_walk {
	struct file *procfs;
	struct pid_namespace *ns;
	struct pid *tgid;
	enum pid_type type;
	u64 mask;
	int next;
	bool over;
	bool io_deferred;
	u64 boot;
	kuid_t kuid;
	kgid_t kgid;
	uid_t uid;
	gid_t gid;
};

static void put_walk(struct xyzzy_walk *walk)
{
	put_pid(walk->tgid);
	if (walk->procfs)
		fput(walk->procfs);
}

DEFINE_FREE(put_walk, struct xyzzy_walk, put_walk(&_T))

/* As pid_nr_ns(), without a call for each of the five numbers of a record. */
static u32 walked_nr(const struct xyzzy_walk *walk, const struct pid *pid)
{
	unsigned int level = walk->ns->level;

	if (!pid || pid->level < level || pid->numbers[level].ns != walk->ns)
		return 0;
	return pid->numbers[level].nr;
}

/* ->siglock is what keeps the terminal, and it is taken only if there is one. */
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
		rec->tty_pgrp = walked_nr(walk, pgrp);
		put_pid(pgrp);
		rec->tty_nr = new_encode_dev(tty_devnum(tty));
	}
	unlock_task_sighand(task, &flags);
}

static bool is_released(const struct task_struct *task)
{
	/* A task that is released loses its PID first, and never gets one. */
	return !data_race(pid_alive(task));
}

/*
 * RCU keeps each of these structs, and setsid() and setpgid() do not take
 * ->siglock, so that reading without it is as good as under it. Returns false if
 * @task has been released, for it loses its IDs then.
 */
static bool fill_relations(struct xyzzy_task *rec, struct task_struct *task,
			   const struct xyzzy_walk *walk)
{
	struct signal_struct *sig = task->signal;
	struct pid *tgid = READ_ONCE(sig->pids[PIDTYPE_TGID]);
	struct pid *pgrp = READ_ONCE(sig->pids[PIDTYPE_PGID]);
	struct pid *session = READ_ONCE(sig->pids[PIDTYPE_SID]);
	struct task_struct *parent = rcu_dereference(task->real_parent);
	u32 ppid, pgid, sid;

	if (!tgid || !pgrp || !session || is_released(task))
		return false;

	ppid = walked_nr(walk, READ_ONCE(parent->signal->pids[PIDTYPE_TGID]));
	pgid = walked_nr(walk, pgrp);
	sid = walked_nr(walk, session);
	rec->tgid = walked_nr(walk, tgid);
	rec->ppid = ppid;
	rec->pgid = pgid;
	rec->sid = sid;
	rec->nr_threads = READ_ONCE(sig->nr_threads);
	return true;
}

/*
 * The number in st_ino of a pidfd. A 32-bit kernel shows the lower half there,
 * which is unique for as long as the upper half is not used.
 */
static u64 pidfs_ino(const struct pid *pid)
{
	return (unsigned long)pid->ino == pid->ino ? pid->ino : 0;
}

/* But for ->pid, which is what the record was begun for. */
static bool fill_id(struct xyzzy_task *rec, struct task_struct *task,
		    struct pid *pid, const struct xyzzy_walk *walk)
{
	BUILD_BUG_ON(sizeof(rec->comm) != sizeof(task->comm));

	if (!fill_relations(rec, task, walk))
		return false;

	fill_tty(rec, task, walk);
	/* A thread that calls exec just gets that of the leader it replaces. */
	rec->start_time = data_race(task->start_boottime) + walk->boot;
	rec->pidfs_ino = pidfs_ino(pid);
	rec->flags = READ_ONCE(task->flags);
	/* The state may be another one right after it was read. */
	rec->state = data_race(task_state_to_char(task));
	/* Whoever changes it keeps a NUL at its end, and pads it with them. */
	data_race(memcpy(rec->comm, task->comm, sizeof(rec->comm)));
	rec->mask = XYZZY_ID;
	return true;
}

/* Neighbours mostly run under the same user, and to translate an ID is dear. */
static uid_t walked_uid(struct xyzzy_walk *walk, kuid_t kuid)
{
	if (!uid_eq(walk->kuid, kuid)) {
		walk->kuid = kuid;
		walk->uid = from_kuid_munged(current_user_ns(), kuid);
	}
	return walk->uid;
}

static gid_t walked_gid(struct xyzzy_walk *walk, kgid_t kgid)
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

	rec->uid = walked_uid(walk, cred->uid);
	rec->euid = walked_uid(walk, cred->euid);
	rec->suid = walked_uid(walk, cred->suid);
	rec->fsuid = walked_uid(walk, cred->fsuid);
	rec->gid = walked_gid(walk, cred->gid);
	rec->egid = walked_gid(walk, cred->egid);
	rec->sgid = walked_gid(walk, cred->sgid);
	rec->fsgid = walked_gid(walk, cred->fsgid);
	rec->mask |= XYZZY_CREDS;
}

static void fill_sched(struct xyzzy_task *rec, struct task_struct *task)
{
	/* No lock: each may be another one right after it was read. */
	rec->nice = data_race(task_nice(task));
	rec->policy = READ_ONCE(task->policy);
	rec->priority = task_prio(task);
	rec->rt_priority = READ_ONCE(task->rt_priority);
	rec->cpu = task_cpu(task);
	rec->oom_score_adj = READ_ONCE(task->signal->oom_score_adj);
	rec->mask |= XYZZY_SCHED;
}

static void fill_cputime(struct xyzzy_task *rec, struct task_struct *task,
			 const struct xyzzy_walk *walk)
{
	u64 utime, stime;

	if (walk->type == PIDTYPE_PID)
		task_cputime_adjusted(task, &utime, &stime);
	else
		thread_group_cputime_adjusted(task, &utime, &stime);
	rec->utime = utime;
	rec->stime = stime;
}

static unsigned long own_count(const unsigned long *count)
{
	/* Its thread adds to it without a lock, and may have just done so. */
	return data_race(*count);
}

/* The sums are in registers, as a process can have many threads. */
static void sum_counts(struct xyzzy_task *rec, const struct task_struct *task,
		       const struct xyzzy_walk *walk, u64 groups)
{
	const struct signal_struct *sig = task->signal;
	u64 nvcsw = own_count(&task->nvcsw);
	u64 nivcsw = own_count(&task->nivcsw);
	u64 min_flt = own_count(&task->min_flt);
	u64 maj_flt = own_count(&task->maj_flt);
	const struct task_struct *thread;

	if (walk->type == PIDTYPE_TGID) {
		nvcsw = sig->nvcsw;
		nivcsw = sig->nivcsw;
		min_flt = sig->min_flt;
		maj_flt = sig->maj_flt;
		__for_each_thread(sig, thread) {
			nvcsw += own_count(&thread->nvcsw);
			nivcsw += own_count(&thread->nivcsw);
			min_flt += own_count(&thread->min_flt);
			maj_flt += own_count(&thread->maj_flt);
		}
	}

	if (groups & XYZZY_TIMES) {
		rec->nvcsw = nvcsw;
		rec->nivcsw = nivcsw;
		rec->cutime = sig->cutime;
		rec->cstime = sig->cstime;
	}
	if (groups & XYZZY_FAULTS) {
		rec->min_flt = min_flt;
		rec->maj_flt = maj_flt;
		rec->cmin_flt = sig->cmin_flt;
		rec->cmaj_flt = sig->cmaj_flt;
	}
}

#ifdef CONFIG_TASK_IO_ACCOUNTING
static __always_inline
void sum_io(struct xyzzy_task *rec, const struct task_struct *task,
	    const struct xyzzy_walk *walk)
{
	const struct signal_struct *sig = task->signal;
	/* A thread's own figures may just change. */
	struct task_io_accounting ioac = data_race(task->ioac), own;
	struct task_struct *thread;

	if (walk->type == PIDTYPE_TGID) {
		ioac = sig->ioac;
		__for_each_thread(sig, thread) {
			/* Likewise. */
			own = data_race(thread->ioac);
			task_io_accounting_add(&ioac, &own);
		}
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
static void sum_io(struct xyzzy_task *rec, const struct task_struct *task,
		   const struct xyzzy_walk *walk)
{
}
#endif

/*
 * ->stats_lock is what moves the counts of a thread that exits, and of a child
 * that is waited for, to the signal_struct in one step. Inline down to the sums
 * for the sake of fill_record(), which is for every process.
 */
static __always_inline
void fill_sums(struct xyzzy_task *rec, struct task_struct *task,
	       const struct xyzzy_walk *walk, u64 groups)
{
	seqlock_t *lock = &task->signal->stats_lock;
	int seq, nextseq = 0;
	unsigned long flags;

	do {
		seq = nextseq;
		nextseq = 1;
		flags = read_seqbegin_or_lock_irqsave(lock, &seq);

		if (groups & (XYZZY_TIMES | XYZZY_FAULTS))
			sum_counts(rec, task, walk, groups);
		if (groups & XYZZY_IO)
			sum_io(rec, task, walk);
	} while (need_seqretry(lock, seq));
	done_seqretry_irqrestore(lock, seq, flags);
	rec->mask |= groups;
}

/* Executable mappings, split between the program and its libraries. */
static void fill_text(struct xyzzy_task *rec, struct mm_struct *mm)
{
	u64 exec = (u64)READ_ONCE(mm->exec_vm) << PAGE_SHIFT;
	u64 text = PAGE_ALIGN(READ_ONCE(mm->end_code)) -
		   (READ_ONCE(mm->start_code) & PAGE_MASK);

	rec->text = min(text, exec);
	rec->lib = exec - rec->text;
}

/* The kernel's running counters; to hold the mmap lock makes them no truer. */
static void fill_mm(struct xyzzy_task *rec, struct mm_struct *mm)
{
	/* The larger of two figures, each of which may just change. */
	rec->vm_peak = (u64)data_race(get_mm_hiwater_vm(mm)) << PAGE_SHIFT;
	/* Likewise. */
	rec->rss_peak = (u64)data_race(get_mm_hiwater_rss(mm)) << PAGE_SHIFT;
	rec->vm_size = (u64)READ_ONCE(mm->total_vm) << PAGE_SHIFT;
	rec->rss_anon = (u64)get_mm_counter(mm, MM_ANONPAGES) << PAGE_SHIFT;
	rec->rss_file = (u64)get_mm_counter(mm, MM_FILEPAGES) << PAGE_SHIFT;
	rec->rss_shmem = (u64)get_mm_counter(mm, MM_SHMEMPAGES) << PAGE_SHIFT;
	rec->swap = (u64)get_mm_counter(mm, MM_SWAPENTS) << PAGE_SHIFT;
	rec->page_tables = mm_pgtables_bytes(mm);
	rec->data = (u64)READ_ONCE(mm->data_vm) << PAGE_SHIFT;
	rec->stack = (u64)READ_ONCE(mm->stack_vm) << PAGE_SHIFT;
	rec->locked = (u64)READ_ONCE(mm->locked_vm) << PAGE_SHIFT;
	fill_text(rec, mm);
	rec->mask |= XYZZY_MEM;
}

static void clear_fields(struct xyzzy_task *rec, size_t from, size_t to)
{
	memset((void *)rec + from, 0, to - from);
}

static void clear_io(struct xyzzy_task *rec)
{
	rec->mask &= ~(u64)XYZZY_IO;
	clear_fields(rec, offsetof(struct xyzzy_task, rchar),
		     offsetofend(struct xyzzy_task, cancelled_write_bytes));
}

/*
 * ->alloc_lock keeps exec and exit from changing ->mm, so that no reference is
 * needed: mmput() could sleep. A kernel thread may borrow an address space; it
 * has none.
 */
static void fill_mem(struct xyzzy_task *rec, struct task_struct *task)
{
	task_lock(task);
	if (task->mm && !(rec->flags & PF_KTHREAD))
		fill_mm(rec, task->mm);
	task_unlock(task);
	if (!(rec->mask & XYZZY_MEM))
		clear_fields(rec, offsetof(struct xyzzy_task, vm_size),
			     offsetofend(struct xyzzy_task, locked));
}

#ifdef CONFIG_CGROUPS
static void fill_cgroup(struct xyzzy_task *rec, struct task_struct *task)
{
	rec->cgroup_id = cgroup_id(task_dfl_cgroup(task));
	rec->mask |= XYZZY_CGROUP;
}
#else
static void fill_cgroup(struct xyzzy_task *rec, struct task_struct *task)
{
}
#endif

/*
 * The memory of a record is that of an earlier one, or zero. A group that was
 * not asked for was not filled then either; one that was has to be filled or
 * cleared. Returns false if @task has been released.
 */
static bool fill_record(struct xyzzy_task *rec, struct task_struct *task,
			struct pid *pid, struct xyzzy_walk *walk, u64 groups)
{
	const u64 sums = groups & (XYZZY_TIMES | XYZZY_FAULTS | XYZZY_IO);

	if (!fill_id(rec, task, pid, walk))
		return false;
	if (walk->mask == XYZZY_ID)
		return !is_released(task);
	if (sums)
		fill_sums(rec, task, walk, sums);
	if (groups & XYZZY_CREDS)
		fill_creds(rec, task, walk);
	if (groups & XYZZY_SCHED)
		fill_sched(rec, task);
	if (groups & XYZZY_TIMES)
		fill_cputime(rec, task, walk);
	if (groups & XYZZY_MEM)
		fill_mem(rec, task);
	if (groups & XYZZY_CGROUP)
		fill_cgroup(rec, task);
	if (walk->mask & ~groups & XYZZY_IO)
		clear_io(rec);
	return !is_released(task);
}

/*
 * May the caller see @leader's process? With a procfs, procfs decides, but a
 * security module can still hide what the caller may not ptrace, as it can when
 * a file below /proc/PID is opened.
 */
static bool process_visible(const struct xyzzy_walk *walk,
			    struct task_struct *leader)
{
	const unsigned int mode = PTRACE_MODE_READ_FSCREDS |
				  PTRACE_MODE_NOAUDIT;

	if (!walk->procfs)
		return ptrace_may_access(leader, mode);
	if (!proc_task_visible(file_inode(walk->procfs)->i_sb, leader))
		return false;
	return !security_task_getscheduler(leader) ||
	       ptrace_may_access(leader, mode);
}

/*
 * I/O figures can tell how long a password is, so the right to read them and
 * the figures have to be of the same program: ->exec_update_lock, held from here
 * to the end of the record, keeps exec from swapping it in between. A leader
 * that another thread's exec has replaced still has the old credentials; as it
 * is released before that exec takes the lock, fill_record() finds it out. A
 * task that is in the middle of an exec is left without figures; to wait for it
 * would let it stall the whole walk. Those of a process with very many threads
 * are left to add_io().
 */
static bool lock_io(struct xyzzy_walk *walk, struct task_struct *task)
{
	if (!(walk->mask & XYZZY_IO))
		return false;
	if (walk->type == PIDTYPE_TGID &&
	    READ_ONCE(task->signal->nr_threads) > XYZZY_BUDGET) {
		walk->io_deferred = true;
		return false;
	}
	return down_read_trylock(&task->signal->exec_update_lock);
}

static void unlock_io(struct task_struct *task, bool locked)
{
	if (locked)
		up_read(&task->signal->exec_update_lock);
}

/* Without a procfs, who may see @leader's process may see its I/O figures. */
static bool may_read_io(const struct xyzzy_walk *walk, struct task_struct *task,
			struct task_struct *leader)
{
	return (!walk->procfs && task == leader) ||
	       ptrace_may_access(task, PTRACE_MODE_READ_FSCREDS |
				       PTRACE_MODE_NOAUDIT);
}

/*
 * Returns 0, -EPERM if the caller may not see @task, or -ESRCH if it has been
 * released.
 */
static int report_task(struct xyzzy_walk *walk, struct task_struct *task,
		       struct pid *pid, struct xyzzy_task *rec)
{
	struct task_struct *leader = READ_ONCE(task->group_leader);
	bool io_locked = lock_io(walk, task);
	u64 groups = walk->mask;
	int ret = -EPERM;

	if (process_visible(walk, leader)) {
		if (!io_locked || !may_read_io(walk, task, leader))
			groups &= ~XYZZY_IO;
		ret = fill_record(rec, task, pid, walk, groups) ? 0 : -ESRCH;
	}
	unlock_io(task, io_locked);
	return ret;
}

/*
 * Add the I/O figures of a process with many threads to its record, in an RCU
 * section of their own. It is the same process if it started then; the right to
 * read the figures is of now, so it is asked for now.
 */
static void add_io(const struct xyzzy_walk *walk, struct xyzzy_task *rec)
{
	struct task_struct *task;

	guard(rcu)();
	task = pid_task(find_pid_ns(rec->pid, walk->ns), PIDTYPE_TGID);
	if (!task || task->start_boottime + walk->boot != rec->start_time ||
	    !down_read_trylock(&task->signal->exec_update_lock))
		return;

	if (process_visible(walk, task) && may_read_io(walk, task, task))
		fill_sums(rec, task, walk, XYZZY_IO);
	if (is_released(task))
		clear_io(rec);
	unlock_io(task, true);
}

/* PIDs to look at, at most @max, in increasing order. */
static unsigned int find_pids(const struct xyzzy_walk *walk, struct pid **pids,
			      unsigned int max)
{
	if (!walk->tgid || walk->type == PIDTYPE_PID)
		return find_ge_pids(walk->next, walk->ns, pids, max);

	pids[0] = walk->tgid;
	return walked_nr(walk, walk->tgid) >= walk->next;
}

/* Returns the task of @pid if the walk covers it. */
static struct task_struct *walked_task(const struct xyzzy_walk *walk,
				       struct pid *pid)
{
	struct task_struct *task = pid_task(pid, walk->type);

	/* A process that is just released has no ID any longer. */
	if (task && walk->tgid && data_race(task_tgid(task)) != walk->tgid)
		return NULL;
	return task;
}

/*
 * Threads whose counts a record of @task sums up. Where that is put off, the
 * batch has to end.
 */
static unsigned int record_cost(const struct xyzzy_walk *walk,
				struct task_struct *task)
{
	if (walk->type == PIDTYPE_PID ||
	    !(walk->mask & (XYZZY_TIMES | XYZZY_FAULTS | XYZZY_IO)))
		return 0;
	return walk->io_deferred ? XYZZY_BUDGET :
				   READ_ONCE(task->signal->nr_threads);
}

/*
 * Fill a record for @pid if there is something to report. A task that was found
 * may be released before its record is full. Its PID can have gone to another
 * thread before that, one that called exec: look again, and if there is just
 * the same task, it was no exec but the end of the process.
 */
static bool report_pid(struct xyzzy_walk *walk, struct pid *pid,
		       struct xyzzy_task *rec, int *budget)
{
	struct task_struct *task = NULL, *last;
	int ret;

	do {
		last = task;
		task = walked_task(walk, pid);
		if (!task || task == last)
			return false;
		ret = report_task(walk, task, pid, rec);
	} while (ret == -ESRCH);

	if (!ret)
		*budget -= record_cost(walk, task);
	return !ret;
}

/*
 * RCU keeps each pid, task and signal_struct that the walk finds in place while
 * its record is filled; no reference is taken.
 */
static noinline_for_stack size_t fill_batch(struct xyzzy_walk *walk,
					    struct xyzzy_task *batch,
					    size_t room)
{
	struct pid *pids[XYZZY_BATCH];
	int budget = XYZZY_BUDGET;
	unsigned int i, found;
	size_t n = 0;

	guard(rcu)();
	while (n < room && budget > 0 && !walk->over) {
		found = find_pids(walk, pids, min_t(size_t, room - n, budget));
		for (i = 0; i < found && budget > 0; i++) {
			batch[n].pid = walked_nr(walk, pids[i]);
			walk->next = batch[n].pid + 1;
			budget--;
			if (report_pid(walk, pids[i], &batch[n], &budget))
				n++;
		}
		walk->over = !found;
	}
	return n;
}

/*
 * What was put off may have been found hidden or gone later, and the last record
 * is another one then.
 */
static void fill_deferred(struct xyzzy_walk *walk, struct xyzzy_task *batch,
			  size_t n)
{
	walk->io_deferred = false;
	if (n && !(batch[n - 1].mask & XYZZY_IO))
		add_io(walk, &batch[n - 1]);
}

/*
 * Behind the record go zeros of the zero page: clear_user() of sparc64 tells
 * nothing of a fault if the size is a multiple of 8.
 */
static bool store_record(const struct xyzzy_params *params, size_t index,
			 const struct xyzzy_task *rec)
{
	const void *zeros = page_address(ZERO_PAGE(0));
	void __user *to = (void __user *)params->tasks +
			  index * params->task_size;
	size_t size = min_t(size_t, params->task_size, sizeof(*rec));

	return !copy_to_user(to, rec, size) &&
	       !copy_to_user(to + size, zeros, params->task_size - size);
}

/*
 * Returns how many of the @n records were stored whole. One copy does if the
 * stride is ours; if it faults, going record by record tells how far it got.
 */
static size_t store_batch(const struct xyzzy_params *params, size_t index,
			  const struct xyzzy_task *batch, size_t n)
{
	size_t i;

	if (params->task_size == sizeof(*batch) &&
	    !copy_to_user(params->tasks + index, batch, n * sizeof(*batch)))
		return n;

	for (i = 0; i < n; i++)
		if (!store_record(params, index + i, &batch[i]))
			break;
	return i;
}

/* Returns the number of records stored, with the cursor behind the last one. */
static long walk_tasks(struct xyzzy_walk *walk, struct xyzzy_params *params)
{
	size_t room = min_t(size_t, params->nr_tasks, XYZZY_NR_TASKS_MAX);
	size_t size = min_t(size_t, room, XYZZY_BATCH);
	struct xyzzy_task *batch __free(kfree) = NULL;
	size_t filled, whole, stored = 0;

	if (!room)
		return 0;
	batch = kcalloc(size, sizeof(*batch), GFP_KERNEL_ACCOUNT);
	if (!batch)
		return -ENOMEM;

	while (stored < room && !walk->over) {
		filled = fill_batch(walk, batch, min(size, room - stored));
		if (walk->io_deferred)
			fill_deferred(walk, batch, filled);
		whole = store_batch(params, stored, batch, filled);
		if (whole)
			params->cursor = batch[whole - 1].pid + 1;
		stored += whole;
		if (whole < filled)
			return stored ?: -EFAULT;

		if (fatal_signal_pending(current) ||
		    (stored && signal_pending(current)))
			break;
		cond_resched();
	}
	return stored;
}

static int check_params(const struct xyzzy_params *params, unsigned int flags)
{
	if (flags & ~XYZZY_THREADS)
		return -EINVAL;
	if (params->mask & ~(u64)XYZZY_GROUPS)
		return -EINVAL;
	if (params->task_size < XYZZY_TASK_SIZE_VER0 ||
	    params->task_size > XYZZY_TASK_SIZE_MAX ||
	    params->task_size % sizeof(u64))
		return -EINVAL;
	return 0;
}

static int set_namespace(struct xyzzy_walk *walk, int procfd)
{
	struct dentry *dentry;

	if (procfd == -1) {
		walk->ns = task_active_pid_ns(current);
		return 0;
	}

	walk->procfs = fget_raw(procfd);
	if (!walk->procfs)
		return -EBADF;
	dentry = walk->procfs->f_path.dentry;
	if (dentry->d_sb->s_magic != PROC_SUPER_MAGIC ||
	    dentry != dentry->d_sb->s_root)
		return -EINVAL;
	walk->ns = proc_pid_ns(dentry->d_sb);
	return 0;
}

/* A pidfd of a thread stands for the process that the thread belongs to. */
static int set_process(struct xyzzy_walk *walk, int pidfd)
{
	struct task_struct *task;
	unsigned int pidfd_flags;
	struct pid *pid;

	if (pidfd == -1)
		return 0;

	pid = pidfd_get_pid(pidfd, &pidfd_flags);
	if (IS_ERR(pid))
		return PTR_ERR(pid);

	scoped_guard(rcu) {
		task = pid_task(pid, PIDTYPE_PID);
		if (task)
			walk->tgid = get_task_pid(task, PIDTYPE_TGID);
	}
	put_pid(pid);
	if (!walk->tgid || !pid_nr_ns(walk->tgid, walk->ns))
		return -ESRCH;

	guard(rcu)();
	task = pid_task(walk->tgid, PIDTYPE_TGID);
	if (!task)
		return -ESRCH;
	return process_visible(walk, task) ? 0 : -EPERM;
}

/**
 * ksys_xyzzy - Report processes or threads
 * @params: Parameters in the native layout. On success, ->supported and, if
 *	    records were stored, ->cursor are set.
 * @flags: XYZZY_THREADS or 0
 *
 * Context: Process context. May sleep, holds no lock on entry or return.
 * Return: The number of records stored in user memory, or
 * * %-EINVAL - A flag, group, task size or procfd that is not valid
 * * %-EBADF - procfd is not open, or pidfd is not a pidfd
 * * %-ESRCH - The process of pidfd is gone, or not in the PID namespace
 * * %-EPERM - The process of pidfd is not visible to the caller
 * * %-ENOMEM - No memory for the batch
 * * %-EFAULT - Not one record could be stored
 */
static long ksys_xyzzy(struct xyzzy_params *params, unsigned int flags)
{
	struct xyzzy_walk walk __free(put_walk) = {
		.type = flags & XYZZY_THREADS ? PIDTYPE_PID : PIDTYPE_TGID,
		.mask = (params->mask & XYZZY_SUPPORTED) | XYZZY_ID,
		.next = min_t(u64, params->cursor, PID_MAX_LIMIT),
		.boot = timens_add_boottime_ns(0),
		.kuid = current_fsuid(),
		.kgid = current_fsgid(),
	};
	int ret;

	BUILD_BUG_ON(sizeof(struct xyzzy_task) != XYZZY_TASK_SIZE_VER0);
	BUILD_BUG_ON(sizeof(struct xyzzy_params) != XYZZY_PARAMS_SIZE_VER0);

	walk.uid = from_kuid_munged(current_user_ns(), walk.kuid);
	walk.gid = from_kgid_munged(current_user_ns(), walk.kgid);

	ret = check_params(params, flags);
	if (!ret)
		ret = set_namespace(&walk, params->procfd);
	if (!ret)
		ret = set_process(&walk, params->pidfd);
	if (ret)
		return ret;

	params->supported = XYZZY_SUPPORTED;
	return walk_tasks(&walk, params);
}

/* Every layout of the parameters starts with the size. */
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
	ret = -E2BIG;
	if (usize <= PAGE_SIZE)
		ret = copy_struct_from_user(params, ksize, uparams, usize);
	if (ret == -E2BIG && put_user(ksize, usize_ptr))
		return -EFAULT;
	return ret;
}

/* A compat layout may align 64-bit fields to 4 bytes, so no typed pointers. */
static long store_result(const struct xyzzy_params *params, long ret,
			 void __user *supported, void __user *cursor)
{
	if (ret >= 0 && copy_to_user(supported, &params->supported,
				     sizeof(params->supported)))
		return -EFAULT;
	if (ret > 0 && copy_to_user(cursor, &params->cursor,
				    sizeof(params->cursor)))
		return -EFAULT;
	return ret;
}

SYSCALL_DEFINE2(xyzzy, struct xyzzy_params __user *, uparams,
		unsigned int, flags)
{
	struct xyzzy_params params;
	long ret;

	ret = copy_params(&params, sizeof(params), uparams,
			  XYZZY_PARAMS_SIZE_VER0);
	if (ret)
		return ret;

	ret = ksys_xyzzy(&params, flags);
	return store_result(&params, ret, &uparams->supported,
			    &uparams->cursor);
}

#ifdef CONFIG_COMPAT
struct compat_xyzzy_params {
	u32 size;
	u32 task_size;
	s32 procfd;
	s32 pidfd;
	compat_u64 mask;
	compat_u64 supported;
	compat_u64 cursor;
	compat_uptr_t tasks;
	compat_size_t nr_tasks;
};

#define COMPAT_XYZZY_PARAMS_SIZE_VER0	48

COMPAT_SYSCALL_DEFINE2(xyzzy, struct compat_xyzzy_params __user *, uparams,
		       unsigned int, flags)
{
	struct compat_xyzzy_params compat;
	struct xyzzy_params params;
	long ret;

	BUILD_BUG_ON(sizeof(compat) != COMPAT_XYZZY_PARAMS_SIZE_VER0);

	ret = copy_params(&compat, sizeof(compat), uparams,
			  COMPAT_XYZZY_PARAMS_SIZE_VER0);
	if (ret)
		return ret;

	params = (struct xyzzy_params) {
		.size = sizeof(params),
		.task_size = compat.task_size,
		.procfd = compat.procfd,
		.pidfd = compat.pidfd,
		.mask = compat.mask,
		.cursor = compat.cursor,
		.tasks = compat_ptr(compat.tasks),
		.nr_tasks = compat.nr_tasks,
	};
	ret = ksys_xyzzy(&params, flags);
	return store_result(&params, ret, &uparams->supported,
			    &uparams->cursor);
}
#endif
