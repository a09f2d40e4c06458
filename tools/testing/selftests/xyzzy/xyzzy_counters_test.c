// SPDX-License-Identifier: GPL-2.0
/*
 * XYZZY_TIMES, XYZZY_FAULTS and XYZZY_IO: what the kernel counts for threads,
 * processes (also what their exited threads did), and children.
 */
#include "kselftest_harness.h"
#include "caller.h"
#include "record.h"
#include "use.h"

#include <linux/fs.h>

#define COUNTED (XYZZY_TIMES | XYZZY_FAULTS | XYZZY_IO)

/* Two ticks at least; on the clock of the task */
#define BURN_NS (25 * NSEC_PER_MSEC)
#define NR_SWITCHES 20
#define NR_MINOR 1000
#define NR_MAJOR 5
#define NR_READS 30
#define NR_WRITES 20
#define IO_SIZE 1000
#define DISK_SIZE (1024 * 1024)
#define DISK_READ (128 * 1024)
#define DISK_WRITTEN (256 * 1024)
#define DISK_DISCARDED (64 * 1024)

#define MAX_COUNTS 4

/*
 * Work that is counted. @who is RUSAGE_THREAD, or RUSAGE_SELF in a process of
 * one thread. Each of these returns 0 or -errno.
 */
static int use_cpu(int who)
{
	return burn(who, BURN_NS, BURN_NS) ? 0 : -EOPNOTSUPP;
}

/*
 * A child that helps with the work. It is not reaped after that, and thus does
 * not count.
 */
static pid_t spawn_helper(void (*help)(int fd), int fd)
{
	pid_t pid = fork_child();

	if (!pid)
		help(fd);
	return pid;
}

static void yield_forever(int fd)
{
	(void)fd;
	for (;;)
		sched_yield();
}

/* Voluntary switches by sleeping, others by yielding to another process. */
static int switch_context(int who)
{
	const struct timespec ts = { .tv_nsec = 1000 };
	struct rusage usage;
	pid_t helper;

	/* A sleep that is over before it begins is no switch. */
	do {
		nanosleep(&ts, NULL);
		getrusage(who, &usage);
	} while (usage.ru_nvcsw < NR_SWITCHES);
	if (pin_to_cpu(0))
		return -errno;
	helper = spawn_helper(yield_forever, -1);
	if (helper < 0)
		return -errno;
	do {
		sched_yield();
		getrusage(who, &usage);
	} while (usage.ru_nivcsw < NR_SWITCHES);
	kill(helper, SIGKILL);
	return 0;
}

