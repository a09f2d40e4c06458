// SPDX-License-Identifier: GPL-2.0
/*
 * Run the test programs below /tests, a directory for each ABI, and print one
 * KTAP document of what they say, nested by ABI and program.
 *
 *   ktap [PROGRAM...]		these programs, or all
 *
 *   /tests/ABI/list		names the programs, one a line
 *   /tests/settings		as kselftest has it: timeout=SECONDS for a program
 *   TIMEOUT=SECONDS		in the environment, in place of that
 *
 * In C, as the BusyBox that guest.sh builds for some machines lacks timeout and sed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KSFT_SKIP 4

static char **wanted;
static int timeout_s = 45;

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void read_settings(void)
{
	FILE *file = fopen("/tests/settings", "r");
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "timeout=%d", &timeout_s);
	if (file)
		fclose(file);
	if (getenv("TIMEOUT"))
		timeout_s = atoi(getenv("TIMEOUT"));
}

/* The program's name, if the line names one that is wanted. */
static bool read_name(FILE *list, char *name, size_t size)
{
	while (fgets(name, size, list)) {
		name[strcspn(name, "\n")] = '\0';
		if (!*wanted)
			return true;
		for (char **word = wanted; *word; word++)
			if (!strcmp(*word, name))
				return true;
	}
	return false;
}

static int count_names(FILE *list)
{
	char name[256];
	int count = 0;

	while (read_name(list, name, sizeof(name)))
		count++;
	rewind(list);
	return count;
}

static pid_t start(const char *program, int out)
{
	char path[300];
	pid_t pid = fork();

	if (pid)
		return pid;
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	snprintf(path, sizeof(path), "./%s", program);
	execl(path, path, NULL);
	printf("# %s: %s\n", program, strerror(errno));
	fflush(stdout);
	_exit(127);
}

static void print_indented(const char *text, ssize_t len, bool *at_start)
{
	for (ssize_t i = 0; i < len; i++) {
		if (*at_start)
			fputs("    ", stdout);
		putchar(text[i]);
		*at_start = text[i] == '\n';
	}
}

/* Returns whether all writers ended within the time limit. */
static bool copy_output(int in)
{
	struct pollfd pollfd = { .fd = in, .events = POLLIN };
	time_t end = now() + timeout_s;
	bool at_start = true, ended = false;
	char buf[4096];
	ssize_t len;

	while (!ended && now() < end) {
		if (poll(&pollfd, 1, 1000) <= 0)
			continue;
		len = read(in, buf, sizeof(buf));
		ended = len <= 0;
		print_indented(buf, len, &at_start);
	}
	if (!at_start)
		putchar('\n');
	return ended;
}

/* Returns the exit status; what did not end in time was killed. */
static int run(const char *program)
{
	int fds[2], status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return 255;
	fflush(stdout);
	pid = start(program, fds[1]);
	close(fds[1]);
	if (!copy_output(fds[0]) && pid > 0)
		kill(pid, SIGKILL);
	close(fds[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 255;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool run_program(const char *program, int number)
{
	time_t begin = now();
	int status;

	printf("    # Subtest: %s\n", program);
	status = run(program);
	printf("    # %s took %lld s\n", program, (long long)(now() - begin));
	printf("  %sok %d %s", status && status != KSFT_SKIP ? "not " : "", number,
	       program);
	if (status == KSFT_SKIP)
		printf(" # SKIP");
	else if (status)
		printf(" # exit status %d", status);
	putchar('\n');
	return !status || status == KSFT_SKIP;
}

static bool run_abi(const char *dir)
{
	const char *abi = strrchr(dir, '/') + 1;
	time_t begin = now();
	bool good = true;
	char name[256];
	int number = 0;
	FILE *list;

	printf("  KTAP version 1\n  # Subtest: %s\n", abi);
	if (chdir(dir))
		return false;
	list = fopen("list", "re");
	if (!list)
		return false;
	printf("  1..%d\n", count_names(list));
	while (read_name(list, name, sizeof(name)))
		good &= run_program(name, ++number);
	fclose(list);
	printf("  # %s took %lld s\n", abi, (long long)(now() - begin));
	return good && number;
}

int main(int argc, char **argv)
{
	bool good = true;
	glob_t dirs;

	wanted = argv + (argc > 0);
	read_settings();
	if (glob("/tests/*/list", 0, NULL, &dirs))
		dirs.gl_pathc = 0;
	printf("KTAP version 1\n1..%zu\n", dirs.gl_pathc);
	for (size_t i = 0; i < dirs.gl_pathc; i++) {
		char *dir = dirs.gl_pathv[i];
		bool passed;

		*strrchr(dir, '/') = '\0';
		passed = run_abi(dir);
		printf("%sok %zu %s\n", passed ? "" : "not ", i + 1,
		       strrchr(dir, '/') + 1);
		good &= passed;
	}
	fflush(stdout);
	return !good || !dirs.gl_pathc;
}
