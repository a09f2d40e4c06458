	get_task_full_name(tcomm, sizeof(tcomm), p);

	seq_put_decimal_ull(m, " ",
			    nsec_to_clock_t(delayacct_blkio_delay(task)));
