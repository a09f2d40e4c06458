// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that wait for exec_update_lock: that of a process whose execve() waits
 * for its old address space.
 */
#include <linux/landlock.h>
#include <stdatomic.h>

#include "kselftest_harness.h"
#include "use.h"

/*
 * A process whose execve() waits for its old address space, because others that
 * share it keep it locked: they change a large number of mappings in a loop.
 * Calls that wait for the process have to wait until execve() is done.
 */
#define HELD_OLD_NAME "held-old"
#define HELD_NEW_NAME "held-new"

/* How long one round of changes should take, and with how many mappings. */
#define HOLD_MS 100
#define MAPPINGS_MAX 56000
#define MAPPINGS_STEP 2000
#define NR_HOLDERS 2

/* Every second page has other permissions, so that mappings do not merge. */
static char *map_apart(size_t *size)
{
	size_t page = page_size(), done = 0;
	char *map = mmap(NULL, MAPPINGS_MAX * page, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	__u64 begin;

	if (map == MAP_FAILED)
		return NULL;
	do {
		for (int i = 0; i < MAPPINGS_STEP; i += 2, done += 2)
			if (mprotect(map + done * page, page, PROT_READ))
				return NULL;
		*size = done * page;
		begin = now_ns();
		if (madvise(map, *size, MADV_DONTFORK))
			return NULL;
	} while (now_ns() - begin < HOLD_MS * NSEC_PER_MSEC &&
		 done < MAPPINGS_MAX);
	return map;
}

static struct mappings {
	pid_t owner;
	char *map;
	size_t size;
} mappings;

static int hold_mm(void *arg)
{
	(void)arg;
	die_with_parent(mappings.owner);
	while (!madvise(mappings.map, mappings.size, MADV_DOFORK) &&
	       !madvise(mappings.map, mappings.size, MADV_DONTFORK))
		;
	return EXIT_FAILURE;
}

static int be_held(void *arg)
{
	(void)arg;
	mappings.owner = getpid();
	mappings.map = map_apart(&mappings.size);
	if (!mappings.map || prctl(PR_SET_NAME, HELD_OLD_NAME))
		return -errno;
	/* execve() must not touch the old address space before it is locked. */
	syscall(__NR_set_tid_address, NULL);
	for (int i = 0; i < NR_HOLDERS; i++)
		if (clone_child(hold_mm, CLONE_VM, NULL) < 0)
			return -errno;
	return 0;
}

static void execute(void *arg)
{
	(void)arg;
	execl("/proc/self/exe", HELD_NEW_NAME, (char *)NULL);
	_exit(EXIT_FAILURE);
}

/* For main(): the program that the process executes. */
static void hold_main(int argc, char **argv)
{
	if (argc != 1 || strcmp(argv[0], HELD_NEW_NAME))
		return;
	for (;;)
		pause();
}

/* The name changes before execve() releases exec_update_lock. */
static bool hold_is_over(const struct subject *hold)
{
	struct proc_dir dir = proc_dir(hold->pid, 0);
	siginfo_t exited = { .si_pid = 0 };
	char comm[64];

	return waitid(P_PID, hold->pid, &exited, WEXITED | WNOHANG | WNOWAIT) ||
	       exited.si_pid || proc_comm(&dir, comm, sizeof(comm)) ||
	       strcmp(comm, HELD_OLD_NAME);
}

/*
 * Wait until a process is in one of these states for several milliseconds.
 * Returns the state, or 0 if it becomes a zombie or does not get into one.
 */
static char rests_in(pid_t pid, const char *states)
{
	char state, last = 0;
	int nr = 0;

	for (int i = 0; i < 1000 && nr < 5; i++, last = state) {
		state = proc_state(pid);
		if (!state || state == 'Z')
			return 0;
		if (!strchr(states, state))
			nr = 0;
		else
			nr = state == last ? nr + 1 : 1;
		usleep(1000);
	}
	return nr == 5 ? last : 0;
}

/*
 * Does execve() hold exec_update_lock? Then a reader of /proc/PID/io, which
 * takes the lock in every kernel, waits.
 */
static bool hold_keeps_readers(const struct subject *hold)
{
	struct proc_dir dir = proc_dir(hold->pid, 0);
	pid_t reader = fork_child();
	struct proc_io io;
	bool waits;

	if (!reader)
		_exit(proc_io(&dir, &io) ? EXIT_FAILURE : EXIT_SUCCESS);
	waits = rests_in(reader, "D");
	kill_child(reader);
	return waits;
}

/*
 * Start such a process. Returns true when it is in the middle of execve(), with
 * the old name. It has the new name by the time a call can see it.
 */
static bool hold_start(struct subject *hold)
{
	if (subject_start_after(hold, be_held, execute, NULL))
		return false;
	close(hold->go_fd);
	hold->go_fd = -1;
	while (!hold_is_over(hold))
		if (hold_keeps_readers(hold))
			return true;
	return false;
}

#define NR_TRIES 5
#define NR_RECORDS 512
#define TIMEOUT 300
#define NOT_HELD "execve() did not wait long enough"

/* A process that calls, and the results of its calls. */
struct waiter {
	int procfd;
	int pidfd;
	__u64 mask;
	__u64 cursor;
	unsigned int flags;
	int sa_flags;
	atomic_bool calls;
	atomic_bool returned;	/* From the first call */
	atomic_int nr_signals;
	long ret;		/* Of the first call */
	int err;		/* Of all calls */
	struct walk walk;
	struct xyzzy_task tasks[NR_RECORDS];
};

static struct waiter *signalled;

static void count_signal(int sig)
{
	(void)sig;
	signalled->nr_signals++;
}

static void waiter_main(struct waiter *waiter)
{
	const struct sigaction action = {
		.sa_handler = count_signal, .sa_flags = waiter->sa_flags,
	};
	struct xyzzy_params params = XYZZY_PARAMS(waiter->mask, NULL, 0);
	size_t nr = 0;
	long ret;

	signalled = waiter;
	if (sigaction(SIGUSR1, &action, NULL))
		_exit(EXIT_FAILURE);
	params.procfd = waiter->procfd;
	params.pidfd = waiter->pidfd;
	params.cursor = waiter->cursor;
	do {
		params.tasks = waiter->tasks + nr;
		params.nr_tasks = NR_RECORDS - nr;
		waiter->calls = true;
		ret = xyzzy_call(&params, waiter->flags);
		if (!waiter->returned)
			waiter->ret = ret;
		waiter->returned = true;
		nr += ret > 0 ? ret : 0;
	} while (ret > 0 && nr < NR_RECORDS);
	waiter->err = ret < 0 ? ret : 0;
	waiter->walk = (struct walk){ .tasks = waiter->tasks, .nr = nr };
	_exit(EXIT_SUCCESS);
}

FIXTURE(held)
{
	struct subject hold;
	struct waiter *waiter;
	pid_t waiter_pid;
	pid_t before;		/* A process with a lower ID */
	int procfd;
	__u64 mask;
	unsigned int flags;
	int sa_flags;
};

FIXTURE_VARIANT(held)
{
	const char *hidepid;	/* Option of a procfs, NULL for none */
	__u64 mask;
	unsigned int flags;
	int sa_flags;
};

/* With any group that has more than the ID, or if something can be hidden */
FIXTURE_VARIANT_ADD(held, process) { NULL, XYZZY_ALL, 0, 0 };
FIXTURE_VARIANT_ADD(held, hidepid_0_id) { "0", XYZZY_ID, 0, 0 };
FIXTURE_VARIANT_ADD(held, hidepid_0_sa_restart)
	{ "0", XYZZY_CREDS, 0, SA_RESTART };
FIXTURE_VARIANT_ADD(held, hidepid_4_threads)
	{ "4", XYZZY_ID, XYZZY_THREADS, 0 };

/* By the mount, or by a module: attr/ is only there with CONFIG_SECURITY. */
static bool can_be_hidden(const char *hidepid)
{
	return !hidepid || strcmp(hidepid, "0") ||
	       !access("/proc/self/attr", F_OK);
}

FIXTURE_SETUP(held)
{
	memset(&self->hold, -1, sizeof(self->hold));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (!(xyzzy_supported() & XYZZY_IO))
		SKIP(return, "no /proc/PID/io to see that execve() waits");
	adopt_orphans();
	avoid_wrap(100);
	self->waiter = share_memory(sizeof(*self->waiter));
	self->before = spawn_blocked();
	ASSERT_LT(0, self->before);
	self->procfd = -1;
	if (variant->mask == XYZZY_ID && !can_be_hidden(variant->hidepid))
		SKIP(return, "nothing can be hidden");
	if (variant->hidepid) {
		if (!can_mount())
			SKIP(return, NO_ROOT);
		self->procfd = open_procfs(variant->hidepid);
		ASSERT_LE(0, self->procfd);
	}
	self->mask = variant->mask;
	self->flags = variant->flags;
	self->sa_flags = variant->sa_flags;
}

FIXTURE_TEARDOWN(held)
{
	kill_child(self->waiter_pid);
	subject_kill(&self->hold);
	kill_child(self->before);
	reap_orphans();
}

/*
 * Wait for its exit. Returns 0 if it saw the held process once, with the new
 * program; -ESTALE if with the old one, while that held the lock.
 */
static int end_waiter(FIXTURE_DATA(held) * self)
{
	struct waiter *waiter = self->waiter;
	int status, nr;

	if (waitpid(self->waiter_pid, &status, 0) != self->waiter_pid)
		return -errno;
	self->waiter_pid = 0;
	if (status || waiter->err)
		return waiter->err ?: -EIO;
	nr = walk_count(&waiter->walk, self->hold.pid);
	if (nr != 1)
		return nr ? -EEXIST : -ENOENT;
	return strcmp(walk_find(&waiter->walk, self->hold.pid)->comm,
		      HELD_OLD_NAME) ? 0 : -ESTALE;
}

/* What the waiter asks for */
enum wait_for {
	PIDFD,			/* The held process */
	FROM_BEFORE,		/* A walk with other processes first */
	FROM_HELD,		/* A walk that begins with the held process */
};

/*
 * Start a process that calls while another one is held, and wait until the call
 * waits. Returns 1 when it waits; 0 or an error of end_waiter() if it did not;
 * -EDEADLK if no signal can end the wait.
 */
static int start_waiter(FIXTURE_DATA(held) * self, enum wait_for what)
{
	struct waiter *waiter = self->waiter;
	char state;

	memset(waiter, 0, sizeof(*waiter));
	waiter->procfd = self->procfd;
	waiter->pidfd = -1;
	waiter->mask = self->mask;
	if (what == PIDFD)
		waiter->pidfd = self->hold.pidfd;
	else
		waiter->cursor = what == FROM_HELD ? self->hold.pid :
						     self->before;
	waiter->flags = self->flags;
	waiter->sa_flags = self->sa_flags;
	self->waiter_pid = fork_child();
	if (!self->waiter_pid)
		waiter_main(waiter);
	while (!waiter->calls && proc_state(self->waiter_pid) != 'Z')
		usleep(1000);
	state = rests_in(self->waiter_pid, "SD");
	if (state == 'S' && !waiter->returned)
		return 1;
	if (state == 'D' && !waiter->returned && !hold_is_over(&self->hold))
		return -EDEADLK;
	return end_waiter(self);
}

/* Try several times: execve() may end too early; -EAGAIN if it always does. */
static int hold_and_wait(FIXTURE_DATA(held) * self, enum wait_for what)
{
	for (int i = 0; i < NR_TRIES; i++) {
		int ret = 0;

		if (hold_start(&self->hold))
			ret = start_waiter(self, what);
		if (ret)
			return ret < 0 ? ret : 0;
		subject_kill(&self->hold);
	}
	return -EAGAIN;
}

TEST_F_TIMEOUT(held, makes_a_call_wait_for_the_new_program, TIMEOUT)
{
	int err = hold_and_wait(self, PIDFD);

	if (err == -EAGAIN)
		SKIP(return, NOT_HELD);
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, end_waiter(self));
	EXPECT_EQ(1, self->waiter->ret);
}

