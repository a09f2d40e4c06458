// SPDX-License-Identifier: GPL-2.0
/*
 * The cost of reading N processes with xyzzy(2) and with other methods. Run as
 * root:
 *
 *   xyzzy_bench [N]		one xyzzy() against five files of /proc, a line
 *   xyzzy_bench -t [N...]	all methods, a table
 *   xyzzy_bench -c [N...]	all methods, as "csv n,method,abi,ns per process"
 *
 * -w METHOD,... measures only these methods. With -T, one process of N threads is
 * read instead of N processes, and with -B M there is another one of M threads.
 * With -L BYTES, each process has a command line of that size; "long-METHOD" then.
 *
 * If the clock counts instructions (qemu -icount shift=0), the figures do not
 * depend on the machine.
 */
#include "kselftest.h"
#include "bench.h"
#include "use.h"

/* The best of this many passes, or of fewer if they take longer than this. */
#define PASSES		5
#define PASSES_NS	500000000ULL

/* A pass takes at least this many steps of the clock. */
#define CLOCK_STEPS	50

#define XYZZY(name, groups, what) { name, what, walk, .mask = groups }
#define PROC(name, which, what) { name, what, read_files, .files = which }

#define THREE_FILES	(FILE_STAT | FILE_STATM | FILE_STATUS)
#define FIVE_FILES	(THREE_FILES | FILE_IO | FILE_CGROUP)
#define PS_FILES	(FILE_STAT | FILE_STATUS | FILE_CMDLINE)
#define TOP_FILES	(FILE_STAT | FILE_STATM | FILE_STATUS)

static const struct method methods[] = {
	XYZZY("id", XYZZY_ID, "xyzzy: ID"),
	XYZZY("creds", XYZZY_CREDS, "xyzzy: ID, CREDS"),
	XYZZY("sched", XYZZY_SCHED, "xyzzy: ID, SCHED"),
	XYZZY("times", XYZZY_TIMES, "xyzzy: ID, TIMES"),
	XYZZY("faults", XYZZY_FAULTS, "xyzzy: ID, FAULTS"),
	XYZZY("mem", XYZZY_MEM, "xyzzy: ID, MEM"),
	{ "mem-approx", "xyzzy: ID, MEM, approximate", walk, .mask = XYZZY_MEM,
	  .flags = XYZZY_APPROX_MEM },
	XYZZY("io", XYZZY_IO, "xyzzy: ID, IO"),
	XYZZY("cgroup", XYZZY_CGROUP, "xyzzy: ID, CGROUP"),
	XYZZY("stat-groups", XYZZY_SCHED | XYZZY_TIMES | XYZZY_FAULTS |
	      XYZZY_MEM, "xyzzy: groups with what is in stat"),
	XYZZY("three-groups", XYZZY_ALL & ~(XYZZY_IO | XYZZY_CGROUP),
	      "xyzzy: all but IO, CGROUP"),
	XYZZY("all", XYZZY_ALL, "xyzzy: all groups"),
	{ "all-approx", "xyzzy: all groups, approximate memory", walk,
	  .mask = XYZZY_ALL, .flags = XYZZY_APPROX_MEM },
	{ "id-own", "xyzzy: ID, procfd -1", walk,
	  .mask = XYZZY_ID, .caller = BENCH_OWN },
	{ "all-own", "xyzzy: all groups, procfd -1", walk,
	  .mask = XYZZY_ALL, .caller = BENCH_OWN },
	XYZZY("delays", XYZZY_DELAYS, "xyzzy: ID, DELAYS"),
	XYZZY("name", XYZZY_NAME, "xyzzy: ID, NAME"),
	XYZZY("cmdline", XYZZY_CMDLINE, "xyzzy: ID, CMDLINE"),
	XYZZY("all-cmdline", XYZZY_ALL | XYZZY_CMDLINE,
	      "xyzzy: all groups of version 0, CMDLINE"),
	XYZZY("all-strings", XYZZY_ALL | XYZZY_CMDLINE | XYZZY_NAME,
	      "xyzzy: all groups of version 0, CMDLINE, NAME"),
	XYZZY("ps", XYZZY_CREDS | XYZZY_SCHED | XYZZY_TIMES | XYZZY_MEM |
	      XYZZY_CMDLINE, "xyzzy: what ps aux needs"),
	XYZZY("top", XYZZY_CREDS | XYZZY_SCHED | XYZZY_TIMES | XYZZY_FAULTS |
	      XYZZY_MEM | XYZZY_NAME, "xyzzy: what top needs"),
	{ "list", "getdents of /proc", list_pids },
	PROC("stat", FILE_STAT, "/proc: stat"),
	{ "stat-open", "/proc: stat, kept open", reread_files },
	PROC("three-files", THREE_FILES, "/proc: stat, statm, status"),
	PROC("five-files", FIVE_FILES, "/proc: stat, statm, status, io, cgroup"),
	PROC("cmdline-file", FILE_CMDLINE, "/proc: cmdline"),
	PROC("ps-files", PS_FILES, "/proc: what ps aux reads"),
	PROC("top-files", TOP_FILES, "/proc: what top reads"),
	{ "stat-stdio", "/proc: stat, with stdio", read_stdio,
	  .files = FILE_STAT },
	{ "five-stdio", "/proc: the five files, with stdio", read_stdio,
	  .files = FIVE_FILES },
	{ "pidfd", "pidfd_open, PIDFD_GET_INFO", ask_pidfds },
	{ "taskstats", "taskstats", ask_taskstats },
	{ "empty", "an empty system call", empty_call },
	{ "probe", "xyzzy: no room", no_walk },
	{ "hidden", "xyzzy: a walk over hidden processes", walk,
	  .mask = XYZZY_ALL, .caller = BENCH_HIDDEN },
};

