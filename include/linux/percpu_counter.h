#include <linux/unroll.h>

/**
 * percpu_counter_sum_many - Sum several counters in one pass over the CPUs
 * @fbc: Array of counters that one percpu_counter_init_many() has set up
 * @sums: Array for the sums, each as percpu_counter_sum() returns it
 * @nr_counters: Size of the arrays, a constant up to MAX_LOCKDEP_SUBCLASSES
 *
 * The parts that one CPU has of these counters are next to each other in memory,
 * so summing all of them takes hardly longer than summing one.
 *
 * Context: Any. Disables interrupts, and takes the locks of all counters in the
 *	    order of the array.
 */
static __always_inline
void percpu_counter_sum_many(struct percpu_counter *fbc, s64 *sums,
			     const u32 nr_counters)
{
	const s32 *parts;
	unsigned long flags;
	int cpu;

#define LOCK_COUNTER(i, nr)						\
	if ((i) < (nr)) {						\
		raw_spin_lock_nested(&fbc[i].lock, (i));		\
		sums[i] = fbc[i].count;					\
	}
#define ADD_PART(i, nr)							\
	if ((i) < (nr))							\
		sums[i] += parts[i];
#define UNLOCK_COUNTER(i, nr)						\
	if ((i) < (nr))							\
		raw_spin_unlock(&fbc[i].lock);

	local_irq_save(flags);
	UNROLL(8, LOCK_COUNTER, nr_counters)
	/* For the dying CPUs, see __percpu_counter_sum(). */
	for_each_cpu_or(cpu, cpu_online_mask, cpu_dying_mask) {
		parts = per_cpu_ptr(fbc->counters, cpu);
		UNROLL(8, ADD_PART, nr_counters)
	}
	UNROLL(8, UNLOCK_COUNTER, nr_counters)
	local_irq_restore(flags);

#undef LOCK_COUNTER
#undef ADD_PART
#undef UNLOCK_COUNTER
}
static inline void percpu_counter_sum_many(struct percpu_counter *fbc,
					   s64 *sums, u32 nr_counters)
{
	u32 i;

	for (i = 0; i < nr_counters; i++)
		sums[i] = fbc[i].count;
}

