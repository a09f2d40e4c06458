// SPDX-License-Identifier: GPL-2.0
/*
 * XYZZY_SCHED: policies and priorities, the CPU, oom_score_adj.
 */
#include "kselftest_harness.h"
#include "record.h"
#include "use.h"

#define FLAG_RESET_ON_FORK 0x01

RECORD_FIXTURE(policy)

FIXTURE_VARIANT(policy)
{
	__u32 policy;
	int nice;
	__u32 rt_priority;
	int priority;		/* as in /proc */
	__u64 flags;
};

FIXTURE_VARIANT_ADD(policy, other) { SCHED_OTHER, 0, 0, 20 };
FIXTURE_VARIANT_ADD(policy, other_nice_lowest) { SCHED_OTHER, -20, 0, 0 };
FIXTURE_VARIANT_ADD(policy, other_nice_minus_1) { SCHED_OTHER, -1, 0, 19 };
FIXTURE_VARIANT_ADD(policy, other_nice_highest) { SCHED_OTHER, 19, 0, 39 };
FIXTURE_VARIANT_ADD(policy, batch) { SCHED_BATCH, 3, 0, 23 };
FIXTURE_VARIANT_ADD(policy, idle) { SCHED_IDLE, 7, 0, 27 };
FIXTURE_VARIANT_ADD(policy, fifo_1) { SCHED_FIFO, 0, 1, -2 };
FIXTURE_VARIANT_ADD(policy, fifo_99) { SCHED_FIFO, 0, 99, -100 };
FIXTURE_VARIANT_ADD(policy, rr_50) { SCHED_RR, 0, 50, -51 };
FIXTURE_VARIANT_ADD(policy, rr_keeps_nice) { SCHED_RR, 5, 2, -3 };
FIXTURE_VARIANT_ADD(policy, deadline) { SCHED_DEADLINE, 0, 0, -101 };
FIXTURE_VARIANT_ADD(policy, reset_on_fork)
{ SCHED_RR, 0, 4, -5, FLAG_RESET_ON_FORK };

TEST_F(policy, is_that_set_and_that_of_proc_and_system_calls)
{
	struct attr attr = {
		.policy = variant->policy,
		.nice = variant->nice,
		.rt_priority = variant->rt_priority,
		.flags = variant->flags,
	};
	const struct xyzzy_task *task;
	pid_t pid;
	int err;

	if (geteuid())
		SKIP(return, NO_ROOT);
	if (variant->policy == SCHED_DEADLINE) {
		attr.runtime = 1000000;
		attr.deadline = 100000000;
		attr.period = 100000000;
	}
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	pid = self->subject.pid;
	err = set_attr(pid, &attr);
	if (err)
		SKIP(return, "cannot set the policy: %s", strerror(-err));
	ASSERT_EQ(0, setpriority(PRIO_PROCESS, pid, variant->nice));

	task = COMPARE(pid, 0, XYZZY_SCHED);
	EXPECT_EQ(variant->policy, task->policy);
	EXPECT_EQ(variant->rt_priority, task->rt_priority);
	EXPECT_EQ(variant->nice, task->nice);
	EXPECT_EQ(variant->priority, task->priority);

	ASSERT_EQ(0, syscall(__NR_sched_getattr, pid, &attr, sizeof(attr), 0));
	EXPECT_EQ(attr.policy, task->policy);
	EXPECT_EQ(attr.rt_priority, task->rt_priority);
	EXPECT_EQ(getpriority(PRIO_PROCESS, pid), task->nice);
}

RECORD_FIXTURE(sched)

TEST_F(sched, is_of_the_thread_or_of_the_leader)
{
	const struct xyzzy_task *task;
	pid_t tids[3], pid;

	pid = spawn_threads(tids, 3, false);
	ASSERT_LT(0, pid);
	self->other = pid;
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, setpriority(PRIO_PROCESS, tids[i], i + 4));
		task = COMPARE(pid, tids[i], XYZZY_SCHED);
		EXPECT_EQ(i + 4, task->nice);
	}
	task = COMPARE(pid, 0, XYZZY_SCHED);
	EXPECT_EQ(getpriority(PRIO_PROCESS, 0), task->nice);
}

static int use_first_cpu(void *arg)
{
	*(int *)arg = pin_to_cpu(0) ? -1 : sched_getcpu();
	return 0;
}

static int use_last_cpu(void *arg)
{
	*(int *)arg = pin_to_cpu(CPU_SETSIZE) ? -1 : sched_getcpu();
	return 0;
}

TEST_F(sched, cpu_is_the_last_one_it_ran_on)
{
	int (* const use_cpu[])(void *arg) = { use_first_cpu, use_last_cpu };
	int *cpu = share_memory(sizeof(*cpu));
	const struct xyzzy_task *task;

	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, subject_start(&self->subject, use_cpu[i], cpu));
		if (*cpu < 0)
			SKIP(return, "too many CPUs");
		task = COMPARE(self->subject.pid, 0, XYZZY_SCHED);
		EXPECT_EQ((__u32)*cpu, task->cpu);
		subject_kill(&self->subject);
	}
}

TEST_F(sched, oom_score_adj_is_that_set)
{
	int adjs[] = { -1000, -1, 0, 123, 1000 };
	const struct xyzzy_task *task;

	if (geteuid())
		SKIP(return, NO_ROOT);
	for (size_t i = 0; i < ARRAY_SIZE(adjs); i++) {
		ASSERT_EQ(0, subject_start(&self->subject, set_oom_adj,
					   &adjs[i]));
		task = COMPARE(self->subject.pid, 0, XYZZY_SCHED);
		EXPECT_EQ(adjs[i], task->oom_score_adj);
		subject_kill(&self->subject);
	}
}

TEST_HARNESS_MAIN
