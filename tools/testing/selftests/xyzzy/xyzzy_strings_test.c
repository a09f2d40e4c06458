// SPDX-License-Identifier: GPL-2.0
/*
 * The strings area: where strings go, and what happens if there is no room.
 */
#include "kselftest_harness.h"
#include "area.h"

ABI_OFFSET(xyzzy_params, strings, 56, 48);
ABI_OFFSET(xyzzy_params, strings_size, 64, 52);
ABI_OFFSET(xyzzy_params, string_max, 72, 56);
ABI_OFFSET(xyzzy_params, reserved, 76, 60);
ABI_OFFSET(xyzzy_task, cmdline, 384, 384);
ABI_OFFSET(xyzzy_task, cmdline_len, 388, 388);
ABI_OFFSET(xyzzy_task, cmdline_size, 392, 392);
ABI_OFFSET(xyzzy_task, name, 400, 400);
ABI_OFFSET(xyzzy_task, name_len, 404, 404);
ABI_OFFSET(xyzzy_task, blkio_delay, 408, 408);
ABI_OFFSET(xyzzy_task, run_delay, 416, 416);
static_assert(XYZZY_PARAMS_SIZE_VER1 == (__BITS_PER_LONG == 64 ? 80 : 64),
	      "VER1 of params");
static_assert(XYZZY_TASK_SIZE_VER1 == 424, "VER1 of task");
static_assert(XYZZY_CMDLINE == 0x100 && XYZZY_NAME == 0x200 &&
	      XYZZY_DELAYS == 0x400, "groups");

/*
 * A process with threads, each of which has a name of another length. Its
 * leader has a command line, too.
 */
#define NR_THREADS 5

/* Names of the threads, in the order of their IDs */
static const char * const names[NR_THREADS] = {
	"leader", "a", "fifteen-letters", "", "bc",
};

FIXTURE(strings)
{
	struct xyzzy_params params;
	struct xyzzy_task tasks[NR_THREADS];
	struct xyzzy_task whole[NR_THREADS];
	struct area area;
	char *bytes;		/* The area after a call with enough room */
	long end;		/* And how much of it was used */
	struct subject subject;
};

FIXTURE_VARIANT(strings)
{
	__u64 mask;
};

FIXTURE_VARIANT_ADD(strings, name) { XYZZY_NAME };
FIXTURE_VARIANT_ADD(strings, cmdline) { XYZZY_CMDLINE };
FIXTURE_VARIANT_ADD(strings, both) { XYZZY_STRINGS };
FIXTURE_VARIANT_ADD(strings, all) { XYZZY_ALL | XYZZY_STRINGS };

static int start_named_threads(void *arg)
{
	pid_t tid;

	(void)arg;
	for (int i = 1; i < NR_THREADS; i++) {
		tid = start_thread(set_comm, (void *)names[i]);
		if (tid < 0)
			return tid;
	}
	return set_comm((void *)names[0]);
}

FIXTURE_SETUP(strings)
{
	memset(&self->subject, -1, sizeof(self->subject));
	if ((xyzzy_supported() & XYZZY_STRINGS) != XYZZY_STRINGS)
		SKIP(return, "the kernel does not have strings");
	avoid_wrap(NR_THREADS);
	ASSERT_EQ(0, subject_start(&self->subject, start_named_threads, NULL));
	self->area = area_map(AREA_SIZE);
	self->params = XYZZY_PARAMS(variant->mask, self->whole, NR_THREADS);
	self->params.pidfd = self->subject.pidfd;
	area_use(&self->params, &self->area);
	ASSERT_EQ(NR_THREADS, xyzzy_call(&self->params, XYZZY_THREADS));
	self->end = strings_end(&self->area, self->whole, NR_THREADS);
	ASSERT_LT(0, self->end);
	self->bytes = malloc(self->end);
	memcpy(self->bytes, self->area.bytes, self->end);
	self->params.tasks = self->tasks;
	self->params.cursor = 0;
}

