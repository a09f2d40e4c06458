// SPDX-License-Identifier: GPL-2.0
/*
 * XYZZY_CREDS: the four user and group IDs, and user namespaces.
 */
#include "kselftest_harness.h"
#include "ns.h"
#include "record.h"

#include <linux/securebits.h>
#include <stdint.h>
#include <sys/fsuid.h>

struct ids {
	uid_t uid, euid, suid, fsuid;
	gid_t gid, egid, sgid, fsgid;
};

/*
 * setfsuid() and setfsgid() fail silently. What they return is not to be trusted
 * either: riscv's libc does not extend a high ID.
 */
static bool has_fs_ids(const struct ids *ids)
{
	struct proc_dir dir = proc_dir(getpid(), syscall(__NR_gettid));
	struct proc_status status;

	return !proc_status(&dir, &status) &&
	       proc_status_nth(&status, "Uid", 3) == ids->fsuid &&
	       proc_status_nth(&status, "Gid", 3) == ids->fsgid;
}

/* Take all of @ids; keeps the capabilities, which setfsuid() needs. */
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

static void expect_ids(struct __test_metadata *_metadata,
		       const struct ids *ids, const struct xyzzy_task *task)
{
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
{
	.ids = { 0 },
};

FIXTURE_VARIANT_ADD(creds, all_differ)
{
	.ids = {
		.uid = 1001, .euid = 1002, .suid = 1003, .fsuid = 1004,
		.gid = 2001, .egid = 2002, .sgid = 2003, .fsgid = 2004,
	},
};

FIXTURE_VARIANT_ADD(creds, more_than_16_bits)
{
	.ids = {
		.uid = 65536, .euid = 70001, .suid = 131072, .fsuid = 200000,
		.gid = 65537, .egid = 70002, .sgid = 131073, .fsgid = 200001,
	},
};

FIXTURE_VARIANT_ADD(creds, as_high_as_possible)
{
	.ids = {
		.uid = UINT32_MAX - 1, .euid = UINT32_MAX - 2,
		.suid = UINT32_MAX - 3, .fsuid = UINT32_MAX - 4,
		.gid = UINT32_MAX - 5, .egid = UINT32_MAX - 6,
		.sgid = UINT32_MAX - 7, .fsgid = UINT32_MAX - 8,
	},
};

FIXTURE_SETUP(creds)
{
	int err;

	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (!have_users())
		SKIP(return, NO_USERS);
	adopt_orphans();
	err = subject_start(&self->subject, set_ids, (void *)&variant->ids);
	/* As on sparc64, where it is that of 16-bit IDs. */
	if (err == -ERANGE && variant->ids.fsuid > UINT16_MAX)
		SKIP(return, "setfsuid() takes no such ID");
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
	expect_creds(_metadata, &self->pair);
	expect_ids(_metadata, &variant->ids, &self->pair.task);
}

TEST_F(creds, outlive_death)
{
	ASSERT_TRUE(make_zombie(self->subject.pid));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_creds(_metadata, &self->pair);
	expect_ids(_metadata, &variant->ids, &self->pair.task);
}

/*
 * To the kernel each thread has its own.
 */
FIXTURE(thread_creds)
{
	struct subject subject;
	struct pair pair;
	pid_t *tid;
};

FIXTURE_SETUP(thread_creds)
{
	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (!have_users())
		SKIP(return, NO_USERS);
	self->tid = share_memory(sizeof(*self->tid));
}

FIXTURE_TEARDOWN(thread_creds)
{
	subject_kill(&self->subject);
}

static const struct ids of_thread = {
	.uid = 11, .euid = 12, .suid = 13, .fsuid = 12,
	.gid = 21, .egid = 22, .sgid = 23, .fsgid = 22,
};

/* Not the functions of libc: they change all threads. */
#ifdef __NR_setresuid32
#define SETRESUID __NR_setresuid32
#define SETRESGID __NR_setresgid32
#else
#define SETRESUID __NR_setresuid
#define SETRESGID __NR_setresgid
#endif

static void *change_ids(void *arg)
{
	const struct ids *ids = &of_thread;
	pid_t *tid = arg;

	if (syscall(SETRESGID, ids->gid, ids->egid, ids->sgid) ||
	    syscall(SETRESUID, ids->uid, ids->euid, ids->suid))
		_exit(EXIT_FAILURE);
	__atomic_store_n(tid, syscall(__NR_gettid), __ATOMIC_RELEASE);
	for (;;)
		pause();
	return NULL;
}

static int start_changer(void *arg)
{
	pid_t *tid = arg;
	pthread_t thread;

	if (pthread_create(&thread, NULL, change_ids, arg))
		return -EAGAIN;
	for (int i = 0; i < WAIT_TRIES; i++) {
		if (__atomic_load_n(tid, __ATOMIC_ACQUIRE))
			return wait_state(*tid, 'S') ? 0 : -ETIMEDOUT;
		usleep(1000);
	}
	return -ETIMEDOUT;
}

TEST_F(thread_creds, thread_shows_its_own)
{
	ASSERT_EQ(0, subject_start(&self->subject, start_changer, self->tid));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, *self->tid));
	expect_creds(_metadata, &self->pair);
	expect_ids(_metadata, &of_thread, &self->pair.task);
}

