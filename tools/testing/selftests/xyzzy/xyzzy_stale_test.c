// SPDX-License-Identifier: GPL-2.0
/*
 * The fields of a group that is not filled are zero: they keep neither what was
 * there before the call nor what an earlier batch left there. The caller, USER,
 * sees all processes, but the I/O figures of only some of them; kernel threads
 * have no memory.
 */
#include "kselftest_harness.h"
#include "caller.h"
#include "record.h"

#define ROOM 10000
/* More than fit into one batch; their PIDs are higher than the actors'. */
#define NR_ROOTS 100

/* The call, and what it returned. */
struct answer {
	int procfd;
	__u64 mask;
	long ret;
	struct xyzzy_task tasks[ROOM];
};

FIXTURE(stale)
{
	struct subject actors[NR_ACTORS];
	pid_t roots[NR_ROOTS];
	struct answer *answer;
};

FIXTURE_VARIANT(stale)
{
	__u64 mask;
};

FIXTURE_VARIANT_ADD(stale, io) { .mask = XYZZY_IO };
FIXTURE_VARIANT_ADD(stale, mem) { .mask = XYZZY_MEM };
FIXTURE_VARIANT_ADD(stale, io_mem) { .mask = XYZZY_IO | XYZZY_MEM };
FIXTURE_VARIANT_ADD(stale, all) { .mask = XYZZY_ALL };

FIXTURE_SETUP(stale)
{
	memset(self->actors, -1, sizeof(self->actors));
	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	self->answer = share_memory(sizeof(*self->answer));
	self->answer->procfd = open_procfs("0");
	self->answer->mask = variant->mask;
	ASSERT_LE(0, self->answer->procfd);
	ASSERT_EQ(0, actors_start(self->actors));
	ASSERT_EQ(0, spawn_many(self->roots, NR_ROOTS));
}

FIXTURE_TEARDOWN(stale)
{
	actors_kill(self->actors);
	kill_many(self->roots, NR_ROOTS);
}

static int ask_as_user(void *arg)
{
	const struct caller caller = ORDINARY_USER;
	struct answer *answer = arg;
	struct xyzzy_params params = XYZZY_PARAMS(answer->mask, answer->tasks,
						  ROOM);

	params.procfd = answer->procfd;
	if (become(&caller))
		return 1;
	answer->ret = xyzzy_call(&params, 0);
	return 0;
}

TEST_F(stale, fields_of_groups_that_are_not_filled_are_zero)
{
	struct answer *answer = self->answer;
	int without = 0;

	ASSERT_EQ(0, run_in_child(ask_as_user, answer));
	if (answer->ret == ROOM)
		SKIP(return, TOO_MANY);
	ASSERT_LT(NR_ACTORS, answer->ret);
	for (long i = 0; i < answer->ret; i++) {
		expect_rest_zero(_metadata, &answer->tasks[i]);
		without += !!(variant->mask & ~answer->tasks[i].mask);
	}
	/* Some have the groups, some lack one. */
	EXPECT_LT(0, without);
	EXPECT_GT(answer->ret, without);
}

TEST_HARNESS_MAIN