TEST_F_TIMEOUT(held, makes_a_walk_wait_for_the_new_program, TIMEOUT)
{
	int err = hold_and_wait(self, FROM_BEFORE);

	if (err == -EAGAIN)
		SKIP(return, NOT_HELD);
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, end_waiter(self));
	EXPECT_EQ(1, walk_count(&self->waiter->walk, self->before));
}

static bool wait_return(const struct waiter *waiter)
{
	for (int i = 0; i < WAIT_TRIES && !waiter->returned; i++)
		usleep(1000);
	return waiter->returned;
}

TEST_F_TIMEOUT(held, wait_ends_at_a_signal_with_the_records_so_far, TIMEOUT)
{
	struct waiter *waiter = self->waiter;
	bool in_time = false;
	int err;

	for (int i = 0; i < NR_TRIES && !in_time; i++) {
		err = hold_and_wait(self, FROM_BEFORE);
		if (err == -EAGAIN)
			SKIP(return, NOT_HELD);
		ASSERT_EQ(0, err);
		ASSERT_EQ(0, kill(self->waiter_pid, SIGUSR1));
		ASSERT_TRUE(wait_return(waiter));
		in_time = !hold_is_over(&self->hold);
		ASSERT_EQ(0, end_waiter(self));
		ASSERT_EQ(1, walk_count(&waiter->walk, self->before));
		if (!in_time)
			subject_kill(&self->hold);
	}
	/* If not, it waited until execve() was done, each time. */
	ASSERT_TRUE(in_time);
	EXPECT_EQ(1, atomic_load(&waiter->nr_signals));
	ASSERT_LE(1, waiter->ret);
	for (long i = 0; i < waiter->ret; i++)
		EXPECT_GT((__u32)self->hold.pid, waiter->tasks[i].pid);
}

