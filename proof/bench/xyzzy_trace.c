// SPDX-License-Identifier: GPL-2.0
/*
 * The allocations of one call, and the length of its RCU sections, measured with
 * the kernel's tracer. Run as root:
 *
 *   xyzzy_trace [N...]		N processes
 *   xyzzy_trace -T [N...]	one process of N threads
 *
 * Prints "csv n,method,abi,value": the allocations of a call, the ns of its
 * longest RCU read-side section, and those of do_task_stat(), which fills in
 * /proc/PID/stat. The sections are fill_batch(), and report_task() for a process
 * with more threads than a batch has room for. A call for the first thread of a
 * process, which has to find the others, is timed as a whole.
 */
#include "kselftest.h"
#include "bench.h"
#include "child.h"

#define TRACEFS "/sys/kernel/tracing"

/* Marks in the trace, written to a descriptor that is open already. */
#define BEGIN "the call begins"
#define END "the call ends"

static int marker;

static void mark(const char *text)
{
	if (write(marker, text, strlen(text)) < 0)
		err(1, "trace_marker");
}

static void set(const char *name, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), TRACEFS "/%s", name);
	fd = open(path, O_WRONLY | O_TRUNC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		err(1, "%s: %s", path, value);
	close(fd);
}

static void mount_tracefs(void)
{
	if (access(TRACEFS "/trace", F_OK) &&
	    mount("tracefs", TRACEFS, "tracefs", 0, NULL))
		err(1, TRACEFS);
	set("tracing_on", "0");
	set("current_tracer", "nop");
	set("buffer_size_kb", "32768");
	marker = open(TRACEFS "/trace_marker", O_WRONLY | O_CLOEXEC);
	if (marker < 0)
		err(1, TRACEFS "/trace_marker");
}

/* Changing the user allocates, so allocations are not counted then. */
static void call_as_user(struct bench *bench, const struct method *method)
{
	uid_t user = method->caller == BENCH_HIDDEN ? BENCH_USER : 0;

	if (user && seteuid(user))
		err(1, "seteuid");
	if (method->run(bench, method) < 0)
		err(1, "%s", method->name);
	if (user && seteuid(0))
		err(1, "seteuid");
}

/* Trace the call alone. */
static void trace_call(struct bench *bench, const struct method *method)
{
	/* Warm up. */
	call_as_user(bench, method);
	set("trace", "");
	set("tracing_on", "1");
	mark(BEGIN);
	call_as_user(bench, method);
	mark(END);
	set("tracing_on", "0");
}

/* Call @line for each line between the markers. */
static void read_trace(void (*line)(const char *text, double *value),
		       double *value)
{
	FILE *trace = fopen(TRACEFS "/trace", "re");
	bool inside = false;
	char text[512];
	int markers = 0;

	if (!trace)
		err(1, TRACEFS "/trace");
	while (fgets(text, sizeof(text), trace)) {
		if (strstr(text, BEGIN) || strstr(text, END)) {
			inside = strstr(text, BEGIN);
			markers++;
		} else if (inside && text[0] != '#') {
			line(text, value);
		}
	}
	fclose(trace);
	if (markers != 2)
		errx(1, "the trace is not whole: %d of 2 markers", markers);
}

/* The events of all kinds of allocation. */
static const char * const events[] = {
	"kmalloc", "kmem_cache_alloc", "mm_page_alloc",
};

static void set_events(const char *enable)
{
	char path[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		snprintf(path, sizeof(path), "events/kmem/%s/enable", events[i]);
		set(path, enable);
	}
}

static void count_line(const char *text, double *value)
{
	size_t i;

	/* kvmalloc() reports what it got from kmalloc(), which has reported it */
	if (strstr(text, "call_site=__kvmalloc"))
		return;
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		const char *pos = strstr(text, events[i]);

		if (pos && pos[strlen(events[i])] == ':')
			++*value;
	}
}

static double count_allocations(struct bench *bench, const struct method *method)
{
	char pid[16];
	double count = 0;

	snprintf(pid, sizeof(pid), "%d", getpid());
	set("set_event_pid", pid);
	set_events("1");
	trace_call(bench, method);
	read_trace(count_line, &count);
	set_events("0");
	return count;
}