TEST_F(thread_creds, process_shows_those_of_leader)
{
	struct ids root = { 0 };

	ASSERT_EQ(0, subject_start(&self->subject, start_changer, self->tid));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_creds(_metadata, &self->pair);
	expect_ids(_metadata, &root, &self->pair.task);
}

/*
 * User namespaces
 */
/* A look at a process from inside a user namespace. */
struct look {
	pid_t pid;
	int pidfd;
	int procfd;
	struct pair pair;
};

FIXTURE(userns)
{
	struct subject subject;
	struct look *look;
	struct pair pair;
};

FIXTURE_SETUP(userns)
{
	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (!have_users())
		SKIP(return, NO_USERS);
	if (!have_userns())
		SKIP(return, "no user namespaces");
	adopt_orphans();
	self->look = share_memory(sizeof(*self->look));
	self->look->procfd = open_procfs("0");
	ASSERT_LE(0, self->look->procfd);
}

FIXTURE_TEARDOWN(userns)
{
	subject_kill(&self->subject);
	reap_orphans();
	close(self->look->procfd);
}

static int look_from_inside(void *arg)
{
	struct look *look = arg;
	struct proc_dir dir = proc_dir(look->pid, 0);

	if (enter_userns())
		return 1;
	if (xyzzy_pidfd(look->procfd, look->pidfd, XYZZY_CREDS, 0,
			&look->pair.task, 1) != 1)
		return 2;
	return proc_status(&dir, &look->pair.snap.status) ? 3 : 0;
}

static int look_at(struct look *look, const struct subject *subject)
{
	look->pid = subject->pid;
	look->pidfd = subject->pidfd;
	return run_in_child(look_from_inside, look);
}

/* The user and group IDs that stand for those without a mapping. */
static void read_overflow(struct ids *ids)
{
	struct proc_dir dir = { .path = "/proc/sys/kernel" };
	long long uid = 65534, gid = 65534;

	/* Without sysctl these are what they are by default. */
	proc_num(&dir, "overflowuid", &uid);
	proc_num(&dir, "overflowgid", &gid);
	*ids = (struct ids){ uid, uid, uid, uid, gid, gid, gid, gid };
}

TEST_F(userns, mapped_ids_are_those_of_callers_namespace)
{
	struct ids ids = {
		MAP_START + 1, MAP_START + 2, MAP_START + 3, MAP_START + 4,
		MAP_START + 5, MAP_START + 6, MAP_START + 7, MAP_START + 8,
	};
	struct ids mapped = { 1, 2, 3, 4, 5, 6, 7, 8 };

	ASSERT_EQ(0, subject_start(&self->subject, set_ids, &ids));
	ASSERT_EQ(0, look_at(self->look, &self->subject));
	expect_creds(_metadata, &self->look->pair);
	expect_ids(_metadata, &mapped, &self->look->pair.task);
}

TEST_F(userns, ids_without_mapping_are_overflow_ids)
{
	struct ids ids = {
		0, 7, MAP_START - 1, MAP_START + MAP_LEN,
		0, 8, MAP_START - 1, MAP_START + MAP_LEN,
	};
	struct ids overflow;

	read_overflow(&overflow);
	ASSERT_EQ(0, subject_start(&self->subject, set_ids, &ids));
	ASSERT_EQ(0, look_at(self->look, &self->subject));
	expect_creds(_metadata, &self->look->pair);
	expect_ids(_metadata, &overflow, &self->look->pair.task);
}

static int be_mapped(void *arg)
{
	return enter_userns() ?: set_ids(arg);
}

TEST_F(userns, ids_of_process_inside_are_seen_as_outside)
{
	struct ids inside = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct ids outside = {
		MAP_START + 1, MAP_START + 2, MAP_START + 3, MAP_START + 4,
		MAP_START + 5, MAP_START + 6, MAP_START + 7, MAP_START + 8,
	};

	ASSERT_EQ(0, subject_start(&self->subject, be_mapped, &inside));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_creds(_metadata, &self->pair);
	expect_ids(_metadata, &outside, &self->pair.task);
}

TEST_HARNESS_MAIN
