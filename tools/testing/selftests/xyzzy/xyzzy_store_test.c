// SPDX-License-Identifier: GPL-2.0
/*
 * How records are stored: strides smaller and larger than a record, memory that
 * is not written, faults in the middle of the array, and counts that overflow.
 */
#include "kselftest_harness.h"
#include "record.h"

#include <limits.h>
#include <stdint.h>

#define NR_CHILDREN 16
#define POISON 0xa5

/* The record @i of an array with the stride @stride. */
static struct xyzzy_task *record(void *tasks, size_t stride, int i)
{
	return (void *)((char *)tasks + i * stride);
}

/* Its PID; the array may be unaligned. */
static __u32 record_pid(const void *tasks, size_t stride, int i)
{
	struct xyzzy_task id;

	memcpy(&id, (const char *)tasks + i * stride, XYZZY_TASK_SIZE_ID);
	return id.pid;
}

/* How much of a record is stored. */
static size_t stored_size(size_t stride)
{
	return stride < sizeof(struct xyzzy_task) ? stride :
						    sizeof(struct xyzzy_task);
}

/*
 * Strides.
 */
FIXTURE(stride)
{
	pid_t pids[NR_CHILDREN];
	char *buf;
	size_t size;
	struct xyzzy_params params;
};

FIXTURE_VARIANT(stride)
{
	size_t size;
};

FIXTURE_VARIANT_ADD(stride, of_80) { 80 };
FIXTURE_VARIANT_ADD(stride, of_88) { 88 };
FIXTURE_VARIANT_ADD(stride, of_112) { 112 };
FIXTURE_VARIANT_ADD(stride, of_320) { 320 };
FIXTURE_VARIANT_ADD(stride, of_376) { 376 };
FIXTURE_VARIANT_ADD(stride, of_384) { 384 };
FIXTURE_VARIANT_ADD(stride, of_392) { 392 };
FIXTURE_VARIANT_ADD(stride, of_512) { 512 };
FIXTURE_VARIANT_ADD(stride, of_1000) { 1000 };
FIXTURE_VARIANT_ADD(stride, of_2048) { 2048 };
FIXTURE_VARIANT_ADD(stride, of_4088) { 4088 };
FIXTURE_VARIANT_ADD(stride, of_4096) { 4096 };

FIXTURE_SETUP(stride)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	ASSERT_EQ(0, spawn_many(self->pids, NR_CHILDREN));
	self->size = (NR_CHILDREN + 1) * variant->size;
	self->buf = malloc(self->size);
	ASSERT_TRUE(!!self->buf);
	memset(self->buf, POISON, self->size);
	self->params = XYZZY_PARAMS(groups_within(variant->size),
				    (void *)self->buf, NR_CHILDREN);
	self->params.task_size = variant->size;
}

FIXTURE_TEARDOWN(stride)
{
	free(self->buf);
	kill_many(self->pids, NR_CHILDREN);
}

/* Each stride has @stored bytes of a record, followed by zeroes. */
static void expect_records(struct __test_metadata *_metadata,
			   FIXTURE_DATA(stride) * self, size_t stored)
{
	size_t stride = self->params.task_size;
	__u32 last = 0;

	ASSERT_EQ(NR_CHILDREN, xyzzy_call(&self->params, 0));
	for (int i = 0; i < NR_CHILDREN; i++) {
		struct xyzzy_task *task = record(self->buf, stride, i);

		EXPECT_GT(task->pid, last);
		EXPECT_EQ(task->pid, task->tgid);
		EXPECT_TRUE(!!(task->mask & XYZZY_ID));
		EXPECT_TRUE(is_filled_with((char *)task + stored, 0,
					   stride - stored));
		last = task->pid;
	}
}

TEST_F(stride, separates_records_and_is_filled_up_with_zeroes)
{
	expect_records(_metadata, self, stored_size(variant->size));
}

