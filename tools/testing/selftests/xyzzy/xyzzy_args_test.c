// SPDX-License-Identifier: GPL-2.0
/*
 * The arguments: flags, and struct xyzzy_params with its size, mask, task_size
 * and supported. Probes are calls without room for a record.
 */
#include "kselftest_harness.h"
#include "child.h"

#include <assert.h>
#include <endian.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

/* The first 80 bytes of a record are XYZZY_ID. */
#define ID_SIZE offsetof(struct xyzzy_task, uid)

#define KNOWN_FLAGS (XYZZY_THREADS | XYZZY_APPROX_MEM)

ABI_OFFSET(xyzzy_params, size, 0, 0);
ABI_OFFSET(xyzzy_params, task_size, 4, 4);
ABI_OFFSET(xyzzy_params, procfd, 8, 8);
ABI_OFFSET(xyzzy_params, pidfd, 12, 12);
ABI_OFFSET(xyzzy_params, mask, 16, 16);
ABI_OFFSET(xyzzy_params, supported, 24, 24);
ABI_OFFSET(xyzzy_params, cursor, 32, 32);
ABI_OFFSET(xyzzy_params, tasks, 40, 40);
ABI_OFFSET(xyzzy_params, nr_tasks, 48, 44);
ABI_OFFSET(xyzzy_task, mask, 0, 0);
ABI_OFFSET(xyzzy_task, start_time, 8, 8);
ABI_OFFSET(xyzzy_task, pidfs_ino, 16, 16);
ABI_OFFSET(xyzzy_task, pid, 24, 24);
ABI_OFFSET(xyzzy_task, tgid, 28, 28);
ABI_OFFSET(xyzzy_task, ppid, 32, 32);
ABI_OFFSET(xyzzy_task, pgid, 36, 36);
ABI_OFFSET(xyzzy_task, sid, 40, 40);
ABI_OFFSET(xyzzy_task, tty_nr, 44, 44);
ABI_OFFSET(xyzzy_task, tty_pgrp, 48, 48);
ABI_OFFSET(xyzzy_task, nr_threads, 52, 52);
ABI_OFFSET(xyzzy_task, flags, 56, 56);
ABI_OFFSET(xyzzy_task, state, 60, 60);
ABI_OFFSET(xyzzy_task, comm, 64, 64);
ABI_OFFSET(xyzzy_task, uid, 80, 80);
ABI_OFFSET(xyzzy_task, euid, 84, 84);
ABI_OFFSET(xyzzy_task, suid, 88, 88);
ABI_OFFSET(xyzzy_task, fsuid, 92, 92);
ABI_OFFSET(xyzzy_task, gid, 96, 96);
ABI_OFFSET(xyzzy_task, egid, 100, 100);
ABI_OFFSET(xyzzy_task, sgid, 104, 104);
ABI_OFFSET(xyzzy_task, fsgid, 108, 108);
ABI_OFFSET(xyzzy_task, policy, 112, 112);
ABI_OFFSET(xyzzy_task, priority, 116, 116);
ABI_OFFSET(xyzzy_task, nice, 120, 120);
ABI_OFFSET(xyzzy_task, rt_priority, 124, 124);
ABI_OFFSET(xyzzy_task, cpu, 128, 128);
ABI_OFFSET(xyzzy_task, oom_score_adj, 132, 132);
ABI_OFFSET(xyzzy_task, utime, 136, 136);
ABI_OFFSET(xyzzy_task, stime, 144, 144);
ABI_OFFSET(xyzzy_task, cutime, 152, 152);
ABI_OFFSET(xyzzy_task, cstime, 160, 160);
ABI_OFFSET(xyzzy_task, nvcsw, 168, 168);
ABI_OFFSET(xyzzy_task, nivcsw, 176, 176);
ABI_OFFSET(xyzzy_task, min_flt, 184, 184);
ABI_OFFSET(xyzzy_task, maj_flt, 192, 192);
ABI_OFFSET(xyzzy_task, cmin_flt, 200, 200);
ABI_OFFSET(xyzzy_task, cmaj_flt, 208, 208);
ABI_OFFSET(xyzzy_task, vm_size, 216, 216);
ABI_OFFSET(xyzzy_task, vm_peak, 224, 224);
ABI_OFFSET(xyzzy_task, rss_anon, 232, 232);
ABI_OFFSET(xyzzy_task, rss_file, 240, 240);
ABI_OFFSET(xyzzy_task, rss_shmem, 248, 248);
ABI_OFFSET(xyzzy_task, rss_peak, 256, 256);
ABI_OFFSET(xyzzy_task, swap, 264, 264);
ABI_OFFSET(xyzzy_task, page_tables, 272, 272);
ABI_OFFSET(xyzzy_task, text, 280, 280);
ABI_OFFSET(xyzzy_task, lib, 288, 288);
ABI_OFFSET(xyzzy_task, data, 296, 296);
ABI_OFFSET(xyzzy_task, stack, 304, 304);
ABI_OFFSET(xyzzy_task, locked, 312, 312);
ABI_OFFSET(xyzzy_task, rchar, 320, 320);
ABI_OFFSET(xyzzy_task, wchar, 328, 328);
ABI_OFFSET(xyzzy_task, syscr, 336, 336);
ABI_OFFSET(xyzzy_task, syscw, 344, 344);
ABI_OFFSET(xyzzy_task, read_bytes, 352, 352);
ABI_OFFSET(xyzzy_task, write_bytes, 360, 360);
ABI_OFFSET(xyzzy_task, cancelled_write_bytes, 368, 368);
ABI_OFFSET(xyzzy_task, cgroup_id, 376, 376);
static_assert(sizeof(struct xyzzy_params) >= XYZZY_PARAMS_SIZE_VER0, "size");
static_assert(XYZZY_PARAMS_SIZE_VER0 == (__BITS_PER_LONG == 64 ? 56 : 48),
	      "VER0 of params");
