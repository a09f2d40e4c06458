// SPDX-License-Identifier: GPL-2.0
/*
 * XYZZY_NAME: the name as /proc/PID/stat shows it.
 */
#include "kselftest_harness.h"
#include "area.h"

FIXTURE(name)
{
	struct subject subject;
	struct area area;
	struct xyzzy_task task;
};

FIXTURE_SETUP(name)
{
	memset(&self->subject, -1, sizeof(self->subject));
	if (!(xyzzy_supported() & XYZZY_NAME))
		SKIP(return, "the kernel does not have XYZZY_NAME");
	self->area = area_map(4096);
}

FIXTURE_TEARDOWN(name)
{
	subject_kill(&self->subject);
}

static int get_name(FIXTURE_DATA(name) * self, pid_t pid)
{
	int err = strings_get(pid, XYZZY_NAME, 0, &self->area, &self->task);

	if (err)
		return err;
	return record_has(&self->task, XYZZY_NAME) ? 0 : -ENODATA;
}

/* Between the parentheses of /proc/PID/stat */
static int stat_name(pid_t pid, char *name, size_t size)
{
	struct proc_dir dir = proc_dir(pid, 0);
	struct proc_stat stat;
	int err = proc_stat(&dir, &stat);

	snprintf(name, size, "%s", stat.comm);
	return err;
}

static void expect_name(struct __test_metadata *_metadata,
			FIXTURE_DATA(name) * self, const char *name)
{
	char in_proc[64];

	ASSERT_EQ(0, subject_start(&self->subject, set_comm, (void *)name));
	ASSERT_EQ(0, get_name(self, self->subject.pid));
	ASSERT_EQ(0, stat_name(self->subject.pid, in_proc, sizeof(in_proc)));
	EXPECT_EQ(0U, self->task.name);
	EXPECT_EQ(strlen(name), self->task.name_len);
	EXPECT_STREQ(name, self->area.bytes);
	EXPECT_STREQ(in_proc, self->area.bytes);
	EXPECT_EQ(strlen(name) + 1,
		  (size_t)strings_end(&self->area, &self->task, 1));
}

TEST_F(name, of_a_program)
{
	expect_name(_metadata, self, "a name");
}

TEST_F(name, empty)
{
	expect_name(_metadata, self, "");
}

TEST_F(name, of_15_bytes)
{
	expect_name(_metadata, self, "fifteen letters");
}

/* /proc/PID/status escapes some of them. */
TEST_F(name, is_not_escaped)
{
	expect_name(_metadata, self, "a\nb\\c\t) \xff");
}

/*
 * Compare the name of a kernel thread with its stat file. Returns the length, 0
 * if the thread has ended, or -errno. What a worker is busy with can change
 * between the call and the file.
 */
static int compare_name(FIXTURE_DATA(name) * self, pid_t pid)
{
	char before[64], after[64];
	int err;

	for (int i = 0; i < 100; i++) {
		if (stat_name(pid, before, sizeof(before)))
			return 0;
		err = get_name(self, pid);
		if (stat_name(pid, after, sizeof(after)))
			return 0;
		if (err)
			return err;
		if (!strcmp(before, self->area.bytes) ||
		    !strcmp(after, self->area.bytes))
			return strlen(self->area.bytes);
	}
	return -ENOMSG;
}

TEST_F(name, of_each_kernel_thread)
{
	struct walk walk;
	int nr = 0, longer = 0, len;

	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_EQ(0, walk_all(&walk, -1, XYZZY_ID, 0, 100));
	for (size_t i = 0; i < walk.nr; i++) {
		if (!(walk.tasks[i].flags & PF_KTHREAD))
			continue;
		len = compare_name(self, walk.tasks[i].pid);
		EXPECT_LE(0, len);
		longer += len > 15;
		nr++;
	}
	walk_free(&walk);
	if (!nr)
		SKIP(return, "no kernel thread in sight");
	/* Every kernel has a kernel thread with a longer name. */
	EXPECT_LT(0, longer);
}

TEST_HARNESS_MAIN
