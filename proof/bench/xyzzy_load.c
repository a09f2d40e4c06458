// SPDX-License-Identifier: GPL-2.0
/*
 * What a monitor costs processes that fork and exit. Run as root:
 *
 *   xyzzy_load N	on two CPUs: how many fork+exit per second one of them
 *			gets done while the other one spins in user space, takes
 *			snapshots with xyzzy() in a loop, does so as often as a
 *			scan of /proc can, or scans /proc in a loop; in percent
 *			of the first
 *   xyzzy_load -s N	on one CPU: what fork+exit costs if a snapshot was taken
 *			in between, the snapshot not counted
 *   xyzzy_load -e N	on two CPUs: what a snapshot takes, without others and
 *			beside processes that execute programs on the other CPU,
 *			in ns
 *
 * N more processes are idle. Prints "csv n,method,abi,value". The figures of two
 * CPUs depend on the load of the machine; instructions cannot be counted, because
 * QEMU then has one clock for both CPUs and runs them in turn. The figures of one
 * CPU can be counted. They have what a snapshot leaves behind (dentries and
 * inodes that exit drops, cold lists), but no waiting for locks.
 */
#include "kselftest.h"
#include "bench.h"
#include "use.h"

#define ROUNDS		15
#define WINDOW_NS	400000000ULL
#define CHILDREN	50	/* That come and go, in one round on one CPU */
#define SPARE		(CHILDREN + 2)

static const struct method call = { "call", walk, XYZZY_ALL };
static const struct method scan = { "scan", read_files, .files = FIVE_FILES };

enum { NONE, CALL, CALL_PACED, SCAN, MODES };

static const struct mode {
	const char *name;
	const struct method *method;
	bool paced;		/* As often as the scan in the last round */
} modes[MODES] = {
	[NONE] = { .name = "none" },
	[CALL] = { .name = "call", .method = &call },
	[CALL_PACED] = { .name = "call-paced", .method = &call, .paced = true },
	[SCAN] = { .name = "scan", .method = &scan },
};

static void snapshot(struct bench *bench, const struct method *method)
{
	if (method && method->run(bench, method) < (long)(bench->nr - SPARE))
		err(1, "%s", method->name);
}

static void print_csv(const struct bench *bench, const char *kind,
		      const char *name, double value)
{
	printf("csv %zu,%s-%s,%s,%.1f\n", bench->nr - SPARE, kind, name,
	       BENCH_ABI, value);
	fflush(stdout);
}

/*
 * Two CPUs.
 */
static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "CPU %d", cpu);
}

static void fork_and_exit(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		err(1, "fork");
}

static pid_t start_worker(unsigned long *forks)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	pin(1);
	for (;;) {
		fork_and_exit();
		__atomic_add_fetch(forks, 1, __ATOMIC_RELAXED);
	}
}

static unsigned long count(const unsigned long *forks)
{
	return __atomic_load_n(forks, __ATOMIC_RELAXED);
}

/* The clock is read in user space where there is a vDSO. */
static void spin_until(__u64 end)
{
	while (now_ns() < end)
		;
}

/* Returns the number of forks in a window; *@nr is the number of snapshots. */
static double run_window(struct bench *bench, const struct mode *mode,
			 unsigned long *forks, int *nr)
{
	__u64 start = now_ns(), end = start + WINDOW_NS, now = start;
	__u64 pace = mode->paced ? WINDOW_NS / (*nr ?: 1) : 0;
	unsigned long before = count(forks);
	int i;

	for (i = 0; mode->method && now < end; i++) {
		snapshot(bench, mode->method);
		now = now_ns();
		if (pace && now < start + (i + 1) * pace)
			spin_until(start + (i + 1) * pace);
	}
	spin_until(end);
	if (mode->method == &scan)
		*nr = i;
	return (double)(count(forks) - before) / (now_ns() - start) * 1e9;
}

static void run_two_cpus(struct bench *bench)
{
	static double percent[MODES][ROUNDS], rate[ROUNDS];
	unsigned long *forks = share_memory(sizeof(*forks));
	int round, mode, scans = 0;
	double none, got;
	pid_t worker;

	pin(0);
	worker = start_worker(forks);
	run_window(bench, &modes[SCAN], forks, &scans);
	for (round = 0; round < ROUNDS; round++) {
		none = run_window(bench, &modes[NONE], forks, &scans);
		rate[round] = none;
		percent[NONE][round] = 100;
		for (mode = CALL; mode < MODES; mode++) {
			got = run_window(bench, &modes[mode], forks, &scans);
			percent[mode][round] = 100 * got / none;
		}
	}
	kill_child(worker);
	if (!none)
		errx(1, "CPU 1 has not done a single fork");
	print_csv(bench, "rate", modes[NONE].name, median(rate, ROUNDS));
	for (mode = 0; mode < MODES; mode++)
		print_csv(bench, "beside", modes[mode].name,
			  median(percent[mode], ROUNDS));
}

/*
 * Processes that call execve(), which a snapshot has to wait for.
 */
#define EXEC_LOOP "exec-loop"
#define EXEC_LOOPS 4

/* The program is this one; see main(). */
static void exec_loop(void)
{
	execl("/proc/self/exe", EXEC_LOOP, (char *)NULL);
	err(1, "exec");
}

static pid_t start_exec_loop(void)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	pin(1);
	exec_loop();
	return 0;
}

static void stop_loops(const pid_t *pids)
{
	int i;

	for (i = 0; i < EXEC_LOOPS; i++)
		if (!stop_child(pids[i]))
			errx(1, "an exec loop is gone");
}

