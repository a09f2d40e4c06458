/* kernel/@name@.c */
#define __NR_@name@ @number@
%if compat
__SC_COMP(__NR_@name@, sys_@name@, compat_sys_@name@)
%else
__SYSCALL(__NR_@name@, sys_@name@)
%end

#define __NR_syscalls @number+1@
