void get_task_full_name(char *buf, size_t buf_size, struct task_struct *task);
