bool proc_needs_ptrace_access(struct super_block *sb);
static inline bool proc_needs_ptrace_access(struct super_block *sb)
{
	return true;
}

