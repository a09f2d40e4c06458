asmlinkage long sys_foo(void);
