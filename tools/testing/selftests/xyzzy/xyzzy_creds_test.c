// SPDX-License-Identifier: GPL-2.0
/*
 * XYZZY_CREDS: the four user and group IDs, and user namespaces.
 */
#include "kselftest_harness.h"
#include "caller.h"
#include "record.h"

#include <linux/securebits.h>

struct ids {
	uid_t uid, euid, suid, fsuid;
	gid_t gid, egid, sgid, fsgid;
};

/*
 * setfsuid() and setfsgid() fail silently. Their result is not reliable either:
 * riscv's libc does not extend a high ID.
 */
static bool has_fs_ids(const struct ids *ids)
{
	struct proc_dir dir = proc_dir(getpid(), syscall(__NR_gettid));
	struct proc_status status;

	return !proc_status(&dir, &status) &&
	       proc_status_nth(&status, "Uid", 3) == ids->fsuid &&
	       proc_status_nth(&status, "Gid", 3) == ids->fsgid;
}

/* Take all of @ids, and keep the capabilities, which setfsuid() needs. */
static int set_ids(void *arg)
{
	const struct ids *ids = arg;

	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) ||
	    setresgid(ids->gid, ids->egid, ids->sgid) ||
	    setresuid(ids->uid, ids->euid, ids->suid))
		return -errno;
	setfsgid(ids->fsgid);
	setfsuid(ids->fsuid);
	return has_fs_ids(ids) ? 0 : -ERANGE;
}

/* The record has @ids and what /proc shows. */
static void expect_ids(struct __test_metadata *_metadata,
		       const struct ids *ids, const struct pair *pair)
{
	const struct xyzzy_task *task = &pair->task;

	expect_groups(_metadata, pair, XYZZY_CREDS);
	EXPECT_EQ(ids->uid, task->uid);
	EXPECT_EQ(ids->euid, task->euid);
	EXPECT_EQ(ids->suid, task->suid);
	EXPECT_EQ(ids->fsuid, task->fsuid);
	EXPECT_EQ(ids->gid, task->gid);
	EXPECT_EQ(ids->egid, task->egid);
	EXPECT_EQ(ids->sgid, task->sgid);
	EXPECT_EQ(ids->fsgid, task->fsgid);
}

FIXTURE(creds)
{
	struct subject subject;
	struct pair pair;
};

FIXTURE_VARIANT(creds)
{
	struct ids ids;
};

FIXTURE_VARIANT_ADD(creds, root)
	{ { 0 } };
FIXTURE_VARIANT_ADD(creds, all_differ)
	{ { 1001, 1002, 1003, 1004, 2001, 2002, 2003, 2004 } };
FIXTURE_VARIANT_ADD(creds, more_than_16_bits)
	{ { 65536, 70001, 131072, 200000, 65537, 70002, 131073, 200001 } };
FIXTURE_VARIANT_ADD(creds, highest_possible)
	{ { UINT32_MAX - 1, UINT32_MAX - 2, UINT32_MAX - 3, UINT32_MAX - 4,
	    UINT32_MAX - 5, UINT32_MAX - 6, UINT32_MAX - 7, UINT32_MAX - 8 } };

FIXTURE_SETUP(creds)
{
	int err;

	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	adopt_orphans();
	err = subject_start(&self->subject, set_ids, (void *)&variant->ids);
	/* On sparc64, it is the system call for 16-bit IDs. */
	if (err == -ERANGE && variant->ids.fsuid > UINT16_MAX)
		SKIP(return, "setfsuid() does not accept such an ID");
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN(creds)
{
	subject_kill(&self->subject);
	reap_orphans();
}

TEST_F(creds, are_those_set)
{
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_ids(_metadata, &variant->ids, &self->pair);
}

TEST_F(creds, are_kept_by_zombie)
{
	ASSERT_TRUE(make_zombie(self->subject.pid));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_ids(_metadata, &variant->ids, &self->pair);
}

/*
 * Each thread has its own.
 */
FIXTURE(thread)
{
	struct subject subject;
	struct pair pair;
	pid_t *tid;
};

static const struct ids thread_ids = { 11, 12, 13, 12, 21, 22, 23, 22 };

static int change_ids(void *arg)
{
	const struct ids *ids = arg;

	return syscall(SETRESGID, ids->gid, ids->egid, ids->sgid) ||
	       syscall(SETRESUID, ids->uid, ids->euid, ids->suid) ? -errno : 0;
}

static int change_thread(void *arg)
{
	pid_t *tid = arg;

	*tid = start_thread(change_ids, (void *)&thread_ids);
	return *tid < 0 ? *tid : 0;
}

FIXTURE_SETUP(thread)
{
	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	self->tid = share_memory(sizeof(*self->tid));
	ASSERT_EQ(0, subject_start(&self->subject, change_thread, self->tid));
}

FIXTURE_TEARDOWN(thread)
{
	subject_kill(&self->subject);
}

TEST_F(thread, record_has_those_of_thread)
{
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, *self->tid));
	expect_ids(_metadata, &thread_ids, &self->pair);
}