static_assert(sizeof(struct xyzzy_task) >= XYZZY_TASK_SIZE_VER0, "size");
static_assert(XYZZY_TASK_SIZE_VER0 == 384, "VER0 of task");
static_assert(XYZZY_THREADS == 0x1 && XYZZY_APPROX_MEM == 0x2, "flags");
static_assert(XYZZY_ID == 0x1 && XYZZY_CREDS == 0x2 && XYZZY_SCHED == 0x4 &&
	      XYZZY_TIMES == 0x8 && XYZZY_FAULTS == 0x10 &&
	      XYZZY_MEM == 0x20 && XYZZY_IO == 0x40 && XYZZY_CGROUP == 0x80,
	      "groups");
static_assert(ID_SIZE == 80, "XYZZY_ID");
static_assert(XYZZY_TASK_SIZE_ID == 80, "the size of XYZZY_ID");

/*
 * A valid call, which reports the caller. @params is at the start of two pages
 * of zeroes.
 */
FIXTURE(args)
{
	struct xyzzy_params *params;
	struct xyzzy_task task;
	int pidfd;
};

FIXTURE_SETUP(args)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	self->pidfd = sys_pidfd_open(getpid(), 0);
	ASSERT_GE(self->pidfd, 0);
	self->params = map_before_guard(2 * page_size(), GUARD_NONE);
	*self->params = XYZZY_PARAMS(XYZZY_ID, &self->task, 1);
	self->params->pidfd = self->pidfd;
}

FIXTURE_TEARDOWN(args)
{
	close(self->pidfd);
}

TEST_F(args, good_call_reports_the_caller)
{
	ASSERT_EQ(1, xyzzy_call(self->params, 0));
	EXPECT_EQ((__u32)getpid(), self->task.pid);
}

TEST_F(args, params_where_nothing_is_mapped_fault)
{
	char *map = map_before_guard(page_size(), GUARD_UNMAPPED);

	EXPECT_EQ(-EFAULT, xyzzy_call((void *)(map + page_size()), 0));
	EXPECT_EQ(-EFAULT, xyzzy_call(NULL, 0));
	EXPECT_EQ(-EFAULT, xyzzy_call((void *)-page_size(), 0));
}

