struct xyzzy_params;
asmlinkage long sys_xyzzy(struct xyzzy_params __user *params, unsigned int flags);
