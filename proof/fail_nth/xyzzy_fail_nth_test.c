// SPDX-License-Identifier: GPL-2.0
/*
 * Failures inside of the kernel: in each kind of call the first thing that can
 * fail does so, then the second, and so on until the call gets through. Then all
 * allocations fail.
 */
#include "kselftest_harness.h"
#include "ns.h"
#include "record.h"
#include "../args.h"

/*
 * Fault injection: with N in /proc/self/task/TID/fail-nth, the Nth operation of
 * the thread that can fail does fail: an allocation from slabs or of pages, or a
 * copy from or to user memory.
 */
#define NO_FAIL_NTH "needs CONFIG_FAULT_INJECTION"
#define DEBUGFS "/sys/kernel/debug/"

/*
 * As these are, allocations that may sleep never fail. Those of a process with 1 in
 * make-it-fail always do; the filter comes before what it restricts.
 */
static const struct knob {
	const char *path;
	const char *value;
} knobs[] = {
	{ DEBUGFS "failslab/ignore-gfp-wait", "N" },
	{ DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N" },
	{ DEBUGFS "fail_page_alloc/min-order", "0" },
	{ DEBUGFS "failslab/verbose", "0" },
	{ DEBUGFS "fail_page_alloc/verbose", "0" },
	{ DEBUGFS "fail_usercopy/verbose", "0" },
	{ DEBUGFS "failslab/task-filter", "Y" },
	{ DEBUGFS "failslab/times", "-1" },
	{ DEBUGFS "failslab/probability", "100" },
	{ DEBUGFS "fail_page_alloc/task-filter", "Y" },
	{ DEBUGFS "fail_page_alloc/times", "-1" },
	{ DEBUGFS "fail_page_alloc/probability", "100" },
};

#define NR_KNOBS ARRAY_SIZE(knobs)

/* What the knobs were, to put them back; empty for one that is not there. */
struct knobs_before {
	char value[NR_KNOBS][16];
};

static void set_knobs(struct knobs_before *before)
{
	mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	for (size_t i = 0; i < NR_KNOBS; i++)
		if (read_text(knobs[i].path, before->value[i], 16) > 0)
			write_text(AT_FDCWD, knobs[i].path,
				   knobs[i].value);
}

static void reset_knobs(const struct knobs_before *before)
{
	for (size_t i = NR_KNOBS; i-- > 0;)
		if (before->value[i][0])
			write_text(AT_FDCWD, knobs[i].path, before->value[i]);
}

/* Can an allocation that may sleep be made to fail? */
static bool slab_fails(void)
{
	char value[16];

	return read_text(DEBUGFS "failslab/ignore-gfp-wait", value,
			 sizeof(value)) > 0 && value[0] == 'N';
}

static bool usercopy_fails(void)
{
	return !access(DEBUGFS "fail_usercopy", F_OK);
}

static int open_fail_nth(void)
{
	return open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
}

static bool set_fail_nth(int fd, unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	return pwrite(fd, text, len, 0) == len;
}

/*
 * Did what was to fail come, since set_fail_nth()? If not, the next thing that
 * fails may be this read, or the write that takes the order back.
 */
static bool has_failed(int fd)
{
	char text[16];
	ssize_t len = pread(fd, text, sizeof(text), 0);

	if (!set_fail_nth(fd, 0))
		set_fail_nth(fd, 0);
	return len > 0 && text[0] == '0';
}

/* More than a batch of the kernel's, so that failures hit a later one too. */
#define NR_THREADS 120
#define ROOM (NR_THREADS + 8)
#define BUF_SIZE (ROOM * 512)
#define POISON 0xa5
/*
 * The kernel's buffer for strings is as large as the area, up to a limit. Large
 * arguments are stored in parts.
 */
#define SMALL_AREA 4096
#define LARGE_AREA (256 * 1024)
#define LARGE_ARGS (100 * 1024)
/* Far more than there is to fail in one call. */
#define NTH_MAX 1000
/* Debugging allocates now and then, and shifts the numbers of what is to fail. */
#define ROUNDS 5

/* What is walked. */
enum target {
	TARGET_NONE,		/* Nothing: a probe */
	TARGET_PROCESS,
	TARGET_THREADS,		/* All those of the process */
	TARGET_PIDNS,		/* A PID namespace with two processes */
	TARGET_PROGRAM,		/* A process that has called execve() */
	TARGET_KTHREAD,
};

/* A call that is made again and again. */
struct failing {
	int nth_fd;
	char *buf;
	struct xyzzy_params params;
	unsigned int flags;
	struct area area;

	/* Its result without a failure. */
	long nr;
	pid_t pids[ROOM];

	/* What was seen of failures. */
	int nr_enomem;
	int nr_efault;
};

FIXTURE(fail)
{
	struct knobs_before before;
	struct pidns ns;
	pid_t tids[NR_THREADS];
	pid_t pid;
	int pidfd;
	struct failing call;
};

FIXTURE_VARIANT(fail)
{
	enum target target;
	__u32 stride;
	size_t area_size;	/* With strings, if not 0 */
};

FIXTURE_VARIANT_ADD(fail, probe) { TARGET_NONE, 384 };
FIXTURE_VARIANT_ADD(fail, process_narrow) { TARGET_PROCESS, 80 };
FIXTURE_VARIANT_ADD(fail, process) { TARGET_PROCESS, 384 };
FIXTURE_VARIANT_ADD(fail, process_wide) { TARGET_PROCESS, 512 };
FIXTURE_VARIANT_ADD(fail, threads_narrow) { TARGET_THREADS, 80 };
FIXTURE_VARIANT_ADD(fail, threads) { TARGET_THREADS, 384 };
FIXTURE_VARIANT_ADD(fail, threads_wide) { TARGET_THREADS, 512 };
FIXTURE_VARIANT_ADD(fail, pidns_narrow) { TARGET_PIDNS, 80 };
FIXTURE_VARIANT_ADD(fail, pidns) { TARGET_PIDNS, 384 };
FIXTURE_VARIANT_ADD(fail, pidns_wide) { TARGET_PIDNS, 512 };

FIXTURE_VARIANT_ADD(fail, process_strings) { TARGET_PROCESS, 424, SMALL_AREA };
FIXTURE_VARIANT_ADD(fail, threads_strings) { TARGET_THREADS, 512, SMALL_AREA };
FIXTURE_VARIANT_ADD(fail, pidns_strings) { TARGET_PIDNS, 424, SMALL_AREA };
FIXTURE_VARIANT_ADD(fail, program_strings) { TARGET_PROGRAM, 424, SMALL_AREA };
FIXTURE_VARIANT_ADD(fail, program_in_parts) { TARGET_PROGRAM, 424, LARGE_AREA };
FIXTURE_VARIANT_ADD(fail, kthread_strings) { TARGET_KTHREAD, 424, SMALL_AREA };

static bool is_kthread(pid_t pid)
{
	struct proc_dir dir = proc_dir(pid, 0);
	struct proc_stat stat;

	return !proc_stat(&dir, &stat) && stat.field[9] & PF_KTHREAD;
}

FIXTURE_SETUP(fail)
{
	struct failing *call = &self->call;
	pid_t target;

	call->nth_fd = -1;
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	call->nth_fd = open_fail_nth();
	if (call->nth_fd < 0)
		SKIP(return, NO_FAIL_NTH);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (variant->target == TARGET_PIDNS && spawn_pidns(&self->ns))
		SKIP(return, "needs PID namespaces");
	if (variant->target == TARGET_KTHREAD && !is_kthread(2))
		SKIP(return, "no kernel thread in sight");

	set_knobs(&self->before);
	if (variant->target == TARGET_PROGRAM)
		self->pid = spawn_large_program(LARGE_ARGS);
	else
		self->pid = spawn_threads(self->tids, NR_THREADS, false);
	ASSERT_GT(self->pid, 0);
	target = variant->target == TARGET_KTHREAD ? 2 : self->pid;
	self->pidfd = sys_pidfd_open(target, 0);
	ASSERT_GE(self->pidfd, 0);

	call->buf = map_before_guard(BUF_SIZE, GUARD_NONE);
	call->params = XYZZY_PARAMS(groups_within(variant->stride),
				    (void *)call->buf, ROOM);
	call->params.task_size = variant->stride;
	if (variant->area_size) {
		call->area = area_map(variant->area_size);
		area_use(&call->params, &call->area);
		call->params.mask |= XYZZY_STRINGS | XYZZY_DELAYS;
	}
	if (variant->target == TARGET_NONE)
		call->params.nr_tasks = 0;
	else if (variant->target == TARGET_PIDNS)
		call->params.procfd = self->ns.procfd;
	else
		call->params.pidfd = self->pidfd;
	if (variant->target == TARGET_THREADS)
		call->flags = XYZZY_THREADS;
}

FIXTURE_TEARDOWN(fail)
{
	if (self->call.nth_fd < 0)
		return;
	close(self->call.nth_fd);
	reset_knobs(&self->before);
	kill_child(self->pid);
	if (variant->target == TARGET_PIDNS)
		kill_pidns(&self->ns);
}

static __u32 pid_in(const struct failing *call, int i)
{
	char *where = call->buf + i * call->params.task_size;

	return ((struct xyzzy_task *)where)->pid;
}

/* Is each string where it has to be? */
static bool area_holds(const struct failing *call, long nr)
{
	struct xyzzy_task tasks[ROOM];

	for (long i = 0; i < nr && call->area.size; i++)
		memcpy(&tasks[i], call->buf + i * call->params.task_size,
		       sizeof(*tasks));
	return !call->area.size || strings_end(&call->area, tasks, nr) >= 0;
}

/* Do the records in the buffer stand for @pids, and is nothing behind them? */
static bool buf_holds(const struct failing *call, const pid_t *pids, long nr)
{
	const size_t end = nr * call->params.task_size;

	if (!area_holds(call, nr))
		return false;
	for (long i = 0; i < nr; i++)
		if (pid_in(call, i) != (__u32)pids[i])
			return false;
	return is_filled_with(call->buf + end, POISON, BUF_SIZE - end);
}

/* What an earlier call has stored would look like a result of the next one. */
static void poison(struct failing *call)
{
	memset(call->buf, POISON, BUF_SIZE);
	if (call->area.size)
		memset(call->area.bytes, POISON, call->area.size);
}

static long call_untouched(struct failing *call, struct xyzzy_params *params)
{
	poison(call);
	return xyzzy_call(params, call->flags);
}

/* The call without a failure: what others are held against. */
static void learn_result(struct __test_metadata *_metadata,
			 struct failing *call)
{
	struct xyzzy_params params = call->params;

	call->nr = call_untouched(call, &params);
	ASSERT_LE(0, call->nr);
	ASSERT_GT(ROOM, call->nr);
	for (int i = 0; i < call->nr; i++)
		call->pids[i] = pid_in(call, i);
}

/* From the cursor that a call left behind, the rest is to come and no more. */
static void expect_rest(struct __test_metadata *_metadata, struct failing *call,
			struct xyzzy_params *params, long nr)
{
	ASSERT_EQ(call->nr - nr, call_untouched(call, params));
	EXPECT_TRUE(buf_holds(call, call->pids + nr, call->nr - nr));
}

static void expect_error(struct __test_metadata *_metadata,
			 struct failing *call, struct xyzzy_params *params,
			 long err)
{
	call->nr_enomem += err == -ENOMEM;
	call->nr_efault += err == -EFAULT;
	EXPECT_TRUE(err == -ENOMEM || err == -EFAULT) {
		TH_LOG("error %ld", err);
	}
	/* Only supported may be written already. */
	params->supported = call->params.supported;
	EXPECT_EQ(0, memcmp(params, &call->params, sizeof(*params)));
}

static void expect_records(struct __test_metadata *_metadata,
			   struct failing *call, struct xyzzy_params *params,
			   long nr)
{
	/* 0 would mean that the walk is over. */
	EXPECT_LE(call->nr ? 1 : 0, nr);
	EXPECT_TRUE(buf_holds(call, call->pids, nr));
	expect_rest(_metadata, call, params, nr);
}

/* Returns false when there was nothing left to fail. */
static bool fail_once(struct __test_metadata *_metadata, struct failing *call,
		      int nth)
{
	struct xyzzy_params params = call->params;
	bool failed;
	long ret;

	poison(call);
	EXPECT_TRUE(set_fail_nth(call->nth_fd, nth));
	ret = xyzzy_call(&params, call->flags);
	failed = has_failed(call->nth_fd);
	if (ret < 0)
		expect_error(_metadata, call, &params, ret);
	else
		expect_records(_metadata, call, &params, ret);
	EXPECT_TRUE(failed || ret == call->nr);
	return failed;
}

static int fail_all(struct __test_metadata *_metadata, struct failing *call)
{
	int nth = 1;

	/*
	 * Once to the end, so that no page that this program touches for the
	 * first time is what fails.
	 */
	fail_once(_metadata, call, NTH_MAX);
	while (nth < NTH_MAX && fail_once(_metadata, call, nth))
		nth++;
	return nth - 1;
}

/*
 * Each thing that can fail did so in one round. When the copy of several records
 * does, they are copied one by one, which works then.
 */
static bool saw_all(const struct failing *call)
{
	/* The parameters, both of the results. */
	if (usercopy_fails() && call->nr_efault < (call->nr ? 3 : 2))
		return false;
	/*
	 * The records, and the IDs of threads. With strings, the records have
	 * a larger buffer, which can be allocated in another way if that fails.
	 */
	return !slab_fails() || !call->nr ||
	       call->nr_enomem >= !call->area.size +
				  !!(call->flags & XYZZY_THREADS);
}

TEST_F(fail, leaves_nothing_half_done)
{
	struct failing *call = &self->call;
	int nr_failures;

	learn_result(_metadata, call);
	for (int round = 0; round < ROUNDS; round++) {
		call->nr_enomem = 0;
		call->nr_efault = 0;
		nr_failures = fail_all(_metadata, call);
		EXPECT_GT(NTH_MAX - 1, nr_failures);
		TH_LOG("%d failures: %d ENOMEM, %d EFAULT", nr_failures,
		       call->nr_enomem, call->nr_efault);
		if (saw_all(call))
			break;
	}
	EXPECT_TRUE(saw_all(call));
}

TEST_F(fail, leaves_nothing_half_done_without_memory)
{
	struct failing *call = &self->call;
	struct xyzzy_params params = call->params;
	int fd = open("/proc/self/make-it-fail", O_WRONLY | O_CLOEXEC);
	long ret;

	ASSERT_LE(0, fd);
	if (!slab_fails())
		SKIP(return, "allocations cannot be made to fail");
	learn_result(_metadata, call);
	poison(call);
	ASSERT_EQ(1, write(fd, "1", 1));
	ret = xyzzy_call(&params, call->flags);
	ASSERT_EQ(1, write(fd, "0", 1));
	close(fd);
	ASSERT_EQ(call->nr ? -ENOMEM : 0, ret);
	if (ret)
		expect_error(_metadata, call, &params, ret);
	EXPECT_TRUE(is_filled_with(call->buf, POISON, BUF_SIZE));
}

/* File objects that are allocated, in all of the system. */
static long nr_files(void)
{
	char text[64];

	return read_text("/proc/sys/fs/file-nr", text, sizeof(text)) > 0 ?
	       atol(text) : -1;
}

/* Files go only when the kernel gets to it. */
static bool wait_nr_files(long nr)
{
	for (int i = 0; i < WAIT_TRIES; i++) {
		if (nr_files() <= nr)
			return true;
		usleep(1000);
	}
	return false;
}

/* Older kernels only estimate it. */
static bool nr_files_is_exact(void)
{
	long nr = nr_files();
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	bool exact = nr_files() == nr + 1;

	close_fd(fd);
	return exact;
}

TEST_F(fail, leaves_no_file_behind)
{
	long before;

	learn_result(_metadata, &self->call);
	before = nr_files();
	fail_all(_metadata, &self->call);
	EXPECT_TRUE(wait_nr_files(before)) {
		TH_LOG("%ld files before, %ld after", before, nr_files());
	}
	/* Its address space refers to its program. */
	if (variant->target != TARGET_PROGRAM || !nr_files_is_exact())
		return;
	kill_child(self->pid);
	self->pid = 0;
	EXPECT_TRUE(wait_nr_files(before - 1)) {
		TH_LOG("%ld files, %ld without the process", before,
		       nr_files());
	}
}

TEST_HARNESS_MAIN
