// SPDX-License-Identifier: GPL-2.0
/*
 * Processes whose credentials, threads or PID namespace change during a walk.
 */
#include "kselftest_harness.h"
#include "caller.h"
#include "ns.h"

/* More, if the test has not seen all states by then. */
#define MIN_LOOKS 500

/*
 * Credentials
 */
FIXTURE(creds_race)
{
	pid_t changer;
	struct walk walk;
};

FIXTURE_SETUP(creds_race)
{
	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));
}

FIXTURE_TEARDOWN(creds_race)
{
	walk_free(&self->walk);
	kill_child(self->changer);
}

/* A child that keeps changing its user IDs between two sets. */
static pid_t spawn_changer(void)
{
	pid_t parent = getpid(), pid = fork_child();

	if (pid)
		return pid;
	for (uid_t uid = USER; getppid() == parent; uid ^= USER ^ OTHER_USER)
		if (setresuid(uid, uid, 0) || setresuid(-1, 0, -1))
			break;
	_exit(EXIT_FAILURE);
}

/* Is this one of the sets that the process can have? */
static bool is_one_set(const struct xyzzy_task *task)
{
	bool user = task->uid == USER || task->uid == OTHER_USER;

	return !task->suid && task->fsuid == task->euid &&
	       (user || !task->uid) &&
	       (task->euid == task->uid || !task->euid);
}

TEST_F(creds_race, record_has_one_set_of_ids)
{
	bool seen[2] = { false, false };
	struct xyzzy_task *task;

	self->changer = spawn_changer();
	ASSERT_LT(0, self->changer);
	for (int i = 0; i < WAIT_TRIES; i++) {
		ASSERT_EQ(0, walk_all(&self->walk, -1, XYZZY_CREDS, 0, 16));
		ASSERT_EQ(1, walk_count(&self->walk, self->changer));
		task = walk_find(&self->walk, self->changer);
		EXPECT_TRUE(is_one_set(task))
			TH_LOG("%u %u %u %u", task->uid, task->euid,
			       task->suid, task->fsuid);
		seen[task->uid == USER] = true;
		walk_free(&self->walk);
		if (i >= MIN_LOOKS && seen[0] && seen[1])
			break;
	}
	EXPECT_TRUE(seen[0] && seen[1]);
}