TEST_F(args, params_that_run_into_a_hole_fault)
{
	size_t size = sizeof(*self->params);

	for (size_t there = 0; there < size; there += 8) {
		char *where = map_before_guard(there, GUARD_NONE);

		memcpy(where, self->params, there);
		EXPECT_EQ(-EFAULT, xyzzy_call((void *)where, 0))
			TH_LOG("%zu bytes readable", there);
	}
}

TEST_F(args, params_right_before_a_hole_do_not_fault)
{
	void *where = map_before_guard(sizeof(*self->params), GUARD_NONE);

	memcpy(where, self->params, sizeof(*self->params));
	EXPECT_EQ(1, xyzzy_call(where, 0));
}

TEST_F(args, larger_params_that_run_into_a_hole_fault)
{
	void *where = map_before_guard(sizeof(*self->params), GUARD_NONE);

	self->params->size += 8;
	memcpy(where, self->params, sizeof(*self->params));
	EXPECT_EQ(-EFAULT, xyzzy_call(where, 0));
}

TEST_F(args, read_only_params_fault)
{
	self->params->nr_tasks = 0;
	ASSERT_EQ(0, mprotect(self->params, page_size(), PROT_READ));
	EXPECT_EQ(-EFAULT, xyzzy_call(self->params, 0));
}

/*
 * params.size
 */
TEST_F(args, size_below_version_0_is_invalid)
{
	const __u32 sizes[] = {
		0, 1, 4, 8, XYZZY_PARAMS_SIZE_VER0 - sizeof(void *),
		XYZZY_PARAMS_SIZE_VER0 - 4, XYZZY_PARAMS_SIZE_VER0 - 1,
	};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		self->params->size = sizes[i];
		EXPECT_EQ(-EINVAL, xyzzy_call(self->params, 0));
		EXPECT_EQ(sizes[i], self->params->size);
	}
}

TEST_F(args, size_of_version_0_works)
{
	self->params->size = XYZZY_PARAMS_SIZE_VER0;
	EXPECT_EQ(1, xyzzy_call(self->params, 0));
}

TEST_F(args, larger_size_works_if_the_rest_is_zero)
{
	const __u32 sizes[] = {
		sizeof(*self->params) + 1, sizeof(*self->params) + 8,
		page_size() - 1, page_size(),
	};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		self->params->size = sizes[i];
		self->params->cursor = 0;
		EXPECT_EQ(1, xyzzy_call(self->params, 0));
		EXPECT_EQ(sizes[i], self->params->size);
	}
}

TEST_F(args, larger_size_is_too_big_if_the_rest_is_not_zero)
{
	const size_t own = kernel_params_size();
	const size_t offsets[] = {
		own, own + 1, own + 7, own + 8, page_size() - 1,
	};
	char *bytes = (char *)self->params;

	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		self->params->size = page_size();
		bytes[offsets[i]] = 1;
		EXPECT_EQ(-E2BIG, xyzzy_call(self->params, 0));
		EXPECT_EQ(own, self->params->size);
		bytes[offsets[i]] = 0;
	}
}

TEST_F(args, bytes_beyond_size_are_not_read)
{
	memset(self->params + 1, 0xff, 64);
	EXPECT_EQ(1, xyzzy_call(self->params, 0));

	memset(self->params + 1, 0, 8);
	self->params->size += 8;
	self->params->cursor = 0;
	EXPECT_EQ(1, xyzzy_call(self->params, 0));
}

TEST_F(args, size_beyond_a_page_is_too_big)
{
	const __u32 sizes[] = {
		page_size() + 1, page_size() + 8, 2 * page_size(), INT_MAX,
		(__u32)INT_MAX + 1, UINT_MAX,
	};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		self->params->size = sizes[i];
		EXPECT_EQ(-E2BIG, xyzzy_call(self->params, 0));
		EXPECT_EQ(kernel_params_size(), self->params->size);
	}
}