TEST_F(thread, process_record_has_those_of_leader)
{
	const struct ids root = { 0 };

	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_ids(_metadata, &root, &self->pair);
}

/*
 * User namespaces: IDs from 1 on inside are those from MAP_START + 1 on outside.
 */
static const struct ids inside = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const struct ids outside = {
	MAP_START + 1, MAP_START + 2, MAP_START + 3, MAP_START + 4,
	MAP_START + 5, MAP_START + 6, MAP_START + 7, MAP_START + 8,
};

FIXTURE(userns)
{
	struct subject subject;
	struct pair pair;
};

FIXTURE_SETUP(userns)
{
	const struct caller caller = { .userns = true };

	memset(&self->subject, -1, sizeof(self->subject));
	if (cannot_be_caller(&caller))
		SKIP(return, "%s", cannot_be_caller(&caller));
	adopt_orphans();
}

FIXTURE_TEARDOWN(userns)
{
	subject_kill(&self->subject);
	reap_orphans();
}

/* How a process looks from inside a user namespace. */
struct look {
	const struct subject *subject;
	int procfd;
	struct pair pair;
};

static int look_from_inside(void *arg)
{
	struct look *look = arg;
	struct proc_dir dir = proc_dir(look->subject->pid, 0);

	if (enter_userns())
		return 1;
	if (xyzzy_pidfd(look->procfd, look->subject->pidfd, XYZZY_CREDS, 0,
			&look->pair.task, 1) != 1)
		return 2;
	return proc_status(&dir, &look->pair.snap.status) ? 3 : 0;
}

/* A process with the IDs @set has the IDs @seen for a caller inside. */
static void expect_seen_inside(struct __test_metadata *_metadata,
			       struct subject *subject, const struct ids *set,
			       const struct ids *seen)
{
	struct look *look = share_memory(sizeof(*look));

	look->subject = subject;
	look->procfd = open_procfs("0");
	ASSERT_LE(0, look->procfd);
	ASSERT_EQ(0, subject_start(subject, set_ids, (void *)set));
	ASSERT_EQ(0, run_in_child(look_from_inside, look));
	expect_ids(_metadata, seen, &look->pair);
	close(look->procfd);
}

TEST_F(userns, mapped_ids_are_those_in_the_namespace_of_the_caller)
{
	expect_seen_inside(_metadata, &self->subject, &outside, &inside);
}

TEST_F(userns, unmapped_ids_are_overflow_ids)
{
	const struct ids unmapped = {
		0, 7, MAP_START - 1, MAP_START + MAP_LEN,
		0, 8, MAP_START - 1, MAP_START + MAP_LEN,
	};
	struct proc_dir dir = { .path = "/proc/sys/kernel" };
	long long uid = 65534, gid = 65534;
	struct ids overflow;

	/* Without these files, they have the default values. */
	proc_num(&dir, "overflowuid", &uid);
	proc_num(&dir, "overflowgid", &gid);
	overflow = (struct ids){ uid, uid, uid, uid, gid, gid, gid, gid };
	expect_seen_inside(_metadata, &self->subject, &unmapped, &overflow);
}

static int set_ids_inside(void *arg)
{
	return enter_userns() ?: set_ids(arg);
}

TEST_F(userns, ids_of_process_inside_are_mapped_for_caller_outside)
{
	ASSERT_EQ(0, subject_start(&self->subject, set_ids_inside,
				   (void *)&inside));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_ids(_metadata, &outside, &self->pair);
}

TEST_HARNESS_MAIN