TEST_F(stride, of_one_group_is_filled_up_with_zeroes)
{
	self->params.mask = XYZZY_ID;
	expect_records(_metadata, self, XYZZY_TASK_SIZE_ID);
}

TEST_F(stride, beyond_the_last_record_is_not_written)
{
	ASSERT_EQ(NR_CHILDREN, xyzzy_call(&self->params, 0));
	EXPECT_TRUE(is_filled_with(record(self->buf, variant->size,
					  NR_CHILDREN),
				   POISON, variant->size));
}

TEST_F(stride, without_a_record_is_not_written)
{
	self->params.pidfd = sys_pidfd_open(self->pids[0], 0);
	ASSERT_GE(self->params.pidfd, 0);
	ASSERT_EQ(1, xyzzy_call(&self->params, 0));
	EXPECT_TRUE(is_filled_with(record(self->buf, variant->size, 1), POISON,
				   self->size - variant->size));

	/* The end of the walk. */
	memset(self->buf, POISON, self->size);
	ASSERT_EQ(0, xyzzy_call(&self->params, 0));
	EXPECT_TRUE(is_filled_with(self->buf, POISON, self->size));
}

TEST_F(stride, does_not_change_the_record)
{
	size_t size = stored_size(variant->size);
	struct xyzzy_params *params = &self->params;
	struct xyzzy_task before, after;
	pid_t pid = self->pids[0];

	ASSERT_TRUE(stop_child(pid));
	params->pidfd = sys_pidfd_open(pid, 0);
	ASSERT_GE(params->pidfd, 0);
	/* The child may not have been scheduled out yet. */
	do {
		params->cursor = 0;
		ASSERT_EQ(1, xyzzy_one(pid, params->mask, &before));
		ASSERT_EQ(1, xyzzy_call(params, 0));
		ASSERT_EQ(1, xyzzy_one(pid, params->mask, &after));
	} while (memcmp(&before, &after, sizeof(before)));
	EXPECT_EQ(0, memcmp(&before, self->buf, size));
	EXPECT_TRUE(is_filled_with((char *)&before + size, 0,
				   sizeof(before) - size));
}

/*
 * Faults.
 */

/* The array ends @extra bytes after the last whole record. */
struct cut {
	size_t stride;
	size_t extra;
	enum guard guard;
};

FIXTURE(fault)
{
	pid_t pids[NR_CHILDREN];
	struct xyzzy_params params;
};

FIXTURE_VARIANT(fault)
{
	struct cut cut;
};

FIXTURE_VARIANT_ADD(fault, at_once_80) { { 80, 0, GUARD_NONE } };
FIXTURE_VARIANT_ADD(fault, in_the_name_80) { { 80, 68, GUARD_NONE } };
FIXTURE_VARIANT_ADD(fault, at_the_last_byte_80) { { 80, 79, GUARD_NONE } };
FIXTURE_VARIANT_ADD(fault, in_the_last_word_88) { { 88, 80, GUARD_NONE } };
FIXTURE_VARIANT_ADD(fault, at_the_last_byte_112) { { 112, 111, GUARD_NONE } };
FIXTURE_VARIANT_ADD(fault, at_the_last_byte_376) { { 376, 375, GUARD_NONE } };
FIXTURE_VARIANT_ADD(fault, at_the_fill_392) { { 392, 384, GUARD_NONE } };
FIXTURE_VARIANT_ADD(fault, read_only_80) { { 80, 40, GUARD_READ_ONLY } };
FIXTURE_VARIANT_ADD(fault, at_once) { { 384, 0, GUARD_NONE } };
FIXTURE_VARIANT_ADD(fault, after_the_mask) { { 384, 8, GUARD_NONE } };
FIXTURE_VARIANT_ADD(fault, after_the_id) { { 384, 80, GUARD_NONE } };
FIXTURE_VARIANT_ADD(fault, in_the_last_word) { { 384, 376, GUARD_NONE } };
FIXTURE_VARIANT_ADD(fault, at_the_last_byte) { { 384, 383, GUARD_NONE } };
FIXTURE_VARIANT_ADD(fault, at_once_wide) { { 4096, 0, GUARD_NONE } };
FIXTURE_VARIANT_ADD(fault, at_the_fill) { { 512, 384, GUARD_NONE } };
FIXTURE_VARIANT_ADD(fault, in_the_fill) { { 1024, 1016, GUARD_NONE } };
FIXTURE_VARIANT_ADD(fault, at_the_last_byte_wide) { { 4096, 4095, GUARD_NONE } };
FIXTURE_VARIANT_ADD(fault, unmapped) { { 384, 0, GUARD_UNMAPPED } };
FIXTURE_VARIANT_ADD(fault, unmapped_inside) { { 384, 200, GUARD_UNMAPPED } };
FIXTURE_VARIANT_ADD(fault, read_only) { { 384, 0, GUARD_READ_ONLY } };
FIXTURE_VARIANT_ADD(fault, read_only_inside) { { 384, 200, GUARD_READ_ONLY } };
FIXTURE_VARIANT_ADD(fault, read_only_fill) { { 512, 448, GUARD_READ_ONLY } };