TEST_F(args, size_of_the_kernel_is_not_below_version_0)
{
	EXPECT_LE(XYZZY_PARAMS_SIZE_VER0, kernel_params_size());
	EXPECT_EQ(0U, kernel_params_size() % 8);
}

TEST_F(args, size_written_back_works)
{
	self->params->size = UINT_MAX;
	ASSERT_EQ(-E2BIG, xyzzy_call(self->params, 0));
	EXPECT_EQ(1, xyzzy_call(self->params, 0));
}

/*
 * flags and params.mask
 */
TEST_F(args, unknown_flags_are_invalid)
{
	for (int bit = 2; bit < 32; bit++) {
		EXPECT_EQ(-EINVAL, xyzzy_call(self->params, 1U << bit))
			TH_LOG("bit %d", bit);
		EXPECT_EQ(-EINVAL, xyzzy_call(self->params,
					      1U << bit | KNOWN_FLAGS))
			TH_LOG("bit %d and all known flags", bit);
	}
}

TEST_F(args, each_flag_works_with_each_group)
{
	for (unsigned int flags = 0; flags <= KNOWN_FLAGS; flags++)
		for (__u64 bit = XYZZY_ID; bit <= XYZZY_CGROUP; bit <<= 1) {
			self->params->mask = bit;
			self->params->cursor = 0;
			EXPECT_EQ(1, xyzzy_call(self->params, flags))
				TH_LOG("flags %#x, group %#llx", flags, bit);
			EXPECT_EQ((__u32)getpid(), self->task.pid);
			EXPECT_EQ((XYZZY_ID | bit) & self->params->supported,
				  self->task.mask);
		}
}

TEST_F(args, known_flags_work_in_a_probe)
{
	self->params->nr_tasks = 0;
	for (unsigned int flags = 0; flags <= KNOWN_FLAGS; flags++)
		EXPECT_EQ(0, xyzzy_call(self->params, flags));
}

TEST_F(args, unknown_groups_are_invalid)
{
	/* A later kernel may know more of the lower bits. */
	for (int bit = 32; bit < 64; bit++) {
		self->params->mask = 1ULL << bit;
		EXPECT_EQ(-EINVAL, xyzzy_call(self->params, 0))
			TH_LOG("bit %d", bit);
		self->params->mask |= XYZZY_ALL;
		EXPECT_EQ(-EINVAL, xyzzy_call(self->params, 0))
			TH_LOG("bit %d and all groups", bit);
	}
}

TEST_F(args, no_group_means_id_alone)
{
	memset(&self->task, 0xff, sizeof(self->task));
	self->params->mask = 0;
	ASSERT_EQ(1, xyzzy_call(self->params, 0));
	EXPECT_EQ((__u64)XYZZY_ID, self->task.mask);
	EXPECT_EQ((__u32)getpid(), self->task.pid);
	EXPECT_TRUE(is_filled_with((char *)&self->task + ID_SIZE, 0,
				   sizeof(self->task) - ID_SIZE));
}

/*
 * params.task_size
 */
FIXTURE(task_size)
{
	struct xyzzy_params params;
	__u64 record[4096 / sizeof(__u64)];
};

FIXTURE_VARIANT(task_size)
{
	__u32 size;
	long err;
};

