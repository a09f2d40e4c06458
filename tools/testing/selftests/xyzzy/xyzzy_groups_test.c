// SPDX-License-Identifier: GPL-2.0
/*
 * Which groups are filled; XYZZY_CGROUP.
 */
#include "kselftest_harness.h"
#include "record.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>

/* XYZZY_ID, but for the mask that it starts with. */
#define ID_START offsetof(struct xyzzy_task, start_time)
#define ID_END offsetof(struct xyzzy_task, uid)

static bool same_bytes(const struct xyzzy_task *a, const struct xyzzy_task *b,
		       size_t start, size_t end)
{
	return !memcmp((const char *)a + start, (const char *)b + start,
		       end - start);
}

/* What @part has of @all is the same; what it has not is zero. */
static void expect_part(struct __test_metadata *_metadata,
			const struct xyzzy_task *all,
			const struct xyzzy_task *part)
{
	EXPECT_TRUE(same_bytes(all, part, ID_START, ID_END));
	for (size_t i = 0; i < ARRAY_SIZE(record_groups); i++) {
		if (!(part->mask & record_groups[i].bit))
			continue;
		EXPECT_TRUE(same_bytes(all, part, record_groups[i].start,
				       record_groups[i].end))
			TH_LOG("group %s differs", record_groups[i].name);
	}
	expect_rest_zero(_metadata, part);
}

FIXTURE(mask)
{
	struct subject subject;
	struct pair pair;
	__u64 supported;
};

FIXTURE_VARIANT(mask)
{
	__u64 mask;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(mask, none) { .mask = 0, };
FIXTURE_VARIANT_ADD(mask, id) { .mask = XYZZY_ID, };
FIXTURE_VARIANT_ADD(mask, creds) { .mask = XYZZY_CREDS, };
FIXTURE_VARIANT_ADD(mask, sched) { .mask = XYZZY_SCHED, };
FIXTURE_VARIANT_ADD(mask, times) { .mask = XYZZY_TIMES, };
FIXTURE_VARIANT_ADD(mask, faults) { .mask = XYZZY_FAULTS, };
FIXTURE_VARIANT_ADD(mask, mem) { .mask = XYZZY_MEM, };
FIXTURE_VARIANT_ADD(mask, io) { .mask = XYZZY_IO, };
FIXTURE_VARIANT_ADD(mask, cgroup) { .mask = XYZZY_CGROUP, };
FIXTURE_VARIANT_ADD(mask, all) { .mask = XYZZY_ALL, };
/* clang-format on */

FIXTURE_SETUP(mask)
{
	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	self->supported = xyzzy_supported();
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	ASSERT_EQ(self->supported & XYZZY_ALL, self->pair.task.mask);
}

FIXTURE_TEARDOWN(mask)
{
	subject_kill(&self->subject);
}

TEST_F(mask, process_has_id_and_groups_asked_for)
{
	__u64 expected = (XYZZY_ID | variant->mask) & self->supported;
	struct xyzzy_task task;

	ASSERT_EQ(0, record_get(self->subject.pid, 0, variant->mask, &task));
	EXPECT_EQ(expected, task.mask);
	expect_part(_metadata, &self->pair.task, &task);
	expect_id(_metadata, &self->pair);
	expect_comm(_metadata, &self->pair);
}

TEST_F(mask, thread_has_id_and_groups_asked_for)
{
	__u64 expected = (XYZZY_ID | variant->mask) & self->supported;
	pid_t pid = self->subject.pid;
	struct xyzzy_task task;

	ASSERT_EQ(0, record_get(pid, pid, variant->mask, &task));
	EXPECT_EQ(expected, task.mask);
	expect_part(_metadata, &self->pair.task, &task);
}

TEST_F(mask, asking_for_all_the_others_leaves_these_out)
{
	__u64 others = XYZZY_ALL & ~variant->mask;
	__u64 expected = (XYZZY_ID | others) & self->supported;
	struct xyzzy_task task;

	ASSERT_EQ(0, record_get(self->subject.pid, 0, others, &task));
	EXPECT_EQ(expected, task.mask);
	expect_part(_metadata, &self->pair.task, &task);
}

TEST(supported_tells_what_the_kernel_has)
{
	__u64 expected = XYZZY_ALL;

	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (access("/proc/self/io", F_OK))
		expected &= ~XYZZY_IO;
	if (access("/proc/self/cgroup", F_OK))
		expected &= ~XYZZY_CGROUP;
	EXPECT_EQ(expected, xyzzy_supported() & XYZZY_ALL);
}

/*
 * Cgroups
 */
FIXTURE(cgroup)
{
	struct subject subject;
	struct pair pair;
	char dir[256];		/* A cgroup for the test alone */
	char child[300];	/* and one in that */
	pid_t other;
};

/* Where the unified hierarchy is mounted, NULL if nowhere. */
static const char *cgroup_mount(void)
{
	static const char * const mounts[] = {
		"/sys/fs/cgroup", "/sys/fs/cgroup/unified",
	};
	struct statfs st;

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		if (!statfs(mounts[i], &st) &&
		    (__u32)st.f_type == CGROUP2_SUPER_MAGIC)
			return mounts[i];
	return NULL;
}

static int write_file(const char *dir, const char *name, const char *text)
{
	char path[512];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err = -errno;
	close_fd(fd);
	return err;
}

/* Move a process; with "cgroup.threads" for @name, a thread. */
static int move_to(const char *dir, const char *name, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return write_file(dir, name, text);
}

/* The ID of a cgroup: what a handle of its directory holds. */
static __u64 cgroup_id(const char *dir)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} fh = { .handle.handle_bytes = MAX_HANDLE_SZ };
	__u64 id;
	int mount;

	if (name_to_handle_at(AT_FDCWD, dir, &fh.handle, &mount, 0) ||
	    fh.handle.handle_bytes != sizeof(id))
		return 0;
	memcpy(&id, fh.room + offsetof(struct file_handle, f_handle),
	       sizeof(id));
	return id;
}

