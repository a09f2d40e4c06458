
/**
 * get_mm_counters_sum - Sum all counters of an address space
 * @mm: The address space
 * @counters: Where to store the NR_MM_COUNTERS sums, each as returned by
 *	      get_mm_counter_sum()
 *
 * Context: Any but NMI. Disables interrupts while it reads the counters of all
 *	    CPUs.
 */
void get_mm_counters_sum(struct mm_struct *mm, unsigned long *counters)
{
	s64 sums[NR_MM_COUNTERS];

	BUILD_BUG_ON(NR_MM_COUNTERS != 4);

	percpu_counter_sum_four(mm->rss_stat, sums);
	counters[MM_FILEPAGES] = max(sums[MM_FILEPAGES], 0);
	counters[MM_ANONPAGES] = max(sums[MM_ANONPAGES], 0);
	counters[MM_SWAPENTS] = max(sums[MM_SWAPENTS], 0);
	counters[MM_SHMEMPAGES] = max(sums[MM_SHMEMPAGES], 0);
}
/**
 * get_mm_arg_range - Get where a program keeps its command line
 * @mm: The address space of the program
 * @arg_start: Start of the arguments
 * @arg_end: End of the arguments
 * @title_end: End of what the program may overwrite with a title, as
 *	       setproctitle(3) does: beyond @arg_end only if the environment is
 *	       there
 *
 * Return: true if there are arguments, false if not, or not yet
 */
bool get_mm_arg_range(struct mm_struct *mm, unsigned long *arg_start,
		      unsigned long *arg_end, unsigned long *title_end)
{
	unsigned long env_start, env_end;

	/* execve() sets them without the lock */
	scoped_guard(spinlock, &mm->arg_lock) {
		*arg_start = READ_ONCE(mm->arg_start);
		*arg_end = READ_ONCE(mm->arg_end);
		env_start = READ_ONCE(mm->env_start);
		env_end = READ_ONCE(mm->env_end);
	}

	*title_end = *arg_end;
	if (env_start == *arg_end && env_end >= env_start)
		*title_end = env_end;
	return env_end && *arg_start < *arg_end;
}

