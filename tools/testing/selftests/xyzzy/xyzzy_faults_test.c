// SPDX-License-Identifier: GPL-2.0
/*
 * XYZZY_FAULTS: page faults of processes, of threads, of exited threads and of
 * children. Major ones come from userfaultfd(2).
 */
#include "kselftest_harness.h"
#include "record.h"

#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#define MINOR 50
#define MAJOR 5

/* What the subject does, and what it shares with the test. */
struct job {
	int minor;
	int major;
	pid_t tid;
	struct rusage children;
};

FIXTURE(faults)
{
	struct subject subject;
	struct job *job;
	struct pair pair;
};

FIXTURE_SETUP(faults)
{
	memset(&self->subject, -1, sizeof(self->subject));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	adopt_orphans();
	self->job = share_memory(sizeof(*self->job));
	self->job->minor = MINOR;
}

FIXTURE_TEARDOWN(faults)
{
	subject_kill(&self->subject);
	reap_orphans();
}

static char *map_pages(int nr)
{
	size_t size = nr * page_size();
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

static int fault_minor(int nr)
{
	char *map = map_pages(nr);

	if (!map)
		return -ENOMEM;
	for (int i = 0; i < nr; i++)
		map[i * page_size()] = 1;
	return 0;
}

/*
 * A thread that answers faults; killed with the rest. A page is given only when
 * it is asked for the third time: a fault is major if it was retried, but a
 * first retry with another lock is none.
 */
static void *give_pages(void *arg)
{
	int fd = *(int *)arg, err = 0;
	struct uffdio_zeropage zero;
	struct uffd_msg msg;

	for (int i = 1; !err && read(fd, &msg, sizeof(msg)) == sizeof(msg);
	     i++) {
		zero = (struct uffdio_zeropage){
			.range.start = msg.arg.pagefault.address /
				       page_size() * page_size(),
			.range.len = page_size(),
		};
		if (i % 3)
			err = ioctl(fd, UFFDIO_WAKE, &zero.range);
		else
			err = ioctl(fd, UFFDIO_ZEROPAGE, &zero);
	}
	return NULL;
}

static int open_uffd(char *map, size_t size)
{
	struct uffdio_register reg = {
		.range = { .start = (unsigned long)map, .len = size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		return -EOPNOTSUPP;
	if (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg)) {
		close(fd);
		return -EOPNOTSUPP;
	}
	return fd;
}

static int fault_major(int nr)
{
	char *map = map_pages(nr);
	pthread_t thread;
	static int fd;

	if (!map)
		return -ENOMEM;
	fd = open_uffd(map, nr * page_size());
	if (fd < 0)
		return fd;
	if (pthread_create(&thread, NULL, give_pages, &fd))
		return -EAGAIN;
	for (int i = 0; i < nr; i++)
		map[i * page_size()] = 1;
	return 0;
}

static int do_job(void *arg)
{
	const struct job *job = arg;
	int err;

	/* A fault for each page. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	err = job->minor ? fault_minor(job->minor) : 0;
	return err ?: job->major ? fault_major(job->major) : 0;
}

static int do_nothing(void *arg)
{
	(void)arg;
	return 0;
}

/* A subject that did nothing has few faults, and none of children. */
TEST_F(faults, few_are_few)
{
	ASSERT_EQ(0, subject_start(&self->subject, do_nothing, NULL));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_faults(_metadata, &self->pair);
	EXPECT_GT(1000ULL, self->pair.task.min_flt);
	EXPECT_EQ(0ULL, self->pair.task.cmin_flt);
	EXPECT_EQ(0ULL, self->pair.task.cmaj_flt);
}

TEST_F(faults, minor_ones_are_counted)
{
	self->job->minor = 1000;
	ASSERT_EQ(0, subject_start(&self->subject, do_job, self->job));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_faults(_metadata, &self->pair);
	EXPECT_LE(1000ULL, self->pair.task.min_flt);
}

TEST_F(faults, major_ones_are_counted_apart)
{
	int err;

	self->job->major = MAJOR;
	err = subject_start(&self->subject, do_job, self->job);
	if (err == -EOPNOTSUPP)
		SKIP(return, "no userfaultfd()");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_faults(_metadata, &self->pair);
	EXPECT_LE((__u64)MINOR, self->pair.task.min_flt);
	EXPECT_LE((__u64)MAJOR, self->pair.task.maj_flt);
	EXPECT_EQ(0ULL, self->pair.task.cmaj_flt);
}

TEST_F(faults, counts_outlive_death)
{
	ASSERT_EQ(0, subject_start(&self->subject, do_job, self->job));
	ASSERT_TRUE(make_zombie(self->subject.pid));
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_faults(_metadata, &self->pair);
	EXPECT_LE((__u64)MINOR, self->pair.task.min_flt);
}

/*
 * Threads
 */
static void *do_job_and_exit(void *arg)
{
	return do_job(arg) ? arg : NULL;
}

static int start_and_join(void *arg)
{
	pthread_t thread;
	void *failed;

	if (pthread_create(&thread, NULL, do_job_and_exit, arg) ||
	    pthread_join(thread, &failed) || failed)
		return -EAGAIN;
	return 0;
}

TEST_F(faults, process_counts_exited_threads_and_leader_does_not)
{
	__u64 of_leader;
	pid_t pid;

	self->job->minor = 1000;
	ASSERT_EQ(0, subject_start(&self->subject, start_and_join, self->job));
	pid = self->subject.pid;
	ASSERT_EQ(0, pair_take(&self->pair, pid, pid));
	expect_faults(_metadata, &self->pair);
	of_leader = self->pair.task.min_flt;
	ASSERT_EQ(0, pair_take(&self->pair, pid, 0));
	expect_faults(_metadata, &self->pair);
	EXPECT_LE(of_leader + 1000, self->pair.task.min_flt);
}

static void *do_job_and_stay(void *arg)
{
	struct job *job = arg;

	if (do_job(job))
		_exit(EXIT_FAILURE);
	__atomic_store_n(&job->tid, syscall(__NR_gettid), __ATOMIC_RELEASE);
	for (;;)
		pause();
	return NULL;
}

static int start_and_leave(void *arg)
{
	struct job *job = arg;
	pthread_t thread;

	if (pthread_create(&thread, NULL, do_job_and_stay, arg))
		return -EAGAIN;
	while (!__atomic_load_n(&job->tid, __ATOMIC_ACQUIRE))
		usleep(1000);
	return wait_state(job->tid, 'S') ? 0 : -ETIMEDOUT;
}

TEST_F(faults, process_sums_live_threads)
{
	__u64 sum = 0;
	pid_t tids[2];

	ASSERT_EQ(0, subject_start(&self->subject, start_and_leave, self->job));
	tids[0] = self->subject.pid;
	tids[1] = self->job->tid;
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, pair_take(&self->pair, tids[0], tids[i]));
		expect_faults(_metadata, &self->pair);
		sum += self->pair.task.min_flt;
	}
	EXPECT_LE((__u64)MINOR, self->pair.task.min_flt);
	ASSERT_EQ(0, pair_take(&self->pair, tids[0], 0));
	expect_faults(_metadata, &self->pair);
	EXPECT_EQ(sum, self->pair.task.min_flt);
}

/*
 * Children
 */
static int do_in_child(void *arg)
{
	struct job *job = arg;
	pid_t pid = fork_child();
	int status;

	if (!pid)
		_exit(-do_job(arg));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	getrusage(RUSAGE_CHILDREN, &job->children);
	return -WEXITSTATUS(status);
}

TEST_F(faults, waited_for_children_are_counted_apart)
{
	int err;

	self->job->major = MAJOR;
	err = subject_start(&self->subject, do_in_child, self->job);
	if (err == -EOPNOTSUPP)
		SKIP(return, "no userfaultfd()");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, pair_take(&self->pair, self->subject.pid, 0));
	expect_faults(_metadata, &self->pair);
	EXPECT_LE((__u64)MINOR, self->pair.task.cmin_flt);
	EXPECT_LE((__u64)MAJOR, self->pair.task.cmaj_flt);
	EXPECT_EQ((__u64)self->job->children.ru_minflt,
		  self->pair.task.cmin_flt);
	EXPECT_EQ((__u64)self->job->children.ru_majflt,
		  self->pair.task.cmaj_flt);
}

TEST_F(faults, thread_record_has_children_of_process)
{
	pid_t pid;

	ASSERT_EQ(0, subject_start(&self->subject, do_in_child, self->job));
	pid = self->subject.pid;
	ASSERT_EQ(0, pair_take(&self->pair, pid, pid));
	expect_faults(_metadata, &self->pair);
	EXPECT_LE((__u64)MINOR, self->pair.task.cmin_flt);
}

/*
 * One that runs while it is looked at.
 */
TEST_F(faults, caller_itself_lies_between_before_and_after)
{
	struct rusage before, after;
	struct xyzzy_task task;

	ASSERT_EQ(0, fault_minor(MINOR));
	getrusage(RUSAGE_SELF, &before);
	ASSERT_EQ(0, record_get(getpid(), 0, XYZZY_FAULTS, &task));
	getrusage(RUSAGE_SELF, &after);
	EXPECT_LE((__u64)before.ru_minflt, task.min_flt);
	EXPECT_GE((__u64)after.ru_minflt, task.min_flt);
	EXPECT_LE((__u64)before.ru_majflt, task.maj_flt);
	EXPECT_GE((__u64)after.ru_majflt, task.maj_flt);
}

TEST_HARNESS_MAIN
