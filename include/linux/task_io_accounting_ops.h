#include <linux/sched/signal.h>

#ifdef CONFIG_TASK_IO_ACCOUNTING
/**
 * thread_group_io_accounting - Sum the I/O figures of a process
 * @sig: signal_struct of the process
 * @acct: Where to store the sums over all threads, including those that have
 *	  exited, and over reaped children
 *
 * Context: Under rcu_read_lock(), in a read-side section of @sig->stats_lock.
 */
static __always_inline
void thread_group_io_accounting(struct signal_struct *sig,
				struct task_io_accounting *acct)
{
	struct task_struct *t;

	*acct = sig->ioac;
	__for_each_thread(sig, t) {
		/* A thread updates its own figures without a lock. */
		data_race((task_io_accounting_add(acct, &t->ioac), 0));
	}
}
#endif /* CONFIG_TASK_IO_ACCOUNTING */
