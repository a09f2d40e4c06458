// SPDX-License-Identifier: GPL-2.0
/*
 * Idle processes and threads for the benchmarks, and the median.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include "bench.h"
#include "child.h"

static void set_limit(int resource, rlim_t value)
{
	struct rlimit limit = { .rlim_cur = value, .rlim_max = value };

	setrlimit(resource, &limit);
}

void bench_open(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	/* Without the permission, the limits stay as they are. */
	write_text(AT_FDCWD, "/proc/sys/kernel/pid_max", "1000000");
	write_text(AT_FDCWD, "/proc/sys/kernel/threads-max", "100000");
	write_text(AT_FDCWD, "/proc/sys/vm/max_map_count", "100000");
	set_limit(RLIMIT_NPROC, RLIM_INFINITY);
	set_limit(RLIMIT_NOFILE, 100000);
	bench->procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (bench->procfd < 0)
		err(1, "/proc");
	bench->threaded_fd = -1;
	bench->netlink = open_taskstats(bench);
}

static void *map(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		err(1, "mmap");
	return mem;
}

static void set_mm(int what, char *address)
{
	if (prctl(PR_SET_MM, what, address, 0, 0))
		err(1, "PR_SET_MM");
}

/* Set the size of our command line, which later children inherit. */
void bench_set_cmdline(struct bench *bench, size_t size)
{
	char *args = map(size);

	memset(args, 'x', size - 1);
	/* The stack, where the arguments end, is above. */
	set_mm(PR_SET_MM_ARG_START, args);
	set_mm(PR_SET_MM_ARG_END, args + size);
	bench->cmdline_size = size;
}

void bench_close(struct bench *bench)
{
	close(bench->procfd);
	if (bench->netlink >= 0)
		close(bench->netlink);
}

/* Walk to the end, to get a cursor behind all processes. */
static void find_cursor(struct bench *bench)
{
	static struct xyzzy_task tasks[256];
	struct xyzzy_params params = XYZZY_PARAMS(XYZZY_ID, tasks, 256);
	long ret;

	do {
		ret = sys_xyzzy(&params, 0);
		if (ret < 0)
			err(1, "xyzzy");
		if (ret)
			bench->first = tasks[ret - 1].pid + 1;
	} while (ret);
	bench->cursor = params.cursor;
}

static pid_t fork_quiet(int report_fd)
{
	pid_t pid = fork_child();

	if (pid < 0)
		err(1, "fork");
	if (!pid)
		thread_sleep(&report_fd);
	return pid;
}

/* Each of @nr children or threads writes its ID before it sleeps. */
static void wait_for(int fd, size_t nr)
{
	pid_t id;

	while (nr--)
		if (read(fd, &id, sizeof(id)) != sizeof(id))
			errx(1, "a process that was to sleep is gone");
	usleep(100000);
}

static void make_room(struct bench *bench, size_t nr)
{
	bench->nr = nr;
	bench->tasks = map(nr * sizeof(*bench->tasks));
	bench->strings_size = nr * (256 + bench->cmdline_size);
	bench->strings = map(bench->strings_size);
	bench->pids = map(nr * sizeof(*bench->pids));
	bench->files = map(nr * sizeof(*bench->files));
}

/* With room for @spare processes that others start later. */
void bench_start(struct bench *bench, size_t nr, size_t spare)
{
	int fds[2];
	size_t i;

	find_cursor(bench);
	if (pipe(fds))
		err(1, "pipe");
	for (i = 0; i < nr; i++)
		if (fork_quiet(fds[1]) < bench->first)
			errx(1, "the PIDs have wrapped: raise kernel.pid_max");
	wait_for(fds[0], nr);
	close(fds[0]);
	close(fds[1]);
	make_room(bench, nr + spare);
	if (list_pids(bench, NULL) != (long)nr)
		errx(1, "some of the %zu processes are not in /proc", nr);
}

static pid_t start_threaded(size_t nr)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		err(1, "pipe");
	pid = fork_child();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		close(fds[0]);
		start_threads(nr - 1, 0, &fds[1]);
		thread_sleep(&fds[1]);
	}
	close(fds[1]);
	wait_for(fds[0], nr);
	close(fds[0]);
	return pid;
}

/*
 * One process of @nr threads, the first one included, and before it another one
 * of @others.
 */
void bench_start_threads(struct bench *bench, size_t nr, size_t others)
{
	bench->others = others ? start_threaded(others) : 0;
	find_cursor(bench);
	bench->threaded = start_threaded(nr);
	bench->threaded_fd = sys_pidfd_open(bench->threaded, 0);
	if (bench->threaded_fd < 0)
		err(1, "pidfd_open");
	make_room(bench, nr);
}

static void close_files(struct bench *bench)
{
	size_t i;

	for (i = 0; i < bench->nr; i++)
		if (bench->files[i])
			close(bench->files[i]);
}

void bench_stop(struct bench *bench)
{
	size_t i;

	if (bench->threaded) {
		kill(bench->threaded, SIGKILL);
		close(bench->threaded_fd);
	}
	if (bench->others)
		kill(bench->others, SIGKILL);
	for (i = 0; i < bench->nr && bench->pids[i]; i++)
		kill(bench->pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	close_files(bench);
	munmap(bench->tasks, bench->nr * sizeof(*bench->tasks));
	munmap(bench->strings, bench->strings_size);
	munmap(bench->pids, bench->nr * sizeof(*bench->pids));
	munmap(bench->files, bench->nr * sizeof(*bench->files));
	bench->threaded = 0;
	bench->threaded_fd = -1;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(double *values, int nr)
{
	qsort(values, nr, sizeof(*values), compare_doubles);
	return values[nr / 2];
}
