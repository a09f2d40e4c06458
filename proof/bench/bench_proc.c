// SPDX-License-Identifier: GPL-2.0
/*
 * Methods: /proc, as an optimized program reads it. Names are looked up from a
 * descriptor of /proc, one read() gets a whole file, and the text is parsed in
 * place, without stdio or strtoull().
 */
#include <dirent.h>
#include "kselftest.h"
#include "bench.h"
#include "child.h"

#define STAT_FIELDS	52
#define STATM_FIELDS	7
#define STATUS_FIELDS	24
#define IO_FIELDS	7

/* What is in the files of a process. */
static struct figures {
	__u64 stat[STAT_FIELDS];
	__u64 statm[STATM_FIELDS];
	__u64 status[STATUS_FIELDS];
	__u64 io[IO_FIELDS];
	char state;
	char comm[64];
	char cgroup[256];
	char cmdline[8192];
	size_t cmdline_len;
} figures;

static char text[8192];

/* The number at or behind @pos, up to the end of the line. */
static const char *parse_number(const char *pos, __u64 *number)
{
	__u64 value = 0;
	int negative;

	while ((unsigned char)(*pos - '0') > 9 && *pos != '\n' && *pos)
		pos++;
	negative = pos[-1] == '-';
	for (; (unsigned char)(*pos - '0') <= 9; pos++)
		value = value * 10 + (*pos - '0');
	*number = negative ? -value : value;
	return pos;
}

static void parse_numbers(const char *pos, __u64 *numbers, int nr)
{
	while (nr--)
		pos = parse_number(pos, numbers++);
}

/* A name can have any character, so the last parenthesis ends it. */
static void parse_stat(const char *end)
{
	const char *name = memchr(text, '(', end - text);
	const char *close = memrchr(text, ')', end - text);

	if (!name || !close || close - name > (long)sizeof(figures.comm))
		errx(1, "stat: expected PID (COMM): %s", text);
	parse_numbers(text + 1, figures.stat, 1);
	memcpy(figures.comm, name + 1, close - name - 1);
	figures.comm[close - name - 1] = '\0';
	figures.state = close[2];
	parse_numbers(close + 3, figures.stat + 1, STAT_FIELDS - 3);
}

static void parse_statm(const char *end)
{
	(void)end;
	parse_numbers(text + 1, figures.statm + 1, STATM_FIELDS - 1);
}

/* The lines of status in the order of the file, and how many numbers to read. */
static const struct key {
	const char *name;
	int len;
	int nr;
} keys[] = {
#define KEY(name, nr) { name, sizeof(name) - 1, nr }
	KEY("Uid:", 4), KEY("Gid:", 4), KEY("VmPeak:", 1), KEY("VmLck:", 1),
	KEY("VmHWM:", 1), KEY("RssAnon:", 1), KEY("RssFile:", 1),
	KEY("RssShmem:", 1), KEY("VmData:", 1), KEY("VmStk:", 1),
	KEY("VmExe:", 1), KEY("VmLib:", 1), KEY("VmPTE:", 1), KEY("VmSwap:", 1),
	KEY("voluntary_ctxt_switches:", 1),
	KEY("nonvoluntary_ctxt_switches:", 1),
#undef KEY
};

/* The line that starts with the key, from @line on, or NULL. */
static const char *find_line(const char *line, const char *end,
			     const struct key *key)
{
	while (end - line > key->len && memcmp(line, key->name, key->len)) {
		line = memchr(line, '\n', end - line);
		if (!line)
			return NULL;
		line++;
	}
	return end - line > key->len ? line : NULL;
}

static void parse_status(const char *end)
{
	__u64 *to = figures.status;
	const char *line = text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *found = find_line(line, end, &keys[i]);

		if (found) {
			line = found;
			parse_numbers(line + keys[i].len, to, keys[i].nr);
		}
		to += keys[i].nr;
	}
}

static void parse_io(const char *end)
{
	const char *line = text;
	int i;

	for (i = 0; i < IO_FIELDS && line < end; i++)
		line = parse_number(line + 1, &figures.io[i]) + 1;
}

/* A path; one more call would be needed for the ID. */
static void parse_cgroup(const char *end)
{
	const char *stop = memchr(text, '\n', end - text);
	size_t len = (stop ?: end) - text;

	if (len >= sizeof(figures.cgroup))
		len = sizeof(figures.cgroup) - 1;
	memcpy(figures.cgroup, text, len);
	figures.cgroup[len] = '\0';
}

static void parse_cmdline(const char *end)
{
	figures.cmdline_len = end - text;
	memcpy(figures.cmdline, text, figures.cmdline_len);
}

/* In the order of their bits in method->files */
static const struct file {
	const char *name;
	void (*parse)(const char *end);
} files[] = {
	{ "/stat", parse_stat },
	{ "/statm", parse_statm },
	{ "/status", parse_status },
	{ "/io", parse_io },
	{ "/cgroup", parse_cgroup },
	{ "/cmdline", parse_cmdline },
};