FIXTURE_TEARDOWN(strings)
{
	subject_kill(&self->subject);
	free(self->bytes);
}

TEST_F(strings, follow_each_other)
{
	char file[4096];
	ssize_t len;

	for (int i = 0; i < NR_THREADS && variant->mask & XYZZY_NAME; i++) {
		ASSERT_TRUE(record_has(&self->whole[i], XYZZY_NAME));
		EXPECT_EQ(strlen(names[i]), self->whole[i].name_len);
		EXPECT_STREQ(names[i], self->bytes + self->whole[i].name);
	}
	if (variant->mask & XYZZY_CMDLINE) {
		len = proc_cmdline(self->subject.pid, file, sizeof(file));
		ASSERT_EQ(len, (ssize_t)self->whole[0].cmdline_len);
		EXPECT_EQ(0, memcmp(file, self->bytes + self->whole[0].cmdline,
				    len));
	}
	/* Not a byte after them is written. */
	EXPECT_TRUE(is_filled_with(self->area.bytes + self->end, UNTOUCHED,
				   AREA_SIZE - self->end));
}

/* A new area of @size bytes, which end at an unmapped page */
static void use_area(struct area *area, struct xyzzy_params *params,
		     size_t size)
{
	*area = area_map(size);
	area_use(params, area);
}

static void unmap_area(struct area *area)
{
	munmap(area->bytes + area->size - page_size(), page_size());
}

/* How many of the records have strings that fit into @size bytes */
static int nr_fitting(const struct area *area, const struct xyzzy_task *whole,
		      long size)
{
	int nr = 0;

	while (nr < NR_THREADS && strings_end(area, whole, nr + 1) <= size)
		nr++;
	return nr;
}

/* The first one is cut, and those after it that have no strings fit. */
static int nr_stored(const struct area *area, const struct xyzzy_task *whole,
		     long size)
{
	long first = strings_end(area, whole, 1);

	return nr_fitting(area, whole, size < first ? first : size);
}

/* The strings of the record are those of @whole, wherever they are. */
static void expect_strings(struct __test_metadata *_metadata,
			   const struct area *area,
			   const struct xyzzy_task *task, const char *bytes,
			   const struct xyzzy_task *whole)
{
	EXPECT_EQ(whole->mask, task->mask);
	EXPECT_EQ(whole->name_len, task->name_len);
	EXPECT_EQ(whole->cmdline_len, task->cmdline_len);
	EXPECT_EQ(whole->cmdline_size, task->cmdline_size);
	EXPECT_EQ(0, memcmp(area->bytes + task->name, bytes + whole->name,
			    task->name_len));
	EXPECT_EQ(0, memcmp(area->bytes + task->cmdline,
			    bytes + whole->cmdline, task->cmdline_len));
}

/* The first record was cut so that it fits into the area. */
static void expect_cut(struct __test_metadata *_metadata,
		       const struct area *area, const struct xyzzy_task *task,
		       const char *bytes, const struct xyzzy_task *whole)
{
	size_t used = 0;

	EXPECT_EQ(whole->mask, task->mask);
	if (task->mask & XYZZY_NAME) {
		EXPECT_EQ(whole->name_len < area->size ? whole->name_len :
							 area->size - 1,
			  task->name_len);
		EXPECT_EQ(0U, task->name);
		EXPECT_EQ(0, memcmp(area->bytes, bytes, task->name_len));
		used = task->name_len + 1;
	}
	if (!(task->mask & XYZZY_CMDLINE))
		return;
	EXPECT_EQ(whole->cmdline_size, task->cmdline_size);
	EXPECT_EQ(used < area->size ? area->size - used - 1 : 0,
		  task->cmdline_len);
	EXPECT_EQ(used < area->size ? used : 0, task->cmdline);
	EXPECT_EQ(0, memcmp(area->bytes + task->cmdline,
			    bytes + whole->cmdline, task->cmdline_len));
}

