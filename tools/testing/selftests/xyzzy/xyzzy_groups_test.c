// SPDX-License-Identifier: GPL-2.0
/*
 * Which groups a record has, and XYZZY_CGROUP.
 */
#include "kselftest_harness.h"
#include "record.h"

#include <dirent.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>

/* A flag of the kernel, which no header has for user space. */
#define PF_EXITING 0x00000004

/* All groups except XYZZY_MEM, and XYZZY_CGROUP, which has tests of its own */
#define NO_MEM (XYZZY_ID | XYZZY_CREDS | XYZZY_SCHED | XYZZY_TIMES |	\
		XYZZY_FAULTS | XYZZY_IO)

RECORD_FIXTURE(mask)

FIXTURE_VARIANT(mask)
{
	__u64 mask;
};

FIXTURE_VARIANT_ADD(mask, none) { 0 };
FIXTURE_VARIANT_ADD(mask, id) { XYZZY_ID };
FIXTURE_VARIANT_ADD(mask, creds) { XYZZY_CREDS };
FIXTURE_VARIANT_ADD(mask, sched) { XYZZY_SCHED };
FIXTURE_VARIANT_ADD(mask, times) { XYZZY_TIMES };
FIXTURE_VARIANT_ADD(mask, faults) { XYZZY_FAULTS };
FIXTURE_VARIANT_ADD(mask, mem) { XYZZY_MEM };
FIXTURE_VARIANT_ADD(mask, io) { XYZZY_IO };
FIXTURE_VARIANT_ADD(mask, cgroup) { XYZZY_CGROUP };
FIXTURE_VARIANT_ADD(mask, all) { XYZZY_ALL };

static bool same_bytes(const struct xyzzy_task *a, const struct xyzzy_task *b,
		       size_t start, size_t end)
{
	return !memcmp((const char *)a + start, (const char *)b + start,
		       end - start);
}

/*
 * With @mask, a record has XYZZY_ID and the groups in @mask, with the bytes of
 * @all. The rest is zero.
 */
static void expect_mask(struct __test_metadata *_metadata, pid_t pid, pid_t tid,
			__u64 mask, const struct xyzzy_task *all)
{
	struct xyzzy_task task;

	ASSERT_EQ(0, record_get(pid, tid, mask, &task));
	EXPECT_EQ((XYZZY_ID | mask) & xyzzy_supported(), task.mask);
	expect_rest_zero(_metadata, &task);
	EXPECT_TRUE(same_bytes(all, &task, UP_TO(start_time),
			       XYZZY_TASK_SIZE_ID));
	for (size_t i = 0; i < ARRAY_SIZE(record_groups); i++) {
		const struct record_group *group = &record_groups[i];

		if (!(task.mask & group->bit))
			continue;
		EXPECT_TRUE(same_bytes(all, &task, group->start, group->end))
			TH_LOG("group %s differs", group->name);
	}
}

TEST_F(mask, has_id_and_the_groups_asked_for)
{
	const struct xyzzy_task *all;
	pid_t pid;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	pid = self->subject.pid;
	all = COMPARE(pid, 0, XYZZY_ID);
	ASSERT_EQ(xyzzy_supported() & XYZZY_ALL, all->mask);
	expect_mask(_metadata, pid, 0, variant->mask, all);
	expect_mask(_metadata, pid, pid, variant->mask, all);
	expect_mask(_metadata, pid, 0, XYZZY_ALL & ~variant->mask, all);
}

/*
 * Without memory: zombies and kernel threads
 */
RECORD_FIXTURE(no_memory)

static void expect_no_memory(struct __test_metadata *_metadata,
			     const struct pair *pair)
{
	expect_groups(_metadata, pair, NO_MEM);
	EXPECT_EQ(0ULL, pair->snap.stat.field[23]);
	EXPECT_FALSE(record_has(&pair->task, XYZZY_MEM));
}

TEST_F(no_memory, zombie)
{
	const struct xyzzy_task *task;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_TRUE(make_zombie(self->subject.pid));
	task = COMPARE(self->subject.pid, 0, SWITCHES);
	expect_no_memory(_metadata, &self->pair);
	EXPECT_NE(0U, task->flags & PF_EXITING);
	EXPECT_NE(0ULL, task->min_flt);
	EXPECT_NE(0ULL, task->nvcsw);
}

