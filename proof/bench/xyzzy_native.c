// SPDX-License-Identifier: GPL-2.0
/*
 * The time of reading N processes, where the kernel runs on the processor itself: in
 * user-mode Linux, which is a program. Run as root:
 *
 *   xyzzy_native CACHE N...	in the guest: xyzzy()
 *   xyzzy_native -f DIRECTORY STRIDE CACHE N...
 *				on the host: floors, with memory of DIRECTORY and
 *				objects STRIDE bytes apart, and the host's own /proc
 *
 * CACHE is more than the caches hold, in bytes. Prints "csv n,method,abi,ns per
 * process", the median of ROUNDS rounds. In each round, every method is timed once
 * after WARM_UPS runs of it and, as METHOD-cold, once after CACHE other bytes were
 * read. What the first method of a list takes is subtracted from the others.
 */
#include <sys/param.h>
#include "kselftest.h"
#include "bench.h"
#include "use.h"

#define ROUNDS		21
#define WARM_UPS	8	/* Fewer leave much of the memory in outer caches */
#define SIZES		8
#define METHODS		7
#define HOST_NR		1000	/* Processes for the host's own /proc */

static const struct method calls[METHODS] = {
	{ "probe", probe },
	{ "id", walk, XYZZY_ID },
	{ "all", walk, XYZZY_ALL },
	{ "all-approx", walk, XYZZY_ALL, XYZZY_APPROX_MEM },
	{ "all-cmdline", walk, XYZZY_ALL | XYZZY_CMDLINE },
};

static const struct method floors[METHODS] = {
	{ "nothing", do_nothing },
	{ "copy", copy_records },
	{ "chase-1", chase, .chase = 1 },
	{ "chase-2", chase, .chase = 2 },
	{ "chase-3", chase, .chase = 3 },
	{ "lines-12", chase, .chase = 3, .lines = 4 },
	{ "lines-36", chase, .chase = 3, .lines = 12 },
};

static const struct method host_proc[METHODS] = {
	{ "nothing", do_nothing },
	{ "host-proc", read_files, .files = FIVE_FILES },
};

/* Other memory than that of the processes. */
static struct {
	int fd;
	size_t size;
} other;

static char buffer[256 * 1024];

static void make_other(size_t size)
{
	size_t done;

	other.size = roundup(size, sizeof(buffer));
	other.fd = memfd_create("other", MFD_CLOEXEC);
	for (done = 0; done < other.size; done += sizeof(buffer))
		if (write(other.fd, buffer, sizeof(buffer)) != sizeof(buffer))
			err(1, "memory for %zu bytes", size);
}

static void read_other(void)
{
	size_t done;

	for (done = 0; done < other.size; done += sizeof(buffer))
		if (pread(other.fd, buffer, sizeof(buffer), done) < 0)
			err(1, "pread");
}

static double sample(struct bench *bench, const struct method *method, bool cold)
{
	__u64 start;
	int i;

	if (cold)
		read_other();
	else
		for (i = 0; i < WARM_UPS; i++)
			run_method(bench, method, bench->nr);
	start = now_ns();
	run_method(bench, method, bench->nr);
	return now_ns() - start;
}

static void measure(struct bench *bench, const struct method *methods,
		    const size_t *sizes, size_t nr_sizes)
{
	static double ns[SIZES][METHODS][2][ROUNDS];
	size_t all = bench->nr, size, i;
	int round, cold;

	for (round = 0; round < ROUNDS; round++) {
		for (size = 0; size < nr_sizes; size++) {
			bench->nr = sizes[size];
			for (i = 0; i < METHODS && methods[i].run; i++)
				for (cold = 0; cold < 2; cold++)
					ns[size][i][cold][round] =
						sample(bench, &methods[i], cold);
		}
		printf("# round %d of %d\n", round + 1, ROUNDS);
		fflush(stdout);
	}
	bench->nr = all;

	for (size = 0; size < nr_sizes; size++)
		for (cold = 0; cold < 2; cold++) {
			double none = median(ns[size][0][cold], ROUNDS);

			for (i = 1; i < METHODS && methods[i].run; i++)
				printf("csv %zu,%s%s,%s,%.1f\n", sizes[size],
				       methods[i].name, cold ? "-cold" : "",
				       BENCH_ABI,
				       (median(ns[size][i][cold], ROUNDS) -
					none) / sizes[size]);
		}
}

/*
 * Processes of the host, whose settings stay as they are. Starts again if the
 * PIDs have wrapped.
 */
static void start_on_host(struct bench *bench, pid_t *pids)
{
	size_t i;

	bench->procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (bench->procfd < 0)
		err(1, "/proc");
	bench->nr = HOST_NR;
	bench->pids = calloc(HOST_NR, sizeof(*bench->pids));
	for (i = 0; i < HOST_NR; i++) {
		pids[i] = spawn_sleeper();
		if (pids[i] < 0)
			err(1, "fork");
		if (pids[i] < pids[0]) {
			kill_many(pids, i + 1);
			i = -1;
		}
	}
	bench->first = pids[0];
}

static void measure_host(const char *directory, size_t stride,
			 const size_t *sizes, size_t nr_sizes)
{
	const size_t host_size = HOST_NR;
	static pid_t pids[HOST_NR];
	struct bench bench = { 0 };

	bench_make_objects(&bench, directory, sizes[nr_sizes - 1], stride);
	measure(&bench, floors, sizes, nr_sizes);
	start_on_host(&bench, pids);
	measure(&bench, host_proc, &host_size, 1);
	kill_many(pids, HOST_NR);
}

static void measure_guest(const size_t *sizes, size_t nr_sizes)
{
	struct bench bench;

	bench_open(&bench);
	bench_start(&bench, sizes[nr_sizes - 1], 0);
	measure(&bench, calls, sizes, nr_sizes);
	bench_stop(&bench);
	bench_close(&bench);
}

/* In increasing order, as the processes of the last one are started. */
static size_t parse_sizes(char **words, size_t *sizes)
{
	size_t nr;

	for (nr = 0; *words; nr++, words++) {
		if (nr < SIZES)
			sizes[nr] = strtoul(*words, NULL, 0);
		if (nr == SIZES || !sizes[nr] || (nr && sizes[nr] <= sizes[nr - 1]))
			errx(1, "%s: expected up to %d numbers in increasing order",
			     *words, SIZES);
	}
	return nr;
}

int main(int argc, char **argv)
{
	const char *directory = NULL;
	size_t sizes[SIZES], nr, stride = 0;

	if (argc > 3 && !strcmp(argv[1], "-f")) {
		directory = argv[2];
		stride = strtoul(argv[3], NULL, 0);
		argc -= 3;
		argv += 3;
	}
	if (argc < 3 || (directory && stride < sizeof(void *)))
		errx(1, "usage: xyzzy_native [-f DIRECTORY STRIDE] CACHE N...");
	nr = parse_sizes(argv + 2, sizes);
	make_other(strtoul(argv[1], NULL, 0));
	if (directory)
		measure_host(directory, stride, sizes, nr);
	else
		measure_guest(sizes, nr);
	return 0;
}