/* Returns the end. */
static char *put_pid(char *to, pid_t pid)
{
	char digits[12], *digit = digits;

	do {
		*digit++ = '0' + pid % 10;
		pid /= 10;
	} while (pid);
	while (digit > digits)
		*to++ = *--digit;
	return to;
}

/* The process may have exited. */
static void parse_file(int fd, const struct file *file)
{
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);

	if (len < 0 && errno == ESRCH)
		return;
	if (len <= 0)
		err(1, "%s", file->name);
	text[len] = '\0';
	file->parse(text + len);
}

static void read_file(int dirfd, const char *path, const struct file *file)
{
	int fd = openat(dirfd, path, O_RDONLY);

	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0)
		err(1, "%s", path);
	parse_file(fd, file);
	close(fd);
}

static void read_process(int dirfd, pid_t pid, unsigned int wanted)
{
	char path[32], *name = put_pid(path, pid);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		if (!(wanted & 1U << i))
			continue;
		stpcpy(name, files[i].name);
		read_file(dirfd, path, &files[i]);
	}
}

/* Every PID in the directory that is not below @first; up to @room of them. */
static size_t list_numbers(int dirfd, pid_t first, pid_t *pids, size_t room)
{
	static __u64 entries[4096];
	size_t nr = 0;
	ssize_t len, pos;

	lseek(dirfd, 0, SEEK_SET);
	while ((len = getdents64(dirfd, entries, sizeof(entries))) > 0) {
		for (pos = 0; pos < len;) {
			struct dirent64 *entry = (void *)((char *)entries + pos);
			__u64 pid;

			pos += entry->d_reclen;
			if ((unsigned char)(entry->d_name[0] - '0') > 9)
				continue;
			parse_number(entry->d_name, &pid);
			if ((pid_t)pid >= first && nr < room)
				pids[nr++] = pid;
		}
	}
	return nr;
}

/* List the processes, which every method except xyzzy() starts with. */
long list_pids(struct bench *bench, const struct method *method)
{
	(void)method;
	return list_numbers(bench->procfd, bench->first, bench->pids,
			    bench->nr);
}

long read_files(struct bench *bench, const struct method *method)
{
	long nr = list_pids(bench, method), i;

	for (i = 0; i < nr; i++)
		read_process(bench->procfd, bench->pids[i], method->files);
	return nr;
}

/*
 * A program that reads the same processes repeatedly can keep stat of each of
 * them open.
 */
long reread_files(struct bench *bench, const struct method *method)
{
	long nr = list_pids(bench, method), i;
	char path[32];

	for (i = 0; i < nr; i++) {
		if (!bench->files[i]) {
			stpcpy(put_pid(path, bench->pids[i]), files[0].name);
			bench->files[i] = openat(bench->procfd, path, O_RDONLY);
			if (bench->files[i] < 0)
				err(1, "%s", path);
		}
		parse_file(bench->files[i], &files[0]);
	}
	return nr;
}

/* Every number in the line. */
static void parse_line(const char *line, __u64 *sum)
{
	char *end;

	while (*line) {
		if ((unsigned char)(*line - '0') <= 9) {
			*sum += strtoull(line, &end, 10);
			line = end;
		} else {
			line++;
		}
	}
}

/* A program that is not optimized: stdio and strtoull(). */
long read_stdio(struct bench *bench, const struct method *method)
{
	long nr = list_pids(bench, method), i;
	char path[64];
	FILE *stream;
	size_t n;

	for (i = 0; i < nr; i++) {
		for (n = 0; n < ARRAY_SIZE(files); n++) {
			if (!(method->files & 1U << n))
				continue;
			snprintf(path, sizeof(path), "/proc/%d%s",
				 bench->pids[i], files[n].name);
			stream = fopen(path, "re");
			if (!stream)
				err(1, "%s", path);
			while (fgets(text, sizeof(text), stream))
				parse_line(text, figures.stat);
			fclose(stream);
		}
	}
	return nr;
}

/* stat of every thread of the one process. */
long read_threads(struct bench *bench, const struct method *method)
{
	char path[32];
	long nr, i;
	int dirfd;

	stpcpy(put_pid(path, bench->threaded), "/task");
	dirfd = openat(bench->procfd, path, O_RDONLY | O_DIRECTORY);
	if (dirfd < 0)
		err(1, "%s", path);
	nr = list_numbers(dirfd, 1, bench->pids, bench->nr);
	for (i = 0; i < nr; i++)
		read_process(dirfd, bench->pids[i], method->files);
	close(dirfd);
	bench->pids[0] = 0;
	return nr;
}

/* stat of the one process, with the sums of its threads. */
long read_threaded(struct bench *bench, const struct method *method)
{
	read_process(bench->procfd, bench->threaded, method->files);
	return 1;
}
