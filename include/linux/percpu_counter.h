void percpu_counter_sum_many(struct percpu_counter *fbc, s64 *sums,
			     u32 nr_counters);
static inline void percpu_counter_sum_many(struct percpu_counter *fbc,
					   s64 *sums, u32 nr_counters)
{
	u32 i;

	for (i = 0; i < nr_counters; i++)
		sums[i] = fbc[i].count;
}

