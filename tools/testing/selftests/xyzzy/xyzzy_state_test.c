// SPDX-License-Identifier: GPL-2.0
/*
 * State, flags and number of threads; processes without memory: zombies and
 * kernel threads.
 */
#include "kselftest_harness.h"
#include "record.h"

#include <dirent.h>
#include <stddef.h>
#include <sys/ptrace.h>

/* The kernel's flags, which no header has for user space. */
#define PF_EXITING 0x00000004
#define PF_FORKNOEXEC 0x00000040
#define PF_KTHREAD 0x00200000

FIXTURE(state)
{
	struct subject subject;
	struct pair pair;
	pid_t other;
};

FIXTURE_SETUP(state)
{
	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	adopt_orphans();
}

FIXTURE_TEARDOWN(state)
{
	subject_kill(&self->subject);
	kill_child(self->other);
	reap_orphans();
}

/*
 * States
 */
TEST_F(state, sleeping_is_S)
{
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_EQ((__u32)'S', self->pair.task.state);
}

TEST_F(state, spinning_is_R)
{
	struct xyzzy_task task;

	self->other = fork_child();
	if (!self->other)
		for (;;)
			__asm__ volatile("" : : : "memory");
	ASSERT_LT(0, self->other);
	ASSERT_TRUE(wait_state(self->other, 'R'));
	ASSERT_EQ(0, record_get(self->other, 0, 0, &task));
	EXPECT_EQ((__u32)'R', task.state);
}

TEST_F(state, caller_is_R_itself)
{
	struct xyzzy_task task;

	ASSERT_EQ(0, record_get(getpid(), 0, 0, &task));
	EXPECT_EQ((__u32)'R', task.state);
	EXPECT_EQ(getpid(), (pid_t)task.pid);
	EXPECT_EQ(getppid(), (pid_t)task.ppid);
	EXPECT_EQ(getpgrp(), (pid_t)task.pgid);
	EXPECT_EQ(getsid(0), (pid_t)task.sid);
	EXPECT_EQ(1U, task.nr_threads);
}

TEST_F(state, stopped_is_T)
{
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_TRUE(stop_child(self->subject.pid));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_EQ((__u32)'T', self->pair.task.state);
}

