struct compat_xyzzy_params {
	u32 size;
	u32 task_size;
	s32 procfd;
	s32 pidfd;
	compat_u64 mask;
	compat_u64 supported;
	compat_u64 cursor;
	compat_uptr_t tasks;
	compat_size_t nr_tasks;
	compat_uptr_t strings;
	compat_size_t strings_size;
	u32 string_max;
	u32 reserved;
};

asmlinkage long compat_sys_xyzzy(struct compat_xyzzy_params __user *params,
				 unsigned int flags);
