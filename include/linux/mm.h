void get_mm_counters_sum(struct mm_struct *mm, unsigned long *counters);

/* From the first page of the program's code to the last, in bytes. */
static inline unsigned long mm_text_size(struct mm_struct *mm)
{
	return PAGE_ALIGN(mm->end_code) - (mm->start_code & PAGE_MASK);
}

