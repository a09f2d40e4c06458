
/**
 * percpu_counter_sum_many - Sum several counters in one pass over the CPUs
 * @fbc: Array of counters, set up by percpu_counter_init_many()
 * @sums: Array for the sums, each as percpu_counter_sum() returns it
 * @nr_counters: Size of both arrays, at most MAX_LOCKDEP_SUBCLASSES
 *
 * The counters of one CPU share a cache line, which this reads only once.
 *
 * Context: Any. Takes the locks of all the counters, in the order of the array,
 *	    with interrupts disabled.
 */
void percpu_counter_sum_many(struct percpu_counter *fbc, s64 *sums,
			     u32 nr_counters)
{
	unsigned long flags;
	int cpu;
	u32 i;

	local_irq_save(flags);
	for (i = 0; i < nr_counters; i++) {
		raw_spin_lock_nested(&fbc[i].lock, i);
		sums[i] = fbc[i].count;
	}
	for_each_cpu_or(cpu, cpu_online_mask, cpu_dying_mask)
		for (i = 0; i < nr_counters; i++)
			sums[i] += *per_cpu_ptr(fbc[i].counters, cpu);
	for (i = nr_counters; i--; )
		raw_spin_unlock(&fbc[i].lock);
	local_irq_restore(flags);
}
