// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that keep calling execve() are in every walk, and each record is of
 * one program.
 *
 *   EXEC_SECONDS=N	for N seconds in all instead of 20
 */
#include "kselftest_harness.h"
#include "exec_looks.h"

#define DEFAULT_SECONDS 20
/* In seconds; the harness has a limit of its own. */
#define NO_TIMEOUT 1000000

/* The tests that share the time. */
#define NR_PARTS 18

static __u64 part_ms(void)
{
	const char *text = getenv("EXEC_SECONDS");
	int seconds = text ? atoi(text) : DEFAULT_SECONDS;

	return seconds * 1000ULL / NR_PARTS;
}

FIXTURE(exec)
{
	struct exec_load load;
	struct watcher *watcher;
	int procfd;
};

FIXTURE_VARIANT(exec)
{
	const char *hidepid;	/* Through such a procfs; NULL: without */
	bool root;		/* looks, or the one whose processes they are */
	bool by_thread;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(exec, no_procfs_root_leader)
{ .root = true, };
FIXTURE_VARIANT_ADD(exec, no_procfs_root_thread)
{ .root = true, .by_thread = true, };
FIXTURE_VARIANT_ADD(exec, no_procfs_owner_leader)
{ .root = false, };
FIXTURE_VARIANT_ADD(exec, no_procfs_owner_thread)
{ .by_thread = true, };
FIXTURE_VARIANT_ADD(exec, hidepid_0_root_leader)
{ .hidepid = "0", .root = true, };
FIXTURE_VARIANT_ADD(exec, hidepid_0_root_thread)
{ .hidepid = "0", .root = true, .by_thread = true, };
FIXTURE_VARIANT_ADD(exec, hidepid_0_owner_leader)
{ .hidepid = "0", };
FIXTURE_VARIANT_ADD(exec, hidepid_0_owner_thread)
{ .hidepid = "0", .by_thread = true, };
FIXTURE_VARIANT_ADD(exec, hidepid_2_root_leader)
{ .hidepid = "2", .root = true, };
FIXTURE_VARIANT_ADD(exec, hidepid_2_root_thread)
{ .hidepid = "2", .root = true, .by_thread = true, };
FIXTURE_VARIANT_ADD(exec, hidepid_2_owner_leader)
{ .hidepid = "2", };
FIXTURE_VARIANT_ADD(exec, hidepid_2_owner_thread)
{ .hidepid = "2", .by_thread = true, };
FIXTURE_VARIANT_ADD(exec, hidepid_4_root_leader)
{ .hidepid = "4", .root = true, };
FIXTURE_VARIANT_ADD(exec, hidepid_4_root_thread)
{ .hidepid = "4", .root = true, .by_thread = true, };
FIXTURE_VARIANT_ADD(exec, hidepid_4_owner_leader)
{ .hidepid = "4", };
FIXTURE_VARIANT_ADD(exec, hidepid_4_owner_thread)
{ .hidepid = "4", .by_thread = true, };

/* clang-format on */

static int start_watcher(FIXTURE_DATA(exec) * self, const char *hidepid,
			 bool root, bool by_thread)
{
	const struct caller user = ORDINARY_USER, none = { 0 };
	int err;

	if (hidepid) {
		self->procfd = open_procfs(hidepid);
		if (self->procfd < 0)
			return -errno;
	}
	err = exec_load_start(&self->load, by_thread);
	if (err)
		return err;
	self->watcher = watcher_make(root ? &none : &user, self->procfd,
				     &self->load);
	self->watcher->ms = part_ms();
	return 0;
}

FIXTURE_SETUP(exec)
{
	int err;

	self->procfd = -1;
	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	err = start_watcher(self, variant->hidepid, variant->root,
			    variant->by_thread);
	if (err == -EACCES)
		SKIP(return, "others than root cannot execute this program");
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN(exec)
{
	exec_load_stop(&self->load);
	close_fd(self->procfd);
}

static void log_tally(struct __test_metadata *_metadata,
		      FIXTURE_DATA(exec) * self)
{
	const struct tally *tally = &self->watcher->tally;

	TH_LOG("%lu looks, %lu records, %llu execs; longest: %llu us",
	       tally->looks, tally->records, exec_load_count(&self->load),
	       tally->longest_ns / 1000);
	TH_LOG("%lu command lines, %lu more are empty",
	       tally->cmdlines, tally->no_cmdlines);
	TH_LOG("%lu hidden, %lu errors, %lu torn; stat: %lu of %lu torn",
	       tally->hidden, tally->errors, tally->torn, tally->torn_stats,
	       tally->stats);
	if (tally->first[0])
		TH_LOG("first of them, after %llu ms: %s",
		       tally->first_ns / 1000000, tally->first);
}

TEST_F_TIMEOUT(exec, hides_no_process_and_tears_no_record, NO_TIMEOUT)
{
	const struct tally *tally = &self->watcher->tally;

	ASSERT_EQ(0, run_in_child(watch, self->watcher));
	log_tally(_metadata, self);
	EXPECT_TRUE(exec_load_lives(&self->load));
	EXPECT_LT(0UL, tally->records);
	if (have_strings())
		EXPECT_LT(0UL, tally->cmdlines);
	EXPECT_EQ(0UL, tally->hidden);
	EXPECT_EQ(0UL, tally->torn);
	EXPECT_EQ(0UL, tally->errors);
}

/*
 * The same with frequent signals, which must not make a call fail.
 */
FIXTURE(exec_signals)
{
	FIXTURE_DATA(exec) exec;
};

FIXTURE_VARIANT(exec_signals)
{
	int sa_flags;
};

FIXTURE_VARIANT_ADD(exec_signals, no_restart) { 0 };
FIXTURE_VARIANT_ADD(exec_signals, restart) { SA_RESTART };

FIXTURE_SETUP(exec_signals)
{
	int err;

	self->exec.procfd = -1;
	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	err = start_watcher(&self->exec, NULL, false, false);
	if (err == -EACCES)
		SKIP(return, "others than root cannot execute this program");
	ASSERT_EQ(0, err);
	self->exec.watcher->sa_flags = variant->sa_flags;
}

FIXTURE_TEARDOWN(exec_signals)
{
	exec_load_stop(&self->exec.load);
}

TEST_F_TIMEOUT(exec_signals, are_no_error_and_hide_no_process, NO_TIMEOUT)
{
	const struct tally *tally = &self->exec.watcher->tally;

	ASSERT_EQ(0, run_in_child(watch, self->exec.watcher));
	log_tally(_metadata, &self->exec);
	TH_LOG("%lu signals", tally->signals);
	EXPECT_LT(0UL, tally->signals);
	EXPECT_EQ(0UL, tally->hidden);
	EXPECT_EQ(0UL, tally->errors);
}

int main(int argc, char **argv)
{
	exec_load_main(argc, argv);
	return test_harness_run(argc, argv);
}
