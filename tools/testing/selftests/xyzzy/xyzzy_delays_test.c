// SPDX-License-Identifier: GPL-2.0
/*
 * XYZZY_DELAYS: time spent waiting.
 */
#include "kselftest_harness.h"
#include "record.h"
#include "use.h"

#include <sys/stat.h>

#define DELAYACCT "/proc/sys/kernel/task_delayacct"

FIXTURE(delays)
{
	struct subject subject;
	pid_t other;
	char delayacct[16];	/* What DELAYACCT was before */
};

FIXTURE_SETUP(delays)
{
	struct proc_dir dir = { .path = "/proc/sys/kernel" };

	memset(&self->subject, -1, sizeof(self->subject));
	if (!(xyzzy_supported() & XYZZY_DELAYS))
		SKIP(return, "the kernel does not have XYZZY_DELAYS");
	proc_text(&dir, "task_delayacct", self->delayacct,
		  sizeof(self->delayacct));
}

FIXTURE_TEARDOWN(delays)
{
	subject_kill(&self->subject);
	kill_child(self->other);
	write_text(AT_FDCWD, DELAYACCT, self->delayacct);
}

/* Field 2 of schedstat, which only some kernels have */
static __u64 proc_run_delay(const struct proc_dir *dir)
{
	char text[128];

	if (proc_text(dir, "schedstat", text, sizeof(text)))
		return 0;
	return nth_number(text, 1);
}

/* The record of the process or, if @tid is not 0, of the thread */
static void compare_delays(struct __test_metadata *_metadata, pid_t pid,
			   pid_t tid, struct xyzzy_task *task)
{
	struct proc_dir dir = proc_dir(pid, tid);
	struct proc_stat stat;

	ASSERT_TRUE(wait_state(tid ?: pid, 'S'));
	ASSERT_EQ(0, record_get(pid, tid, XYZZY_DELAYS, task));
	ASSERT_EQ(0, proc_stat(&dir, &stat));
	EXPECT_TRUE(record_has(task, XYZZY_DELAYS));
	EXPECT_EQ(stat.field[42], ns_to_ticks(task->blkio_delay));
	EXPECT_EQ(proc_run_delay(&dir), task->run_delay);
}

static void burn_for_a_while(void)
{
	burn(RUSAGE_SELF, 200 * NSEC_PER_MSEC, 0);
}

/* Two processes on a CPU have to wait for each other. */
static int compete(void *arg)
{
	(void)arg;
	if (pin_to_cpu(0))
		return -errno;
	burn_for_a_while();
	return 0;
}

static pid_t spawn_rival(void)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	pin_to_cpu(0);
	for (;;)
		burn_for_a_while();
}

TEST_F(delays, of_a_process_that_had_to_wait_for_a_cpu)
{
	struct xyzzy_task task;

	self->other = spawn_rival();
	ASSERT_EQ(0, subject_start(&self->subject, compete, NULL));
	compare_delays(_metadata, self->subject.pid, 0, &task);
	EXPECT_LT(NSEC_PER_MSEC, task.run_delay);
}

TEST_F(delays, of_a_thread_are_its_own)
{
	struct xyzzy_task thread, leader;
	pid_t tid;

	self->other = spawn_threads(&tid, 1, false);
	ASSERT_LT(0, self->other);
	compare_delays(_metadata, self->other, tid, &thread);
	compare_delays(_metadata, self->other, self->other, &leader);
	compare_delays(_metadata, self->other, 0, &leader);
}

/* Read until that has taken two ticks. Returns -EOPNOTSUPP if it takes none. */
static int read_disk(void *path)
{
	struct proc_dir dir = { .path = "/proc/self" };
	const size_t size = 1 << 20;
	char *buf = mmap(NULL, size, PROT_READ | PROT_WRITE, ANON, -1, 0);
	int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	struct proc_stat stat;

	for (int i = 0; i < 1000; i++) {
		if (buf == MAP_FAILED || pread(fd, buf, size, 0) < 0)
			return -EIO;
		if (proc_stat(&dir, &stat))
			return -EIO;
		if (stat.field[42] > 1)
			return 0;
	}
	return -EOPNOTSUPP;
}

TEST_F(delays, of_a_process_that_waited_for_a_disk)
{
	struct xyzzy_task task;
	struct disk disk;
	int err;

	if (geteuid())
		SKIP(return, NO_ROOT);
	if (write_text(AT_FDCWD, DELAYACCT, "1"))
		SKIP(return, "delays cannot be switched on");
	if (disk_open(&disk, 1 << 20))
		SKIP(return, "no loop devices");
	err = subject_start(&self->subject, read_disk, disk.path);
	if (!err)
		compare_delays(_metadata, self->subject.pid, 0, &task);
	subject_kill(&self->subject);
	disk_close(&disk);
	if (err == -EOPNOTSUPP)
		SKIP(return, "reading does not take time");
	ASSERT_EQ(0, err);
	EXPECT_LT(10 * NSEC_PER_MSEC, task.blkio_delay);
}

TEST_F(delays, are_not_asked_for)
{
	struct xyzzy_task task;

	ASSERT_EQ(0, record_get(getpid(), 0, XYZZY_ALL, &task));
	EXPECT_FALSE(record_has(&task, XYZZY_DELAYS));
	EXPECT_EQ(0ULL, task.blkio_delay);
	EXPECT_EQ(0ULL, task.run_delay);
}

TEST_HARNESS_MAIN
