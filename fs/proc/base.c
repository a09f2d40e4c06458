/**
 * proc_task_visible - May current see a task through a procfs mount?
 * @sb: Superblock of the procfs
 * @task: A thread-group leader, in the PID namespace of @sb
 *
 * The mount options hidepid= and gid= decide, as they do when current opens
 * /proc/PID/stat.
 *
 * Context: Process context; RCU or a reference keeps @task. Takes its
 *	    ->alloc_lock and may be called under rcu_read_lock().
 * Return: true if they let current read that file.
 */
bool proc_task_visible(struct super_block *sb, struct task_struct *task)
{
	/* A remount may just change the options. */
	struct proc_fs_info options = data_race(*proc_sb_info(sb));

	return has_pid_permissions(&options, task, HIDEPID_NO_ACCESS);
}

