// SPDX-License-Identifier: GPL-2.0
/*
 * XYZZY_IO: what was read and written, of processes, threads and exited
 * threads. A loop device over a memfd serves as a disk.
 */
#include "kselftest_harness.h"
#include "record.h"
#include "use.h"

#include <linux/fs.h>
#include <sys/ioctl.h>

#define DISK_SIZE (1024 * 1024)
#define USER 1234
/* More threads than a kernel may want to sum up at one go. */
#define NR_CROWD 300

/* What the subject does, and what it shares with the test. */
struct job {
	int reads;
	int writes;
	int disk_fd;
	pid_t tid;
	int nr_done;
};

FIXTURE(io)
{
	struct subject subject;
	struct job *job;
	struct pair pair;
	struct disk disk;
};

FIXTURE_SETUP(io)
{
	memset(&self->subject, -1, sizeof(self->subject));
	self->disk.fd = -1;
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (access("/proc/self/io", F_OK))
		SKIP(return, "no I/O accounting");
	self->job = share_memory(sizeof(*self->job));
	*self->job = (struct job){ .reads = 30, .writes = 20, .disk_fd = -1 };
}

FIXTURE_TEARDOWN(io)
{
	subject_kill(&self->subject);
	disk_close(&self->disk);
}

static int do_job(void *arg)
{
	const struct job *job = arg;
	char buf[1000] = "";
	int null = open("/dev/null", O_WRONLY);
	int zero = open("/dev/zero", O_RDONLY);

	if (null < 0 || zero < 0)
		return -errno;
	for (int i = 0; i < job->reads; i++)
		if (read(zero, buf, sizeof(buf)) != sizeof(buf))
			return -EIO;
	for (int i = 0; i < job->writes; i++)
		if (write(null, buf, sizeof(buf)) != sizeof(buf))
			return -EIO;
	return 0;
}

TEST_F(io, reads_and_writes_are_counted)
{
	const struct xyzzy_task *task = &self->pair.task;

	ASSERT_EQ(0, subject_start(&self->subject, do_job, self->job));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_io(_metadata, &self->pair);
	EXPECT_TRUE(record_has(task, XYZZY_IO));
	EXPECT_LE(30ULL, task->syscr);
	EXPECT_LE(20ULL, task->syscw);
	EXPECT_LE(30000ULL, task->rchar);
	EXPECT_LE(20000ULL, task->wchar);
}

TEST_F(io, is_supported)
{
	EXPECT_NE(0ULL, xyzzy_supported() & XYZZY_IO);
}

TEST_F(io, counts_outlive_death)
{
	ASSERT_EQ(0, subject_start(&self->subject, do_job, self->job));
	ASSERT_TRUE(make_zombie(self->subject.pid));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_io(_metadata, &self->pair);
	EXPECT_LE(30000ULL, self->pair.task.rchar);
}

/*
 * Threads
 */
static void *do_job_and_exit(void *arg)
{
	return do_job(arg) ? arg : NULL;
}

static int start_and_join(void *arg)
{
	pthread_t thread;
	void *failed;

	if (pthread_create(&thread, NULL, do_job_and_exit, arg) ||
	    pthread_join(thread, &failed) || failed)
		return -EAGAIN;
	return 0;
}

TEST_F(io, process_counts_exited_threads_and_leader_does_not)
{
	__u64 of_leader;
	pid_t pid;

	ASSERT_EQ(0, subject_start(&self->subject, start_and_join, self->job));
	pid = self->subject.pid;
	ASSERT_EQ(0, pair_take(&self->pair, pid, pid));
	expect_io(_metadata, &self->pair);
	of_leader = self->pair.task.rchar;
	ASSERT_EQ(0, pair_take(&self->pair, pid, 0));
	expect_io(_metadata, &self->pair);
	EXPECT_LE(of_leader + 30000, self->pair.task.rchar);
}

