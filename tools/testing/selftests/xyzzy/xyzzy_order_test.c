// SPDX-License-Identifier: GPL-2.0
/*
 * The order of the checks: of two faults in one call the one that is checked
 * first gives the error. And what a call that fails leaves alone.
 */
#include "kselftest_harness.h"
#include "helpers.h"

#include <limits.h>
#include <stddef.h>

/* In the order of the checks. */
enum stage {
	STAGE_PARAMS,
	STAGE_SIZE,
	STAGE_FLAGS,
	STAGE_MASK,
	STAGE_TASK_SIZE,
	STAGE_PROCFD,
	STAGE_PIDFD,
	STAGE_WALK,
};

enum fault {
	PARAMS_CUT,		/* Readable up to pidfd */
	SIZE_SMALL,
	SIZE_WITH_TAIL,		/* A byte beyond the kernel's is not zero */
	SIZE_BEYOND_PAGE,
	FLAGS_UNKNOWN,
	MASK_UNKNOWN,
	TASK_SIZE_SMALL,
	PROCFD_CLOSED,
	PROCFD_NO_PROCFS,
	PIDFD_NO_PIDFD,
	PIDFD_REAPED,
	TASKS_PROTECTED,
	NR_FAULTS,
};

static const struct {
	const char *name;
	enum stage stage;
	int err;
} faults[NR_FAULTS] = {
	[PARAMS_CUT] =	     { "PARAMS_CUT", STAGE_PARAMS, -EFAULT },
	[SIZE_SMALL] =	     { "SIZE_SMALL", STAGE_SIZE, -EINVAL },
	[SIZE_WITH_TAIL] =   { "SIZE_WITH_TAIL", STAGE_SIZE, -E2BIG },
	[SIZE_BEYOND_PAGE] = { "SIZE_BEYOND_PAGE", STAGE_SIZE, -E2BIG },
	[FLAGS_UNKNOWN] =    { "FLAGS_UNKNOWN", STAGE_FLAGS, -EINVAL },
	[MASK_UNKNOWN] =     { "MASK_UNKNOWN", STAGE_MASK, -EINVAL },
	[TASK_SIZE_SMALL] =  { "TASK_SIZE_SMALL", STAGE_TASK_SIZE, -EINVAL },
	[PROCFD_CLOSED] =    { "PROCFD_CLOSED", STAGE_PROCFD, -EBADF },
	[PROCFD_NO_PROCFS] = { "PROCFD_NO_PROCFS", STAGE_PROCFD, -EINVAL },
	[PIDFD_NO_PIDFD] =   { "PIDFD_NO_PIDFD", STAGE_PIDFD, -EBADF },
	[PIDFD_REAPED] =     { "PIDFD_REAPED", STAGE_PIDFD, -ESRCH },
	[TASKS_PROTECTED] =  { "TASKS_PROTECTED", STAGE_WALK, -EFAULT },
};

/* What a program passes: the struct and, for SIZE_WITH_TAIL, more. */
struct image {
	struct xyzzy_params params;
	__u64 tail[4];
};

/* What the faults are made of, and the last call. */
struct caller {
	struct xyzzy_task *protected;
	int directory;
	int reaped;
	int closed;
	__u64 cursor;		/* After one record */
	struct xyzzy_task tasks[4];
	unsigned int flags;
	struct image *image;
	size_t readable;	/* Bytes of it */
	struct image before;	/* The image as it was passed */
};

FIXTURE(order)
{
	struct caller caller;
	struct xyzzy_task poison[4];
};

FIXTURE_VARIANT(order)
{
	enum fault first;
};

FIXTURE_VARIANT_ADD(order, params_cut) { PARAMS_CUT };
FIXTURE_VARIANT_ADD(order, size_small) { SIZE_SMALL };
FIXTURE_VARIANT_ADD(order, size_with_tail) { SIZE_WITH_TAIL };
FIXTURE_VARIANT_ADD(order, size_beyond_page) { SIZE_BEYOND_PAGE };
FIXTURE_VARIANT_ADD(order, flags_unknown) { FLAGS_UNKNOWN };
FIXTURE_VARIANT_ADD(order, mask_unknown) { MASK_UNKNOWN };
FIXTURE_VARIANT_ADD(order, task_size_small) { TASK_SIZE_SMALL };
FIXTURE_VARIANT_ADD(order, procfd_closed) { PROCFD_CLOSED };
FIXTURE_VARIANT_ADD(order, procfd_no_procfs) { PROCFD_NO_PROCFS };
FIXTURE_VARIANT_ADD(order, pidfd_no_pidfd) { PIDFD_NO_PIDFD };
FIXTURE_VARIANT_ADD(order, pidfd_reaped) { PIDFD_REAPED };
FIXTURE_VARIANT_ADD(order, tasks_protected) { TASKS_PROTECTED };