TEST_F(no_memory, dead_leader_but_not_its_live_threads)
{
	const struct xyzzy_task *task;
	pid_t tids[2], pid;

	pid = spawn_threads(tids, 2, true);
	ASSERT_LT(0, pid);
	self->other = pid;
	task = COMPARE(pid, 0, 0);
	expect_no_memory(_metadata, &self->pair);
	EXPECT_EQ((__u32)'Z', task->state);
	EXPECT_EQ(3U, task->nr_threads);
	for (int i = 0; i < 2; i++) {
		COMPARE(pid, tids[i], NO_MEM | XYZZY_MEM);
		EXPECT_EQ((__u32)'S', task->state);
		EXPECT_NE(0ULL, task->vm_size);
	}
}

static bool find_idle_kthread(struct pair *pair)
{
	struct proc_stat stat;
	struct proc_dir dir;
	bool found = false;
	struct dirent *ent;
	DIR *proc = opendir("/proc");

	while (!found && proc && (ent = readdir(proc))) {
		pid_t pid = atoi(ent->d_name);

		dir = proc_dir(pid, 0);
		found = pid > 0 && !proc_stat(&dir, &stat) &&
			(stat.field[9] & PF_KTHREAD) && stat.state == 'I' &&
			!pair_take(pair, pid, 0) &&
			pair->snap.stat.state == 'I';
	}
	if (proc)
		closedir(proc);
	return found;
}

TEST_F(no_memory, idle_kernel_thread)
{
	const struct xyzzy_task *task = &self->pair.task;

	if (geteuid())
		SKIP(return, NO_ROOT);
	if (!find_idle_kthread(&self->pair))
		SKIP(return, "no idle kernel thread in sight");
	expect_groups(_metadata, &self->pair, SWITCHES);
	expect_no_memory(_metadata, &self->pair);
	EXPECT_EQ((__u32)'I', task->state);
	EXPECT_NE(0U, task->flags & PF_KTHREAD);
}

TEST_F(no_memory, any_kernel_thread)
{
	struct walk walk;
	int nr = 0;

	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_EQ(0, walk_all(&walk, -1, XYZZY_ALL, 0, 100));
	for (size_t i = 0; i < walk.nr; i++) {
		const struct xyzzy_task *task = &walk.tasks[i];

		if (!(task->flags & PF_KTHREAD))
			continue;
		nr++;
		EXPECT_TRUE(record_has(task, NO_MEM & ~XYZZY_IO));
		EXPECT_FALSE(record_has(task, XYZZY_MEM));
		expect_rest_zero(_metadata, task);
	}
	walk_free(&walk);
	if (!nr)
		SKIP(return, "no kernel thread in sight");
}

/*
 * Cgroups
 */
FIXTURE(cgroup)
{
	struct subject subject;
	struct pair pair;
	pid_t other;
	int root;		/* Of the unified hierarchy */
	int dir;		/* A cgroup of the test */
	int child;		/* One inside of that */
	char name[32];		/* of dir */
};

/* The root directory of the unified hierarchy, -1 if it is not mounted. */
static int open_cgroups(void)
{
	static const char * const mounts[] = {
		"/sys/fs/cgroup", "/sys/fs/cgroup/unified",
	};
	struct statfs st;

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		if (!statfs(mounts[i], &st) &&
		    (__u32)st.f_type == CGROUP2_SUPER_MAGIC)
			return open(mounts[i], O_RDONLY | O_DIRECTORY);
	return -1;
}

static int make_cgroup(int dir, const char *name)
{
	return mkdirat(dir, name, 0700) ? -1 :
					  openat(dir, name, O_RDONLY);
}

/* A cgroup takes a moment to be empty after its last process is reaped. */
static void remove_cgroup(int dir, const char *name)
{
	for (int i = 0; i < WAIT_TRIES; i++) {
		if (!unlinkat(dir, name, AT_REMOVEDIR) || errno != EBUSY)
			return;
		usleep(1000);
	}
}

/* Write a PID to cgroup.procs, or a thread ID to cgroup.threads. */
static int move_to(int dir, const char *file, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return write_text(dir, file, text);
}