/* Whatever the size, all records are reported, and each call makes headway. */
TEST_F(strings, that_do_not_fit_are_left_to_the_next_call)
{
	struct area area;

	for (long size = 1; size <= self->end + 1; size++) {
		bool cut = !nr_fitting(&self->area, self->whole, size);
		int nr = 0;
		long ret;

		self->params.cursor = 0;
		use_area(&area, &self->params, size);
		while (nr < NR_THREADS) {
			ret = xyzzy_call(&self->params, XYZZY_THREADS);
			ASSERT_LT(0, ret);
			ASSERT_LE(0, strings_end(&area, self->tasks, ret));
			for (int i = 0; i < ret; i++)
				ASSERT_EQ(self->whole[nr + i].pid,
					  self->tasks[i].pid);
			if (!nr)
				EXPECT_EQ(nr_stored(&self->area, self->whole,
						    size), ret);
			if (!nr && cut)
				expect_cut(_metadata, &area, self->tasks,
					   self->bytes, self->whole);
			nr += ret;
		}
		EXPECT_EQ(0, xyzzy_call(&self->params, XYZZY_THREADS));
		unmap_area(&area);
	}
}

TEST_F(strings, that_fit_exactly)
{
	struct area area;

	use_area(&area, &self->params, self->end);
	ASSERT_EQ(NR_THREADS, xyzzy_call(&self->params, XYZZY_THREADS));
	EXPECT_EQ(self->end, strings_end(&area, self->tasks, NR_THREADS));
	for (int i = 0; i < NR_THREADS; i++)
		expect_strings(_metadata, &area, &self->tasks[i], self->bytes,
			       &self->whole[i]);
}

TEST_F(strings, string_max_cuts_each)
{
	static const __u32 limits[] = { 1, 2, 14, 15, 16, 1000, ~0U };

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		__u32 max = limits[i];

		self->params.cursor = 0;
		self->params.string_max = max;
		ASSERT_EQ(NR_THREADS,
			  xyzzy_call(&self->params, XYZZY_THREADS));
		ASSERT_LE(0, strings_end(&self->area, self->tasks,
					 NR_THREADS));
		for (int j = 0; j < NR_THREADS; j++) {
			const struct xyzzy_task *whole = &self->whole[j];
			struct xyzzy_task cut = *whole;

			if (cut.name_len > max)
				cut.name_len = max;
			if (cut.cmdline_len > max)
				cut.cmdline_len = max;
			expect_strings(_metadata, &self->area, &self->tasks[j],
				       self->bytes, &cut);
		}
	}
}

/*
 * Faults: the area has @size bytes of room, but only @mapped of them are there.
 */
TEST_F(strings, that_cannot_be_stored)
{
	struct area area;

	for (long mapped = 0; mapped < self->end; mapped++) {
		int nr = 0;
		long ret;

		area = area_map(mapped + 1);
		area.bytes++;
		self->params.strings = area.bytes;
		self->params.strings_size = AREA_SIZE;
		self->params.cursor = 0;
		ret = xyzzy_call(&self->params, XYZZY_THREADS);
		nr = nr_fitting(&self->area, self->whole, mapped);
		if (!nr) {
			EXPECT_EQ(-EFAULT, ret);
			EXPECT_EQ(0ULL, self->params.cursor);
		} else {
			ASSERT_EQ(nr, ret);
			EXPECT_EQ(self->whole[nr - 1].pid + 1ULL,
				  self->params.cursor);
			for (int i = 0; i < nr; i++)
				expect_strings(_metadata, &area,
					       &self->tasks[i], self->bytes,
					       &self->whole[i]);
		}
		munmap(area.bytes + mapped - page_size(), page_size());
	}
}

TEST_F(strings, of_records_that_cannot_be_stored)
{
	for (int room = 0; room < NR_THREADS; room++) {
		size_t size = room * sizeof(struct xyzzy_task) + 8;
		char *tasks = map_before_guard(size, GUARD_UNMAPPED);

		self->params.tasks = (void *)tasks;
		self->params.cursor = 0;
		EXPECT_EQ(room ?: -EFAULT,
			  xyzzy_call(&self->params, XYZZY_THREADS));
		EXPECT_EQ(room ? self->whole[room - 1].pid + 1ULL : 0,
			  self->params.cursor);
	}
}