FIXTURE_SETUP(cgroup)
{
	const char *mount = cgroup_mount();

	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (!mount)
		SKIP(return, "no unified hierarchy of cgroups");
	if (!cgroup_id(mount))
		SKIP(return, "no file handles");
	snprintf(self->dir, sizeof(self->dir), "%s/xyzzy_test.%d", mount,
		 getpid());
	snprintf(self->child, sizeof(self->child), "%s/child", self->dir);
	if (mkdir(self->dir, 0700))
		SKIP(return, "cannot make cgroups: %s", strerror(errno));
	ASSERT_EQ(0, mkdir(self->child, 0700));
}

/* A cgroup takes a moment to be empty after its last process is reaped. */
static void remove_cgroup(const char *dir)
{
	for (int i = 0; i < WAIT_TRIES && rmdir(dir) && errno == EBUSY; i++)
		usleep(1000);
}

FIXTURE_TEARDOWN(cgroup)
{
	subject_kill(&self->subject);
	kill_child(self->other);
	remove_cgroup(self->child);
	remove_cgroup(self->dir);
}

TEST_F(cgroup, id_is_that_of_directory)
{
	struct statx st;
	pid_t pid;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	pid = self->subject.pid;
	ASSERT_EQ(0, move_to(self->dir, "cgroup.procs", pid));
	ASSERT_EQ(0, pair_take(&self->pair, pid, 0));
	EXPECT_TRUE(record_has(&self->pair.task, XYZZY_CGROUP));
	EXPECT_EQ(cgroup_id(self->dir), self->pair.task.cgroup_id);
	ASSERT_EQ(0, statx(AT_FDCWD, self->dir, 0, STATX_INO, &st));
	/* Half of the ID on 32-bit kernels. */
	if (!kernel_is_64bit())
		return;
	EXPECT_EQ(st.stx_ino, self->pair.task.cgroup_id);
}

TEST_F(cgroup, id_is_that_of_path_in_proc)
{
	struct proc_dir proc = proc_dir(getpid(), 0);
	struct xyzzy_task task;
	char path[300], dir[400];

	ASSERT_EQ(0, record_get(getpid(), 0, XYZZY_CGROUP, &task));
	ASSERT_EQ(0, proc_cgroup(&proc, path, sizeof(path)));
	if (!strncmp(path, "/..", 3))
		SKIP(return, "in a cgroup that is not in sight");
	snprintf(dir, sizeof(dir), "%s%s", cgroup_mount(), path);
	EXPECT_EQ(cgroup_id(dir), task.cgroup_id);
}

TEST_F(cgroup, id_follows_a_move)
{
	pid_t pid;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	pid = self->subject.pid;
	ASSERT_EQ(0, move_to(self->dir, "cgroup.procs", pid));
	ASSERT_EQ(0, move_to(self->child, "cgroup.procs", pid));
	ASSERT_EQ(0, pair_take(&self->pair, pid, 0));
	EXPECT_EQ(cgroup_id(self->child), self->pair.task.cgroup_id);
	EXPECT_NE(cgroup_id(self->dir), self->pair.task.cgroup_id);
}

TEST_F(cgroup, zombie_stays_in_its_cgroup)
{
	pid_t pid;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	pid = self->subject.pid;
	ASSERT_EQ(0, move_to(self->dir, "cgroup.procs", pid));
	ASSERT_TRUE(make_zombie(pid));
	ASSERT_EQ(0, pair_take(&self->pair, pid, 0));
	EXPECT_TRUE(record_has(&self->pair.task, XYZZY_CGROUP));
	EXPECT_EQ(cgroup_id(self->dir), self->pair.task.cgroup_id);
}

TEST_F(cgroup, thread_in_threaded_cgroup_shows_that)
{
	struct xyzzy_task task;
	pid_t tid;

	self->other = spawn_threads(&tid, 1, false);
	ASSERT_LT(0, self->other);
	ASSERT_EQ(0, move_to(self->dir, "cgroup.procs", self->other));
	if (write_file(self->child, "cgroup.type", "threaded"))
		SKIP(return, "no threaded cgroups");
	ASSERT_EQ(0, move_to(self->child, "cgroup.threads", tid));
	ASSERT_EQ(0, record_get(self->other, tid, XYZZY_CGROUP, &task));
	EXPECT_EQ(cgroup_id(self->child), task.cgroup_id);
	ASSERT_EQ(0, record_get(self->other, self->other, XYZZY_CGROUP, &task));
	EXPECT_EQ(cgroup_id(self->dir), task.cgroup_id);
	ASSERT_EQ(0, record_get(self->other, 0, XYZZY_CGROUP, &task));
	EXPECT_EQ(cgroup_id(self->dir), task.cgroup_id);
}

TEST_HARNESS_MAIN