FIXTURE_VARIANT_ADD(task_size, zero) { 0, -EINVAL };
FIXTURE_VARIANT_ADD(task_size, eight) { 8, -EINVAL };
FIXTURE_VARIANT_ADD(task_size, id_minus_8) { 72, -EINVAL };
FIXTURE_VARIANT_ADD(task_size, id_minus_4) { 76, -EINVAL };
FIXTURE_VARIANT_ADD(task_size, id_minus_1) { 79, -EINVAL };
FIXTURE_VARIANT_ADD(task_size, id) { 80, 0 };
FIXTURE_VARIANT_ADD(task_size, id_plus_1) { 81, -EINVAL };
FIXTURE_VARIANT_ADD(task_size, id_plus_4) { 84, -EINVAL };
FIXTURE_VARIANT_ADD(task_size, id_plus_8) { 88, 0 };
FIXTURE_VARIANT_ADD(task_size, version_0_minus_8) { 376, 0 };
FIXTURE_VARIANT_ADD(task_size, version_0_minus_1) { 383, -EINVAL };
FIXTURE_VARIANT_ADD(task_size, version_0) { 384, 0 };
FIXTURE_VARIANT_ADD(task_size, version_0_plus_1) { 385, -EINVAL };
FIXTURE_VARIANT_ADD(task_size, version_0_plus_4) { 388, -EINVAL };
FIXTURE_VARIANT_ADD(task_size, version_0_plus_8) { 392, 0 };
FIXTURE_VARIANT_ADD(task_size, largest_minus_8) { 4088, 0 };
FIXTURE_VARIANT_ADD(task_size, largest_minus_4) { 4092, -EINVAL };
FIXTURE_VARIANT_ADD(task_size, largest) { 4096, 0 };
FIXTURE_VARIANT_ADD(task_size, largest_plus_1) { 4097, -EINVAL };
FIXTURE_VARIANT_ADD(task_size, largest_plus_8) { 4104, -EINVAL };
FIXTURE_VARIANT_ADD(task_size, int_max) { 0x7ffffff8, -EINVAL };
FIXTURE_VARIANT_ADD(task_size, negative_version_0) { -384, -EINVAL };

FIXTURE_SETUP(task_size)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	self->params = XYZZY_PARAMS(0, (void *)self->record, 1);
	self->params.task_size = variant->size;
}

FIXTURE_TEARDOWN(task_size)
{
}

TEST_F(task_size, is_checked_in_walks_and_probes)
{
	EXPECT_EQ(variant->err ?: 1, xyzzy_call(&self->params, 0));
	self->params.nr_tasks = 0;
	EXPECT_EQ(variant->err, xyzzy_call(&self->params, 0));
}

/* Where the fields of each group end: within task_size, or it is refused. */
static const struct {
	__u64 bit;
	size_t end;
} group_ends[] = {
	{ XYZZY_ID, 80 },
	{ XYZZY_CREDS, 112 },
	{ XYZZY_SCHED, 136 },
	{ XYZZY_TIMES, 184 },
	{ XYZZY_FAULTS, 216 },
	{ XYZZY_MEM, 320 },
	{ XYZZY_IO, 376 },
	{ XYZZY_CGROUP, 384 },
};

static bool groups_fit(__u64 mask, size_t task_size)
{
	for (size_t i = 0; i < ARRAY_SIZE(group_ends); i++)
		if (mask & group_ends[i].bit && group_ends[i].end > task_size)
			return false;
	return true;
}

TEST_F(args, groups_have_to_fit_in_task_size)
{
	__u64 record[400 / sizeof(__u64)];
	struct xyzzy_params *params = self->params;
	const __u32 max = sizeof(record);

	params->tasks = (void *)record;
	for (params->task_size = XYZZY_TASK_SIZE_ID; params->task_size <= max;
	     params->task_size += 8)
		for (params->mask = 0; params->mask <= XYZZY_ALL;
		     params->mask++) {
			bool fit = groups_fit(params->mask, params->task_size);

			params->cursor = 0;
			params->nr_tasks = 1;
			EXPECT_EQ(fit ? 1 : -EINVAL, xyzzy_call(params, 0))
				TH_LOG("groups %#llx in %u bytes",
				       params->mask, params->task_size);
			params->nr_tasks = 0;
			EXPECT_EQ(fit ? 0 : -EINVAL, xyzzy_call(params, 0))
				TH_LOG("probe: groups %#llx in %u bytes",
				       params->mask, params->task_size);
		}
}

TEST_F(args, supported_does_not_depend_on_task_size)
{
	const __u64 supported = xyzzy_supported();

	self->params->task_size = XYZZY_TASK_SIZE_ID;
	ASSERT_EQ(1, xyzzy_call(self->params, 0));
	EXPECT_EQ(supported, self->params->supported);
}