static void continue_loops(const pid_t *pids)
{
	int i;

	for (i = 0; i < EXEC_LOOPS; i++)
		kill(pids[i], SIGCONT);
}

/* Returns the ns of a snapshot. */
static double time_snapshots(struct bench *bench)
{
	__u64 start = now_ns(), now;
	int nr = 0;

	do {
		snapshot(bench, &call);
		nr++;
		now = now_ns();
	} while (now < start + WINDOW_NS);
	return (double)(now - start) / nr;
}

static void run_beside_execs(struct bench *bench)
{
	static double quiet[ROUNDS], execs[ROUNDS];
	pid_t pids[EXEC_LOOPS];
	int i;

	pin(0);
	for (i = 0; i < EXEC_LOOPS; i++)
		pids[i] = start_exec_loop();
	stop_loops(pids);
	time_snapshots(bench);
	for (i = 0; i < ROUNDS; i++) {
		quiet[i] = time_snapshots(bench);
		continue_loops(pids);
		execs[i] = time_snapshots(bench);
		stop_loops(pids);
	}
	kill_many(pids, EXEC_LOOPS);
	print_csv(bench, "walk", "quiet", median(quiet, ROUNDS));
	print_csv(bench, "walk", "execs", median(execs, ROUNDS));
}

/*
 * One CPU. The monitor is a separate process, so that fork does not copy its
 * memory.
 */
struct monitor {
	pid_t pid;
	int ask[2];
	int answer[2];
};

static void start_monitor(struct bench *bench, struct monitor *monitor,
			  const struct method *method)
{
	char byte;

	if (pipe(monitor->ask) || pipe(monitor->answer))
		err(1, "pipe");
	monitor->pid = fork_child();
	if (monitor->pid < 0)
		err(1, "fork");
	if (monitor->pid)
		return;
	while (read(monitor->ask[0], &byte, 1) == 1) {
		snapshot(bench, method);
		if (write(monitor->answer[1], &byte, 1) != 1)
			break;
	}
	_exit(1);
}

static void ask_monitor(const struct monitor *monitor)
{
	char byte = 0;

	if (write(monitor->ask[1], &byte, 1) != 1 ||
	    read(monitor->answer[0], &byte, 1) != 1)
		errx(1, "the monitor is gone");
}

static void end_monitor(const struct monitor *monitor)
{
	kill_child(monitor->pid);
	close(monitor->ask[0]);
	close(monitor->ask[1]);
	close(monitor->answer[0]);
	close(monitor->answer[1]);
}

/* Processes that start and exit. */
struct children {
	pid_t pids[CHILDREN];
	int ready[2];
	int go[2];
};

static void fork_children(struct children *children)
{
	char bytes[CHILDREN];
	ssize_t nr = 0, len;
	int i;

	for (i = 0; i < CHILDREN; i++) {
		children->pids[i] = fork();
		if (children->pids[i] < 0)
			err(1, "fork");
		if (children->pids[i])
			continue;
		close(children->go[1]);
		if (write(children->ready[1], "", 1) == 1 &&
		    read(children->go[0], bytes, 1) == 0)
			_exit(0);
		_exit(1);
	}
	for (; nr < CHILDREN; nr += len) {
		len = read(children->ready[0], bytes, CHILDREN);
		if (len <= 0)
			err(1, "pipe");
	}
}

/*
 * They exit when the descriptor is closed. Wait for each of them by its ID, as
 * the idle ones are children, too.
 */
static void end_children(const struct children *children)
{
	int i;

	close(children->go[1]);
	for (i = 0; i < CHILDREN; i++)
		if (waitpid(children->pids[i], NULL, 0) < 0)
			err(1, "waitpid");
}

static double fork_around(const struct monitor *monitor)
{
	__u64 start, forked, ending, end;
	struct children children;

	if (pipe(children.ready) || pipe(children.go))
		err(1, "pipe");
	start = now_ns();
	fork_children(&children);
	forked = now_ns();
	ask_monitor(monitor);
	ending = now_ns();
	end_children(&children);
	end = now_ns();
	close(children.ready[0]);
	close(children.ready[1]);
	close(children.go[0]);
	return (double)(forked - start + end - ending) / CHILDREN;
}

static void run_one_cpu(struct bench *bench)
{
	static double ns[ROUNDS];
	struct monitor monitor;
	int mode, round;

	for (mode = NONE; mode < MODES; mode++) {
		if (modes[mode].paced)
			continue;
		start_monitor(bench, &monitor, modes[mode].method);
		fork_around(&monitor);
		for (round = 0; round < ROUNDS; round++)
			ns[round] = fork_around(&monitor);
		end_monitor(&monitor);
		print_csv(bench, "fork", modes[mode].name, median(ns, ROUNDS));
	}
}

int main(int argc, char **argv)
{
	void (*run)(struct bench *bench) = run_two_cpus;
	struct bench bench;
	size_t nr;
	int opt;

	if (!strcmp(argv[0], EXEC_LOOP))
		exec_loop();
	while ((opt = getopt(argc, argv, "es")) != -1) {
		if (opt == 'e')
			run = run_beside_execs;
		else if (opt == 's')
			run = run_one_cpu;
		else
			optind = argc;
	}
	nr = optind < argc ? strtoul(argv[optind], NULL, 0) : 0;
	if (!nr)
		errx(1, "usage: xyzzy_load [-e|-s] N");
	bench_open(&bench);
	bench_start(&bench, nr, SPARE);
	run(&bench);
	bench_stop(&bench);
	bench_close(&bench);
	return 0;
}
