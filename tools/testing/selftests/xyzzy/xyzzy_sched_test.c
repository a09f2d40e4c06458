// SPDX-License-Identifier: GPL-2.0
/*
 * XYZZY_SCHED: policies and priorities, the CPU, oom_score_adj.
 */
#include "kselftest_harness.h"
#include "record.h"
#include "use.h"

#include <limits.h>
#include <sys/resource.h>

#define FLAG_RESET_ON_FORK 0x01

static int get_attr(pid_t pid, struct attr *attr)
{
	return syscall(__NR_sched_getattr, pid, attr, sizeof(*attr), 0) ?
		-errno : 0;
}

FIXTURE(policy)
{
	struct subject subject;
	struct pair pair;
};

FIXTURE_VARIANT(policy)
{
	struct attr attr;
	int nice;
	int priority;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(policy, other)
{ .attr = { .policy = SCHED_OTHER, }, .nice = 0, .priority = 20, };
FIXTURE_VARIANT_ADD(policy, other_nice_lowest)
{ .attr = { .policy = SCHED_OTHER, }, .nice = -20, .priority = 0, };
FIXTURE_VARIANT_ADD(policy, other_nice_minus_1)
{ .attr = { .policy = SCHED_OTHER, }, .nice = -1, .priority = 19, };
FIXTURE_VARIANT_ADD(policy, other_nice_highest)
{ .attr = { .policy = SCHED_OTHER, }, .nice = 19, .priority = 39, };
FIXTURE_VARIANT_ADD(policy, batch)
{ .attr = { .policy = SCHED_BATCH, }, .nice = 3, .priority = 23, };
FIXTURE_VARIANT_ADD(policy, idle)
{ .attr = { .policy = SCHED_IDLE, }, .nice = 7, .priority = 27, };
FIXTURE_VARIANT_ADD(policy, fifo_1)
{ .attr = { .policy = SCHED_FIFO, .rt_priority = 1, }, .priority = -2, };
FIXTURE_VARIANT_ADD(policy, fifo_99)
{ .attr = { .policy = SCHED_FIFO, .rt_priority = 99, }, .priority = -100, };
FIXTURE_VARIANT_ADD(policy, rr_50)
{ .attr = { .policy = SCHED_RR, .rt_priority = 50, }, .priority = -51, };

FIXTURE_VARIANT_ADD(policy, rr_keeps_nice)
{
	.attr = { .policy = SCHED_RR, .rt_priority = 2, },
	.nice = 5,
	.priority = -3,
};

FIXTURE_VARIANT_ADD(policy, deadline)
{
	.attr = {
		.policy = SCHED_DEADLINE,
		.runtime = 1000000,
		.deadline = 100000000,
		.period = 100000000,
	},
	.priority = -101,
};

FIXTURE_VARIANT_ADD(policy, reset_on_fork)
{
	.attr = {
		.policy = SCHED_RR,
		.rt_priority = 4,
		.flags = FLAG_RESET_ON_FORK,
	},
	.priority = -5,
};

/* clang-format on */

FIXTURE_SETUP(policy)
{
	struct attr attr = variant->attr;
	int err;

	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	attr.nice = variant->nice;
	err = set_attr(self->subject.pid, &attr);
	if (err) {
		subject_kill(&self->subject);
		SKIP(return, "cannot set the policy: %s", strerror(-err));
	}
	ASSERT_EQ(0, setpriority(PRIO_PROCESS, self->subject.pid,
				 variant->nice));
}

FIXTURE_TEARDOWN(policy)
{
	subject_kill(&self->subject);
}

TEST_F(policy, is_that_of_proc)
{
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_sched(_metadata, &self->pair);
}

TEST_F(policy, is_the_one_set)
{
	struct xyzzy_task task;

	ASSERT_EQ(0, record_get(self->subject.pid, 0, XYZZY_SCHED, &task));
	EXPECT_EQ(variant->attr.policy, task.policy);
	EXPECT_EQ(variant->attr.rt_priority, task.rt_priority);
	EXPECT_EQ(variant->nice, task.nice);
	EXPECT_EQ(variant->priority, task.priority);
}

TEST_F(policy, is_that_of_system_calls)
{
	struct xyzzy_task task;
	struct attr attr;

	ASSERT_EQ(0, record_get(self->subject.pid, 0, XYZZY_SCHED, &task));
	ASSERT_EQ(0, get_attr(self->subject.pid, &attr));
	EXPECT_EQ(attr.policy, task.policy);
	EXPECT_EQ(attr.rt_priority, task.rt_priority);
	EXPECT_EQ(getpriority(PRIO_PROCESS, self->subject.pid), task.nice);
}

FIXTURE(sched)
{
	struct subject subject;
	struct pair pair;
	pid_t other;
};

FIXTURE_SETUP(sched)
{
	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
}

FIXTURE_TEARDOWN(sched)
{
	subject_kill(&self->subject);
	kill_child(self->other);
}

TEST_F(sched, thread_has_its_own_and_process_that_of_leader)
{
	pid_t tids[3];

	self->other = spawn_threads(tids, 3, false);
	ASSERT_LT(0, self->other);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, setpriority(PRIO_PROCESS, tids[i], i + 4));
		ASSERT_EQ(0, pair_take(&self->pair, self->other, tids[i]));
		expect_sched(_metadata, &self->pair);
		EXPECT_EQ(i + 4, self->pair.task.nice);
	}
	ASSERT_EQ(0, pair_take(&self->pair, self->other, 0));
	expect_sched(_metadata, &self->pair);
	EXPECT_EQ(getpriority(PRIO_PROCESS, 0), self->pair.task.nice);
}

/*
 * CPUs
 */
/* The lowest and the highest CPU there are for this process. */
static int cpu_range(int cpus[2])
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return -errno;
	cpus[0] = -1;
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &set))
			continue;
		if (cpus[0] < 0)
			cpus[0] = i;
		cpus[1] = i;
	}
	return 0;
}

TEST_F(sched, cpu_is_the_last_it_ran_on)
{
	int cpus[2];

	if (cpu_range(cpus))
		SKIP(return, "too many CPUs");
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, subject_start(&self->subject, move_to_cpu,
					   &cpus[i]));
		ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
		expect_sched(_metadata, &self->pair);
		EXPECT_EQ((__u32)cpus[i], self->pair.task.cpu);
		subject_kill(&self->subject);
	}
}

/*
 * oom_score_adj
 */
FIXTURE(oom)
{
	struct subject subject;
	struct pair pair;
};

FIXTURE_VARIANT(oom)
{
	int adj;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(oom, lowest) { .adj = -1000, };
FIXTURE_VARIANT_ADD(oom, minus_1) { .adj = -1, };
FIXTURE_VARIANT_ADD(oom, zero) { .adj = 0, };
FIXTURE_VARIANT_ADD(oom, some) { .adj = 123, };
FIXTURE_VARIANT_ADD(oom, highest) { .adj = 1000, };
/* clang-format on */

FIXTURE_SETUP(oom)
{
	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
}

FIXTURE_TEARDOWN(oom)
{
	subject_kill(&self->subject);
}

TEST_F(oom, score_adj_is_the_one_set)
{
	ASSERT_EQ(0, subject_start(&self->subject, set_oom_adj,
				   (void *)&variant->adj));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_sched(_metadata, &self->pair);
	EXPECT_EQ(variant->adj, self->pair.task.oom_score_adj);
}

TEST_HARNESS_MAIN
