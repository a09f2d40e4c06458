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

/* Records in the kernel's buffer. */
#define XYZZY_BATCH		32

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
 */
struct xyzzy_walk {
	struct file *procfs;
	struct pid_namespace *ns;
	struct pid *tgid;
	enum pid_type type;
	u64 mask;
	int next;
	bool over;
};

static void put_walk(struct xyzzy_walk *walk)
{
	put_pid(walk->tgid);
	if (walk->procfs)
		fput(walk->procfs);
}

DEFINE_FREE(put_walk, struct xyzzy_walk, put_walk(&_T))

/* Counts that a process keeps for its live threads and for its dead ones. */
struct xyzzy_counts {
	u64 nvcsw, nivcsw;
	u64 min_flt, maj_flt;
	u64 cmin_flt, cmaj_flt;
	u64 cutime, cstime;
};

static void count_thread(struct xyzzy_counts *counts, struct task_struct *task)
{
	counts->nvcsw += task->nvcsw;
	counts->nivcsw += task->nivcsw;
	counts->min_flt += task->min_flt;
	counts->maj_flt += task->maj_flt;
}

/*
 * ->stats_lock is what moves the counts of a thread that exits, and of a child
 * that is waited for, to the signal_struct in one step.
 */
static void read_counts(const struct xyzzy_walk *walk, struct task_struct *task,
			struct xyzzy_counts *counts)
{
	struct signal_struct *sig = task->signal;
	struct task_struct *thread;
	int seq, nextseq = 0;
	unsigned long flags;

	do {
		seq = nextseq;
		nextseq = 1;
		flags = read_seqbegin_or_lock_irqsave(&sig->stats_lock, &seq);

		*counts = (struct xyzzy_counts) {
			.cmin_flt = sig->cmin_flt,
			.cmaj_flt = sig->cmaj_flt,
			.cutime = sig->cutime,
			.cstime = sig->cstime,
		};
		if (walk->type == PIDTYPE_PID) {
			count_thread(counts, task);
			continue;
		}
		counts->nvcsw = sig->nvcsw;
		counts->nivcsw = sig->nivcsw;
		counts->min_flt = sig->min_flt;
		counts->maj_flt = sig->maj_flt;
		__for_each_thread(sig, thread)
			count_thread(counts, thread);
	} while (need_seqretry(&sig->stats_lock, seq));
	done_seqretry_irqrestore(&sig->stats_lock, seq, flags);
}

/*
 * What ->siglock keeps together, as in /proc/PID/stat: a task that is released
 * loses its IDs under it. Returns false if @task has been.
 */
