bool proc_task_visible(struct super_block *sb, struct task_struct *task);
static inline bool proc_task_visible(struct super_block *sb,
				     struct task_struct *task)
{
	return false;
}

