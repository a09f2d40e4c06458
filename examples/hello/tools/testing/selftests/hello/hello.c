// SPDX-License-Identifier: GPL-2.0
/*
 * hello A B: print the sum of two numbers, which the kernel adds.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long sum;

	if (argc != 3) {
		fprintf(stderr, "usage: hello A B\n");
		return 2;
	}
	errno = 0;
	sum = syscall(__NR_hello, atoi(argv[1]), atoi(argv[2]));
	if (errno) {
		perror("hello");
		return 1;
	}
	printf("%ld\n", sum);
	return 0;
}