static char *map_pages(int nr)
{
	char *map = mmap(NULL, nr * page_size(), PROT_READ | PROT_WRITE, ANON,
			 -1, 0);

	/* With huge pages, there would be fewer faults. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	return map == MAP_FAILED ? NULL : map;
}

static int touch_pages(char *map, int nr)
{
	for (int i = 0; i < nr; i++)
		map[i * page_size()] = 1;
	return munmap(map, nr * page_size()) ? -errno : 0;
}

static int fault_minor(int who)
{
	char *map = map_pages(NR_MINOR);

	(void)who;
	return map ? touch_pages(map, NR_MINOR) : -ENOMEM;
}

/*
 * Provide a page when asked for the third time: a fault is major if it was
 * retried, but a first retry with another lock does not count.
 */
static void provide_pages(int fd)
{
	struct uffdio_range range = { .len = page_size() };
	int err = 0;

	for (int i = 1; !err && (range.start = wait_for_fault(fd)); i++)
		err = i % 3 ? ioctl(fd, UFFDIO_WAKE, &range) :
			      provide_page(fd, range.start);
	_exit(EXIT_FAILURE);
}

static int fault_major(int who)
{
	char *map = map_pages(NR_MAJOR);
	int fd = open_uffd(map, NR_MAJOR * page_size()), err;
	pid_t helper;

	(void)who;
	if (fd < 0)
		return fd;
	helper = spawn_helper(provide_pages, fd);
	if (helper < 0)
		return -errno;
	err = touch_pages(map, NR_MAJOR);
	kill(helper, SIGKILL);
	close(fd);
	return err;
}

static int read_and_write(int who)
{
	char buf[IO_SIZE] = "";
	int null = open("/dev/null", O_WRONLY);
	int zero = open("/dev/zero", O_RDONLY);
	int err = null < 0 || zero < 0 ? -errno : 0;

	(void)who;
	for (int i = 0; !err && i < NR_READS; i++)
		if (read(zero, buf, IO_SIZE) != IO_SIZE)
			err = -EIO;
	for (int i = 0; !err && i < NR_WRITES; i++)
		if (write(null, buf, IO_SIZE) != IO_SIZE)
			err = -EIO;
	close_fd(null);
	close_fd(zero);
	return err;
}

static struct disk disk = { .fd = -1 };

/* Read a part of the disk, write to another one, and discard some of that. */
static int use_disk(int who)
{
	__u64 range[2] = { DISK_SIZE / 2, DISK_DISCARDED };
	static char buf[DISK_WRITTEN];

	(void)who;
	if (pread(disk.fd, buf, DISK_READ, 0) != DISK_READ ||
	    pwrite(disk.fd, buf, DISK_WRITTEN, range[0]) != DISK_WRITTEN ||
	    ioctl(disk.fd, BLKDISCARD, range))
		return -errno;
	return 0;
}

/*
 * The counts as the process itself can read them, in the form of a record: from
 * getrusage() for @who, and from the file io.
 */
static void read_counts(int who, struct xyzzy_task *counts)
{
	struct proc_dir dir = { .path = "/proc/self" };
	struct proc_snap snap;
	struct rusage usage;

	getrusage(who, &usage);
	proc_io(&dir, &snap.io);
	*counts = (struct xyzzy_task){
		.utime = tv_ns(&usage.ru_utime),
		.stime = tv_ns(&usage.ru_stime),
		.nvcsw = usage.ru_nvcsw,
		.nivcsw = usage.ru_nivcsw,
		.min_flt = usage.ru_minflt,
		.maj_flt = usage.ru_majflt,
		.rchar = proc_value(&snap, "io rchar"),
		.wchar = proc_value(&snap, "io wchar"),
		.syscr = proc_value(&snap, "io syscr"),
		.syscw = proc_value(&snap, "io syscw"),
		.read_bytes = proc_value(&snap, "io read_bytes"),
		.write_bytes = proc_value(&snap, "io write_bytes"),
		.cancelled_write_bytes =
			proc_value(&snap, "io cancelled_write_bytes"),
	};
}

/* What a subject does, and what it shares with the test */
struct job {
	int (*work)(int who);
	struct xyzzy_task before;	/* Its counts before it sleeps */
	struct xyzzy_task after;	/* After that */
	struct xyzzy_task children;
	pid_t tid;
	int nr_done;
};

FIXTURE(counters)
{
	struct subject subject;
	struct pair pair;
	struct job *job;
};

FIXTURE_VARIANT(counters)
{
	int (*work)(int who);
	/* Where each kind of work is counted: fields of a record */
	struct count {
		size_t field;
		size_t children;	/* 0: they have no field */
		__u64 least;		/* that the work is counted as */
		__u64 less_than;	/* 0: any number */
	} counts[MAX_COUNTS + 1];
	/* What is missing if the work fails with -EOPNOTSUPP */
	const char *missing;
	/* In ns, of getrusage() */
	__u64 imprecision;
	/*
	 * Of a process that has had several threads, the kernel knows the sum
	 * of all counts and estimates the parts.
	 */
	bool estimated;
};

FIXTURE_VARIANT_ADD(counters, cpu_times)
{
	.work = use_cpu,
	.counts = {
		{ UP_TO(utime), UP_TO(cutime), BURN_NS },
		{ UP_TO(stime), UP_TO(cstime), BURN_NS },
	},
	.missing = "user and system time are not told apart",
	.imprecision = NSEC_PER_USEC - 1,
	.estimated = true,
};

FIXTURE_VARIANT_ADD(counters, context_switches)
{
	.work = switch_context,
	.counts = {
		{ UP_TO(nvcsw), 0, NR_SWITCHES },
		{ UP_TO(nivcsw), 0, NR_SWITCHES },
	},
};

FIXTURE_VARIANT_ADD(counters, minor_faults)
{
	.work = fault_minor,
	.counts = {
		{ UP_TO(min_flt), UP_TO(cmin_flt), NR_MINOR },
		{ UP_TO(maj_flt), UP_TO(cmaj_flt), 0 },
	},
};

FIXTURE_VARIANT_ADD(counters, major_faults)
{
	.work = fault_major,
	.counts = {
		{ UP_TO(min_flt), UP_TO(cmin_flt), 0 },
		{ UP_TO(maj_flt), UP_TO(cmaj_flt), NR_MAJOR },
	},
	.missing = "no userfaultfd()",
};

FIXTURE_VARIANT_ADD(counters, io)
{
	.work = read_and_write,
	.counts = {
		{ UP_TO(rchar), 0, NR_READS * IO_SIZE },
		{ UP_TO(wchar), 0, NR_WRITES * IO_SIZE },
		{ UP_TO(syscr), 0, NR_READS },
		{ UP_TO(syscw), 0, NR_WRITES },
	},
};

FIXTURE_VARIANT_ADD(counters, disk_io)
{
	.work = use_disk,
	.counts = {
		{ UP_TO(read_bytes), 0, DISK_READ },
		{ UP_TO(write_bytes), 0, DISK_WRITTEN },
		{ UP_TO(cancelled_write_bytes), 0, DISK_DISCARDED,
		  DISK_WRITTEN },
	},
};

static bool counts_io(const FIXTURE_VARIANT(counters) * variant)
{
	return variant->counts[0].field >= UP_TO(rchar);
}

FIXTURE_SETUP(counters)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	memset(&self->subject, -1, sizeof(self->subject));
	if (variant->missing && variant->work(RUSAGE_SELF) == -EOPNOTSUPP)
		SKIP(return, "%s", variant->missing);
	if (counts_io(variant) && !have_io())
		SKIP(return, NO_IO);
	if (variant->work == use_disk && geteuid())
		SKIP(return, NO_ROOT);
	if (variant->work == use_disk && disk_open(&disk, DISK_SIZE))
		SKIP(return, "no loop devices");
	adopt_orphans();
	self->job = share_memory(sizeof(*self->job));
	self->job->work = variant->work;
}

