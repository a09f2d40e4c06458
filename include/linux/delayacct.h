u64 __delayacct_blkio_delay(struct task_struct *tsk);
/* Time that the task has waited for block I/O, in ns */
static inline u64 delayacct_blkio_delay(struct task_struct *tsk)
		return __delayacct_blkio_delay(tsk);
static inline u64 delayacct_blkio_delay(struct task_struct *tsk)
{ return 0; }