FIXTURE_SETUP(fault)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	ASSERT_EQ(0, spawn_many(self->pids, NR_CHILDREN));
	self->params = XYZZY_PARAMS(groups_within(variant->cut.stride), NULL,
				    NR_CHILDREN);
	self->params.task_size = variant->cut.stride;
}

FIXTURE_TEARDOWN(fault)
{
	kill_many(self->pids, NR_CHILDREN);
}

static struct xyzzy_task *cut_array(const struct cut *cut, int whole)
{
	return map_before_guard(whole * cut->stride + cut->extra, cut->guard);
}

TEST_F(fault, ends_the_call_after_the_whole_records)
{
	for (int whole = 1; whole < NR_CHILDREN; whole++) {
		self->params.cursor = 0;
		self->params.tasks = cut_array(&variant->cut, whole);
		EXPECT_EQ(whole, xyzzy_call(&self->params, 0));
	}
}

TEST_F(fault, without_a_whole_record_fails_the_call_and_leaves_the_cursor)
{
	struct xyzzy_task task[4096 / sizeof(struct xyzzy_task) + 1];
	__u64 cursor;

	self->params.tasks = task;
	self->params.nr_tasks = 1;
	ASSERT_EQ(1, xyzzy_call(&self->params, 0));
	cursor = self->params.cursor;
	self->params.tasks = cut_array(&variant->cut, 0);
	self->params.nr_tasks = NR_CHILDREN;
	EXPECT_EQ(-EFAULT, xyzzy_call(&self->params, 0));
	EXPECT_EQ(cursor, self->params.cursor);
}

TEST_F(fault, loses_no_process_and_repeats_none)
{
	int nr_found = 0;
	__u32 last = 0;
	long ret;

	do {
		self->params.tasks = cut_array(&variant->cut, 3);
		ret = xyzzy_call(&self->params, 0);
		ASSERT_LE(0, ret);
		ASSERT_GE(3, ret);
		for (long i = 0; i < ret; i++) {
			__u32 pid = record_pid(self->params.tasks,
					       variant->cut.stride, i);

			EXPECT_GT(pid, last);
			last = pid;
			nr_found += is_in(self->pids, NR_CHILDREN, pid);
		}
	} while (ret);
	EXPECT_EQ(NR_CHILDREN, nr_found);
}

TEST_F(fault, after_the_room_does_not_matter)
{
	self->params.tasks = cut_array(&variant->cut, 3);
	self->params.nr_tasks = 3;
	EXPECT_EQ(3, xyzzy_call(&self->params, 0));
}

/*
 * Faults at each record of a walk that does not fit into the kernel's buffer:
 * the memory ends within a stride, so the call ends after the stride before.
 */