FIXTURE_TEARDOWN(counters)
{
	subject_kill(&self->subject);
	reap_orphans();
	disk_close(&disk);
}

static __u64 value(const struct xyzzy_task *task, size_t field)
{
	return *(const __u64 *)((const char *)task + field);
}

/* @task has done the work. */
static void expect_work(struct __test_metadata *_metadata,
			const FIXTURE_VARIANT(counters) * variant,
			const struct xyzzy_task *task)
{
	for (const struct count *c = variant->counts; c->field; c++) {
		EXPECT_LE(c->least, value(task, c->field));
		if (c->less_than)
			EXPECT_GT(c->less_than, value(task, c->field));
	}
}

/* @task counts children apart: those in @children, or none if that is NULL. */
static void expect_children(struct __test_metadata *_metadata,
			    const FIXTURE_VARIANT(counters) * variant,
			    const struct xyzzy_task *task,
			    const struct xyzzy_task *children)
{
	for (const struct count *c = variant->counts; c->field; c++) {
		__u64 seen = value(task, c->children), known;

		if (c->children && !children) {
			EXPECT_EQ(0ULL, seen);
		} else if (c->children) {
			known = value(children, c->field);
			EXPECT_LE(c->least, seen);
			EXPECT_LE(known, seen);
			EXPECT_GE(known + variant->imprecision, seen);
		}
	}
}

static void expect_between(struct __test_metadata *_metadata,
			   const FIXTURE_VARIANT(counters) * variant,
			   const struct xyzzy_task *before,
			   const struct xyzzy_task *task,
			   const struct xyzzy_task *after)
{
	for (const struct count *c = variant->counts; c->field; c++) {
		__u64 seen = value(task, c->field);

		EXPECT_LE(value(before, c->field), seen);
		EXPECT_GE(value(after, c->field) + variant->imprecision,
			  seen);
	}
}

/* Add the counts of @task to @sums; to the first one if they are estimates. */
static void add_counts(const FIXTURE_VARIANT(counters) * variant,
		       const struct xyzzy_task *task, __u64 *sums)
{
	for (const struct count *c = variant->counts; c->field; c++) {
		*sums += value(task, c->field);
		sums += !variant->estimated;
	}
}

static void read_after(void *arg)
{
	struct job *job = arg;

	read_counts(RUSAGE_SELF, &job->after);
}

