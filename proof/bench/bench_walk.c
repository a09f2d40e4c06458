// SPDX-License-Identifier: GPL-2.0
/*
 * Methods: xyzzy(2), and system calls that do less.
 */
#include "bench.h"
#include "xyzzy.h"

static struct xyzzy_params params_of(const struct bench *bench,
				     const struct method *method)
{
	struct xyzzy_params params = XYZZY_PARAMS(method->mask, bench->tasks,
						  bench->nr);

	/* Version 1 costs nothing if it is not asked for. */
	if (!(method->mask & ~XYZZY_ALL))
		params.task_size = XYZZY_TASK_SIZE_VER0;
	params.strings = bench->strings;
	params.strings_size = bench->strings_size;
	params.cursor = bench->cursor;
	params.pidfd = bench->threaded_fd;
	if (method->caller == BENCH_PROCFD)
		params.procfd = bench->procfd;
	return params;
}

/*
 * One call for all of them, or for the one process of threads. BENCH_HIDDEN sees
 * at most itself.
 */
long walk(struct bench *bench, const struct method *method)
{
	struct xyzzy_params params = params_of(bench, method);
	long ret = sys_xyzzy(&params, method->flags);

	if (method->caller != BENCH_HIDDEN)
		return ret;
	if (ret > 1)
		errx(1, "%s: %ld processes seen", method->name, ret);
	return ret < 0 ? ret : (long)bench->nr;
}

/* The first thread, for which the call collects the IDs of all. */
long walk_first_thread(struct bench *bench, const struct method *method)
{
	struct xyzzy_params params = params_of(bench, method);

	params.nr_tasks = 1;
	return sys_xyzzy(&params, method->flags);
}

/* One call without room for a record. */
long probe(struct bench *bench, const struct method *method)
{
	struct xyzzy_params params = params_of(bench, method);

	params.nr_tasks = 0;
	return sys_xyzzy(&params, 0) ? -1 : (long)bench->nr;
}

/* One such call for each process. */
long no_walk(struct bench *bench, const struct method *method)
{
	struct xyzzy_params params = params_of(bench, method);
	size_t i;

	params.nr_tasks = 0;
	for (i = 0; i < bench->nr; i++)
		if (sys_xyzzy(&params, 0))
			return -1;
	return bench->nr;
}

/* The cheapest call that there is. */
long empty_call(struct bench *bench, const struct method *method)
{
	size_t i;

	(void)method;
	for (i = 0; i < bench->nr; i++)
		syscall(__NR_getppid);
	return bench->nr;
}
