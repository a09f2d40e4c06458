#include <linux/unroll.h>

/**
 * percpu_counter_sum_many - Sum several counters in one pass over the CPUs
 * @fbc: All counters that one percpu_counter_init_many() has set up
 * @sums: Array for the sums, each as percpu_counter_sum() returns it
 * @nr_counters: How many they are, a small constant
 *
 * What one CPU has of these counters is side by side in memory, so that summing
 * them together takes hardly longer than summing one of them.
 *
 * Context: Any. Disables interrupts, and takes the locks of all the counters in
 *	    the order of the array.
 */
static __always_inline
void percpu_counter_sum_many(struct percpu_counter *fbc, s64 *sums,
			     const u32 nr_counters)
{
	const s32 *parts;
	unsigned long flags;
	int cpu;
	u32 i;

	local_irq_save(flags);
	unrolled_full
	for (i = 0; i < nr_counters; i++) {
		raw_spin_lock_nested(&fbc[i].lock, i);
		sums[i] = fbc[i].count;
	}
	/* For the dying CPUs, see __percpu_counter_sum(). */
	for_each_cpu_or(cpu, cpu_online_mask, cpu_dying_mask) {
		parts = per_cpu_ptr(fbc->counters, cpu);
		unrolled_full
		for (i = 0; i < nr_counters; i++)
			sums[i] += parts[i];
	}
	unrolled_full
	for (i = 0; i < nr_counters; i++)
		raw_spin_unlock(&fbc[i].lock);
	local_irq_restore(flags);
}
static inline void percpu_counter_sum_many(struct percpu_counter *fbc,
					   s64 *sums, u32 nr_counters)
{
	u32 i;

	for (i = 0; i < nr_counters; i++)
		sums[i] = fbc[i].count;
}