static int work_alone(void *arg)
{
	struct job *job = arg;
	int err = job->work(RUSAGE_SELF);

	read_counts(RUSAGE_SELF, &job->before);
	return err;
}

TEST_F(counters, process_of_one_thread)
{
	const struct xyzzy_task *task;

	ASSERT_EQ(0, subject_start_after(&self->subject, work_alone, read_after,
					 self->job));
	task = COMPARE(self->subject.pid, 0, COUNTED | SWITCHES);
	expect_work(_metadata, variant, task);
	expect_children(_metadata, variant, task, NULL);
	ASSERT_TRUE(subject_end(&self->subject));
	expect_between(_metadata, variant, &self->job->before, task,
		       &self->job->after);
}

TEST_F(counters, zombie)
{
	ASSERT_EQ(0, subject_start(&self->subject, work_alone, self->job));
	ASSERT_TRUE(make_zombie(self->subject.pid));
	expect_work(_metadata, variant,
		    COMPARE(self->subject.pid, 0, COUNTED | SWITCHES));
}

static int work_in_thread(void *arg)
{
	const struct job *job = arg;

	return job->work(RUSAGE_THREAD);
}

static void *work_and_exit(void *arg)
{
	return work_in_thread(arg) ? arg : NULL;
}

static int work_in_exited_thread(void *arg)
{
	struct job *job = arg;
	pthread_t thread;
	void *failed;

	if (pthread_create(&thread, NULL, work_and_exit, arg) ||
	    pthread_join(thread, &failed))
		return -EAGAIN;
	read_counts(RUSAGE_SELF, &job->before);
	return failed ? -EIO : 0;
}

TEST_F(counters, exited_threads_count_for_the_process)
{
	__u64 least[MAX_COUNTS] = { 0 }, seen[MAX_COUNTS] = { 0 };
	const struct xyzzy_task *task;
	__u64 *sum = least;
	pid_t pid;

	ASSERT_EQ(0, subject_start_after(&self->subject, work_in_exited_thread,
					 read_after, self->job));
	pid = self->subject.pid;
	task = COMPARE(pid, pid, COUNTED | SWITCHES);
	add_counts(variant, task, least);
	for (const struct count *c = variant->counts; c->field; c++) {
		*sum += c->least;
		sum += !variant->estimated;
	}
	COMPARE(pid, 0, COUNTED);
	add_counts(variant, task, seen);
	for (int i = 0; i < MAX_COUNTS; i++)
		EXPECT_LE(least[i], seen[i]);
	ASSERT_TRUE(subject_end(&self->subject));
	expect_between(_metadata, variant, &self->job->before, task,
		       &self->job->after);
}

static int work_in_live_thread(void *arg)
{
	struct job *job = arg;

	job->tid = start_thread(work_in_thread, job);
	return job->tid < 0 ? job->tid : 0;
}

TEST_F(counters, live_threads_are_summed_up)
{
	__u64 threads[MAX_COUNTS] = { 0 }, process[MAX_COUNTS] = { 0 };
	const struct xyzzy_task *task;
	pid_t pid;

	ASSERT_EQ(0, subject_start(&self->subject, work_in_live_thread,
				   self->job));
	pid = self->subject.pid;
	task = COMPARE(pid, self->job->tid, COUNTED | SWITCHES);
	expect_work(_metadata, variant, task);
	add_counts(variant, task, threads);
	COMPARE(pid, pid, COUNTED | SWITCHES);
	add_counts(variant, task, threads);
	COMPARE(pid, 0, COUNTED);
	add_counts(variant, task, process);
	for (int i = 0; i < MAX_COUNTS; i++)
		EXPECT_EQ(threads[i], process[i]);
}

static int work_in_child(void *arg)
{
	struct job *job = arg;
	pid_t pid = fork_child();
	int status;

	if (!pid)
		_exit(-job->work(RUSAGE_SELF));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	read_counts(RUSAGE_CHILDREN, &job->children);
	return -WEXITSTATUS(status);
}

TEST_F(counters, children_count_once_waited_for)
{
	const struct xyzzy_task *task;
	pid_t pid;

	ASSERT_EQ(0, subject_start(&self->subject, work_in_child, self->job));
	pid = self->subject.pid;
	task = COMPARE(pid, 0, COUNTED | SWITCHES);
	expect_children(_metadata, variant, task, &self->job->children);
	/* In the file io, they count as the process itself. */
	if (counts_io(variant))
		expect_work(_metadata, variant, task);
	/* All threads of the process show its children. */
	COMPARE(pid, pid, COUNTED | SWITCHES);
	expect_children(_metadata, variant, task, &self->job->children);
}

