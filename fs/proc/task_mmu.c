	unsigned long hiwater_vm, total_vm, hiwater_rss, total_rss;
	unsigned long counters[NR_MM_COUNTERS];

	get_mm_counters_sum(mm, counters);
	anon = counters[MM_ANONPAGES];
	file = counters[MM_FILEPAGES];
	shmem = counters[MM_SHMEMPAGES];
	text = mm_text_size(mm);
	swap = counters[MM_SWAPENTS];
	unsigned long total[NR_MM_COUNTERS];

	get_mm_counters_sum(mm, total);
	*shared = total[MM_FILEPAGES] + total[MM_SHMEMPAGES];
	*text = mm_text_size(mm) >> PAGE_SHIFT;
	*resident = *shared + total[MM_ANONPAGES];
