void get_mm_counters_sum(struct mm_struct *mm, unsigned long *counters);

/* Size of the program's code in bytes, in whole pages. */
static inline unsigned long mm_text_size(struct mm_struct *mm)
{
	return PAGE_ALIGN(mm->end_code) - (mm->start_code & PAGE_MASK);
}

bool get_mm_arg_range(struct mm_struct *mm, unsigned long *arg_start,
		      unsigned long *arg_end, unsigned long *title_end);

