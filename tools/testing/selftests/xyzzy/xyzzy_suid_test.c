// SPDX-License-Identifier: GPL-2.0
/*
 * A process executes a set-user-ID program while another process of the same
 * user reads its I/O figures. It must never get those of the program, which can
 * reveal the length of a password.
 *
 * If a QEMU runs both virtual CPUs in one thread, one CPU can stop in the middle
 * of a call while the other one executes the program. With two real CPUs, that
 * is left to chance.
 */
#include "kselftest_harness.h"
#include "caller.h"
#include "use.h"

#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

/* Only the set-user-ID program reads that much. */
#define SECRET 1234567

#define NR_THREADS 20
#define NR_RECORDS (NR_THREADS + 2)
#define NR_EXECS 40

#define PROGRAM "suid-program"

struct race {
	char path[64];			/* Of the program */
	int procfd;
	__u64 mask;
	unsigned int flags;
	bool by_thread;
	pid_t victim;			/* The process to watch */
	bool over;
	unsigned long filled;		/* Records with XYZZY_IO */
	unsigned long privileged;	/* Records of the program */
	unsigned long leaks;
};

/* The set-user-ID program. Its rchar stays high until it exits. */
static int program_main(void)
{
	static char buf[SECRET];
	int fd = open("/dev/zero", O_RDONLY);

	if (geteuid() || !getuid())
		return EXIT_FAILURE;
	if (fd < 0 || read(fd, buf, SECRET) != SECRET)
		return EXIT_FAILURE;
	usleep(5000);
	return EXIT_SUCCESS;
}

/* The delay varies, so that the watcher can be at any point of a call. */
static void *execute_program(void *arg)
{
	const struct race *race = arg;

	usleep(5000 + getpid() % 7 * 1000);
	execl(race->path, PROGRAM, NULL);
	_exit(EXIT_FAILURE);
}

