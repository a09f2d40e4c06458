u64 __delayacct_blkio_delay(struct task_struct *tsk)
	u64 ret;
	ret = tsk->delays->blkio_delay;
