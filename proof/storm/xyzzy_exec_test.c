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
	bool signals;		/* Frequent; they make no call fail */
	int sa_flags;
};

FIXTURE_VARIANT_ADD(exec, no_procfs_root_leader) { NULL, true, false };
FIXTURE_VARIANT_ADD(exec, no_procfs_root_thread) { NULL, true, true };
FIXTURE_VARIANT_ADD(exec, no_procfs_owner_leader) { NULL, false, false };
FIXTURE_VARIANT_ADD(exec, no_procfs_owner_thread) { NULL, false, true };
FIXTURE_VARIANT_ADD(exec, hidepid_0_root_leader) { "0", true, false };
FIXTURE_VARIANT_ADD(exec, hidepid_0_root_thread) { "0", true, true };
FIXTURE_VARIANT_ADD(exec, hidepid_0_owner_leader) { "0", false, false };
FIXTURE_VARIANT_ADD(exec, hidepid_0_owner_thread) { "0", false, true };
FIXTURE_VARIANT_ADD(exec, hidepid_2_root_leader) { "2", true, false };
FIXTURE_VARIANT_ADD(exec, hidepid_2_root_thread) { "2", true, true };
FIXTURE_VARIANT_ADD(exec, hidepid_2_owner_leader) { "2", false, false };
FIXTURE_VARIANT_ADD(exec, hidepid_2_owner_thread) { "2", false, true };
FIXTURE_VARIANT_ADD(exec, hidepid_4_root_leader) { "4", true, false };
FIXTURE_VARIANT_ADD(exec, hidepid_4_root_thread) { "4", true, true };
FIXTURE_VARIANT_ADD(exec, hidepid_4_owner_leader) { "4", false, false };
FIXTURE_VARIANT_ADD(exec, hidepid_4_owner_thread) { "4", false, true };
FIXTURE_VARIANT_ADD(exec, signals_no_restart) { NULL, false, false, true, 0 };
FIXTURE_VARIANT_ADD(exec, signals_restart)
	{ NULL, false, false, true, SA_RESTART };

FIXTURE_SETUP(exec)
{
	const struct caller user = ORDINARY_USER, none = { 0 };
	int err;

	self->procfd = -1;
	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	if (variant->hidepid) {
		self->procfd = open_procfs(variant->hidepid);
		ASSERT_LE(0, self->procfd);
	}
	err = exec_load_start(&self->load, variant->by_thread);
	if (err == -EACCES)
		SKIP(return, "others than root cannot execute this program");
	ASSERT_EQ(0, err);
	self->watcher = watcher_make(variant->root ? &none : &user,
				     self->procfd, &self->load);
	self->watcher->ms = part_ms();
	if (variant->signals)
		self->watcher->sa_flags = variant->sa_flags;
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
	TH_LOG("%lu command lines, %lu more are empty; %lu signals",
	       tally->cmdlines, tally->no_cmdlines, tally->signals);
	TH_LOG("%lu hidden, %lu errors, %lu torn",
	       tally->hidden, tally->errors, tally->torn);
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
	EXPECT_LT(0UL, tally->cmdlines);
	EXPECT_EQ(0UL, tally->hidden);
	EXPECT_EQ(0UL, tally->torn);
	EXPECT_EQ(0UL, tally->errors);
	if (variant->signals)
		EXPECT_LT(0UL, tally->signals);
}

int main(int argc, char **argv)
{
	exec_load_main(argc, argv);
	return test_harness_run(argc, argv);
}