/* The line of a function has how long it took, in us: "0)   1.234 us    |". */
static void longest_line(const char *text, double *value)
{
	const char *unit = strstr(text, " us ");
	double us;

	if (!unit)
		return;
	while (unit > text && unit[-1] != ' ')
		unit--;
	us = strtod(unit, NULL);
	if (us * 1000 > *value)
		*value = us * 1000;
}

/* A pattern that matches nothing would have all functions traced. */
static void set_filter(const char *function)
{
	char line[128] = "";
	FILE *filter;

	set("set_ftrace_filter", function);
	filter = fopen(TRACEFS "/set_ftrace_filter", "re");
	if (!filter || !fgets(line, sizeof(line), filter) || line[0] == '#')
		errx(1, "%s: expected a function of that name", function);
	fclose(filter);
}

static double time_function(struct bench *bench, const struct method *method,
			    const char *function)
{
	double longest = 0;

	set_filter(function);
	set("current_tracer", "function_graph");
	trace_call(bench, method);
	read_trace(longest_line, &longest);
	set("current_tracer", "nop");
	if (!longest)
		errx(1, "%s: %s was not seen", method->name, function);
	return longest;
}

/* What to measure of which call. */
static const struct figure {
	struct method method;
	const char *function;	/* To time; NULL: count allocations */
	bool of_threads;
} figures[] = {
	{ { "alloc-none", empty_call } },
	{ { "alloc-id", walk, XYZZY_ID } },
	{ { "alloc-all", walk, XYZZY_ALL } },
	{ { "alloc-strings", walk, XYZZY_ALL | XYZZY_NAME | XYZZY_CMDLINE } },
	{ { "alloc-stat", read_files, .files = FILE_STAT } },
	{ { "rcu-all", walk, XYZZY_ALL }, "fill_batch*" },
	{ { "rcu-strings", walk, XYZZY_ALL | XYZZY_NAME | XYZZY_CMDLINE },
	  "fill_batch*" },
	{ { "rcu-hidden", walk, XYZZY_ALL, .caller = BENCH_HIDDEN },
	  "fill_batch*" },
	{ { "rcu-stat", read_files, .files = FILE_STAT }, "do_task_stat*" },
	{ { "rcu-process-all", walk, XYZZY_ALL }, "report_task*", true },
	{ { "rcu-process-stat", read_threaded, .files = FILE_STAT },
	  "do_task_stat*", true },
	{ { "rcu-thread-all", walk, XYZZY_ALL, XYZZY_THREADS }, "fill_batch*",
	  true },
	{ { "rcu-thread-ids", walk_first_thread, XYZZY_ID, XYZZY_THREADS },
	  "ksys_xyzzy*", true },
	{ { "alloc-thread-all", walk, XYZZY_ALL, XYZZY_THREADS }, NULL, true },
	{ { "alloc-process-all", walk, XYZZY_ALL }, NULL, true },
};

static double measure(struct bench *bench, const struct figure *figure)
{
	if (figure->function)
		return time_function(bench, &figure->method, figure->function);
	return count_allocations(bench, &figure->method);
}

static void run_figures(struct bench *bench, bool of_threads)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(figures); i++) {
		if (figures[i].of_threads != of_threads)
			continue;
		printf("csv %zu,%s,%s,%.0f\n", bench->nr, figures[i].method.name,
		       BENCH_ABI, measure(bench, &figures[i]));
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	bool of_threads = false;
	struct bench bench;
	int opt;

	while ((opt = getopt(argc, argv, "T")) != -1) {
		if (opt != 'T')
			errx(1, "usage: xyzzy_trace [-T] N...");
		of_threads = true;
	}
	mount_tracefs();
	bench_open(&bench);
	for (argv += optind; *argv; argv++) {
		size_t nr = strtoul(*argv, NULL, 0);

		if (!nr)
			errx(1, "%s: expected a number of processes", *argv);
		if (of_threads)
			bench_start_threads(&bench, nr, 0);
		else
			bench_start(&bench, nr, 0);
		run_figures(&bench, of_threads);
		bench_stop(&bench);
	}
	bench_close(&bench);
	return 0;
}
