// SPDX-License-Identifier: GPL-2.0
/*
 * The cost of reading N processes with xyzzy(2) and with other methods. Run as
 * root:
 *
 *   xyzzy_bench [N]		one xyzzy() against five files of /proc, a line
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

#define PS_FILES	(FILE_STAT | FILE_STATUS | FILE_CMDLINE)

static const struct method methods[] = {
	{ "id", walk, XYZZY_ID },
	{ "creds", walk, XYZZY_CREDS },
	{ "sched", walk, XYZZY_SCHED },
	{ "times", walk, XYZZY_TIMES },
	{ "faults", walk, XYZZY_FAULTS },
	{ "mem", walk, XYZZY_MEM },
	{ "mem-approx", walk, XYZZY_MEM, XYZZY_APPROX_MEM },
	{ "io", walk, XYZZY_IO },
	{ "cgroup", walk, XYZZY_CGROUP },
	{ "stat-groups", walk, XYZZY_SCHED | XYZZY_TIMES | XYZZY_FAULTS |
	  XYZZY_MEM },
	{ "three-groups", walk, XYZZY_ALL & ~(XYZZY_IO | XYZZY_CGROUP) },
	{ "all", walk, XYZZY_ALL },
	{ "all-approx", walk, XYZZY_ALL, XYZZY_APPROX_MEM },
	{ "id-own", walk, XYZZY_ID, .caller = BENCH_OWN },
	{ "all-own", walk, XYZZY_ALL, .caller = BENCH_OWN },
	{ "delays", walk, XYZZY_DELAYS },
	{ "name", walk, XYZZY_NAME },
	{ "cmdline", walk, XYZZY_CMDLINE },
	{ "all-cmdline", walk, XYZZY_ALL | XYZZY_CMDLINE },
	{ "all-strings", walk, XYZZY_ALL | XYZZY_CMDLINE | XYZZY_NAME },
	{ "ps", walk, XYZZY_CREDS | XYZZY_SCHED | XYZZY_TIMES | XYZZY_MEM |
	  XYZZY_CMDLINE },
	{ "top", walk, XYZZY_CREDS | XYZZY_SCHED | XYZZY_TIMES |
	  XYZZY_FAULTS | XYZZY_MEM | XYZZY_NAME },
	{ "list", list_pids },
	{ "stat", read_files, .files = FILE_STAT },
	{ "stat-open", reread_files },
	{ "three-files", read_files, .files = THREE_FILES },
	{ "five-files", read_files, .files = FIVE_FILES },
	{ "cmdline-file", read_files, .files = FILE_CMDLINE },
	{ "ps-files", read_files, .files = PS_FILES },
	{ "stat-stdio", read_stdio, .files = FILE_STAT },
	{ "five-stdio", read_stdio, .files = FIVE_FILES },
	{ "pidfd", ask_pidfds },
	{ "taskstats", ask_taskstats },
	{ "empty", empty_call },
	{ "probe", no_walk },
	{ "hidden", walk, XYZZY_ALL, .caller = BENCH_HIDDEN },
};

static const struct method thread_methods[] = {
	{ "thread-id", walk, XYZZY_ID, XYZZY_THREADS },
	{ "thread-all", walk, XYZZY_ALL, XYZZY_THREADS },
	{ "thread-stat", read_threads, .files = FILE_STAT },
	{ "thread-five", read_threads, .files = FIVE_FILES },
	{ "process-id", walk, XYZZY_ID, .one = true },
	{ "process-all", walk, XYZZY_ALL, .one = true },
	{ "process-stat", read_threaded, .files = FILE_STAT, .one = true },
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
	__u64 resolution = clock_resolution(), start = now_ns(), ns;
	size_t expected = method->one ? 1 : bench->nr, runs = 0;

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

struct job {
	const char *wanted;	/* Names of methods; NULL: all */
	bool threads;
	size_t others;		/* Threads of another process */
	bool csv;		/* All of them, or just two to compare */
};

static void run_methods(struct bench *bench, const struct job *job)
{
	const struct method *list = job->threads ? thread_methods : methods;
	size_t nr = job->threads ? ARRAY_SIZE(thread_methods) :
				   ARRAY_SIZE(methods);
	size_t i;

	for (i = 0; i < nr; i++)
		if (is_wanted(job->wanted, list[i].name))
			print_csv(bench, &list[i], measure(bench, &list[i]));
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

	while ((opt = getopt(argc, argv, "cB:L:Tw:")) != -1) {
		switch (opt) {
		case 'B':
			job.others = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			job.csv = true;
			break;
		case 'L':
			cmdline_size = strtoul(optarg, NULL, 0);
			break;
		case 'T':
			job.threads = true;
			break;
		case 'w':
			job.wanted = optarg;
			break;
		default:
			errx(1, "usage: xyzzy_bench [-c] [-T [-B M]] [-L BYTES] [-w METHOD,...] [N...]");
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
		if (job.csv)
			run_job(&bench, &job, nr);
		else
			compare(&bench, nr);
		fflush(stdout);
	} while (*argv && *++argv);
	bench_close(&bench);
	return 0;
}
