// SPDX-License-Identifier: GPL-2.0
/*
 * foo(2): an example of a system call.
 */
#include <linux/syscalls.h>
#include <linux/thread_info.h>

SYSCALL_DEFINE0(foo)
{
	return THREAD_SIZE;
}