/* Send signals until the call returns. */
static void expect_restart(struct __test_metadata *_metadata,
			   FIXTURE_DATA(held) * self, enum wait_for what)
{
	struct waiter *waiter = self->waiter;
	int err = hold_and_wait(self, what);

	if (err == -EAGAIN)
		SKIP(return, NOT_HELD);
	ASSERT_EQ(0, err);
	for (int i = 0; !waiter->returned && i < WAIT_TRIES; i++) {
		ASSERT_EQ(0, kill(self->waiter_pid, SIGUSR1));
		usleep(5000);
	}
	ASSERT_EQ(0, end_waiter(self));
	EXPECT_LE(1, waiter->ret);
	EXPECT_EQ(self->hold.pid, (pid_t)waiter->tasks[0].pid);
	EXPECT_LE(1, atomic_load(&waiter->nr_signals));
}

TEST_F_TIMEOUT(held, wait_continues_after_a_signal_without_records, TIMEOUT)
{
	expect_restart(_metadata, self, PIDFD);
}

TEST_F_TIMEOUT(held, walk_continues_after_a_signal_without_records, TIMEOUT)
{
	expect_restart(_metadata, self, FROM_HELD);
}

TEST_F_TIMEOUT(held, wait_ends_at_once_when_the_caller_is_killed, TIMEOUT)
{
	bool in_time = false;
	int err;

	for (int i = 0; i < NR_TRIES && !in_time; i++) {
		err = hold_and_wait(self, PIDFD);
		if (err == -EAGAIN)
			SKIP(return, NOT_HELD);
		ASSERT_EQ(0, err);
		kill_child(self->waiter_pid);
		self->waiter_pid = 0;
		in_time = !hold_is_over(&self->hold);
		subject_kill(&self->hold);
	}
	EXPECT_TRUE(in_time);
}

