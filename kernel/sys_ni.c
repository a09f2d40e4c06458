
/* xyzzy */
COND_SYSCALL(xyzzy);
COND_SYSCALL_COMPAT(xyzzy);
