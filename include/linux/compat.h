struct compat_xyzzy_params;
asmlinkage long compat_sys_xyzzy(struct compat_xyzzy_params __user *params,
				 unsigned int flags);