static const struct method thread_methods[] = {
	{ "thread-id", "xyzzy: threads, ID", walk_threads, .mask = XYZZY_ID },
	{ "thread-all", "xyzzy: threads, all groups", walk_threads,
	  .mask = XYZZY_ALL },
	{ "thread-stat", "/proc: task/TID/stat", read_threads, .files = FILE_STAT },
	{ "thread-five", "/proc: five files of task/TID", read_threads,
	  .files = FIVE_FILES },
	{ "process-id", "xyzzy: the process, ID", walk_threaded,
	  .mask = XYZZY_ID },
	{ "process-all", "xyzzy: the process, all groups", walk_threaded,
	  .mask = XYZZY_ALL },
	{ "process-stat", "/proc: stat of the process", read_threaded,
	  .files = FILE_STAT },
};

static __u64 clock_resolution(void)
{
	struct timespec ts;

	clock_getres(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/*
 * One pass; returns ns per process. A clock with the resolution of a tick, as in
 * a guest without a TSC, needs more than one call to measure.
 */
static double pass(struct bench *bench, const struct method *method)
{
	bool one = method->run == walk_threaded || method->run == read_threaded;
	__u64 resolution = clock_resolution(), start = now_ns(), ns;
	size_t expected = one ? 1 : bench->nr, runs = 0;

	do {
		run_method(bench, method, expected);
		runs++;
		ns = now_ns() - start;
	} while (ns < CLOCK_STEPS * resolution);
	return (double)ns / expected / runs;
}

/* Returns -1 if the kernel does not support the method. */
static double best_pass(struct bench *bench, const struct method *method)
{
	double ns, best = -1;
	__u64 start;
	int i;

	/* Warm up: page faults, dentries and inodes. */
	if (method->run(bench, method) < 0)
		return -1;
	start = now_ns();
	for (i = 0; i < PASSES && (!i || now_ns() - start < PASSES_NS); i++) {
		ns = pass(bench, method);
		if (!i || ns < best)
			best = ns;
	}
	return best;
}

/* In a child, which can become another user. */
static double measure(struct bench *bench, const struct method *method)
{
	double *ns = share_memory(sizeof(*ns)), result;
	pid_t pid = fork_child();
	int status;

	if (!pid) {
		if (method->caller == BENCH_HIDDEN &&
		    setresuid(BENCH_USER, BENCH_USER, BENCH_USER))
			err(1, "setresuid");
		*ns = best_pass(bench, method);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		errx(1, "%s: failed", method->name);
	result = *ns;
	munmap(ns, sizeof(*ns));
	return result;
}

static bool is_wanted(const char *list, const char *name)
{
	size_t len = strlen(name);
	const char *pos;

	for (pos = list; pos; pos = strchr(pos, ',')) {
		pos += *pos == ',';
		if (!strncmp(pos, name, len) && (!pos[len] || pos[len] == ','))
			return true;
	}
	return !list;
}

static void print_csv(const struct bench *bench, const struct method *method,
		      double ns)
{
	if (ns >= 0)
		printf("csv %zu,%s%s,%s,%.1f\n", bench->nr,
		       bench->cmdline_size ? "long-" : "", method->name,
		       BENCH_ABI, ns);
}

static void print_row(const struct bench *bench, const struct method *method,
		      double ns)
{
	if (ns >= 0)
		printf("%-40s %6zu %12.1f\n", method->what, bench->nr, ns);
	else
		printf("%-40s %6zu %12s\n", method->what, bench->nr, "-");
}

/* What to measure, and how to print it. */
struct job {
	const char *wanted;	/* Names of methods; NULL: all */
	bool threads;
	size_t others;		/* Threads of another process */
	void (*print)(const struct bench *bench, const struct method *method,
		      double ns);
};

static void run_methods(struct bench *bench, const struct job *job)
{
	const struct method *list = job->threads ? thread_methods : methods;
	size_t nr = job->threads ? ARRAY_SIZE(thread_methods) :
				   ARRAY_SIZE(methods);
	size_t i;

	for (i = 0; i < nr; i++)
		if (is_wanted(job->wanted, list[i].name))
			job->print(bench, &list[i], measure(bench, &list[i]));
}

static void run_job(struct bench *bench, const struct job *job, size_t nr)
{
	if (job->threads)
		bench_start_threads(bench, nr, job->others);
	else
		bench_start(bench, nr, 0);
	run_methods(bench, job);
	bench_stop(bench);
}

static const struct method *find_method(const char *name)
{
	const struct method *method = methods;

	while (strcmp(method->name, name))
		method++;
	return method;
}

static void compare(struct bench *bench, size_t nr)
{
	double call, proc;

	bench_start(bench, nr, 0);
	call = measure(bench, find_method("all")) * nr / 1e6;
	proc = measure(bench, find_method("five-files")) * nr / 1e6;
	printf("%zu processes: %.3f ms in one xyzzy(), %.3f ms from /proc, %.1f times\n",
	       nr, call, proc, proc / call);
	bench_stop(bench);
}

int main(int argc, char **argv)
{
	struct job job = { 0 };
	size_t cmdline_size = 0;
	struct bench bench;
	int opt;

	while ((opt = getopt(argc, argv, "cB:L:tTw:")) != -1) {
		switch (opt) {
		case 'B':
			job.others = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			job.print = print_csv;
			break;
		case 'L':
			cmdline_size = strtoul(optarg, NULL, 0);
			break;
		case 't':
			job.print = print_row;
			break;
		case 'T':
			job.threads = true;
			break;
		case 'w':
			job.wanted = optarg;
			break;
		default:
			errx(1, "usage: xyzzy_bench [-c|-t] [-T [-B M]] [-L BYTES] [-w METHOD,...] [N...]");
		}
	}
	bench_open(&bench);
	if (cmdline_size)
		bench_set_cmdline(&bench, cmdline_size);
	argv += optind;
	do {
		size_t nr = *argv ? strtoul(*argv, NULL, 0) : 1000;

		if (!nr)
			errx(1, "%s: expected a number of processes", *argv);
		if (job.print)
			run_job(&bench, &job, nr);
		else
			compare(&bench, nr);
		fflush(stdout);
	} while (*argv && *++argv);
	bench_close(&bench);
	return 0;
}