/*
 * params.supported and probes
 */
TEST_F(args, probe_needs_no_tasks)
{
	self->params->nr_tasks = 0;
	self->params->tasks = NULL;
	EXPECT_EQ(0, xyzzy_call(self->params, 0));
	self->params->tasks = (void *)-page_size();
	EXPECT_EQ(0, xyzzy_call(self->params, 0));
}

TEST_F(args, filters_see_the_flags)
{
#if __BYTE_ORDER == __BIG_ENDIAN
	const int low = sizeof(__u32);
#else
	const int low = 0;
#endif
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_xyzzy, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[1]) + low),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, XYZZY_THREADS, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = ARRAY_SIZE(code), .filter = code };

#ifdef __m68k__
	/* Its syscall_get_arguments() begins with the number of the call. */
	SKIP(return, "filters of m68k see other arguments");
#endif
	ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		SKIP(return, "no seccomp filters");
	EXPECT_EQ(-EXDEV, xyzzy_call(self->params, XYZZY_THREADS));
	EXPECT_EQ(-EXDEV, xyzzy_call(self->params, XYZZY_THREADS |
						   XYZZY_APPROX_MEM));
	EXPECT_EQ(1, xyzzy_call(self->params, 0));
}

TEST_F(args, probe_leaves_tasks_alone)
{
	memset(&self->task, 0xa5, sizeof(self->task));
	self->params->nr_tasks = 0;
	ASSERT_EQ(0, xyzzy_call(self->params, 0));
	EXPECT_TRUE(is_filled_with(&self->task, 0xa5, sizeof(self->task)));
}

TEST_F(args, probe_leaves_the_cursor_alone)
{
	const __u64 cursors[] = { 0, 1, 12345, 1ULL << 32, UINT64_MAX };

	self->params->nr_tasks = 0;
	for (size_t i = 0; i < ARRAY_SIZE(cursors); i++) {
		self->params->cursor = cursors[i];
		ASSERT_EQ(0, xyzzy_call(self->params, 0));
		EXPECT_EQ(cursors[i], self->params->cursor);
	}
}

TEST_F(args, call_changes_supported_and_cursor_alone)
{
	struct xyzzy_params before = *self->params;

	ASSERT_EQ(1, xyzzy_call(self->params, 0));
	before.supported = self->params->supported;
	before.cursor = self->params->cursor;
	EXPECT_EQ(0, memcmp(&before, self->params, sizeof(before)));
}

TEST_F(args, supported_has_every_group_that_the_kernel_has)
{
	__u64 groups = XYZZY_ID | XYZZY_CREDS | XYZZY_SCHED | XYZZY_TIMES |
		       XYZZY_FAULTS | XYZZY_MEM;

	if (have_io())
		groups |= XYZZY_IO;
	if (!access("/proc/self/cgroup", F_OK))
		groups |= XYZZY_CGROUP;
	self->params->nr_tasks = 0;
	self->params->supported = ~0ULL;
	ASSERT_EQ(0, xyzzy_call(self->params, 0));
	EXPECT_EQ(groups, self->params->supported & XYZZY_ALL);
}

TEST_F(args, supported_does_not_depend_on_the_groups_asked_for)
{
	const __u64 supported = xyzzy_supported();

	for (__u64 bit = XYZZY_ID; bit <= XYZZY_CGROUP; bit <<= 1) {
		self->params->mask = bit;
		self->params->cursor = 0;
		self->params->supported = ~supported;
		ASSERT_EQ(1, xyzzy_call(self->params, 0));
		EXPECT_EQ(supported, self->params->supported);
	}
}

TEST_F(args, supported_is_stored_at_the_end_of_a_walk)
{
	ASSERT_EQ(1, xyzzy_call(self->params, 0));
	self->params->supported = ~0ULL;
	ASSERT_EQ(0, xyzzy_call(self->params, 0));
	EXPECT_EQ(xyzzy_supported(), self->params->supported);
}

TEST_HARNESS_MAIN
