// SPDX-License-Identifier: GPL-2.0
/*
 * Ways to ask: xyzzy(2), and the floor below it.
 */
#define _GNU_SOURCE
#include <err.h>
#include "bench.h"
#include "xyzzy.h"

static struct xyzzy_params params_of(const struct bench *bench,
				     const struct way *way)
{
	struct xyzzy_params params = XYZZY_PARAMS(way->mask, bench->tasks,
						  bench->nr);

	params.cursor = bench->cursor;
	if (way->caller == BENCH_PROCFD)
		params.procfd = bench->procfd;
	return params;
}

/* One call for all of them. Who may see none of them gets itself at most. */
long walk(struct bench *bench, const struct way *way)
{
	struct xyzzy_params params = params_of(bench, way);
	long ret = sys_xyzzy(&params, way->flags);

	if (way->caller != BENCH_HIDDEN)
		return ret;
	if (ret > 1)
		errx(1, "%s: %ld processes seen", way->name, ret);
	return ret < 0 ? ret : (long)bench->nr;
}

/* The threads of the one process. */
long walk_threads(struct bench *bench, const struct way *way)
{
	struct xyzzy_params params = params_of(bench, way);

	params.pidfd = bench->threaded_fd;
	return sys_xyzzy(&params, XYZZY_THREADS);
}

/* The one process; the kernel sums up what its threads did. */
long walk_threaded(struct bench *bench, const struct way *way)
{
	struct xyzzy_params params = params_of(bench, way);

	params.pidfd = bench->threaded_fd;
	return sys_xyzzy(&params, 0);
}

/* As many calls as there are processes, each without room for a record. */
long no_walk(struct bench *bench, const struct way *way)
{
	struct xyzzy_params params = params_of(bench, way);
	size_t i;

	params.nr_tasks = 0;
	for (i = 0; i < bench->nr; i++)
		if (sys_xyzzy(&params, 0))
			return -1;
	return bench->nr;
}

/* The cheapest call that there is. */
long empty_call(struct bench *bench, const struct way *way)
{
	size_t i;

	(void)way;
	for (i = 0; i < bench->nr; i++)
		syscall(__NR_getppid);
	return bench->nr;
}