/*
 * Landlock can restrict all threads of a process at once. It waits for all of
 * them with exec_update_lock held.
 */
#ifndef LANDLOCK_RESTRICT_SELF_TSYNC
#define LANDLOCK_RESTRICT_SELF_TSYNC 8
#endif

#define NR_WALKERS 3
#define NR_PROCESSES 10
/* Landlock does not nest more than 16. */
#define NR_RESTRICTIONS 12

static int restrict_all_threads(void)
{
	struct landlock_ruleset_attr attr = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_SYM,
	};
	int fd = syscall(__NR_landlock_create_ruleset, &attr, sizeof(attr), 0);
	int err = 0;

	if (fd < 0)
		return -EOPNOTSUPP;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(__NR_landlock_restrict_self, fd,
		    LANDLOCK_RESTRICT_SELF_TSYNC))
		err = errno == EINVAL ? -EOPNOTSUPP : -errno;
	close(fd);
	return err;
}

static void *walk_on_and_on(void *arg)
{
	unsigned int flags = 0;
	struct walk walk;

	(void)arg;
	for (;;) {
		if (walk_all(&walk, -1, XYZZY_ALL, flags, 16))
			_exit(EXIT_FAILURE);
		walk_free(&walk);
		flags ^= XYZZY_THREADS;
	}
	return NULL;
}

static void restrict_walkers(void)
{
	pthread_t thread;
	int err = 0;

	for (int i = 0; i < NR_WALKERS; i++)
		if (pthread_create(&thread, NULL, walk_on_and_on, NULL))
			_exit(EXIT_FAILURE);
	for (int i = 0; i < NR_RESTRICTIONS && !err; i++) {
		usleep(1000);
		err = restrict_all_threads();
	}
	_exit(-err);
}

FIXTURE(landlock)
{
	pid_t pid;
};

FIXTURE_SETUP(landlock)
{
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
}

FIXTURE_TEARDOWN(landlock)
{
	kill_child(self->pid);
}

/* Its exit status, or -1 if it does not end. */
static int wait_exit(pid_t *pid)
{
	int status;

	for (int i = 0; i < 3 * WAIT_TRIES; i++) {
		if (waitpid(*pid, &status, WNOHANG) == *pid) {
			*pid = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		}
		usleep(1000);
	}
	return -1;
}

TEST_F_TIMEOUT(landlock, can_restrict_all_threads_while_they_walk, TIMEOUT)
{
	int status;

	for (int i = 0; i < NR_PROCESSES; i++) {
		self->pid = fork_child();
		if (!self->pid)
			restrict_walkers();
		status = wait_exit(&self->pid);
		if (status == EOPNOTSUPP)
			SKIP(return, "Landlock cannot restrict all threads");
		ASSERT_EQ(0, status);
	}
}

int main(int argc, char **argv)
{
	hold_main(argc, argv);
	return test_harness_run(argc, argv);
}