static bool fill_relations(struct xyzzy_task *rec, struct task_struct *task,
			   const struct xyzzy_walk *walk)
{
	struct tty_struct *tty;
	unsigned long flags;

	if (!lock_task_sighand(task, &flags))
		return false;

	rec->tty_pgrp = -1;
	tty = task->signal->tty;
	if (tty) {
		struct pid *pgrp = tty_get_pgrp(tty);

		rec->tty_pgrp = pid_nr_ns(pgrp, walk->ns);
		put_pid(pgrp);
		rec->tty_nr = new_encode_dev(tty_devnum(tty));
	}
	rec->nr_threads = get_nr_threads(task);
	rec->tgid = task_tgid_nr_ns(task, walk->ns);
	rec->ppid = task_ppid_nr_ns(task, walk->ns);
	rec->pgid = task_pgrp_nr_ns(task, walk->ns);
	rec->sid = task_session_nr_ns(task, walk->ns);

	unlock_task_sighand(task, &flags);
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

static bool fill_id(struct xyzzy_task *rec, struct task_struct *task,
		    struct pid *pid, const struct xyzzy_walk *walk)
{
	if (!fill_relations(rec, task, walk))
		return false;

	rec->start_time = timens_add_boottime_ns(task->start_boottime);
	rec->pidfs_ino = pidfs_ino(pid);
	rec->pid = pid_nr_ns(pid, walk->ns);
	rec->flags = READ_ONCE(task->flags);
	rec->state = task_state_to_char(task);
	get_task_comm(rec->comm, task);
	rec->mask |= XYZZY_ID;
	return true;
}

static void fill_creds(struct xyzzy_task *rec, struct task_struct *task)
{
	struct user_namespace *user_ns = current_user_ns();
	const struct cred *cred = __task_cred(task);

	rec->uid = from_kuid_munged(user_ns, cred->uid);
	rec->euid = from_kuid_munged(user_ns, cred->euid);
	rec->suid = from_kuid_munged(user_ns, cred->suid);
	rec->fsuid = from_kuid_munged(user_ns, cred->fsuid);
	rec->gid = from_kgid_munged(user_ns, cred->gid);
	rec->egid = from_kgid_munged(user_ns, cred->egid);
	rec->sgid = from_kgid_munged(user_ns, cred->sgid);
	rec->fsgid = from_kgid_munged(user_ns, cred->fsgid);
	rec->mask |= XYZZY_CREDS;
}

static void fill_sched(struct xyzzy_task *rec, struct task_struct *task)
{
	rec->policy = task->policy;
	rec->priority = task_prio(task);
	rec->nice = task_nice(task);
	rec->rt_priority = task->rt_priority;
	rec->cpu = task_cpu(task);
	rec->oom_score_adj = task->signal->oom_score_adj;
	rec->mask |= XYZZY_SCHED;
}

static void fill_times(struct xyzzy_task *rec, struct task_struct *task,
		       const struct xyzzy_walk *walk,
		       const struct xyzzy_counts *counts)
{
	u64 utime, stime;

	if (walk->type == PIDTYPE_PID)
		task_cputime_adjusted(task, &utime, &stime);
	else
		thread_group_cputime_adjusted(task, &utime, &stime);

	rec->utime = utime;
	rec->stime = stime;
	rec->cutime = counts->cutime;
	rec->cstime = counts->cstime;
	rec->nvcsw = counts->nvcsw;
	rec->nivcsw = counts->nivcsw;
	rec->mask |= XYZZY_TIMES;
}

static void fill_faults(struct xyzzy_task *rec,
			const struct xyzzy_counts *counts)
{
	rec->min_flt = counts->min_flt;
	rec->maj_flt = counts->maj_flt;
	rec->cmin_flt = counts->cmin_flt;
	rec->cmaj_flt = counts->cmaj_flt;
	rec->mask |= XYZZY_FAULTS;
}

/* Executable mappings, split between the program and its libraries. */
static void fill_text(struct xyzzy_task *rec, struct mm_struct *mm)
{
	u64 exec = (u64)mm->exec_vm << PAGE_SHIFT;
	u64 text = PAGE_ALIGN(mm->end_code) - (mm->start_code & PAGE_MASK);

	rec->text = min(text, exec);
	rec->lib = exec - rec->text;
}

static void fill_mm(struct xyzzy_task *rec, struct mm_struct *mm)
{
	rec->vm_size = (u64)mm->total_vm << PAGE_SHIFT;
	rec->vm_peak = (u64)get_mm_hiwater_vm(mm) << PAGE_SHIFT;
	rec->rss_anon = (u64)get_mm_counter(mm, MM_ANONPAGES) << PAGE_SHIFT;
	rec->rss_file = (u64)get_mm_counter(mm, MM_FILEPAGES) << PAGE_SHIFT;
	rec->rss_shmem = (u64)get_mm_counter(mm, MM_SHMEMPAGES) << PAGE_SHIFT;
	rec->rss_peak = (u64)get_mm_hiwater_rss(mm) << PAGE_SHIFT;
	rec->swap = (u64)get_mm_counter(mm, MM_SWAPENTS) << PAGE_SHIFT;
	rec->page_tables = mm_pgtables_bytes(mm);
	rec->data = (u64)mm->data_vm << PAGE_SHIFT;
	rec->stack = (u64)mm->stack_vm << PAGE_SHIFT;
	rec->locked = (u64)mm->locked_vm << PAGE_SHIFT;
	fill_text(rec, mm);
	rec->mask |= XYZZY_MEM;
}

/*
 * ->alloc_lock keeps exec and exit from changing ->mm, so that no reference is
 * needed: mmput() could sleep. A kernel thread may borrow an address space; it
 * has none.
 */
static void fill_mem(struct xyzzy_task *rec, struct task_struct *task)
{
	task_lock(task);
	if (task->mm && !(task->flags & PF_KTHREAD))
		fill_mm(rec, task->mm);
	task_unlock(task);
}

#ifdef CONFIG_TASK_IO_ACCOUNTING
static void read_io(const struct xyzzy_walk *walk, struct task_struct *task,
		    struct task_io_accounting *ioac)
{
	struct signal_struct *sig = task->signal;
	struct task_struct *thread;
	int seq, nextseq = 0;
	unsigned long flags;

	if (walk->type == PIDTYPE_PID) {
		*ioac = task->ioac;
		return;
	}

	do {
		seq = nextseq;
		nextseq = 1;
		flags = read_seqbegin_or_lock_irqsave(&sig->stats_lock, &seq);

		*ioac = sig->ioac;
		__for_each_thread(sig, thread)
			task_io_accounting_add(ioac, &thread->ioac);
	} while (need_seqretry(&sig->stats_lock, seq));
	done_seqretry_irqrestore(&sig->stats_lock, seq, flags);
}

/*
 * I/O figures can tell how long a password is, so the right to read them and
 * the figures have to be of the same program: ->exec_update_lock keeps exec
 * from swapping it in between. A task that is in the middle of an exec is left
 * without figures; to wait for it would let it stall the whole walk.
 */
static void fill_io(struct xyzzy_task *rec, struct task_struct *task,
		    const struct xyzzy_walk *walk)
{
	struct rw_semaphore *lock = &task->signal->exec_update_lock;
	struct task_io_accounting ioac;
	bool permitted;

	if (!down_read_trylock(lock))
		return;
	permitted = ptrace_may_access(task, PTRACE_MODE_READ_FSCREDS |
					    PTRACE_MODE_NOAUDIT);
	if (permitted)
		read_io(walk, task, &ioac);
	up_read(lock);
	if (!permitted)
		return;

	rec->rchar = ioac.rchar;
	rec->wchar = ioac.wchar;
	rec->syscr = ioac.syscr;
	rec->syscw = ioac.syscw;
	rec->read_bytes = ioac.read_bytes;
	rec->write_bytes = ioac.write_bytes;
	rec->cancelled_write_bytes = ioac.cancelled_write_bytes;
	rec->mask |= XYZZY_IO;
}
#else
static void fill_io(struct xyzzy_task *rec, struct task_struct *task,
		    const struct xyzzy_walk *walk)
{
}
#endif

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

/* Returns false if @task has been released meanwhile. */
static bool fill_record(struct xyzzy_task *rec, struct task_struct *task,
			struct pid *pid, const struct xyzzy_walk *walk)
{
	struct xyzzy_counts counts;

	memset(rec, 0, sizeof(*rec));
	if (!fill_id(rec, task, pid, walk))
		return false;
	if (walk->mask & (XYZZY_TIMES | XYZZY_FAULTS))
		read_counts(walk, task, &counts);

	if (walk->mask & XYZZY_CREDS)
		fill_creds(rec, task);
	if (walk->mask & XYZZY_SCHED)
		fill_sched(rec, task);
	if (walk->mask & XYZZY_TIMES)
		fill_times(rec, task, walk, &counts);
	if (walk->mask & XYZZY_FAULTS)
		fill_faults(rec, &counts);
	if (walk->mask & XYZZY_MEM)
		fill_mem(rec, task);
	if (walk->mask & XYZZY_IO)
		fill_io(rec, task, walk);
	if (walk->mask & XYZZY_CGROUP)
		fill_cgroup(rec, task);
	return true;
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

static struct pid *find_next_pid(const struct xyzzy_walk *walk)
{
	if (walk->tgid && walk->type == PIDTYPE_TGID)
		return pid_nr_ns(walk->tgid, walk->ns) >= walk->next ?
		       walk->tgid : NULL;
	return find_ge_pid(walk->next, walk->ns);
}

/* Returns the task of @pid if the walk covers it and the caller may see it. */
static struct task_struct *wanted_task(const struct xyzzy_walk *walk,
				       struct pid *pid)
{
	struct task_struct *task = pid_task(pid, walk->type);

	if (!task || (walk->tgid && task_tgid(task) != walk->tgid))
		return NULL;
	if (!process_visible(walk, READ_ONCE(task->group_leader)))
		return NULL;
	return task;
}

/* Threads whose counts a record of @task sums up. */
static unsigned int record_cost(const struct xyzzy_walk *walk,
				struct task_struct *task)
{
	if (walk->type == PIDTYPE_PID ||
	    !(walk->mask & (XYZZY_TIMES | XYZZY_FAULTS | XYZZY_IO)))
		return 0;
	return READ_ONCE(task->signal->nr_threads);
}

/*
 * Fill a record for @pid if there is something to report. A task that was found
 * may be released before it is locked. Its PID can have gone to another thread
 * then, one that called exec; and as a task loses its PID before its ->sighand,
 * the next look does not find the same one.
 */
static bool report_pid(const struct xyzzy_walk *walk, struct pid *pid,
		       struct xyzzy_task *rec, int *budget)
{
	struct task_struct *task;

	do {
		task = wanted_task(walk, pid);
		if (!task)
			return false;
	} while (!fill_record(rec, task, pid, walk));

	*budget -= record_cost(walk, task);
	return true;
}

/*
 * RCU keeps each pid, task and signal_struct that the walk finds in place while
 * its record is filled; no reference is taken.
 */
static size_t fill_batch(struct xyzzy_walk *walk, struct xyzzy_task *batch,
			 size_t room)
{
	int budget = XYZZY_BUDGET;
	size_t n = 0;

	guard(rcu)();
	while (n < room && budget > 0) {
		struct pid *pid = find_next_pid(walk);

		if (!pid) {
			walk->over = true;
			break;
		}
		walk->next = pid_nr_ns(pid, walk->ns) + 1;
		budget--;

		if (report_pid(walk, pid, &batch[n], &budget))
			n++;
	}
	return n;
}

static bool store_record(const struct xyzzy_params *params, size_t index,
			 const struct xyzzy_task *rec)
{
	void __user *to = (void __user *)params->tasks +
			  index * params->task_size;
	size_t size = min_t(size_t, params->task_size, sizeof(*rec));

	return !copy_to_user(to, rec, size) &&
	       !clear_user(to + size, params->task_size - size);
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
	batch = kmalloc_array(size, sizeof(*batch), GFP_KERNEL_ACCOUNT);
	if (!batch)
		return -ENOMEM;

	while (stored < room && !walk->over) {
		filled = fill_batch(walk, batch, min(size, room - stored));
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
		.mask = params->mask & XYZZY_SUPPORTED,
		.next = min_t(u64, params->cursor, PID_MAX_LIMIT),
	};
	int ret;

	BUILD_BUG_ON(sizeof(struct xyzzy_task) != XYZZY_TASK_SIZE_VER0);
	BUILD_BUG_ON(sizeof(struct xyzzy_params) != XYZZY_PARAMS_SIZE_VER0);

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

static long store_result(const struct xyzzy_params *params, long ret,
			 u64 __user *supported, u64 __user *cursor)
{
	if (ret >= 0 && put_user(params->supported, supported))
		return -EFAULT;
	if (ret > 0 && put_user(params->cursor, cursor))
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
