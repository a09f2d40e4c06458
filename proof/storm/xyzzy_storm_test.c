// SPDX-License-Identifier: GPL-2.0
/*
 * Walks while processes start, exit and change in every possible way.
 *
 *   STORM_SECONDS=N	for N seconds instead of 30
 */
#include "kselftest_harness.h"
#include "record.h"
#include "storm_walkers.h"

#include <sys/resource.h>

#define DEFAULT_SECONDS 30
#define WARM_UP_SECONDS 2
/* In seconds; the harness has a limit of its own. */
#define NO_TIMEOUT 1000000

#define LOGLEVEL "/proc/sys/kernel/printk"

/* Counts that should be the same before and after. */
struct counts {
	long processes;
	long files;
	long kbytes;		/* The kernel's memory */
};

FIXTURE(storm)
{
	struct subject actors[NR_ACTORS];
	pid_t steady[NR_STEADY];
	struct scene *scene;
	struct walker *walkers;
	pid_t walker_pids[NR_WALKERS];
	bool has_oom;
};

/* Without kernel threads, which start and exit by themselves. */
static long count_processes(void)
{
	struct walk walk;
	long nr = 0;

	if (walk_all(&walk, -1, XYZZY_ID, 0, 100))
		return -1;
	for (size_t i = 0; i < walk.nr; i++)
		nr += !(walk.tasks[i].flags & PF_KTHREAD);
	walk_free(&walk);
	return nr;
}

static long number_after(const char *path, const char *key)
{
	char text[4096], *pos;

	read_text(path, text, sizeof(text));
	pos = strstr(text, key);
	return pos ? atol(pos + strlen(key)) : 0;
}

static struct counts take_counts(void)
{
	return (struct counts){
		.processes = count_processes(),
		.files = number_after("/proc/sys/fs/file-nr", ""),
		.kbytes = number_after("/proc/meminfo", "SUnreclaim:") +
			  number_after("/proc/meminfo", "KernelStack:") +
			  number_after("/proc/meminfo", "PageTables:"),
	};
}

/*
 * The allocator keeps some freed memory. A kernel with kmemleak has KASAN, which
 * keeps 1/32 of all memory in quarantine; other debugging adds to that.
 */
static long slack_kbytes(void)
{
	if (access("/sys/kernel/debug/kmemleak", F_OK))
		return 4096;
	return number_after("/proc/meminfo", "MemTotal:") / 16;
}

/*
 * Older kernels count files in steps of 32 on each CPU, so the sum before may be
 * too low by that much and the sum after too high.
 */
static long slack_files(void)
{
	long nr = take_counts().files;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	bool exact = take_counts().files == nr + 1;

	close_fd(fd);
	return exact ? 0 : 2 * 32 * sysconf(_SC_NPROCESSORS_CONF);
}

static bool are_back(const struct counts *before, const struct counts *after,
		     long slack)
{
	return after->processes == before->processes &&
	       after->files <= before->files + slack &&
	       after->kbytes <= before->kbytes + slack_kbytes();
}

/* Wait for what is freed with a delay. */
static struct counts wait_counts(const struct counts *before, long slack)
{
	struct counts after;

	for (int i = 0; i < 300; i++) {
		after = take_counts();
		if (are_back(before, &after, slack))
			break;
		usleep(100000);
	}
	return after;
}

static void start_storms(FIXTURE_DATA(storm) * self)
{
	for (size_t i = 0; i < NR_STORMS; i++) {
		pid_t pid = -1;

		if (!storms[i].needs_oom || self->has_oom)
			pid = storm_start(&storms[i]);
		self->scene->storms[i] = pid > 0 ? pid : 0;
	}
}

static void end_storms(FIXTURE_DATA(storm) * self)
{
	for (size_t i = 0; i < NR_STORMS; i++) {
		kill_child(self->scene->storms[i]);
		self->scene->storms[i] = 0;
	}
}

static void rage(FIXTURE_DATA(storm) * self, unsigned int seconds)
{
	/* Kernel threads need CPU time to free what is left. */
	setpriority(PRIO_PROCESS, 0, 19);
	start_storms(self);
	self->scene->stop = false;
	for (size_t i = 0; i < NR_WALKERS; i++)
		self->walker_pids[i] = walker_start(&self->walkers[i],
						    &walker_kinds[i],
						    self->scene);
	while (seconds)
		seconds = sleep(seconds);
}

/* The walkers first, as they look for the storms. */
static void calm(FIXTURE_DATA(storm) * self)
{
	self->scene->stop = true;
	for (size_t i = 0; i < NR_WALKERS; i++) {
		waitpid(self->walker_pids[i], NULL, 0);
		self->walker_pids[i] = 0;
		close_fd(self->walkers[i].procfd);
	}
	end_storms(self);
}

