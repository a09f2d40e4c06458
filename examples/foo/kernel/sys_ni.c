
/* foo */
COND_SYSCALL(foo);
