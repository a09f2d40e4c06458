
/**
 * get_mm_counters_sum - Sum all counters of an address space
 * @mm: The address space
 * @counters: Array for NR_MM_COUNTERS sums, each as get_mm_counter_sum()
 *	      returns it
 *
 * Context: Any. Disables interrupts while it reads the counters of all CPUs.
 */
void get_mm_counters_sum(struct mm_struct *mm, unsigned long *counters)
{
	s64 sums[NR_MM_COUNTERS];

	percpu_counter_sum_many(mm->rss_stat, sums, NR_MM_COUNTERS);
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		counters[i] = max(sums[i], 0);
}