TEST_F(strings, area_in_the_same_memory_as_the_records)
{
	self->params.strings = (char *)self->tasks;
	self->params.strings_size = sizeof(self->tasks);
	/* Which of them is written last is not specified. */
	EXPECT_EQ(nr_stored(&self->area, self->whole, sizeof(self->tasks)),
		  xyzzy_call(&self->params, XYZZY_THREADS));
}

#if __SIZEOF_SIZE_T__ > 4
TEST_F(strings, area_of_more_than_4_gib)
{
	self->params.strings_size = (1ULL << 32) + 1;
	ASSERT_EQ(NR_THREADS, xyzzy_call(&self->params, XYZZY_THREADS));
	EXPECT_EQ(self->end, strings_end(&self->area, self->tasks, NR_THREADS));
	/* The size is not cut to 32 bits. */
	self->params.strings_size = 1ULL << 32;
	self->params.cursor = 0;
	ASSERT_EQ(NR_THREADS, xyzzy_call(&self->params, XYZZY_THREADS));
}
#endif

/*
 * Arguments
 */
TEST(needs_an_area)
{
	struct xyzzy_params params;
	struct xyzzy_task task;
	char bytes[64];

	if (!(xyzzy_supported() & XYZZY_NAME))
		SKIP(return, "the kernel does not have strings");
	params = XYZZY_PARAMS(XYZZY_NAME, &task, 1);
	params.strings = bytes;
	EXPECT_EQ(-EINVAL, xyzzy_call(&params, 0));
	params.mask = XYZZY_CMDLINE;
	EXPECT_EQ(-EINVAL, xyzzy_call(&params, 0));
	/* A program of version 0 has none. */
	params.strings_size = sizeof(bytes);
	params.size = XYZZY_PARAMS_SIZE_VER0;
	EXPECT_EQ(-EINVAL, xyzzy_call(&params, 0));
	params.size = sizeof(params);
	EXPECT_EQ(1, xyzzy_call(&params, 0));
	/* Nothing is stored. */
	params.strings_size = 0;
	params.nr_tasks = 0;
	EXPECT_EQ(0, xyzzy_call(&params, 0));
	params.nr_tasks = 1;
	params.mask = XYZZY_ID;
	EXPECT_EQ(1, xyzzy_call(&params, 0));
}

TEST(arguments_are_checked_before_the_descriptors)
{
	struct xyzzy_params params;
	int closed = closed_fd();

	if (!(xyzzy_supported() & XYZZY_NAME))
		SKIP(return, "the kernel does not have strings");
	for (int i = 0; i < 4; i++) {
		params = XYZZY_PARAMS(i & 1 ? XYZZY_NAME : XYZZY_ID, NULL, 1);
		params.reserved = !(i & 1);
		params.procfd = i & 2 ? closed : -1;
		params.pidfd = i & 2 ? -1 : closed;
		EXPECT_EQ(-EINVAL, xyzzy_call(&params, 0));
		/* Without the first fault, the second one is found. */
		params.reserved = 0;
		params.mask = XYZZY_ID;
		EXPECT_EQ(-EBADF, xyzzy_call(&params, 0));
	}
}