static int start_steady(pid_t *pids)
{
	for (int i = 0; i < NR_STEADY; i++) {
		pids[i] = spawn_blocked();
		if (pids[i] < 0)
			return -1;
	}
	return make_zombie(pids[0]) && stop_child(pids[1]) ? 0 : -1;
}

/* The record of a witness, checked against /proc. */
static int take_witness(struct witness *witness, pid_t pid, bool ptraceable)
{
	struct pair process, thread;
	int err = pair_take(&process, pid, 0) ?: pair_take(&thread, pid, pid);

	*witness = (struct witness){
		.pid = pid, .ptraceable = ptraceable,
		.task = process.task, .thread = thread.task,
	};
	witness->cmdline_len = proc_cmdline(pid, witness->cmdline,
					    sizeof(witness->cmdline));
	return err;
}

static int take_witnesses(FIXTURE_DATA(storm) * self)
{
	struct witness *witness = self->scene->witnesses;
	int err = 0;

	for (int i = 0; i < NR_ACTORS && !err; i++)
		err = take_witness(witness++, self->actors[i].pid,
				   actor_kinds[i].ptraceable);
	for (int i = 0; i < NR_STEADY && !err; i++)
		err = take_witness(witness++, self->steady[i], false);
	return err;
}

/*
 * The OOM killer prints a lot at the level of warnings, so show only errors.
 * Without it show all, because a stack of KCSAN is at that level, too.
 */
static void set_loglevel(FIXTURE_DATA(storm) * self, const char *level)
{
	if (self->has_oom)
		write_text(AT_FDCWD, LOGLEVEL, level);
}

FIXTURE_SETUP(storm)
{
	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	if (access("/proc/self/ns/pid", F_OK))
		SKIP(return, "needs PID namespaces");

	adopt_orphans();
	self->scene = share_memory(sizeof(*self->scene));
	self->walkers = share_memory(NR_WALKERS * sizeof(*self->walkers));
	self->has_oom = storm_oom_begin();
	set_loglevel(self, "4");
	ASSERT_TRUE(make_suid_file());
	ASSERT_EQ(0, actors_start(self->actors));
	ASSERT_EQ(0, start_steady(self->steady));
	ASSERT_EQ(0, take_witnesses(self));
}

FIXTURE_TEARDOWN(storm)
{
	if (!self->scene)
		return;
	kill_many(self->walker_pids, NR_WALKERS);
	end_storms(self);
	actors_kill(self->actors);
	kill_many(self->steady, NR_STEADY);
	reap_orphans();
	storm_oom_end();
	unlink(suid_path);
	set_loglevel(self, "5");
}

static void expect_walkers(struct __test_metadata *_metadata,
			   const struct walker *walkers)
{
	for (size_t i = 0; i < NR_WALKERS; i++) {
		const struct walker *walker = &walkers[i];

		TH_LOG("%s: %llu walks, %llu records", walker->kind->name,
		       walker->nr_walks, walker->nr_records);
		if (walker->kind->area_size)
			TH_LOG("%llu command lines, %llu more not available",
			       walker->nr_cmdlines, walker->nr_absent);
		EXPECT_LT(0ULL, walker->nr_walks);
		EXPECT_LE(walker->nr_absent, walker->nr_cmdlines);
		EXPECT_EQ(0ULL, walker->nr_wrong) {
			TH_LOG("first of them: %s", walker->first_wrong);
		}
	}
}

/* All storms have to be alive. */
static void expect_storms(struct __test_metadata *_metadata,
			  const struct scene *scene)
{
	for (size_t i = 0; i < NR_STORMS; i++) {
		if (!scene->storms[i] && storms[i].needs_oom) {
			TH_LOG("no memory cgroup, so no such kills");
			continue;
		}
		EXPECT_EQ(0, waitpid(scene->storms[i], NULL, WNOHANG)) {
			TH_LOG("ended: %s", storms[i].name);
		}
	}
}

static unsigned int seconds_from_env(void)
{
	const char *text = getenv("STORM_SECONDS");

	return text ? atoi(text) : DEFAULT_SECONDS;
}

TEST_F_TIMEOUT(storm, hides_no_witness_and_leaves_nothing, NO_TIMEOUT)
{
	struct counts before, after;
	long slack;

	rage(self, WARM_UP_SECONDS);
	calm(self);
	usleep(500000);
	before = take_counts();
	slack = slack_files();

	rage(self, seconds_from_env());
	expect_storms(_metadata, self->scene);
	calm(self);
	expect_walkers(_metadata, self->walkers);

	after = wait_counts(&before, slack);
	EXPECT_TRUE(are_back(&before, &after, slack));
	TH_LOG("before: %ld processes, %ld files, %ld kB; after: %ld, %ld, %ld",
	       before.processes, before.files, before.kbytes, after.processes,
	       after.files, after.kbytes);
}

int main(int argc, char **argv)
{
	return storm_main(argv[0]) ? 0 : test_harness_run(argc, argv);
}
