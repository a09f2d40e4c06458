
/* hello */
COND_SYSCALL(hello);
