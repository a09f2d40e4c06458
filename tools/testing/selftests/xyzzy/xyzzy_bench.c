// SPDX-License-Identifier: GPL-2.0
/*
 * What does it cost to ask what N processes are doing: one xyzzy(2) call for
 * all groups against the files of /proc with the same fields, read and parsed
 * into numbers? Not a test; run it by hand:
 *
 *   xyzzy_bench [N]
 *
 * Where the clock counts instructions (qemu -icount shift=0) the result does
 * not depend on the machine.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "wrappers.h"

#define SPARE_RECORDS	4096	/* For the processes that are not ours */

static const char * const files[] = {
	"stat", "statm", "status", "io", "cgroup", NULL
};

uint64_t parsed;	/* Not static, or else the compiler drops the parser */

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static pid_t fork_quiet(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static long walk(int procfd, struct xyzzy_task *tasks, size_t nr)
{
	struct xyzzy_params params = XYZZY_PARAMS(XYZZY_ALL, tasks, nr);
	long ret;

	params.procfd = procfd;
	ret = sys_xyzzy(&params, 0);
	if (ret < 0)
		err(1, "xyzzy");
	return ret;
}

/* Every number in the text. */
static void parse(const char *text)
{
	char *end;

	while (*text) {
		if (*text >= '0' && *text <= '9') {
			parsed += strtoull(text, &end, 10);
			text = end;
		} else {
			text++;
		}
	}
}

static void read_file(int procfd, unsigned int pid, const char *name)
{
	char path[32], text[4096];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%u/%s", pid, name);
	fd = openat(procfd, path, O_RDONLY);
	if (fd < 0)
		return;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len < 0)
		return;
	text[len] = '\0';
	parse(text);
}

static void scan(int procfd, const struct xyzzy_task *tasks, long nr)
{
	const char * const *file;
	long i;

	for (i = 0; i < nr; i++)
		for (file = files; *file; file++)
			read_file(procfd, tasks[i].pid, *file);
}

static void compare(int procfd, struct xyzzy_task *tasks, size_t room)
{
	uint64_t start, call, proc;
	long nr;

	/* Once to warm up: page faults, dentries and inodes. */
	nr = walk(procfd, tasks, room);
	scan(procfd, tasks, nr);

	start = now();
	nr = walk(procfd, tasks, room);
	call = now() - start;

	start = now();
	scan(procfd, tasks, nr);
	proc = now() - start;

	printf("%ld processes: %.3f ms in one xyzzy(), %.3f ms from /proc, %.1f times\n",
	       nr, call / 1e6, proc / 1e6, (double)proc / (call ?: 1));
}

int main(int argc, char **argv)
{
	size_t nr = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000;
	struct xyzzy_task *tasks;
	pid_t *pids;
	int procfd;
	size_t i;

	procfd = open("/proc", O_RDONLY | O_DIRECTORY);
	if (procfd < 0)
		err(1, "/proc");
	tasks = calloc(nr + SPARE_RECORDS, sizeof(*tasks));
	pids = calloc(nr + 1, sizeof(*pids));
	if (!tasks || !pids)
		err(1, "calloc");

	for (i = 0; i < nr; i++)
		pids[i] = fork_quiet();
	compare(procfd, tasks, nr + SPARE_RECORDS);
	for (i = 0; i < nr; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	return 0;
}