#define NR_CROWD 120

FIXTURE(crowd)
{
	pid_t pids[NR_CROWD];
	struct xyzzy_params params;
	size_t size;
	char *buf;		/* @size bytes before a guard page */
};

FIXTURE_VARIANT(crowd)
{
	size_t stride;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(crowd, of_80) { 80, 0 };
FIXTURE_VARIANT_ADD(crowd, of_88) { 88, 0 };
FIXTURE_VARIANT_ADD(crowd, of_112) { 112, 0 };
FIXTURE_VARIANT_ADD(crowd, of_376) { 376, 0 };
FIXTURE_VARIANT_ADD(crowd, of_384) { 384, 0 };
FIXTURE_VARIANT_ADD(crowd, of_392) { 392, 0 };
FIXTURE_VARIANT_ADD(crowd, of_4096) { 4096, 0 };
FIXTURE_VARIANT_ADD(crowd, of_80_threads) { 80, XYZZY_THREADS };
FIXTURE_VARIANT_ADD(crowd, of_392_threads) { 392, XYZZY_THREADS };

/* No other process has a PID between those of the crowd, which could exit. */
static bool is_alone(const FIXTURE_DATA(crowd) * self, size_t stride)
{
	for (int i = 0; i < NR_CROWD; i++)
		if (record_pid(self->buf, stride, i) != (__u32)self->pids[i])
			return false;
	return true;
}

FIXTURE_SETUP(crowd)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	self->size = NR_CROWD * variant->stride;
	self->buf = map_before_guard(self->size, GUARD_NONE);
	self->params = XYZZY_PARAMS(groups_within(variant->stride),
				    (void *)self->buf, NR_CROWD);
	self->params.task_size = variant->stride;
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, spawn_many(self->pids, NR_CROWD));
		self->params.cursor = self->pids[0];
		ASSERT_EQ(NR_CROWD, xyzzy_call(&self->params, variant->flags));
		self->params.cursor = self->pids[0];
		if (is_alone(self, variant->stride))
			return;
		kill_many(self->pids, NR_CROWD);
	}
	SKIP(return, "other processes start all the time");
}

FIXTURE_TEARDOWN(crowd)
{
	kill_many(self->pids, NR_CROWD);
}

TEST_F(crowd, fault_ends_the_call_after_the_last_whole_record)
{
	size_t stride = variant->stride;
	__u64 start = self->params.cursor;

	for (int whole = 1; whole < NR_CROWD; whole++) {
		/* Each time at another offset in the stride. */
		size_t extra = whole % 3 ? whole * 8 % stride : stride - 1;
		char *tasks = self->buf + self->size - whole * stride - extra;

		memset(self->buf, POISON, self->size);
		self->params.tasks = (void *)tasks;
		self->params.cursor = start;
		ASSERT_EQ(whole, xyzzy_call(&self->params, variant->flags))
			TH_LOG("%zu bytes more", extra);
		EXPECT_EQ(self->pids[whole - 1] + 1ULL,
			  self->params.cursor);
		EXPECT_TRUE(is_filled_with(self->buf, POISON,
					   tasks - self->buf));
		for (int i = 0; i < whole; i++)
			EXPECT_EQ((__u32)self->pids[i],
				  record_pid(tasks, stride, i));
	}
}

TEST_F(crowd, fault_loses_no_record_and_repeats_none)
{
	size_t stride = variant->stride;
	int seen = 0;

	for (int whole = 1; seen + whole <= NR_CROWD; whole = whole % 7 + 1) {
		size_t extra = (whole * 24 + 1) % stride;
		char *tasks = self->buf + self->size - whole * stride - extra;

		self->params.tasks = (void *)tasks;
		ASSERT_EQ(whole, xyzzy_call(&self->params, variant->flags));
		for (int i = 0; i < whole; i++)
			ASSERT_EQ((__u32)self->pids[seen++],
				  record_pid(tasks, stride, i));
	}
}

