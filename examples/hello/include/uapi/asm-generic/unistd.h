#define __NR_hello 473
__SYSCALL(__NR_hello, sys_hello)

#define __NR_syscalls 474
