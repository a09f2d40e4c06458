// SPDX-License-Identifier: GPL-2.0
/*
 * foo(2): the size of a kernel stack.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "kselftest_harness.h"

#define NR_THREADS 256

/* Where the tables of the architecture do not have the call, there is none. */
#ifndef __NR_foo
#define __NR_foo -1
#endif

static int block[2];

static void *sleep_until_eof(void *arg)
{
	char c;

	return read(block[0], &c, 1) ? arg : NULL;
}

/* The total may lack what the CPUs have counted since they last added to it. */
static void refresh_counters(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) < 0)
		perror("stat_refresh");
	close(fd);
}

/* What all kernel stacks take, in bytes, or -1. */
static long kernel_stacks(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[256];
	long kb = -1;

	refresh_counters();
	while (file && kb < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "KernelStack: %ld kB", &kb);
	if (file)
		fclose(file);
	return kb < 0 ? -1 : kb * 1024;
}

FIXTURE(foo) {
};

FIXTURE_SETUP(foo)
{
	if (syscall(__NR_foo) < 0 && errno == ENOSYS)
		SKIP(return, "the kernel does not have foo()");
}

FIXTURE_TEARDOWN(foo)
{
}

/*
 * Other tasks come and go meanwhile, and without stat_refresh the counters are
 * inexact, but all that is much less than a quarter of the threads' stacks. A wrong
 * power of two would be wrong by half at least.
 */
TEST_F(foo, is_what_a_thread_adds_to_the_kernel_stacks)
{
	long size = syscall(__NR_foo), before, each;
	pthread_t threads[NR_THREADS];
	pthread_attr_t attr;

	ASSERT_EQ(0, pipe(block));
	ASSERT_EQ(0, pthread_attr_init(&attr));
	ASSERT_EQ(0, pthread_attr_setstacksize(&attr, 65536));
	before = kernel_stacks();
	if (before < 0)
		SKIP(return, "there is no KernelStack in /proc/meminfo");
	for (int i = 0; i < NR_THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], &attr, sleep_until_eof, NULL));
	each = (kernel_stacks() - before) / NR_THREADS;
	close(block[1]);
	for (int i = 0; i < NR_THREADS; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));

	TH_LOG("foo() returns %ld; %ld bytes for each of %d threads", size, each, NR_THREADS);
	EXPECT_EQ(0, size & (size - 1));
	EXPECT_LT(size - size / 4, each);
	EXPECT_GT(size + size / 4, each);
}

TEST_F(foo, is_always_the_same)
{
	long size = syscall(__NR_foo);

	EXPECT_EQ(size, syscall(__NR_foo));
	EXPECT_EQ(size, syscall(__NR_foo, -1L, -1L, -1L, -1L, -1L, -1L));
}

TEST_HARNESS_MAIN
