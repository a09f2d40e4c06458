
/**
 * get_mm_counters_sum - Sum all counters of an address space
 * @mm: The address space
 * @counters: Where to store the NR_MM_COUNTERS sums, each as returned by
 *	      get_mm_counter_sum()
 *
 * Context: Any. Disables interrupts while it reads the counters of all CPUs.
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