/*
 * Values of nr_tasks whose size in bytes overflows, or that are beyond the
 * limit of a call.
 */
FIXTURE(huge)
{
	pid_t pids[NR_CHILDREN];
	struct xyzzy_params params;
};

FIXTURE_VARIANT(huge)
{
	size_t nr;
	__u32 stride;
};

FIXTURE_VARIANT_ADD(huge, limit) { 1 << 20, 384 };
FIXTURE_VARIANT_ADD(huge, limit_plus_1) { (1 << 20) + 1, 384 };
FIXTURE_VARIANT_ADD(huge, limit_wide) { 1 << 20, 4096 };
FIXTURE_VARIANT_ADD(huge, half) { SIZE_MAX / 2 + 1, 384 };
FIXTURE_VARIANT_ADD(huge, half_minus_1) { SIZE_MAX / 2, 384 };
FIXTURE_VARIANT_ADD(huge, max) { SIZE_MAX, 384 };
FIXTURE_VARIANT_ADD(huge, max_wide) { SIZE_MAX, 4096 };
FIXTURE_VARIANT_ADD(huge, product_max) { SIZE_MAX / 384, 384 };
FIXTURE_VARIANT_ADD(huge, product_overflows) { SIZE_MAX / 384 + 1, 384 };
FIXTURE_VARIANT_ADD(huge, product_is_0) { SIZE_MAX / 4096 + 1, 4096 };
FIXTURE_VARIANT_ADD(huge, limit_narrow) { 1 << 20, 80 };
FIXTURE_VARIANT_ADD(huge, max_narrow) { SIZE_MAX, 80 };
FIXTURE_VARIANT_ADD(huge, product_overflows_narrow) { SIZE_MAX / 80 + 1, 80 };

FIXTURE_SETUP(huge)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	ASSERT_EQ(0, spawn_many(self->pids, NR_CHILDREN));
	self->params = XYZZY_PARAMS(0, NULL, variant->nr);
	self->params.task_size = variant->stride;
}

FIXTURE_TEARDOWN(huge)
{
	kill_many(self->pids, NR_CHILDREN);
}

TEST_F(huge, room_is_no_error)
{
	self->params.pidfd = sys_pidfd_open(self->pids[0], 0);
	ASSERT_GE(self->params.pidfd, 0);
	self->params.tasks = map_before_guard(variant->stride, GUARD_NONE);
	EXPECT_EQ(1, xyzzy_call(&self->params, 0));
}

TEST_F(huge, room_is_used_up_to_the_fault)
{
	for (long whole = 0; whole < 4; whole++) {
		self->params.cursor = 0;
		self->params.tasks = map_before_guard(whole * variant->stride,
						      GUARD_NONE);
		EXPECT_EQ(whole ?: -EFAULT, xyzzy_call(&self->params, 0));
	}
}

/*
 * Other buffers.
 */
TEST(untouched_memory_is_faulted_in)
{
	struct xyzzy_params params = XYZZY_PARAMS(0, NULL, 4);
	pid_t pids[4];

	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	ASSERT_EQ(0, spawn_many(pids, 4));
	/* Each record is on a page of its own, and none is mapped yet. */
	params.task_size = 4096;
	params.tasks = map_before_guard(4 * 4096, GUARD_NONE);
	EXPECT_EQ(4, xyzzy_call(&params, 0));
	kill_many(pids, 4);
}

TEST(tasks_that_are_not_mapped_fault)
{
	void *const tasks[] = { NULL, (void *)-page_size() };

	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	for (size_t i = 0; i < ARRAY_SIZE(tasks); i++) {
		struct xyzzy_params params = XYZZY_PARAMS(0, tasks[i], 4);

		EXPECT_EQ(-EFAULT, xyzzy_call(&params, 0));
	}
}

TEST_HARNESS_MAIN
