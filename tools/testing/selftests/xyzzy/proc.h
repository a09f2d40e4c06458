/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_PROC_H
#define __XYZZY_PROC_H

/* Files of procfs, and mounts. */
#include "xyzzy.h"

#include <linux/types.h>

/* A whole file of any size. Returns its length, or -errno. */
static inline ssize_t read_bytes(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t ret;

	if (fd < 0)
		return -errno;
	do {
		ret = read(fd, buf + len, size - len);
		if (ret > 0)
			len += ret;
	} while (ret > 0 && len < size);
	if (ret < 0)
		ret = -errno;
	close(fd);
	return ret < 0 ? ret : (ssize_t)len;
}

/* The same as a string, empty if it cannot be read. */
static inline ssize_t read_text(const char *path, char *text, size_t size)
{
	ssize_t len = read_bytes(path, text, size - 1);

	text[len < 0 ? 0 : len] = '\0';
	return len;
}

/*
 * Parsers for the files of /proc/PID and /proc/PID/task/TID. They take the
 * directory as their first argument and return 0 or -errno.
 */

/* "/proc/PID", or "/proc/PID/task/TID" if @tid is not 0. */
struct proc_dir {
	char path[64];
};

static inline struct proc_dir proc_dir(pid_t pid, pid_t tid)
{
	struct proc_dir dir;

	if (tid)
		snprintf(dir.path, sizeof(dir.path), "/proc/%d/task/%d", pid,
			 tid);
	else
		snprintf(dir.path, sizeof(dir.path), "/proc/%d", pid);
	return dir;
}

/* Reads a whole file as a string; returns its length or -errno. */
static inline ssize_t proc_read(const struct proc_dir *dir, const char *name,
				char *buf, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir->path, name);
	return read_text(path, buf, size);
}

/*
 * stat. The fields have the numbers of proc_pid_stat(5). A negative value is
 * stored as __u64: cast it to a signed type.
 */
#define PROC_STAT_FIELDS 53

/* In field 9; no header has it for user space. */
#define PF_KTHREAD 0x00200000

struct proc_stat {
	char comm[64];
	char state;
	__u64 field[PROC_STAT_FIELDS];
};

static inline int proc_parse_stat(char *text, struct proc_stat *stat)
{
	char *open = strchr(text, '('), *close = strrchr(text, ')');
	char *pos, *end;

	memset(stat, 0, sizeof(*stat));
	if (!open || !close || close - open > (ssize_t)sizeof(stat->comm))
		return -EBADMSG;
	stat->field[1] = strtoull(text, NULL, 10);
	memcpy(stat->comm, open + 1, close - open - 1);
	stat->state = close[2];
	stat->field[3] = stat->state;
	pos = close + 3;
	for (int i = 4; i < PROC_STAT_FIELDS; i++, pos = end) {
		stat->field[i] = strtoull(pos, &end, 10);
		if (end == pos)
			return -EBADMSG;
	}
	return 0;
}

static inline int proc_stat(const struct proc_dir *dir, struct proc_stat *stat)
{
	char text[2048];
	ssize_t len = proc_read(dir, "stat", text, sizeof(text));

	return len < 0 ? (int)len : proc_parse_stat(text, stat);
}

/* Reads a whole file as a string, with NULs up to @size. */
static inline int proc_text(const struct proc_dir *dir, const char *name,
			    char *text, size_t size)
{
	ssize_t len;

	memset(text, 0, size);
	len = proc_read(dir, name, text, size);
	return len < 0 ? (int)len : 0;
}

/* The number at position @nth (from 0) of @text, ~0 if @text is NULL. */
static inline __u64 nth_number(const char *text, int nth)
{
	__u64 value = ~0ULL;
	char *end;

	for (; text && nth >= 0; nth--, text = end)
		value = strtoull(text, &end, 10);
	return value;
}

/* What follows "KEY:" at the start of a line, NULL without such a line. */
static inline const char *line_of(const char *text, const char *key)
{
	size_t len = strlen(key);

	while (strncmp(text, key, len) || text[len] != ':') {
		text = strchr(text, '\n');
		if (!text)
			return NULL;
		text++;
	}
	return text + len + 1;
}