/* A child that forks children that become USER and exit. */
static pid_t spawn_dropper(void)
{
	struct caller caller = ORDINARY_USER;
	pid_t pid = fork_child();

	if (pid)
		return pid;
	for (;;) {
		pid = fork_child();
		if (!pid) {
			if (become(&caller) || prctl(PR_SET_DUMPABLE, 1))
				_exit(EXIT_FAILURE);
			usleep(1000);
			_exit(EXIT_SUCCESS);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			_exit(EXIT_FAILURE);
	}
}

struct drop_look {
	pid_t dropper;
	int err;
	int shown;
	int wrong;
};

static int look_for_dropped(void *arg)
{
	struct caller caller = ORDINARY_USER;
	struct drop_look *look = arg;
	struct walk walk;

	look->err = become(&caller);
	for (int i = 0; i < WAIT_TRIES && !look->err; i++) {
		look->err = walk_all(&walk, -1, XYZZY_CREDS, 0, 16);
		for (size_t j = 0; j < walk.nr; j++) {
			const struct xyzzy_task *task = &walk.tasks[j];

			look->shown += task->ppid == (__u32)look->dropper;
			look->wrong += task->uid != USER ||
				       task->euid != USER ||
				       task->suid != USER ||
				       task->gid != USER;
		}
		walk_free(&walk);
		if (i >= MIN_LOOKS && look->shown)
			break;
	}
	return 0;
}

/* Without a procfs, USER must not see it before. */
TEST_F(creds_race, process_that_drops_privileges_shows_when_it_has)
{
	struct drop_look *look = share_memory(sizeof(*look));

	self->changer = spawn_dropper();
	ASSERT_LT(0, self->changer);
	look->dropper = self->changer;
	ASSERT_EQ(0, run_in_child(look_for_dropped, look));
	EXPECT_EQ(0, look->err);
	EXPECT_EQ(0, look->wrong);
	EXPECT_LT(0, look->shown);
}

/*
 * PID 1 of a PID namespace is killed, and with it the whole namespace.
 */
#define NR_INNER 20

FIXTURE(init_race)
{
	struct pidns ns;
	pid_t pids[NR_INNER];
	struct xyzzy_params params;
	struct xyzzy_task task;
};

FIXTURE_VARIANT(init_race)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(init_race, processes) { 0 };
FIXTURE_VARIANT_ADD(init_race, threads) { XYZZY_THREADS };

static int fill_pidns(const struct pidns *ns, pid_t *pids)
{
	memset(pids, 0, NR_INNER * sizeof(*pids));
	for (int i = 0; i < NR_INNER; i++) {
		pids[i] = spawn_into(ns, 0);
		if (pids[i] < 0)
			return -1;
	}
	return 0;
}

FIXTURE_SETUP(init_race)
{
	self->ns.procfd = -1;
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
	if (geteuid())
		SKIP(return, NO_ROOT);
	if (spawn_pidns(&self->ns))
		SKIP(return, "no PID namespace: %s", strerror(errno));
	ASSERT_EQ(0, fill_pidns(&self->ns, self->pids));
	self->params = XYZZY_PARAMS(0, &self->task, 1);
	self->params.procfd = self->ns.procfd;
}

FIXTURE_TEARDOWN(init_race)
{
	kill_many(self->pids, NR_INNER);
	kill_pidns(&self->ns);
}

static void end_pidns(struct pidns *ns, pid_t *pids)
{
	kill(ns->init, SIGKILL);
	kill_many(pids, NR_INNER);
	memset(pids, 0, NR_INNER * sizeof(*pids));
	kill_child(ns->init);
	ns->init = 0;
}

TEST_F(init_race, walk_ends_without_an_error)
{
	ASSERT_EQ(1, xyzzy_call(&self->params, variant->flags));
	EXPECT_EQ(1U, self->task.pid);
	end_pidns(&self->ns, self->pids);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(0, xyzzy_call(&self->params, variant->flags));
}

TEST_F(init_race, pidfd_goes_stale)
{
	self->params.pidfd = sys_pidfd_open(self->ns.init, 0);
	ASSERT_LE(0, self->params.pidfd);
	ASSERT_EQ(1, xyzzy_call(&self->params, variant->flags));
	end_pidns(&self->ns, self->pids);
	EXPECT_EQ(-ESRCH, xyzzy_call(&self->params, variant->flags));
}

/* Walk until the namespace is empty; returns 0 or an error. */
static int walk_while_dying(const struct xyzzy_params *params,
			    unsigned int flags)
{
	struct walk walk = { 0 };
	int err;

	do {
		struct xyzzy_params from_start = *params;

		walk_free(&walk);
		from_start.nr_tasks = 4;
		err = walk_on(&walk, &from_start, flags);
		for (size_t i = 0; i < walk.nr; i++)
			if (!walk.tasks[i].pid || !walk.tasks[i].tgid)
				err = -EBADMSG;
	} while (walk.nr && !err);
	walk_free(&walk);
	return err;
}

TEST_F(init_race, walks_meanwhile_see_no_error)
{
	pid_t killer;

	/* The killed processes are reaped here, if not by their PID 1. */
	ASSERT_TRUE(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	killer = fork_child();
	if (!killer) {
		usleep(20000);
		_exit(kill(self->ns.init, SIGKILL));
	}
	ASSERT_LT(0, killer);
	EXPECT_EQ(0, walk_while_dying(&self->params, variant->flags));
	signal(SIGCHLD, SIG_DFL);
	self->ns.init = 0;
	memset(self->pids, 0, sizeof(self->pids));
}

/*
 * Threads that end.
 */
#define NR_WORKERS 30
#define TO_READ 4096
/* What 2000 threads read */
#define ENOUGH (2000 * TO_READ)

struct totals {
	__u64 nvcsw;
	__u64 min_flt;
	__u64 stime;
	__u64 rchar;
};

FIXTURE(thread_race)
{
	pid_t pid;
	struct subject leader;
};

FIXTURE_SETUP(thread_race)
{
	memset(&self->leader, -1, sizeof(self->leader));
	if (!have_xyzzy())
		SKIP(return, NO_XYZZY);
}

FIXTURE_TEARDOWN(thread_race)
{
	kill_child(self->pid);
	subject_kill(&self->leader);
}

static void *thread_work(void *arg)
{
	const int *zero = arg;
	char buf[TO_READ];

	if (read(*zero, buf, TO_READ) != TO_READ)
		_exit(EXIT_FAILURE);
	return arg;
}

/* The figures of threads that exit are added to those of the process. */
static void work_in_threads(void)
{
	int zero = open("/dev/zero", O_RDONLY);
	pthread_t threads[NR_WORKERS];

	for (;;) {
		for (int i = 0; i < NR_WORKERS; i++)
			if (pthread_create(&threads[i], NULL, thread_work,
					   &zero))
				_exit(EXIT_FAILURE);
		for (int i = 0; i < NR_WORKERS; i++)
			pthread_join(threads[i], NULL);
	}
}

static bool went_back(const struct totals *before, const struct totals *now)
{
	return now->nvcsw < before->nvcsw || now->min_flt < before->min_flt ||
	       now->stime < before->stime || now->rchar < before->rchar;
}

/* The time limit is for a kernel with sanitizers. */
TEST_F_TIMEOUT(thread_race, totals_of_a_process_never_go_back, 300)
{
	struct totals before = { 0 };
	struct xyzzy_task task;

	if (!have_io())
		SKIP(return, NO_IO);
	self->pid = fork_child();
	if (!self->pid)
		work_in_threads();
	ASSERT_LT(0, self->pid);
	while (before.rchar < ENOUGH) {
		struct totals now;

		ASSERT_EQ(1, xyzzy_one(self->pid, XYZZY_ALL, &task));
		now = (struct totals){
			task.nvcsw, task.min_flt, task.stime, task.rchar,
		};
		ASSERT_FALSE(went_back(&before, &now));
		before = now;
	}
}

static int make_threads(void *arg)
{
	static int null;

	(void)arg;
	null = open("/dev/null", O_WRONLY);
	start_threads(3, 0, &null);
	return 0;
}

static void exit_leader(void *arg)
{
	(void)arg;
	syscall(__NR_exit, 0);
}

TEST_F(thread_race, process_whose_leader_exits_is_in_every_walk)
{
	struct xyzzy_task *task = NULL;
	char state = 0;
	struct walk walk;
	pid_t pid;

	ASSERT_EQ(0, subject_start_after(&self->leader, make_threads,
					 exit_leader, NULL));
	close(self->leader.go_fd);
	self->leader.go_fd = -1;
	pid = self->leader.pid;
	for (int i = 0; i < WAIT_TRIES && state != 'Z'; i++) {
		ASSERT_EQ(0, walk_all(&walk, -1, XYZZY_ALL, 0, 3));
		ASSERT_EQ(1, walk_count(&walk, pid));
		task = walk_find(&walk, pid);
		state = task->state;
		EXPECT_EQ((__u32)pid, task->tgid);
		EXPECT_LE(3U, task->nr_threads);
		EXPECT_TRUE(record_has(task, XYZZY_TIMES));
		walk_free(&walk);
	}
	EXPECT_EQ('Z', state);
}

TEST_HARNESS_MAIN
