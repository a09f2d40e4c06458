/*
 * Returns true if a mount with these options shows a task to current only if
 * current may ptrace it for reading.
 */
static bool needs_ptrace_access(struct proc_fs_info *fs_info,
				enum proc_hidepid hide_pid_min)
{
	if (fs_info->hide_pid == HIDEPID_NOT_PTRACEABLE)
		return true;
	return fs_info->hide_pid >= hide_pid_min &&
	       !in_group_p(fs_info->pid_gid);
}

/**
 * proc_needs_ptrace_access - Check if a procfs shows only ptraceable tasks
 * @sb: Superblock of the procfs
 *
 * This depends on the mount options hidepid= and gid=, as for opening
 * /proc/PID/stat. A remount can change them at any time.
 *
 * Context: Process context. May be called under rcu_read_lock().
 * Return: true if current may read that file only of tasks for which it passes
 *	   ptrace_may_access(PTRACE_MODE_READ_FSCREDS), false if of all tasks.
 */
bool proc_needs_ptrace_access(struct super_block *sb)
{
	/* Does not take the lock that a remount holds. */
	return data_race(needs_ptrace_access(proc_sb_info(sb),
					     HIDEPID_NO_ACCESS));
}

	return !needs_ptrace_access(fs_info, hide_pid_min) ||
	       ptrace_may_access(task, PTRACE_MODE_READ_FSCREDS);
			thread_group_io_accounting(sig, &acct);
	unsigned long arg_start, arg_end, title_end;
	if (!get_mm_arg_range(mm, &arg_start, &arg_end, &title_end))
		return 0;
	len = title_end - arg_start;