/* Neither what is there before nor what an earlier record had */
TEST_F(strings, fields_of_records_without_any_are_zero)
{
	static struct xyzzy_task tasks[4096];
	struct xyzzy_params params;
	/* With more threads than the kernel has room for at once */
	struct subject subjects[60];
	int without = 0;
	long ret;

	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++)
		ASSERT_EQ(0, subject_start(&subjects[i], start_named_threads,
					   NULL));
	memset(tasks, 0xa5, sizeof(tasks));
	params = XYZZY_PARAMS(variant->mask, tasks, ARRAY_SIZE(tasks));
	area_use(&params, &self->area);
	ret = xyzzy_call(&params, XYZZY_THREADS);
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++)
		subject_kill(&subjects[i]);
	ASSERT_LT((long)ARRAY_SIZE(subjects) * NR_THREADS, ret);
	for (long i = 0; i < ret; i++) {
		const struct xyzzy_task *task = &tasks[i];

		if (!record_has(task, XYZZY_NAME))
			EXPECT_EQ(0U, task->name | task->name_len);
		if (record_has(task, XYZZY_CMDLINE))
			continue;
		without++;
		EXPECT_EQ(0ULL, task->cmdline | task->cmdline_len |
				task->cmdline_size);
	}
	EXPECT_LT(0, without);
}

TEST(groups_of_this_version)
{
	__u64 groups = XYZZY_ALL | XYZZY_STRINGS | XYZZY_DELAYS;
	__u64 supported = xyzzy_supported();
	struct xyzzy_params params;

	if (!(supported & XYZZY_NAME))
		SKIP(return, "the kernel does not have strings");
	EXPECT_EQ(0ULL, supported & ~groups);
	EXPECT_EQ(XYZZY_STRINGS, supported & XYZZY_STRINGS);
	EXPECT_EQ(access("/proc/sys/kernel/task_delayacct", F_OK) ?
			  0ULL : XYZZY_DELAYS,
		  supported & XYZZY_DELAYS);
	for (int bit = 11; bit < 64; bit++) {
		params = XYZZY_PARAMS(1ULL << bit, NULL, 0);
		EXPECT_EQ(-EINVAL, xyzzy_call(&params, 0))
			TH_LOG("bit %d", bit);
		params.mask |= groups;
		EXPECT_EQ(-EINVAL, xyzzy_call(&params, 0))
			TH_LOG("bit %d and all groups", bit);
	}
}

TEST(size_of_this_version)
{
	if (!(xyzzy_supported() & XYZZY_NAME))
		SKIP(return, "the kernel does not have strings");
	EXPECT_EQ(XYZZY_PARAMS_SIZE_VER1, kernel_params_size());
	EXPECT_EQ(XYZZY_PARAMS_SIZE_VER1, sizeof(struct xyzzy_params));
	EXPECT_EQ(XYZZY_TASK_SIZE_VER1, sizeof(struct xyzzy_task));
}

TEST(reserved_is_zero)
{
	struct xyzzy_params params;
	struct xyzzy_task task;

	if (!(xyzzy_supported() & XYZZY_NAME))
		SKIP(return, "the kernel does not have strings");
	params = XYZZY_PARAMS(XYZZY_ID, &task, 1);
	params.reserved = 1;
	EXPECT_EQ(-EINVAL, xyzzy_call(&params, 0));
	params.nr_tasks = 0;
	EXPECT_EQ(-EINVAL, xyzzy_call(&params, 0));
	params.reserved = 0;
	EXPECT_EQ(0, xyzzy_call(&params, 0));
}

TEST(fields_have_to_lie_within_the_record)
{
	static const struct {
		__u64 group;
		__u32 end;
	} groups[] = {
		{ XYZZY_CMDLINE, 400 }, { XYZZY_NAME, 408 },
		{ XYZZY_DELAYS, 424 },
	};
	struct xyzzy_params params;
	struct xyzzy_task task;
	char bytes[64];

	if (!(xyzzy_supported() & XYZZY_NAME))
		SKIP(return, "the kernel does not have strings");
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		params = XYZZY_PARAMS(groups[i].group, &task, 1);
		params.strings = bytes;
		params.strings_size = sizeof(bytes);
		params.task_size = groups[i].end - 8;
		EXPECT_EQ(-EINVAL, xyzzy_call(&params, 0));
		params.task_size = groups[i].end;
		EXPECT_EQ(1, xyzzy_call(&params, 0));
	}
}

TEST_HARNESS_MAIN