static void *do_job_and_stay(void *arg)
{
	struct job *job = arg;

	if (do_job(job))
		_exit(EXIT_FAILURE);
	__atomic_store_n(&job->tid, syscall(__NR_gettid), __ATOMIC_RELEASE);
	__atomic_add_fetch(&job->nr_done, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
	return NULL;
}

static int start_and_leave(void *arg)
{
	struct job *job = arg;
	pthread_t thread;

	if (pthread_create(&thread, NULL, do_job_and_stay, arg))
		return -EAGAIN;
	while (!__atomic_load_n(&job->tid, __ATOMIC_ACQUIRE))
		usleep(1000);
	return wait_state(job->tid, 'S') ? 0 : -ETIMEDOUT;
}

TEST_F(io, thread_counts_itself_alone)
{
	__u64 rchar;
	pid_t pid;

	ASSERT_EQ(0, subject_start(&self->subject, start_and_leave, self->job));
	pid = self->subject.pid;
	ASSERT_EQ(0, pair_take(&self->pair, pid, self->job->tid));
	expect_io(_metadata, &self->pair);
	EXPECT_LE(30000ULL, self->pair.task.rchar);
	rchar = self->pair.task.rchar;
	ASSERT_EQ(0, pair_take(&self->pair, pid, pid));
	expect_io(_metadata, &self->pair);
	rchar += self->pair.task.rchar;
	ASSERT_EQ(0, pair_take(&self->pair, pid, 0));
	expect_io(_metadata, &self->pair);
	EXPECT_EQ(rchar, self->pair.task.rchar);
}

/* Small stacks, as a 32-bit program has not got room for many large ones. */
static int start_crowd(void *arg)
{
	struct job *job = arg;
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	if (pthread_attr_setstacksize(&attr, 256 * 1024))
		return -EINVAL;
	for (int i = 0; i < NR_CROWD; i++)
		if (pthread_create(&thread, &attr, do_job_and_stay, arg))
			return -EAGAIN;
	while (__atomic_load_n(&job->nr_done, __ATOMIC_ACQUIRE) < NR_CROWD)
		usleep(1000);
	return 0;
}

TEST_F(io, many_threads_are_summed_up)
{
	ASSERT_EQ(0, subject_start(&self->subject, start_crowd, self->job));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_io(_metadata, &self->pair);
	expect_faults(_metadata, &self->pair);
	EXPECT_LE(NR_CROWD * 30000ULL, self->pair.task.rchar);
}

TEST_F(io, many_threads_do_not_disturb_a_walk)
{
	const struct xyzzy_task *task;
	struct walk walk;

	ASSERT_EQ(0, subject_start(&self->subject, start_crowd, self->job));
	ASSERT_EQ(0, walk_all(&walk, -1, XYZZY_ID | XYZZY_IO, 0, 64));
	task = walk_find(&walk, self->subject.pid);
	ASSERT_NE(NULL, task);
	EXPECT_EQ(1U, walk_count(&walk, self->subject.pid));
	EXPECT_EQ(NR_CROWD + 1U, task->nr_threads);
	EXPECT_LE(NR_CROWD * 30000ULL, task->rchar);
	task = walk_find(&walk, getpid());
	ASSERT_NE(NULL, task);
	EXPECT_TRUE(record_has(task, XYZZY_IO));
	walk_free(&walk);
}

/* A right to see the process is none to read its figures. */
TEST_F(io, of_many_threads_is_hidden_from_other_users)
{
	struct xyzzy_task task = { 0 };
	int procfd;

	if (geteuid())
		SKIP(return, NO_ROOT);
	procfd = open("/proc", O_RDONLY | O_DIRECTORY);
	ASSERT_EQ(0, subject_start(&self->subject, start_crowd, self->job));
	ASSERT_EQ(0, seteuid(USER));
	EXPECT_EQ(1, xyzzy_pidfd(procfd, self->subject.pidfd, XYZZY_ALL, 0,
				 &task, 1));
	ASSERT_EQ(0, seteuid(0));
	EXPECT_TRUE(record_has(&task, XYZZY_TIMES | XYZZY_FAULTS));
	EXPECT_FALSE(record_has(&task, XYZZY_IO));
	EXPECT_EQ(0ULL, task.rchar | task.wchar | task.syscr | task.syscw |
			task.read_bytes | task.write_bytes |
			task.cancelled_write_bytes);
	close(procfd);
}

/* Threads come and go in a process of many, for as long as it lives. */
static void *do_job_and_exit_for_ever(void *arg)
{
	pthread_t thread;

	while (!pthread_create(&thread, NULL, do_job_and_exit, arg))
		pthread_join(thread, NULL);
	_exit(EXIT_FAILURE);
}

static int start_churn(void *arg)
{
	pthread_t thread;
	int err = start_crowd(arg);

	if (!err && pthread_create(&thread, NULL, do_job_and_exit_for_ever, arg))
		err = -EAGAIN;
	return err;
}

/* What a thread has done is its own or its process's, never both or neither. */
TEST_F(io, sums_do_not_fall_while_threads_exit)
{
	struct xyzzy_task last = { 0 }, task;

	ASSERT_EQ(0, subject_start(&self->subject, start_churn, self->job));
	for (int i = 0; i < 1000; i++) {
		ASSERT_EQ(0, record_get(self->subject.pid, 0, XYZZY_ALL,
					&task));
		EXPECT_LE(last.rchar, task.rchar);
		EXPECT_LE(last.syscw, task.syscw);
		EXPECT_LE(last.min_flt, task.min_flt);
		EXPECT_LE(last.nvcsw, task.nvcsw);
		last = task;
	}
	EXPECT_LT(NR_CROWD * 30000ULL, last.rchar);
}

static int be_user(void *arg)
{
	return setresgid(USER, USER, USER) || setresuid(USER, USER, USER) ||
	       prctl(PR_SET_DUMPABLE, 1) ? -errno : 0;
}

/* Records of the user's processes from @cursor on. */
static long call_as_user(struct xyzzy_params *params, pid_t cursor)
{
	long ret;

	params->cursor = cursor;
	if (setegid(USER) || seteuid(USER))
		return -errno;
	ret = xyzzy_call(params, 0);
	return seteuid(0) || setegid(0) ? -errno : ret;
}

/* Those before and behind it, which the caller may see, have their own figures. */
TEST_F(io, hidden_process_of_many_threads_disturbs_nothing)
{
	struct xyzzy_task tasks[3] = { 0 };
	struct xyzzy_params params = XYZZY_PARAMS(XYZZY_ALL, tasks, 3);
	struct subject before, behind;

	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_EQ(0, subject_start(&before, be_user, NULL));
	ASSERT_EQ(0, subject_start(&self->subject, start_crowd, self->job));
	EXPECT_EQ(0, call_as_user(&params, self->subject.pid));
	EXPECT_EQ(1, call_as_user(&params, before.pid));
	EXPECT_EQ((__u32)before.pid, tasks[0].pid);
	EXPECT_TRUE(record_has(&tasks[0], XYZZY_IO));

	ASSERT_EQ(0, subject_start(&behind, be_user, NULL));
	EXPECT_EQ(1, call_as_user(&params, self->subject.pid));
	EXPECT_EQ((__u32)behind.pid, tasks[0].pid);
	EXPECT_TRUE(record_has(&tasks[0], XYZZY_IO));
	subject_kill(&before);
	subject_kill(&behind);
}

/*
 * Disks
 */
#define TO_READ (128 * 1024)
#define TO_WRITE (256 * 1024)
#define TO_CANCEL (64 * 1024)

/* Read some of the disk, make more of it dirty and throw some of that away. */
static int use_disk(void *arg)
{
	const struct job *job = arg;
	__u64 range[2] = { DISK_SIZE / 2, TO_CANCEL };
	static char buf[TO_WRITE];

	if (pread(job->disk_fd, buf, TO_READ, 0) != TO_READ ||
	    pwrite(job->disk_fd, buf, TO_WRITE, range[0]) != TO_WRITE ||
	    ioctl(job->disk_fd, BLKDISCARD, range))
		return -errno;
	return 0;
}

TEST_F(io, disk_bytes_are_counted)
{
	const struct xyzzy_task *task = &self->pair.task;

	if (geteuid())
		SKIP(return, NO_ROOT);
	if (disk_open(&self->disk, DISK_SIZE))
		SKIP(return, "no loop devices");
	self->job->disk_fd = self->disk.fd;
	ASSERT_EQ(0, subject_start(&self->subject, use_disk, self->job));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_io(_metadata, &self->pair);
	EXPECT_LE((__u64)TO_READ, task->read_bytes);
	EXPECT_LE((__u64)TO_WRITE, task->write_bytes);
	EXPECT_LE((__u64)TO_CANCEL, task->cancelled_write_bytes);
	EXPECT_GT((__u64)TO_WRITE, task->cancelled_write_bytes);
}

/*
 * One that runs while it is looked at.
 */
TEST_F(io, caller_itself_lies_between_before_and_after)
{
	struct proc_dir dir = proc_dir(getpid(), 0);
	struct proc_io before, after;
	struct xyzzy_task task;

	ASSERT_EQ(0, proc_io(&dir, &before));
	ASSERT_EQ(0, record_get(getpid(), 0, XYZZY_IO, &task));
	ASSERT_EQ(0, proc_io(&dir, &after));
	EXPECT_LE(before.rchar, task.rchar);
	EXPECT_GE(after.rchar, task.rchar);
	EXPECT_LE(before.syscr, task.syscr);
	EXPECT_GE(after.syscr, task.syscr);
	EXPECT_LE(before.wchar, task.wchar);
	EXPECT_GE(after.wchar, task.wchar);
	EXPECT_LE(before.syscw, task.syscw);
	EXPECT_GE(after.syscw, task.syscw);
}

TEST_HARNESS_MAIN
