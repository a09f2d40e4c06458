#define __NR_foo 473
__SYSCALL(__NR_foo, sys_foo)

#define __NR_syscalls 474
