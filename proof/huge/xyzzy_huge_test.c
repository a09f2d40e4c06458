// SPDX-License-Identifier: GPL-2.0
/*
 * A command line of more than 4 GiB, and an area with room for all of it: at
 * most 4 GiB of an area are used. Runs only with HUGE=1 in the environment, as
 * copying that much takes seconds on an emulated x86_64, but more than 5 minutes
 * on an emulated s390x.
 */
#include "kselftest_harness.h"
#include "area.h"

/* 0 where the tests skip */
#define GIB_4 ((size_t)(1ULL << 32))

/* The unit of memory that stands behind all of the area */
#define UNIT ((size_t)2 << 20)

/* Zeros, in memory: each page is the zero page. */
static unsigned long map_zeros(size_t size)
{
	const volatile char *zeros = mmap(NULL, size, PROT_READ,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (zeros == MAP_FAILED)
		abort();
	for (size_t i = 0; i < size; i += page_size())
		(void)zeros[i];
	return (unsigned long)zeros;
}

/* 4 GiB, in which all units are the same memory, and a page of its own */
static char *map_area(void)
{
	const int flags = MAP_FIXED | MAP_SHARED;
	int fd = memfd_create("unit", MFD_CLOEXEC);
	char *area;

	area = mmap(NULL, GIB_4 + UNIT + page_size(), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (fd < 0 || ftruncate(fd, UNIT) || area == MAP_FAILED)
		abort();
	area += -(uintptr_t)area % UNIT;
	for (size_t i = 0; i < GIB_4; i += UNIT)
		if (mmap(area + i, UNIT, PROT_READ | PROT_WRITE, flags, fd, 0) ==
		    MAP_FAILED)
			abort();
	close(fd);
	memset(area, UNTOUCHED, UNIT);
	memset(area + GIB_4, UNTOUCHED, page_size());
	return area;
}

FIXTURE(huge)
{
	struct xyzzy_task task;
	struct area area;
	__u64 size;
};

FIXTURE_SETUP(huge)
{
	unsigned long args;

	if (!getenv("HUGE"))
		SKIP(return, "takes long, needs HUGE=1");
	if (sizeof(size_t) < sizeof(__u64))
		SKIP(return, "no room for 4 GiB");
	if (!(xyzzy_supported() & XYZZY_CMDLINE))
		SKIP(return, "the kernel does not have XYZZY_CMDLINE");
	self->area.bytes = map_area();
	self->area.size = GIB_4 + page_size();
	self->size = GIB_4 + 2 * page_size();
	args = map_zeros(self->size);
	if (move_args(args, args + self->size, args, args))
		SKIP(return, "needs PR_SET_MM");
}

FIXTURE_TEARDOWN(huge)
{
}

/* The NUL of the command line is the last byte that is used. */
static void expect_cut(struct __test_metadata *_metadata,
		       const FIXTURE_DATA(huge) * self)
{
	const char *end = self->area.bytes + GIB_4;

	EXPECT_EQ(GIB_4 - 1,
		  (__u64)self->task.cmdline + self->task.cmdline_len);
	EXPECT_EQ(self->size, self->task.cmdline_size);
	EXPECT_TRUE(is_filled_with(end - UNIT, 0, UNIT));
	EXPECT_TRUE(is_filled_with(end, UNTOUCHED, page_size()));
}

TEST_F_TIMEOUT(huge, command_line, 300)
{
	ASSERT_EQ(0, strings_get(getpid(), XYZZY_CMDLINE, 0, &self->area,
				 &self->task));
	ASSERT_TRUE(record_has(&self->task, XYZZY_CMDLINE));
	EXPECT_EQ(0U, self->task.cmdline);
	expect_cut(_metadata, self);
}

TEST_F_TIMEOUT(huge, command_line_behind_a_name, 300)
{
	ASSERT_EQ(0, strings_get(getpid(), XYZZY_STRINGS, 0, &self->area,
				 &self->task));
	ASSERT_TRUE(record_has(&self->task, XYZZY_STRINGS));
	EXPECT_EQ(0U, self->task.name);
	EXPECT_EQ(self->task.name_len + 1, self->task.cmdline);
	expect_cut(_metadata, self);
}

TEST_HARNESS_MAIN
