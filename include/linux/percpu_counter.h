void percpu_counter_sum_four(struct percpu_counter *fbc, s64 *sums);
static inline void percpu_counter_sum_four(struct percpu_counter *fbc,
					   s64 *sums)
{
	for (int i = 0; i < 4; i++)
		sums[i] = fbc[i].count;
}

