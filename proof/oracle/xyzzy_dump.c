// SPDX-License-Identifier: GPL-2.0
/*
 * Print what xyzzy(2) says as text, one line a record, with tabs between the
 * fields and their names in the first line. Not a test; run it by hand:
 *
 *   xyzzy_dump [-t] [-n | -p DIR]
 *
 *   -t		a record for each thread instead of each process
 *   -n		no procfs: what the caller may ptrace, in its PID namespace
 *   -p DIR	the procfs that is mounted there; /proc by default
 *
 * In a name or command line, bytes that are not printable ASCII, and backslashes,
 * are written as \ and three octal digits.
 */
#include <err.h>
#include <stddef.h>

#include "kselftest.h"
#include "../walk_strings.h"

#define RECORDS_A_CALL 256
#define COMM_SIZE sizeof(((struct xyzzy_task *)NULL)->comm)

enum format {
	U64,
	S64,
	U32,
	S32,
	LETTER,
	TEXT,
	STRING,			/* Where it starts and its length */
};

struct field {
	const char *name;
	enum format format;
	size_t offset;
};

#define FIELD(_name, _format)						\
	{								\
		.name = #_name, .format = (_format),			\
		.offset = offsetof(struct xyzzy_task, _name),		\
	}

static const struct field fields[] = {
	FIELD(mask, U64),
	FIELD(start_time, S64),
	FIELD(pidfs_ino, U64),
	FIELD(pid, U32),
	FIELD(tgid, U32),
	FIELD(ppid, U32),
	FIELD(pgid, U32),
	FIELD(sid, U32),
	FIELD(tty_nr, U32),
	FIELD(tty_pgrp, S32),
	FIELD(nr_threads, U32),
	FIELD(flags, U32),
	FIELD(state, LETTER),
	FIELD(comm, TEXT),
	FIELD(uid, U32),
	FIELD(euid, U32),
	FIELD(suid, U32),
	FIELD(fsuid, U32),
	FIELD(gid, U32),
	FIELD(egid, U32),
	FIELD(sgid, U32),
	FIELD(fsgid, U32),
	FIELD(policy, U32),
	FIELD(priority, S32),
	FIELD(nice, S32),
	FIELD(rt_priority, U32),
	FIELD(cpu, U32),
	FIELD(oom_score_adj, S32),
	FIELD(utime, U64),
	FIELD(stime, U64),
	FIELD(cutime, U64),
	FIELD(cstime, U64),
	FIELD(nvcsw, U64),
	FIELD(nivcsw, U64),
	FIELD(min_flt, U64),
	FIELD(maj_flt, U64),
	FIELD(cmin_flt, U64),
	FIELD(cmaj_flt, U64),
	FIELD(vm_size, U64),
	FIELD(vm_peak, U64),
	FIELD(rss_anon, U64),
	FIELD(rss_file, U64),
	FIELD(rss_shmem, U64),
	FIELD(rss_peak, U64),
	FIELD(swap, U64),
	FIELD(page_tables, U64),
	FIELD(text, U64),
	FIELD(lib, U64),
	FIELD(data, U64),
	FIELD(stack, U64),
	FIELD(locked, U64),
	FIELD(rchar, U64),
	FIELD(wchar, U64),
	FIELD(syscr, U64),
	FIELD(syscw, U64),
	FIELD(read_bytes, U64),
	FIELD(write_bytes, U64),
	FIELD(cancelled_write_bytes, U64),
	FIELD(cgroup_id, U64),
	FIELD(cmdline, STRING),
	FIELD(cmdline_size, U64),
	FIELD(name, STRING),
	FIELD(blkio_delay, U64),
	FIELD(run_delay, U64),
};

static void print_bytes(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = bytes[i];

		if (c < ' ' || c > '~' || c == '\\')
			printf("\\%03o", c);
		else
			putchar(c);
	}
}

static void print_field(const void *at, enum format format, const char *strings)
{
	const __u32 *numbers = at;

	switch (format) {
	case U64:
		printf("%llu", (unsigned long long)*(const __u64 *)at);
		break;
	case S64:
		printf("%lld", (long long)*(const __s64 *)at);
		break;
	case U32:
		printf("%u", *(const __u32 *)at);
		break;
	case S32:
		printf("%d", *(const __s32 *)at);
		break;
	case LETTER:
		putchar(*(const __u32 *)at);
		break;
	case TEXT:
		print_bytes(at, strnlen(at, COMM_SIZE));
		break;
	case STRING:
		print_bytes(strings + numbers[0], numbers[1]);
		break;
	}
}

static void print_record(const struct xyzzy_task *task, const char *strings)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (i)
			putchar('\t');
		print_field((const char *)task + fields[i].offset,
			    fields[i].format, strings);
	}
	putchar('\n');
}

/* For walk_strings() */
static void print_records(void *arg, const char *strings,
			  const struct xyzzy_task *tasks, size_t nr)
{
	(void)arg;
	for (size_t i = 0; i < nr; i++)
		print_record(&tasks[i], strings);
}

static void print_names(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		printf("%s%s", i ? "\t" : "", fields[i].name);
	putchar('\n');
}

static void die_usage(void)
{
	fprintf(stderr, "usage: xyzzy_dump [-t] [-n | -p DIR]\n");
	exit(EXIT_FAILURE);
}

static int print_walk(int procfd, unsigned int flags)
{
	const struct area area = area_map(AREA_SIZE);
	struct xyzzy_params params = XYZZY_PARAMS(xyzzy_supported(), NULL,
						  RECORDS_A_CALL);
	struct walk walk = { 0 };
	int err;

	params.procfd = procfd;
	print_names();
	err = walk_strings(&walk, &params, flags, &area, print_records, NULL);
	walk_free(&walk);
	return err;
}

int main(int argc, char **argv)
{
	const char *dir = "/proc";
	unsigned int flags = 0;
	int procfd = -1, option, ret;

	while ((option = getopt(argc, argv, "tnp:")) != -1) {
		if (option == 't')
			flags |= XYZZY_THREADS;
		else if (option == 'n')
			dir = NULL;
		else if (option == 'p')
			dir = optarg;
		else
			die_usage();
	}
	if (optind < argc)
		die_usage();
	if (dir) {
		procfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (procfd < 0)
			err(EXIT_FAILURE, "%s", dir);
	}

	ret = print_walk(procfd, flags);
	if (ret) {
		errno = -ret;
		err(EXIT_FAILURE, "xyzzy");
	}
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