static int work_in_zombie(void *arg)
{
	struct job *job = arg;
	siginfo_t info;
	pid_t pid = fork_child();

	if (!pid)
		_exit(-job->work(RUSAGE_SELF));
	if (pid < 0 || waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		return -ECHILD;
	return -info.si_status;
}

TEST_F(counters, children_do_not_count_before)
{
	const struct xyzzy_task *task;

	ASSERT_EQ(0, subject_start(&self->subject, work_in_zombie, self->job));
	task = COMPARE(self->subject.pid, 0, COUNTED | SWITCHES);
	expect_children(_metadata, variant, task, NULL);
	for (const struct count *c = variant->counts; c->field; c++) {
		if (counts_io(variant))
			EXPECT_GT(c->least, value(task, c->field));
	}
}

TEST_F(counters, caller_is_between_before_and_after)
{
	struct xyzzy_task before, task, after;

	ASSERT_EQ(0, variant->work(RUSAGE_SELF));
	read_counts(RUSAGE_SELF, &before);
	ASSERT_EQ(0, record_get(getpid(), 0, COUNTED, &task));
	read_counts(RUSAGE_SELF, &after);
	expect_between(_metadata, variant, &before, &task, &after);
}

RECORD_FIXTURE(process)

TEST_F(process, has_few_faults_if_it_does_nothing)
{
	const struct xyzzy_task *task;

	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	task = COMPARE(self->subject.pid, 0, XYZZY_FAULTS);
	EXPECT_GT(1000ULL, task->min_flt);
}

/*
 * A process with more threads than the kernel may want to sum up in one go
 */
#define NR_CROWD 300
#define CROWD_READ (NR_CROWD * NR_READS * IO_SIZE)

RECORD_FIXTURE(crowd)

static int be_user(void *arg)
{
	(void)arg;
	return setresgid(USER, USER, USER) || setresuid(USER, USER, USER) ||
	       prctl(PR_SET_DUMPABLE, 1) ? -errno : 0;
}

static void *work_and_stay(void *arg)
{
	struct job *job = arg;

	if (job->work(RUSAGE_THREAD))
		_exit(EXIT_FAILURE);
	__atomic_add_fetch(&job->nr_done, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
	return NULL;
}

/* The address space of a 32-bit program has no room for many large stacks. */
static int start_crowd(void *arg)
{
	struct job *job = arg;
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	if (pthread_attr_setstacksize(&attr, 256 * 1024))
		return -EINVAL;
	for (int i = 0; i < NR_CROWD; i++)
		if (pthread_create(&thread, &attr, work_and_stay, arg))
			return -EAGAIN;
	while (__atomic_load_n(&job->nr_done, __ATOMIC_ACQUIRE) < NR_CROWD)
		usleep(1000);
	return 0;
}

static int crowd_start(struct subject *subject, int (*make)(void *arg))
{
	struct job *job = share_memory(sizeof(*job));

	job->work = read_and_write;
	return subject_start(subject, make, job);
}

TEST_F(crowd, is_summed_up)
{
	const struct xyzzy_task *task;

	if (!have_io())
		SKIP(return, NO_IO);
	ASSERT_EQ(0, crowd_start(&self->subject, start_crowd));
	task = COMPARE(self->subject.pid, 0, XYZZY_IO | XYZZY_FAULTS);
	EXPECT_LE(CROWD_READ, task->rchar);
}

TEST_F(crowd, does_not_disturb_a_walk)
{
	const struct xyzzy_task *task;
	struct walk walk;

	if (!have_io())
		SKIP(return, NO_IO);
	ASSERT_EQ(0, crowd_start(&self->subject, start_crowd));
	ASSERT_EQ(0, walk_all(&walk, -1, XYZZY_ID | XYZZY_IO, 0, 64));
	EXPECT_EQ(1, walk_count(&walk, self->subject.pid));
	task = walk_find(&walk, self->subject.pid);
	ASSERT_TRUE(!!task);
	EXPECT_EQ(NR_CROWD + 1U, task->nr_threads);
	EXPECT_LE(CROWD_READ, task->rchar);
	task = walk_find(&walk, getpid());
	ASSERT_TRUE(!!task);
	EXPECT_TRUE(record_has(task, XYZZY_IO));
	walk_free(&walk);
}

/* Who may see a process may not always see its I/O. */
TEST_F(crowd, io_is_hidden_from_other_users)
{
	int procfd = open_procfs("0");
	struct xyzzy_task task = { 0 };

	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	ASSERT_EQ(0, crowd_start(&self->subject, start_crowd));
	ASSERT_EQ(0, seteuid(USER));
	EXPECT_EQ(1, xyzzy_pidfd(procfd, self->subject.pidfd, XYZZY_ALL, 0,
				 &task, 1));
	ASSERT_EQ(0, seteuid(0));
	EXPECT_TRUE(record_has(&task, XYZZY_TIMES | XYZZY_FAULTS));
	EXPECT_FALSE(record_has(&task, XYZZY_IO));
	expect_rest_zero(_metadata, &task);
}

/* Call as USER, for the processes from @cursor on that USER may see. */
static long call_as_user(struct xyzzy_params *params, pid_t cursor)
{
	long ret;

	params->cursor = cursor;
	if (setegid(USER) || seteuid(USER))
		return -errno;
	ret = xyzzy_call(params, 0);
	return seteuid(0) || setegid(0) ? -errno : ret;
}

TEST_F(crowd, does_not_disturb_its_neighbors_where_it_is_hidden)
{
	struct xyzzy_task tasks[3] = { 0 };
	struct xyzzy_params params = XYZZY_PARAMS(XYZZY_ALL, tasks, 3);
	struct subject before, after;	/* The lower and the higher PID */

	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	if (!have_io())
		SKIP(return, NO_IO);
	avoid_wrap(NR_CROWD + 10);
	ASSERT_EQ(0, subject_start(&before, be_user, NULL));
	ASSERT_EQ(0, crowd_start(&self->subject, start_crowd));
	/* This process sees itself, and has to come before the others */
	if (before.pid < getpid()) {
		subject_kill(&before);
		SKIP(return, "the IDs have wrapped around");
	}
	EXPECT_EQ(0, call_as_user(&params, self->subject.pid));
	EXPECT_EQ(1, call_as_user(&params, before.pid));
	EXPECT_EQ((__u32)before.pid, tasks[0].pid);
	EXPECT_TRUE(record_has(&tasks[0], XYZZY_IO));

	ASSERT_EQ(0, subject_start(&after, be_user, NULL));
	EXPECT_EQ(1, call_as_user(&params, self->subject.pid));
	EXPECT_EQ((__u32)after.pid, tasks[0].pid);
	EXPECT_TRUE(record_has(&tasks[0], XYZZY_IO));
	subject_kill(&before);
	subject_kill(&after);
}

static void *start_and_join_forever(void *arg)
{
	pthread_t thread;

	while (!pthread_create(&thread, NULL, work_and_exit, arg))
		pthread_join(thread, NULL);
	_exit(EXIT_FAILURE);
}

static int start_changing_crowd(void *arg)
{
	pthread_t thread;

	return start_crowd(arg) ?:
	       -pthread_create(&thread, NULL, start_and_join_forever, arg);
}

/* The counts of an exiting thread move to the process, all at once. */
TEST_F(crowd, sums_do_not_fall_while_threads_exit)
{
	__u64 limit = now_ns() + 20 * NSEC_PER_SEC;
	struct xyzzy_task last = { 0 }, task;

	if (!have_io())
		SKIP(return, NO_IO);
	ASSERT_EQ(0, crowd_start(&self->subject, start_changing_crowd));
	/* Until threads have come and gone */
	for (int i = 0; i < 1000 || (last.rchar <= CROWD_READ &&
				     now_ns() < limit); i++) {
		ASSERT_EQ(0, record_get(self->subject.pid, 0, XYZZY_ALL,
					&task));
		EXPECT_LE(last.rchar, task.rchar);
		EXPECT_LE(last.syscw, task.syscw);
		EXPECT_LE(last.min_flt, task.min_flt);
		EXPECT_LE(last.nvcsw, task.nvcsw);
		last = task;
	}
	EXPECT_LT(CROWD_READ, last.rchar);
}

TEST_HARNESS_MAIN