/* status and io have one "KEY: VALUE..." in each line. */
struct proc_status {
	char text[8192];
};

static inline int proc_status(const struct proc_dir *dir,
			      struct proc_status *status)
{
	return proc_text(dir, "status", status->text, sizeof(status->text));
}

static inline __u64 proc_status_nth(const struct proc_status *status,
				    const char *key, int nth)
{
	return nth_number(line_of(status->text, key), nth);
}

struct proc_io {
	char text[512];
};

static inline int proc_io(const struct proc_dir *dir, struct proc_io *io)
{
	return proc_text(dir, "io", io->text, sizeof(io->text));
}

/* comm, without the newline */
static inline int proc_comm(const struct proc_dir *dir, char *comm, size_t size)
{
	ssize_t len = proc_read(dir, "comm", comm, size);

	if (len < 0)
		return len;
	if (!len || comm[len - 1] != '\n')
		return -EBADMSG;
	comm[len - 1] = '\0';
	return 0;
}

/* cgroup: the path in the unified hierarchy */
static inline int proc_cgroup(const struct proc_dir *dir, char *path,
			      size_t size)
{
	char text[4096], *line;
	ssize_t len = proc_read(dir, "cgroup", text, sizeof(text));

	if (len < 0)
		return len;
	line = !strncmp(text, "0::", 3) ? text : strstr(text, "\n0::");
	if (!line)
		return -ENOENT;
	line = strchr(line, ':') + 2;
	line[strcspn(line, "\n")] = '\0';
	if (strlen(line) >= size)
		return -ENAMETOOLONG;
	memcpy(path, line, strlen(line) + 1);
	return 0;
}

/* A file with one number, such as oom_score_adj. */
static inline int proc_num(const struct proc_dir *dir, const char *name,
			   long long *num)
{
	char text[64], *end;
	int len = proc_read(dir, name, text, sizeof(text));

	if (len < 0)
		return len;
	*num = strtoll(text, &end, 10);
	return end == text ? -EBADMSG : 0;
}

/* What /proc shows of a process or thread, read from one file after another. */
struct proc_snap {
	struct proc_stat stat;
	struct proc_status status;
	struct proc_io io;
	int io_err;		/* 0, or why io cannot be read */
	char statm[256];
	char comm[64];
	char oom_score_adj[32];
};

static inline int proc_snap(const struct proc_dir *dir, struct proc_snap *snap)
{
	memset(snap, 0, sizeof(*snap));
	snap->io_err = proc_io(dir, &snap->io);
	return proc_stat(dir, &snap->stat) ?:
	       proc_status(dir, &snap->status) ?:
	       proc_text(dir, "statm", snap->statm, sizeof(snap->statm)) ?:
	       proc_comm(dir, snap->comm, sizeof(snap->comm)) ?:
	       proc_text(dir, "oom_score_adj", snap->oom_score_adj,
			 sizeof(snap->oom_score_adj));
}

/*
 * The value at @where: "FILE FIELD" with the number of a field of stat or statm
 * (from 1), "FILE KEY [POSITION]" with the key of a line of status or io, or
 * "oom_score_adj". A negative value is returned as __u64.
 */
static inline __u64 proc_value(const struct proc_snap *snap, const char *where)
{
	char file[16], key[32];
	int nth = 0;

	if (sscanf(where, "%15s %31s %d", file, key, &nth) == 1)
		return nth_number(snap->oom_score_adj, 0);
	if (!strcmp(file, "stat"))
		return snap->stat.field[atoi(key)];
	if (!strcmp(file, "statm"))
		return nth_number(snap->statm, atoi(key) - 1);
	if (!strcmp(file, "status"))
		return proc_status_nth(&snap->status, key, nth);
	return nth_number(line_of(snap->io.text, key), nth);
}

static inline int write_text(int dirfd, const char *path, const char *text)
{
	ssize_t len = strlen(text);
	int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != len)
		err = -errno;
	close(fd);
	return err;
}