/* The ID is the file handle of the directory; 0 if there is none. */
static __u64 cgroup_id(int dir, const char *path)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} fh = { .handle.handle_bytes = MAX_HANDLE_SZ };
	__u64 id;
	int mount;

	if (name_to_handle_at(dir, path, &fh.handle, &mount, AT_EMPTY_PATH) ||
	    fh.handle.handle_bytes != sizeof(id))
		return 0;
	memcpy(&id, fh.room + offsetof(struct file_handle, f_handle),
	       sizeof(id));
	return id;
}

FIXTURE_SETUP(cgroup)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	memset(&self->subject, -1, sizeof(self->subject));
	self->root = open_cgroups();
	if (self->root < 0)
		SKIP(return, "no unified hierarchy of cgroups");
	if (!cgroup_id(self->root, ""))
		SKIP(return, "no file handles");
	snprintf(self->name, sizeof(self->name), "xyzzy_test.%d", getpid());
	self->dir = make_cgroup(self->root, self->name);
	if (self->dir < 0)
		SKIP(return, "cannot make cgroups: %s", strerror(errno));
	self->child = make_cgroup(self->dir, "child");
	ASSERT_LE(0, self->child);
}

FIXTURE_TEARDOWN(cgroup)
{
	subject_kill(&self->subject);
	kill_child(self->other);
	remove_cgroup(self->dir, "child");
	remove_cgroup(self->root, self->name);
}

TEST_F(cgroup, id_is_that_of_the_directory_and_follows_moves)
{
	const struct xyzzy_task *task;
	struct statx st;
	pid_t pid;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	pid = self->subject.pid;
	ASSERT_EQ(0, move_to(self->dir, "cgroup.procs", pid));
	task = COMPARE(pid, 0, XYZZY_CGROUP);
	EXPECT_EQ(cgroup_id(self->dir, ""), task->cgroup_id);
	ASSERT_EQ(0, statx(self->dir, "", AT_EMPTY_PATH, STATX_INO, &st));
	/* On a 32-bit kernel, it is half of the ID. */
	if (kernel_is_64bit())
		EXPECT_EQ(st.stx_ino, task->cgroup_id);
	ASSERT_EQ(0, move_to(self->child, "cgroup.procs", pid));
	COMPARE(pid, 0, XYZZY_CGROUP);
	EXPECT_EQ(cgroup_id(self->child, ""), task->cgroup_id);
	EXPECT_NE(cgroup_id(self->dir, ""), task->cgroup_id);
}

TEST_F(cgroup, id_is_that_of_the_path_in_proc)
{
	struct proc_dir proc = proc_dir(getpid(), 0);
	struct xyzzy_task task;
	char path[300];

	ASSERT_EQ(0, record_get(getpid(), 0, XYZZY_CGROUP, &task));
	ASSERT_EQ(0, proc_cgroup(&proc, path, sizeof(path)));
	if (!strncmp(path, "/..", 3))
		SKIP(return, "the cgroup is outside of the hierarchy mounted");
	EXPECT_EQ(cgroup_id(self->root, path + 1), task.cgroup_id);
}

TEST_F(cgroup, zombie_stays_in_its_cgroup)
{
	pid_t pid;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	pid = self->subject.pid;
	ASSERT_EQ(0, move_to(self->dir, "cgroup.procs", pid));
	ASSERT_TRUE(make_zombie(pid));
	EXPECT_EQ(cgroup_id(self->dir, ""),
		  COMPARE(pid, 0, XYZZY_CGROUP)->cgroup_id);
}

TEST_F(cgroup, thread_shows_its_threaded_cgroup)
{
	__u64 child = cgroup_id(self->child, "");
	__u64 dir = cgroup_id(self->dir, "");
	pid_t tid, pid;

	pid = spawn_threads(&tid, 1, false);
	ASSERT_LT(0, pid);
	self->other = pid;
	ASSERT_EQ(0, move_to(self->dir, "cgroup.procs", pid));
	if (write_text(self->child, "cgroup.type", "threaded"))
		SKIP(return, "no threaded cgroups");
	ASSERT_EQ(0, move_to(self->child, "cgroup.threads", tid));
	EXPECT_EQ(child, COMPARE(pid, tid, XYZZY_CGROUP)->cgroup_id);
	EXPECT_EQ(dir, COMPARE(pid, pid, XYZZY_CGROUP)->cgroup_id);
	EXPECT_EQ(dir, COMPARE(pid, 0, XYZZY_CGROUP)->cgroup_id);
}

TEST_HARNESS_MAIN
