// SPDX-License-Identifier: GPL-2.0
/*
 * Print the size of a kernel stack.
 */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	long size = syscall(__NR_foo);

	if (size < 0) {
		perror("foo");
		return 1;
	}
	printf("%ld\n", size);
	return 0;
}