/* Macros in some versions of <sys/mount.h>, missing in older ones. */
#ifndef FSPICK_EMPTY_PATH
#define FSPICK_EMPTY_PATH 0x00000008
#endif
#ifndef FSCONFIG_SET_STRING
#define FSCONFIG_SET_STRING 1
#endif
#ifndef FSCONFIG_CMD_CREATE
#define FSCONFIG_CMD_CREATE 6
#endif
#ifndef FSCONFIG_CMD_RECONFIGURE
#define FSCONFIG_CMD_RECONFIGURE 7
#endif

/* Turn an O_PATH descriptor of a directory into one that procfd accepts. */
static inline int open_for_reading(int dirfd)
{
	return openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* @options as for mount(8), "hidepid=2,gid=5", or NULL. Then run @command. */
static inline int configure_fs(int fs, const char *options, int command)
{
	char text[128], *option, *value, *rest = text;

	snprintf(text, sizeof(text), "%s", options ?: "");
	while ((option = strsep(&rest, ","))) {
		value = strchr(option, '=');
		if (!value)
			continue;
		*value++ = '\0';
		if (syscall(__NR_fsconfig, fs, FSCONFIG_SET_STRING, option,
			    value, 0))
			return -1;
	}
	return syscall(__NR_fsconfig, fs, command, NULL, NULL, 0);
}

/* A new, detached mount: a descriptor of its root directory, or -1. */
static inline int open_fs(const char *type, const char *options)
{
	int fs = syscall(__NR_fsopen, type, 0), mount = -1, fd = -1;

	if (fs < 0)
		return -1;
	if (!configure_fs(fs, options, FSCONFIG_CMD_CREATE))
		mount = syscall(__NR_fsmount, fs, 0, 0);
	if (mount >= 0)
		fd = open_for_reading(mount);
	close_fd(mount);
	close(fs);
	return fd;
}

/* A procfs of the PID namespace of the caller; @hidepid may be NULL. */
static inline int open_procfs(const char *hidepid)
{
	char options[32];

	snprintf(options, sizeof(options), "hidepid=%s", hidepid ?: "0");
	return open_fs("proc", hidepid ? options : NULL);
}

/* Can the caller mount filesystems? Root in a container often cannot. */
static inline bool can_mount(void)
{
	int fd = open_procfs(NULL);

	close_fd(fd);
	return fd >= 0;
}

/* Remount a procfs with other options. */
static inline int remount(int procfd, const char *options)
{
	int fs = syscall(__NR_fspick, procfd, "", FSPICK_EMPTY_PATH);
	int err = 0;

	if (fs < 0 || configure_fs(fs, options, FSCONFIG_CMD_RECONFIGURE))
		err = -errno;
	close_fd(fs);
	return err;
}

/* Enter a mount namespace whose mounts no other namespace sees. */
static inline int unshare_mounts(void)
{
	return unshare(CLONE_NEWNS) ||
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ? -errno : 0;
}

/* Mount a filesystem at @dir, in a mount namespace of the caller's own. */
static inline int mount_private(const char *type, const char *dir,
				const char *options)
{
	int err = unshare_mounts();

	if (!err && mount(type, dir, type, 0, options))
		err = -errno;
	return err;
}

/* A mount at a new directory. */
struct mounted {
	char dir[32];
	int fd;			/* Of the root directory */
};

static inline int mount_at_new_dir(struct mounted *mounted, const char *type,
				   const char *options)
{
	int err;

	snprintf(mounted->dir, sizeof(mounted->dir), "/tmp/xyzzy.XXXXXX");
	mounted->fd = -1;
	if (!mkdtemp(mounted->dir))
		return -errno;
	err = mount_private(type, mounted->dir, options);
	if (err) {
		rmdir(mounted->dir);
		return err;
	}
	mounted->fd = open(mounted->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return mounted->fd < 0 ? -errno : 0;
}

static inline void unmount(struct mounted *mounted)
{
	if (!*mounted->dir)
		return;
	close_fd(mounted->fd);
	umount2(mounted->dir, MNT_DETACH);
	rmdir(mounted->dir);
}

#endif /* __XYZZY_PROC_H */