TEST_F(state, traced_is_t)
{
	pid_t pid;
	int status;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	pid = self->subject.pid;
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, pid, 0, 0));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	ASSERT_EQ(pid, waitpid(pid, &status, __WALL));
	ASSERT_EQ(0, pair_take(&self->pair, pid, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_EQ((__u32)'t', self->pair.task.state);
}

TEST_F(state, dead_is_Z)
{
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_TRUE(make_zombie(self->subject.pid));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_id(_metadata, &self->pair);
	expect_comm(_metadata, &self->pair);
	EXPECT_EQ((__u32)'Z', self->pair.task.state);
}

TEST_F(state, parent_in_vfork_is_D)
{
	self->other = fork_child();
	if (!self->other)
		sleep_in_vfork();
	ASSERT_LT(0, self->other);
	ASSERT_TRUE(wait_state(self->other, 'D'));
	ASSERT_EQ(0, pair_take(&self->pair, self->other, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_EQ((__u32)'D', self->pair.task.state);
}

/* A pair of a kernel thread that is idle. */
static bool idle_kthread(struct pair *pair)
{
	struct proc_stat stat;
	struct proc_dir dir;
	bool found = false;
	struct dirent *ent;
	DIR *proc = opendir("/proc");

	while (!found && proc && (ent = readdir(proc))) {
		dir = proc_dir(atoi(ent->d_name), 0);
		if (atoi(ent->d_name) <= 0 || proc_stat(&dir, &stat))
			continue;
		if (!(stat.field[9] & PF_KTHREAD) || stat.state != 'I')
			continue;
		found = !pair_take(pair, atoi(ent->d_name), 0) &&
			pair->snap.stat.state == 'I';
	}
	if (proc)
		closedir(proc);
	return found;
}

/*
 * Flags
 */

/* The process that the program was started as, before the harness forks. */
static pid_t program;

static void __attribute__((constructor)) note_program(void)
{
	program = getpid();
}

TEST_F(state, flags_tell_an_exec_from_a_fork)
{
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_NE(0U, self->pair.task.flags & PF_FORKNOEXEC);

	ASSERT_EQ(0, pair_take(&self->pair, program, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_EQ(0U, self->pair.task.flags & PF_FORKNOEXEC);
}

/*
 * Threads
 */
TEST_F(state, nr_threads_counts_leader_and_threads)
{
	pid_t tids[3];

	self->other = spawn_threads(tids, 3, false);
	ASSERT_LT(0, self->other);
	ASSERT_EQ(0, pair_take(&self->pair, self->other, 0));
	expect_id(_metadata, &self->pair);
	EXPECT_EQ(4U, self->pair.task.nr_threads);
}

TEST_F(state, nr_threads_is_of_process_in_thread_records)
{
	pid_t tids[3];

	self->other = spawn_threads(tids, 3, false);
	ASSERT_LT(0, self->other);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, pair_take(&self->pair, self->other, tids[i]));
		expect_id(_metadata, &self->pair);
		EXPECT_EQ((__u32)tids[i], self->pair.task.pid);
		EXPECT_EQ((__u32)self->other, self->pair.task.tgid);
		EXPECT_EQ(4U, self->pair.task.nr_threads);
	}
}

/*
 * No memory
 */
static void expect_no_memory(struct __test_metadata *_metadata,
			     const struct pair *pair)
{
	EXPECT_EQ(0ULL, pair->snap.stat.field[23]);
	EXPECT_FALSE(record_has(&pair->task, XYZZY_MEM));
	expect_rest_zero(_metadata, &pair->task);
	expect_id(_metadata, pair);
	expect_creds(_metadata, pair);
	expect_sched(_metadata, pair);
	expect_times(_metadata, pair);
	expect_faults(_metadata, pair);
	expect_io(_metadata, pair);
}

TEST_F(state, zombie_has_all_groups_but_memory)
{
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_TRUE(make_zombie(self->subject.pid));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_no_memory(_metadata, &self->pair);
	expect_switches(_metadata, &self->pair);
	EXPECT_NE(0U, self->pair.task.flags & PF_EXITING);
	EXPECT_NE(0ULL, self->pair.task.min_flt);
	EXPECT_NE(0ULL, self->pair.task.nvcsw);
}

TEST_F(state, dead_leader_of_live_threads_is_Z_without_memory)
{
	pid_t tids[2];

	self->other = spawn_threads(tids, 2, true);
	ASSERT_LT(0, self->other);
	ASSERT_EQ(0, pair_take(&self->pair, self->other, 0));
	expect_no_memory(_metadata, &self->pair);
	EXPECT_EQ((__u32)'Z', self->pair.task.state);
	EXPECT_EQ(3U, self->pair.task.nr_threads);
}

TEST_F(state, live_threads_of_dead_leader_have_memory)
{
	pid_t tids[2];

	self->other = spawn_threads(tids, 2, true);
	ASSERT_LT(0, self->other);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, pair_take(&self->pair, self->other, tids[i]));
		expect_id(_metadata, &self->pair);
		expect_mem(_metadata, &self->pair);
		EXPECT_EQ((__u32)'S', self->pair.task.state);
		EXPECT_NE(0ULL, self->pair.task.vm_size);
	}
}

TEST_F(state, idle_kernel_thread_is_I_without_memory)
{
	const char *comm = self->pair.task.comm;

	if (geteuid())
		SKIP(return, NO_ROOT);
	if (!idle_kthread(&self->pair))
		SKIP(return, "no idle kernel thread in sight");
	expect_no_memory(_metadata, &self->pair);
	expect_switches(_metadata, &self->pair);
	EXPECT_EQ((__u32)'I', self->pair.task.state);
	EXPECT_NE(0U, self->pair.task.flags & PF_KTHREAD);
	/* /proc may add to the name what the thread works on. */
	EXPECT_NE('\0', comm[0]);
	EXPECT_EQ(0, strncmp(self->pair.snap.comm, comm, strlen(comm)));
}

TEST_F(state, every_kernel_thread_is_without_memory)
{
	struct xyzzy_task *task;
	struct walk walk;
	int count = 0;

	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_EQ(0, walk_all(&walk, -1, XYZZY_ALL, 0, 100));
	for (size_t i = 0; i < walk.nr; i++) {
		task = &walk.tasks[i];
		if (!(task->flags & PF_KTHREAD))
			continue;
		count++;
		EXPECT_FALSE(record_has(task, XYZZY_MEM));
		EXPECT_TRUE(record_has(task, XYZZY_CREDS | XYZZY_SCHED |
						     XYZZY_TIMES |
						     XYZZY_FAULTS));
		expect_rest_zero(_metadata, task);
	}
	walk_free(&walk);
	if (!count)
		SKIP(return, "no kernel thread in sight");
}

TEST_HARNESS_MAIN
