
/* @name@ */
COND_SYSCALL(@name@);
%if compat
COND_SYSCALL_COMPAT(@name@);
%end
