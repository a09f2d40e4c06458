/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_PROC_H
#define __XYZZY_PROC_H

/* Files of procfs, and mounts. */
#include "xyzzy.h"

#include <linux/types.h>

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
	size_t len = 0;
	ssize_t ret;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir->path, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		ret = read(fd, buf + len, size - 1 - len);
		if (ret > 0)
			len += ret;
	} while (ret > 0 && len < size - 1);
	if (ret < 0)
		ret = -errno;
	close(fd);
	buf[len] = '\0';
	return ret < 0 ? ret : (ssize_t)len;
}

/*
 * stat. The fields have the numbers that proc_pid_stat(5) gives them. Fields that
 * can be negative have to be cast to a signed type.
 */
#define PROC_STAT_FIELDS 53

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

/* status: one "Key:\tvalue value ..." a line. */
struct proc_status {
	char text[8192];
};

static inline int proc_status(const struct proc_dir *dir,
			      struct proc_status *status)
{
	ssize_t len;

	memset(status, 0, sizeof(*status));
	len = proc_read(dir, "status", status->text, sizeof(status->text));
	return len < 0 ? (int)len : 0;
}

/* The rest of the line that starts with "@key:", NULL without such a line. */
static inline const char *proc_status_line(const struct proc_status *status,
					   const char *key)
{
	size_t len = strlen(key);
	const char *line = status->text;

	while (strncmp(line, key, len) || line[len] != ':') {
		line = strchr(line, '\n');
		if (!line)
			return NULL;
		line++;
	}
	return line + len + 1;
}

/* The number @nth (from 0) in the line of @key, ~0 without such a line. */
static inline __u64 proc_status_nth(const struct proc_status *status,
				    const char *key, int nth)
{
	const char *pos = proc_status_line(status, key);
	__u64 value = ~0ULL;
	char *end;

	for (; pos && nth >= 0; nth--, pos = end)
		value = strtoull(pos, &end, 10);
	return value;
}

static inline __u64 proc_status_num(const struct proc_status *status,
				    const char *key)
{
	return proc_status_nth(status, key, 0);
}

/* A line in kB, as bytes. */
static inline __u64 proc_status_bytes(const struct proc_status *status,
				      const char *key)
{
	return proc_status_num(status, key) * 1024;
}

/* statm, in pages */
struct proc_statm {
	unsigned long long size;
	unsigned long long resident;
	unsigned long long shared;
	unsigned long long text;
	unsigned long long lib;
	unsigned long long data;
};

static inline int proc_statm(const struct proc_dir *dir,
			     struct proc_statm *statm)
{
	char text[256];
	ssize_t len = proc_read(dir, "statm", text, sizeof(text));

	memset(statm, 0, sizeof(*statm));
	if (len < 0)
		return len;
	return sscanf(text, "%llu %llu %llu %llu %llu %llu", &statm->size,
		      &statm->resident, &statm->shared, &statm->text,
		      &statm->lib, &statm->data) == 6 ? 0 : -EBADMSG;
}

/* io */
struct proc_io {
	unsigned long long rchar;
	unsigned long long wchar;
	unsigned long long syscr;
	unsigned long long syscw;
	unsigned long long read_bytes;
	unsigned long long write_bytes;
	unsigned long long cancelled_write_bytes;
};

static inline int proc_io(const struct proc_dir *dir, struct proc_io *io)
{
	static const char format[] =
		"rchar: %llu wchar: %llu syscr: %llu syscw: %llu read_bytes: %llu write_bytes: %llu cancelled_write_bytes: %llu";
	char text[512];
	ssize_t len = proc_read(dir, "io", text, sizeof(text));

	memset(io, 0, sizeof(*io));
	if (len < 0)
		return len;
	return sscanf(text, format, &io->rchar, &io->wchar, &io->syscr,
		      &io->syscw, &io->read_bytes, &io->write_bytes,
		      &io->cancelled_write_bytes) == 7 ? 0 : -EBADMSG;
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
	ssize_t len = proc_read(dir, name, text, sizeof(text));

	if (len < 0)
		return len;
	*num = strtoll(text, &end, 10);
	return end == text ? -EBADMSG : 0;
}

/* All of these files of a process or thread, read one after the other. */
struct proc_snap {
	struct proc_stat stat;
	struct proc_status status;
	struct proc_statm statm;
	struct proc_io io;
	int io_err;		/* 0, or why io cannot be read */
	char comm[64];
	long long oom_score_adj;
};

static inline int proc_snap(const struct proc_dir *dir, struct proc_snap *snap)
{
	int err;

	memset(snap, 0, sizeof(*snap));
	err = proc_stat(dir, &snap->stat);
	if (!err)
		err = proc_status(dir, &snap->status);
	if (!err)
		err = proc_statm(dir, &snap->statm);
	if (!err)
		err = proc_comm(dir, snap->comm, sizeof(snap->comm));
	if (!err)
		err = proc_num(dir, "oom_score_adj", &snap->oom_score_adj);
	if (!err)
		snap->io_err = proc_io(dir, &snap->io);
	return err;
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

#ifndef __NR_fsopen
#define __NR_fsopen (NR_BASE + 430)
#endif
#ifndef __NR_fsconfig
#define __NR_fsconfig (NR_BASE + 431)
#endif
#ifndef __NR_fsmount
#define __NR_fsmount (NR_BASE + 432)
#endif
#ifndef __NR_fspick
#define __NR_fspick (NR_BASE + 433)
#endif

/* Some <sys/mount.h> have these as macros, older ones not at all. */
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
	if (err)
		return err;
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
