// SPDX-License-Identifier: GPL-2.0
/*
 * The arguments of @name@(2).
 *
 * Decide: which tests does the Linux Test Project need?
 * Or xfstests, if the call is about files.
 */
#define _GNU_SOURCE
@test-includes@
#include "kselftest_harness.h"

struct @name@_args {
@fields@
};

static long call_@name@(struct @name@_args *args)
{
	return @test-call@;
}

%if memory
/* Zeroed memory, and behind its @size bytes some that is not accessible. */
static void *end_of_memory(size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || mprotect(map + page, page, PROT_NONE))
		abort();
	return map + page - size;
}

%end
FIXTURE(@name@)
{
	struct @name@_args args;
};

FIXTURE_SETUP(@name@)
{
@setup@
	if (call_@name@(&self->args) && errno == ENOSYS)
		SKIP(return, "the kernel does not have @name@()");
}

FIXTURE_TEARDOWN(@name@)
{
@teardown@
}

TEST_F(@name@, valid_arguments_are_accepted)
{
	EXPECT_EQ(0, call_@name@(&self->args));
}

@tests@

TEST_HARNESS_MAIN
