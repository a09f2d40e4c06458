// SPDX-License-Identifier: GPL-2.0
/*
 * Run a command in the presence of some two thousand processes of all kinds,
 * most of them quiet. Not a test; run it by hand, as root:
 *
 *   xyzzy_population COMMAND [ARGUMENT...]
 *
 * Its exit status is that of the command. SIGINT is for the command alone.
 */
#include <err.h>
#include <poll.h>

#include "population.h"

#define MAX_PROCESSES 4096
#define READY_TIMEOUT_MS 300000

/* What a process says when it is made. */
struct report {
	int index;
	int err;
};

static struct {
	pid_t pids[MAX_PROCESSES];
	const struct kind *kinds[MAX_PROCESSES];
	int nr;
} population;

static const struct kind * const tables[] = {
	kinds_of_args, kinds_of_ids, kinds_of_sched, kinds_of_use,
};

static int run_member(const struct kind *kind, int number, pid_t parent,
		      struct report *report, int fd)
{
	report->err = set_name(kind->name, number);
	if (!report->err && kind->make)
		report->err = kind->make(number);
	die_with_parent(parent);
	if (write(fd, report, sizeof(*report)) != sizeof(*report) ||
	    report->err)
		return EXIT_FAILURE;
	close(fd);
	if (kind->rest)
		kind->rest();
	for (;;)
		pause();
}

static void spawn(const struct kind *kind, int number, const int fds[2])
{
	struct report report = { .index = population.nr };
	pid_t parent = getpid(), pid;

	if (population.nr == MAX_PROCESSES)
		errx(EXIT_FAILURE, "more than %d processes", MAX_PROCESSES);
	pid = fork_child();
	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (!pid) {
		close(fds[0]);
		_exit(run_member(kind, number, parent, &report, fds[1]));
	}
	population.kinds[population.nr] = kind;
	population.pids[population.nr++] = pid;
}

/* Returns whether one more process is made. */
static bool read_report(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	struct report report;

	if (poll(&ready, 1, READY_TIMEOUT_MS) != 1 ||
	    read(fd, &report, sizeof(report)) != sizeof(report)) {
		warnx("not every process got ready");
		return false;
	}
	if (report.err)
		warnx("%s: %s; see CONFIG_* in the file config",
		      population.kinds[report.index]->name,
		      strerror(-report.err));
	return !report.err;
}

static bool is_quiet(int index)
{
	const struct kind *kind = population.kinds[index];

	if (wait_state(population.pids[index], kind->state ?: 'S'))
		return true;
	warnx("%s: PID %d: expected state %c, not %c", kind->name,
	      population.pids[index], kind->state ?: 'S',
	      proc_state(population.pids[index]) ?: '?');
	return false;
}

static bool populate(void)
{
	int fds[2];

	if (pipe(fds))
		err(EXIT_FAILURE, "pipe");
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct kind *kind = tables[i]; kind->name; kind++)
			for (int j = 0; j < kind->nr; j++)
				spawn(kind, j, fds);
	close(fds[1]);
	for (int i = 0; i < population.nr; i++)
		if (!read_report(fds[0]))
			return false;
	close(fds[0]);
	for (int i = 0; i < population.nr; i++)
		if (!is_quiet(i))
			return false;
	return true;
}

static int run_command(char **argv)
{
	pid_t pid = fork_child();
	int status;

	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (!pid) {
		signal(SIGINT, SIG_DFL);
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			err(EXIT_FAILURE, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	int status = EXIT_FAILURE, ret;

	if (argc < 2) {
		fprintf(stderr, "usage: xyzzy_population COMMAND [ARGUMENT...]\n");
		return EXIT_FAILURE;
	}
	signal(SIGINT, SIG_IGN);
	adopt_orphans();
	ret = prepare_ids() ?: prepare_use();
	if (ret)
		warnx("cannot prepare: %s; see CONFIG_* in the file config",
		      strerror(-ret));
	else if (populate())
		status = run_command(argv + 1);
	kill_many(population.pids, population.nr);
	reap_orphans();
	clean_up_use();
	clean_up_ids();
	return status;
}
