// SPDX-License-Identifier: GPL-2.0
/*
 * hello(2): an example of a system call.
 */
#include <linux/overflow.h>
#include <linux/syscalls.h>

/* Signed overflow is undefined behaviour in C; here the sum wraps. */
SYSCALL_DEFINE2(hello, int, a, int, b)
{
	return wrapping_add(int, a, b);
}
