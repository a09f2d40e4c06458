// SPDX-License-Identifier: GPL-2.0
/*
 * hello(2): the sum of two ints, which wraps.
 *
 * A result from -4095 to -1 is an error number: syscall() sets errno and returns -1.
 * So a caller cannot tell a sum of -38 from ENOSYS. A real call returns 0 or an error,
 * and stores what it computes through a pointer.
 */
#include <errno.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "kselftest_harness.h"

#define MAX_ERRNO 4095

/* Where the tables of the architecture do not have the call, there is none. */
#ifndef __NR_hello
#define __NR_hello -1
#endif

FIXTURE(hello) {
};

FIXTURE_SETUP(hello)
{
	if (syscall(__NR_hello, 0, 0) && errno == ENOSYS)
		SKIP(return, "the kernel does not have hello()");
}

FIXTURE_TEARDOWN(hello)
{
}

TEST_F(hello, adds)
{
	EXPECT_EQ(36, syscall(__NR_hello, 12, 24));
	EXPECT_EQ(12, syscall(__NR_hello, -12, 24));
	EXPECT_EQ(0, syscall(__NR_hello, 0, 0));
	EXPECT_EQ(-36000, syscall(__NR_hello, -12000, -24000));
	EXPECT_EQ(INT_MAX, syscall(__NR_hello, INT_MAX - 1, 1));
	EXPECT_EQ(INT_MIN, syscall(__NR_hello, INT_MIN + 1, -1));
}

TEST_F(hello, wraps)
{
	EXPECT_EQ(INT_MIN, syscall(__NR_hello, INT_MAX, 1));
	EXPECT_EQ(INT_MAX, syscall(__NR_hello, INT_MIN, -1));
	EXPECT_EQ(0, syscall(__NR_hello, INT_MIN, INT_MIN));
}

TEST_F(hello, small_negative_sums_are_errors_for_libc)
{
	for (int sum = -MAX_ERRNO; sum < 0; sum++) {
		errno = 0;
		ASSERT_EQ(-1, syscall(__NR_hello, sum - 1, 1));
		ASSERT_EQ(-sum, errno);
	}
	errno = 0;
	EXPECT_EQ(-MAX_ERRNO - 1, syscall(__NR_hello, -MAX_ERRNO, -1));
	EXPECT_EQ(0, errno);
}

/* An int is the lower half of its register; the upper half can be anything. */
TEST_F(hello, ignores_the_upper_halves_of_registers)
{
#if defined(__LP64__) || defined(__x86_64__)
	const unsigned long long junk = 0xdeadbeef00000000;

	EXPECT_EQ(36, syscall(__NR_hello, junk | 12, (~junk & ~0xffffffffULL) | 24));
	EXPECT_EQ(INT_MIN, syscall(__NR_hello, junk | INT_MAX, junk | 1));
#else
	SKIP(return, "registers have 32 bits");
#endif
}

TEST_HARNESS_MAIN
