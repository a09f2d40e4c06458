/* kernel/xyzzy.c */
#define __NR_xyzzy 473
__SC_COMP(__NR_xyzzy, sys_xyzzy, compat_sys_xyzzy)

#define __NR_syscalls 474