/* An ordinary user whose processes may read each other. */
static int become_user(int cpu)
{
	const struct caller caller = ORDINARY_USER;

	return pin_to_cpu(cpu) || become(&caller) ||
	       prctl(PR_SET_DUMPABLE, 1) || prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* Summing up the figures of many threads takes a while. */
static int run_victim(struct race *race)
{
	int null = open("/dev/null", O_WRONLY);
	pthread_t thread;

	if (become_user(0))
		return EXIT_FAILURE;
	start_threads(NR_THREADS, 0, &null);
	if (!race->by_thread)
		execute_program(race);
	if (pthread_create(&thread, NULL, execute_program, race))
		return EXIT_FAILURE;
	for (;;)
		pause();
}

static void count_record(struct race *race, const struct xyzzy_task *task)
{
	bool io = task->mask & XYZZY_IO;

	race->leaks += io && task->rchar >= SECRET;
	race->filled += io;
	race->privileged += !io && task->uid == USER && !task->euid;
}

/* Returns when there is nothing left to see. */
static void watch(struct race *race, int pidfd)
{
	struct xyzzy_task tasks[NR_RECORDS];
	long ret;

	do {
		ret = xyzzy_pidfd(race->procfd, pidfd, race->mask, race->flags,
				  tasks, NR_RECORDS);
		for (long i = 0; i < ret; i++)
			count_record(race, &tasks[i]);
	} while (ret > 0 && !__atomic_load_n(&race->over, __ATOMIC_RELAXED));
}

static int watch_victims(struct race *race)
{
	pid_t pid;
	int pidfd;

	if (become_user(1))
		return EXIT_FAILURE;
	while (!__atomic_load_n(&race->over, __ATOMIC_RELAXED)) {
		pid = __atomic_load_n(&race->victim, __ATOMIC_ACQUIRE);
		pidfd = pid > 0 ? sys_pidfd_open(pid, 0) : -1;
		if (pidfd < 0)
			continue;
		watch(race, pidfd);
		close(pidfd);
	}
	return EXIT_SUCCESS;
}

/* Copy this program into @dir, set-user-ID root. */
static int install_program(struct race *race, const char *dir)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to;
	struct stat stat;
	ssize_t copied;

	snprintf(race->path, sizeof(race->path), "%s/program", dir);
	to = open(race->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	if (from < 0 || to < 0 || fstat(from, &stat))
		return -errno;
	copied = sendfile(to, from, NULL, stat.st_size);
	if (copied != stat.st_size || fchmod(to, 04755))
		return -EIO;
	close(from);
	close(to);
	return 0;
}

FIXTURE(suid)
{
	struct race *race;
	struct mounted tmpfs;
};

FIXTURE_VARIANT(suid)
{
	bool procfs;
	__u64 mask;
	unsigned int flags;
	bool by_thread;
};

/* Other groups put time between finding a process and reading its figures. */
FIXTURE_VARIANT_ADD(suid, ptrace_rule)
	{ false, XYZZY_IO, 0, false };
FIXTURE_VARIANT_ADD(suid, procfs)
	{ true, XYZZY_IO | XYZZY_CREDS, 0, false };
FIXTURE_VARIANT_ADD(suid, threads)
	{ true, XYZZY_IO | XYZZY_CREDS, XYZZY_THREADS, false };
FIXTURE_VARIANT_ADD(suid, by_thread)
	{ true, XYZZY_ALL, 0, true };
FIXTURE_VARIANT_ADD(suid, by_thread_threads)
	{ true, XYZZY_ALL, XYZZY_THREADS, true };

FIXTURE_SETUP(suid)
{
	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
	if (!have_io())
		SKIP(return, NO_IO);
	if (get_nprocs() < 2)
		SKIP(return, "a race needs two CPUs");
	self->race = share_memory(sizeof(*self->race));
	self->race->mask = variant->mask;
	self->race->flags = variant->flags;
	self->race->by_thread = variant->by_thread;
	self->race->procfd = variant->procfs ? open_procfs("0") : -1;
	if (variant->procfs)
		ASSERT_LE(0, self->race->procfd);
	ASSERT_EQ(0, mount_at_new_dir(&self->tmpfs, "tmpfs", "mode=755"));
	ASSERT_EQ(0, install_program(self->race, self->tmpfs.dir));
}

FIXTURE_TEARDOWN(suid)
{
	unmount(&self->tmpfs);
}

static pid_t start(int (*fn)(struct race *race), struct race *race)
{
	pid_t pid = fork_child();

	if (!pid)
		_exit(fn(race));
	return pid;
}

static int wait_status(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static int run_round(struct race *race)
{
	pid_t victim = start(run_victim, race);

	__atomic_store_n(&race->victim, victim, __ATOMIC_RELEASE);
	return wait_status(victim);
}

/* Records with figures and, through a procfs, those of the new program? */
static bool has_seen_both(const struct race *race, bool procfs)
{
	return race->filled && (race->privileged || !procfs);
}

TEST_F(suid, exec_does_not_leak_io)
{
	struct race *race = self->race;
	const __u64 end = now_ns() + 15 * NSEC_PER_SEC;
	pid_t watcher = start(watch_victims, race);
	int nr = 0;

	ASSERT_EQ(0, pin_to_cpu(0));
	while (nr < NR_EXECS || (!has_seen_both(race, variant->procfs) &&
				 now_ns() < end)) {
		ASSERT_EQ(0, run_round(race));
		nr++;
	}
	race->over = true;
	EXPECT_EQ(0, wait_status(watcher));

	EXPECT_EQ(0UL, race->leaks)
		TH_LOG("of %d execs and %lu records with figures", nr,
		       race->filled);
	EXPECT_LT(0UL, race->filled);
	if (variant->procfs)
		EXPECT_LT(0UL, race->privileged);
}

int main(int argc, char **argv)
{
	if (argc == 1 && !strcmp(argv[0], PROGRAM))
		return program_main();
	return test_harness_run(argc, argv);
}
