
/**
 * percpu_counter_sum_four - Sum four counters in one pass over the CPUs
 * @fbc: Four counters that were set up by one percpu_counter_init_many()
 * @sums: Where to store the sums, each as returned by percpu_counter_sum()
 *
 * The per-CPU parts of such counters are adjacent in memory, so those of one CPU
 * usually share a cache line, which one pass reads once.
 *
 * Context: Any but NMI. Disables interrupts, and takes the locks of all four
 *	    counters in the order of the array.
 */
void percpu_counter_sum_four(struct percpu_counter *fbc, s64 *sums)
{
	s64 sum0, sum1, sum2, sum3;
	unsigned long flags;
	int cpu;

	local_irq_save(flags);
	raw_spin_lock_nested(&fbc[0].lock, 0);
	raw_spin_lock_nested(&fbc[1].lock, 1);
	raw_spin_lock_nested(&fbc[2].lock, 2);
	raw_spin_lock_nested(&fbc[3].lock, 3);
	sum0 = fbc[0].count;
	sum1 = fbc[1].count;
	sum2 = fbc[2].count;
	sum3 = fbc[3].count;
	for_each_cpu_or(cpu, cpu_online_mask, cpu_dying_mask) {
		const s32 *parts = per_cpu_ptr(fbc->counters, cpu);

		sum0 += READ_ONCE(parts[0]);
		sum1 += READ_ONCE(parts[1]);
		sum2 += READ_ONCE(parts[2]);
		sum3 += READ_ONCE(parts[3]);
	}
	raw_spin_unlock(&fbc[3].lock);
	raw_spin_unlock(&fbc[2].lock);
	raw_spin_unlock(&fbc[1].lock);
	raw_spin_unlock(&fbc[0].lock);
	local_irq_restore(flags);

	sums[0] = sum0;
	sums[1] = sum1;
	sums[2] = sum2;
	sums[3] = sum3;
}