FIXTURE_SETUP(order)
{
	struct xyzzy_params params = XYZZY_PARAMS(0, self->caller.tasks, 1);

	if (!xyzzy_is_there())
		SKIP(return, NO_XYZZY);

	ASSERT_EQ(1, xyzzy_call(&params, 0));
	self->caller.cursor = params.cursor;
	memset(self->poison, 0x5a, sizeof(self->poison));
	memcpy(self->caller.tasks, self->poison, sizeof(self->caller.tasks));
	self->caller.protected = map_before_guard(0, GUARD_NONE);
	self->caller.directory = open("/", O_RDONLY | O_DIRECTORY);
	ASSERT_GE(self->caller.directory, 0);
	self->caller.reaped = reaped_pidfd();
	ASSERT_GE(self->caller.reaped, 0);
	self->caller.closed = closed_fd();
	ASSERT_GE(self->caller.closed, 0);
}

FIXTURE_TEARDOWN(order)
{
	close(self->caller.directory);
	close(self->caller.reaped);
}

static void add_fault(struct caller *caller, struct image *image,
		      enum fault fault)
{
	struct xyzzy_params *params = &image->params;

	switch (fault) {
	case PARAMS_CUT:
		caller->readable = offsetof(struct xyzzy_params, mask);
		break;
	case SIZE_SMALL:
		params->size = XYZZY_PARAMS_SIZE_VER0 - 1;
		break;
	case SIZE_WITH_TAIL:
		params->size = sizeof(*image);
		image->tail[3] = 1;
		break;
	case SIZE_BEYOND_PAGE:
		params->size = page_size() + 8;
		break;
	case FLAGS_UNKNOWN:
		caller->flags = 0x80000000;
		break;
	case MASK_UNKNOWN:
		params->mask |= 1ULL << 63;
		break;
	case TASK_SIZE_SMALL:
		params->task_size = XYZZY_TASK_SIZE_VER0 - 8;
		break;
	case PROCFD_CLOSED:
		params->procfd = caller->closed;
		break;
	case PROCFD_NO_PROCFS:
		params->procfd = caller->directory;
		break;
	case PIDFD_NO_PIDFD:
		params->pidfd = caller->directory;
		break;
	case PIDFD_REAPED:
		params->pidfd = caller->reaped;
		break;
	case TASKS_PROTECTED:
		params->tasks = caller->protected;
		break;
	default:
		break;
	}
}

/* Make a call with the faults of a set and keep what it leaves in params. */
static long call_with(struct caller *caller, unsigned int set,
		      size_t nr_tasks)
{
	struct image image = {
		.params = XYZZY_PARAMS(XYZZY_ALL, caller->tasks, nr_tasks),
	};

	image.params.cursor = caller->cursor;
	image.params.supported = 0x123456789abcdef0;
	caller->readable = sizeof(image);
	caller->flags = 0;
	for (int fault = 0; fault < NR_FAULTS; fault++)
		if (set & 1U << fault)
			add_fault(caller, &image, fault);
	caller->before = image;
	caller->image = map_before_guard(caller->readable, GUARD_NONE);
	memcpy(caller->image, &image, caller->readable);
	return xyzzy_call(&caller->image->params, caller->flags);
}

/* The faults that are checked for after @first. */
static unsigned int later_faults(enum fault first)
{
	unsigned int set = 0;

	for (int fault = 0; fault < NR_FAULTS; fault++)
		if (faults[fault].stage > faults[first].stage)
			set |= 1U << fault;
	/* These need no more than the size. */
	if (first == PARAMS_CUT)
		set &= ~(1U << SIZE_SMALL | 1U << SIZE_BEYOND_PAGE);
	return set;
}

TEST_F(order, fault_alone_gives_its_error)
{
	EXPECT_EQ(faults[variant->first].err,
		  call_with(&self->caller, 1U << variant->first, 4));
}

TEST_F(order, fault_wins_over_each_later_one)
{
	unsigned int later = later_faults(variant->first);

	for (int fault = 0; fault < NR_FAULTS; fault++) {
		unsigned int set = 1U << variant->first | 1U << fault;

		if (!(later & 1U << fault))
			continue;
		EXPECT_EQ(faults[variant->first].err,
			  call_with(&self->caller, set, 4)) {
			TH_LOG("%s before %s", faults[variant->first].name,
			       faults[fault].name);
		}
	}
}

TEST_F(order, fault_wins_over_all_later_ones_together)
{
	unsigned int set = 1U << variant->first | later_faults(variant->first);

	EXPECT_EQ(faults[variant->first].err, call_with(&self->caller, set, 4));
}

TEST_F(order, probe_finds_the_fault_too)
{
	long err = faults[variant->first].err;

	if (variant->first == TASKS_PROTECTED)
		err = 0;
	EXPECT_EQ(err, call_with(&self->caller, 1U << variant->first, 0));
}

TEST_F(order, failed_call_changes_nothing_but_size_on_e2big)
{
	struct caller *caller = &self->caller;

	ASSERT_GT(0, call_with(&self->caller, 1U << variant->first, 4));
	if (faults[variant->first].err == -E2BIG)
		caller->before.params.size = sizeof(struct xyzzy_params);
	EXPECT_EQ(0, memcmp(&caller->before, caller->image, caller->readable));
}

TEST_F(order, failed_call_stores_no_record)
{
	ASSERT_GT(0, call_with(&self->caller, 1U << variant->first, 4));
	EXPECT_EQ(0, memcmp(self->poison, self->caller.tasks,
			    sizeof(self->poison)));
}

TEST_HARNESS_MAIN
