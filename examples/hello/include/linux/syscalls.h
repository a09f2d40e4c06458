asmlinkage long sys_hello(int a, int b);
