// SPDX-License-Identifier: GPL-2.0
/*
 * The order of the checks: a call with several faults fails with the error of
 * the one that is checked first. What a call that fails leaves unchanged.
 */
#include "kselftest_harness.h"
#include "caller.h"

#include <limits.h>
#include <stddef.h>
#include <sys/stat.h>

#define POISON 0x5a

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
	PARAMS_CUT,		/* Not readable after pidfd */
	SIZE_SMALL,
	SIZE_WITH_TAIL,		/* A byte after the kernel's struct is not 0 */
	SIZE_BEYOND_PAGE,
	FLAGS_UNKNOWN,
	MASK_UNKNOWN,
	TASK_SIZE_SMALL,
	TASK_SIZE_CUTS_GROUP,
	PROCFD_CLOSED,
	PROCFD_PATH,
	PROCFD_NO_PROCFS,
	PROCFD_LOCKED,		/* The caller may not read the directory */
	PIDFD_NO_PIDFD,
	PIDFD_REAPED,
	TASKS_PROTECTED,
	NR_FAULTS,
};

#define FAULT(_fault, _stage, _err)					\
	[_fault] = { .name = #_fault, .stage = STAGE_##_stage, .err = -(_err) }

static const struct {
	const char *name;
	enum stage stage;
	int err;
} faults[NR_FAULTS] = {
	FAULT(PARAMS_CUT, PARAMS, EFAULT),
	FAULT(SIZE_SMALL, SIZE, EINVAL),
	FAULT(SIZE_WITH_TAIL, SIZE, E2BIG),
	FAULT(SIZE_BEYOND_PAGE, SIZE, E2BIG),
	FAULT(FLAGS_UNKNOWN, FLAGS, EINVAL),
	FAULT(MASK_UNKNOWN, MASK, EINVAL),
	FAULT(TASK_SIZE_SMALL, TASK_SIZE, EINVAL),
	FAULT(TASK_SIZE_CUTS_GROUP, TASK_SIZE, EINVAL),
	FAULT(PROCFD_CLOSED, PROCFD, EBADF),
	FAULT(PROCFD_PATH, PROCFD, EBADF),
	FAULT(PROCFD_NO_PROCFS, PROCFD, EINVAL),
	FAULT(PROCFD_LOCKED, PROCFD, EACCES),
	FAULT(PIDFD_NO_PIDFD, PIDFD, EBADF),
	FAULT(PIDFD_REAPED, PIDFD, ESRCH),
	FAULT(TASKS_PROTECTED, WALK, EFAULT),
};

/* What a call gets: the struct, and more for SIZE_WITH_TAIL. */
struct image {
	struct xyzzy_params params;
	__u64 tail[8];
};

/* What the faults need, and the last call. */
struct attempt {
	struct xyzzy_task *protected;
	int directory;
	int path;		/* Of a procfs */
	int locked;		/* A procfs, -1 if there is none */
	int reaped;
	int closed;
	__u64 cursor;		/* After one record */
	struct xyzzy_task tasks[4];
	struct image *image;
	size_t readable;	/* Bytes of it */
	struct image before;	/* The image before the call */
};

FIXTURE(order)
{
	struct attempt attempt;
	pid_t child;
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
FIXTURE_VARIANT_ADD(order, task_size_cuts_group) { TASK_SIZE_CUTS_GROUP };
FIXTURE_VARIANT_ADD(order, procfd_closed) { PROCFD_CLOSED };
FIXTURE_VARIANT_ADD(order, procfd_path) { PROCFD_PATH };
FIXTURE_VARIANT_ADD(order, procfd_no_procfs) { PROCFD_NO_PROCFS };
FIXTURE_VARIANT_ADD(order, procfd_locked) { PROCFD_LOCKED };
FIXTURE_VARIANT_ADD(order, pidfd_no_pidfd) { PIDFD_NO_PIDFD };
FIXTURE_VARIANT_ADD(order, pidfd_reaped) { PIDFD_REAPED };
FIXTURE_VARIANT_ADD(order, tasks_protected) { TASKS_PROTECTED };

/*
 * Open a procfs that only root may read, and become another user. Returns -1
 * without having changed anything if that is not possible.
 */
static int open_locked_procfs(void)
{
	int fd = geteuid() || !have_users() ? -1 : open_procfs(NULL);

	if (fd >= 0 && (fchmod(fd, 0) || setresuid(USER, USER, USER) ||
			prctl(PR_SET_DUMPABLE, 1))) {
		close(fd);
		return -1;
	}
	return fd;
}

FIXTURE_SETUP(order)
{
	struct attempt *attempt = &self->attempt;
	struct xyzzy_params params = XYZZY_PARAMS(0, attempt->tasks, 1);

	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);

	attempt->locked = open_locked_procfs();
	if (variant->first == PROCFD_LOCKED && attempt->locked < 0)
		SKIP(return, "cannot mount procfs and become another user");
	/* A process after the cursor. */
	self->child = spawn_sleeper();
	ASSERT_LT(0, self->child);
	ASSERT_EQ(1, xyzzy_call(&params, 0));
	attempt->cursor = params.cursor;
	memset(attempt->tasks, POISON, sizeof(attempt->tasks));
	attempt->protected = map_before_guard(0, GUARD_NONE);
	attempt->directory = open("/", O_RDONLY | O_DIRECTORY);
	attempt->path = open("/proc", O_PATH);
	attempt->reaped = reaped_pidfd();
	attempt->closed = closed_fd();
	ASSERT_LE(0, attempt->directory);
	ASSERT_LE(0, attempt->path);
	ASSERT_LE(0, attempt->reaped);
	ASSERT_LE(0, attempt->closed);
}

FIXTURE_TEARDOWN(order)
{
	kill_child(self->child);
}

/* Make a call with the faults of a set; the image keeps what it stores. */
static long call_with(struct attempt *attempt, unsigned int set,
		      size_t nr_tasks)
{
	struct image image = {
		.params = XYZZY_PARAMS(XYZZY_ALL, attempt->tasks, nr_tasks),
	};
	struct xyzzy_params *params = &image.params;
	unsigned int flags = 0;

	params->cursor = attempt->cursor;
	params->supported = 0x123456789abcdef0;
	attempt->readable = sizeof(image);
	if (set & 1U << PARAMS_CUT)
		attempt->readable = offsetof(struct xyzzy_params, mask);
	if (set & 1U << SIZE_SMALL)
		params->size = XYZZY_PARAMS_SIZE_VER0 - 1;
	if (set & 1U << SIZE_WITH_TAIL) {
		params->size = sizeof(image);
		image.tail[ARRAY_SIZE(image.tail) - 1] = 1;
	}
	if (set & 1U << SIZE_BEYOND_PAGE)
		params->size = page_size() + 8;
	if (set & 1U << FLAGS_UNKNOWN)
		flags = 0x80000000;
	if (set & 1U << MASK_UNKNOWN)
		params->mask |= 1ULL << 63;
	if (set & 1U << TASK_SIZE_SMALL)
		params->task_size = XYZZY_TASK_SIZE_ID - 8;
	if (set & 1U << TASK_SIZE_CUTS_GROUP)
		params->task_size = XYZZY_TASK_SIZE_VER0 - 8;
	if (set & 1U << PROCFD_CLOSED)
		params->procfd = attempt->closed;
	if (set & 1U << PROCFD_PATH)
		params->procfd = attempt->path;
	if (set & 1U << PROCFD_NO_PROCFS)
		params->procfd = attempt->directory;
	if (set & 1U << PROCFD_LOCKED)
		params->procfd = attempt->locked;
	if (set & 1U << PIDFD_NO_PIDFD)
		params->pidfd = attempt->directory;
	if (set & 1U << PIDFD_REAPED)
		params->pidfd = attempt->reaped;
	if (set & 1U << TASKS_PROTECTED)
		params->tasks = attempt->protected;
	attempt->before = image;
	attempt->image = map_before_guard(attempt->readable, GUARD_NONE);
	memcpy(attempt->image, &image, attempt->readable);
	return xyzzy_call(&attempt->image->params, flags);
}

/* The faults that are checked after @first. */
static unsigned int later_faults(enum fault first)
{
	unsigned int set = 0;

	for (int fault = 0; fault < NR_FAULTS; fault++)
		if (faults[fault].stage > faults[first].stage)
			set |= 1U << fault;
	/* The kernel reads the size first, alone. */
	if (first == PARAMS_CUT)
		set &= ~(1U << SIZE_SMALL | 1U << SIZE_BEYOND_PAGE);
	return set;
}

TEST_F(order, fault_alone_gives_its_error)
{
	EXPECT_EQ(faults[variant->first].err,
		  call_with(&self->attempt, 1U << variant->first, 4));
}

TEST_F(order, fault_wins_over_later_ones)
{
	unsigned int first = 1U << variant->first;
	unsigned int later = later_faults(variant->first);
	long err = faults[variant->first].err;

	for (int fault = 0; fault < NR_FAULTS; fault++) {
		if (!(later & 1U << fault))
			continue;
		EXPECT_EQ(err, call_with(&self->attempt, first | 1U << fault,
					 4))
			TH_LOG("%s before %s", faults[variant->first].name,
			       faults[fault].name);
	}
	EXPECT_EQ(err, call_with(&self->attempt, first | later, 4));
}

TEST_F(order, probe_finds_the_fault_too)
{
	long err = faults[variant->first].err;

	if (variant->first == TASKS_PROTECTED)
		err = 0;
	EXPECT_EQ(err, call_with(&self->attempt, 1U << variant->first, 0));
}

TEST_F(order, failed_call_changes_nothing_but_size_on_e2big)
{
	struct attempt *attempt = &self->attempt;

	ASSERT_GT(0, call_with(attempt, 1U << variant->first, 4));
	if (faults[variant->first].err == -E2BIG)
		attempt->before.params.size = kernel_params_size();
	EXPECT_EQ(0, memcmp(&attempt->before, attempt->image,
			    attempt->readable));
}

TEST_F(order, failed_call_stores_no_record)
{
	ASSERT_GT(0, call_with(&self->attempt, 1U << variant->first, 4));
	EXPECT_TRUE(is_filled_with(self->attempt.tasks, POISON,
				   sizeof(self->attempt.tasks)));
}

TEST_HARNESS_MAIN
