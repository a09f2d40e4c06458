/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_VIEW_H
#define __XYZZY_VIEW_H

#include "subject.h"

#include <dirent.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/fsuid.h>

/*
 * A view: which processes a caller sees, and of which ones it can read
 * /proc/PID/stat. The test forks one for each caller it wants to have.
 */
#define VIEW_MAX 16384

/* Who calls; without any capability unless @uid is 0 or @ptrace is set. */
struct caller {
	uid_t uid;
	uid_t euid;
	uid_t suid;
	uid_t fsuid;
	gid_t gid;
	gid_t groups[2];
	bool ptrace;		/* Has CAP_SYS_PTRACE */
	bool userns;		/* Has all capabilities, but in its own userns */
};

struct view {
	struct caller caller;
	int procfd;		/* For xyzzy() */
	int truth_fd;		/* A procfs to open the stat files through */
	int list_fd;		/* A procfs that shows every PID */
	unsigned int flags;

	int err;
	int nr_seen;
	int nr_readable;
	pid_t seen[VIEW_MAX];
	pid_t readable[VIEW_MAX];
};

/* Drop all capabilities but CAP_SYS_PTRACE. */
static inline int keep_ptrace(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{
			.effective = 1 << CAP_SYS_PTRACE,
			.permitted = 1 << CAP_SYS_PTRACE,
		},
	};

	return syscall(__NR_capset, &header, data);
}

static inline int become(const struct caller *caller)
{
	if (prctl(PR_SET_KEEPCAPS, caller->ptrace) ||
	    setgroups(2, caller->groups) ||
	    setresgid(caller->gid, caller->gid, caller->gid) ||
	    setresuid(caller->uid, caller->euid, caller->suid))
		return -errno;
	setfsuid(caller->fsuid);
	if ((uid_t)setfsuid(-1) != caller->fsuid)
		return -EPERM;
	if (caller->ptrace && keep_ptrace())
		return -errno;
	if (caller->userns && unshare(CLONE_NEWUSER))
		return -EOPNOTSUPP;
	return 0;
}

/* Can this process read PID/NAME of a procfs? */
static inline bool can_read(int procfd, pid_t pid, const char *name)
{
	char path[32], c;
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	fd = openat(procfd, path, O_RDONLY | O_CLOEXEC);
	ok = fd >= 0 && read(fd, &c, 1) == 1;
	if (fd >= 0)
		close(fd);
	return ok;
}

/* The numbers that are names in a directory, in order. */
static inline int list_numbers(int dirfd, const char *path, pid_t *nrs, int nr)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *ent;

	while (dir && (ent = readdir(dir)) && nr < VIEW_MAX)
		if (atoi(ent->d_name) > 0)
			nrs[nr++] = atoi(ent->d_name);
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	return nr;
}

static inline int compare_pids(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

/* The processes, or threads of them, whose stat can be read; sorted. */
static inline int list_readable(const struct view *view, pid_t *readable)
{
	pid_t pids[VIEW_MAX];
	int nr_pids = list_numbers(view->list_fd, ".", pids, 0), nr = 0;
	char path[32];

	for (int i = 0; i < nr_pids; i++) {
		if (!can_read(view->truth_fd, pids[i], "stat"))
			continue;
		if (view->flags & XYZZY_THREADS) {
			snprintf(path, sizeof(path), "%d/task", pids[i]);
			nr = list_numbers(view->list_fd, path, readable, nr);
		} else {
			readable[nr++] = pids[i];
		}
	}
	qsort(readable, nr, sizeof(*readable), compare_pids);
	return nr;
}

static inline int list_seen(struct view *view)
{
	struct walk walk;
	int err = walk_all(&walk, view->procfd, XYZZY_ID, view->flags, 64);

	view->nr_seen = 0;
	for (size_t i = 0; i < walk.nr && i < VIEW_MAX; i++)
		view->seen[view->nr_seen++] = walk.tasks[i].pid;
	walk_free(&walk);
	return err;
}

static inline bool view_is_right(const struct view *view)
{
	return view->nr_seen == view->nr_readable &&
	       !memcmp(view->seen, view->readable,
		       view->nr_seen * sizeof(*view->seen));
}

/*
 * Fill in the view. Processes may come and go meanwhile (the kernel's), so a
 * difference counts only if it lasts.
 */
static inline int view_fill(void *arg)
{
	struct view *view = arg;
	pid_t after[VIEW_MAX];
	int nr;

	view->err = become(&view->caller);
	for (int i = 0; i < 20 && !view->err; i++) {
		view->nr_readable = list_readable(view, view->readable);
		view->err = list_seen(view);
		nr = list_readable(view, after);
		if (nr == view->nr_readable && view_is_right(view) &&
		    !memcmp(after, view->seen, nr * sizeof(*after)))
			break;
	}
	return 0;
}

static inline bool view_sees(const struct view *view, pid_t pid)
{
	for (int i = 0; i < view->nr_seen; i++)
		if (view->seen[i] == pid)
			return true;
	return false;
}

static inline bool view_can_read(const struct view *view, pid_t pid)
{
	for (int i = 0; i < view->nr_readable; i++)
		if (view->readable[i] == pid)
			return true;
	return false;
}

/* The caller saw the processes that it could read, and no others. */
static inline void expect_filled_view(struct __test_metadata *_metadata,
				      const struct view *view)
{
	ASSERT_EQ(0, view->err);
	ASSERT_GT(VIEW_MAX, view->nr_readable);
	EXPECT_LT(0, view->nr_readable);
	EXPECT_TRUE(view_is_right(view));
	for (int i = 0; i < view->nr_seen; i++) {
		EXPECT_TRUE(view_can_read(view, view->seen[i]))
			TH_LOG("shown, but cannot be read: %d", view->seen[i]);
	}
	for (int i = 0; i < view->nr_readable; i++) {
		EXPECT_TRUE(view_sees(view, view->readable[i]))
			TH_LOG("can be read, but is not shown: %d",
			       view->readable[i]);
	}
}

/* Run the view's caller. */
static inline void expect_view(struct __test_metadata *_metadata,
			       struct view *view)
{
	ASSERT_EQ(0, run_in_child(view_fill, view));
	expect_filled_view(_metadata, view);
}

/*
 * A new file system, mounted nowhere: a descriptor of its root directory.
 * Options are name, value, name, value, ..., NULL.
 */
static inline int open_fs(const char *type, const char * const *options)
{
	int fs = syscall(__NR_fsopen, type, 0), fd = -1, err = 0;

	if (fs < 0)
		return -1;
	for (; *options && !err; options += 2)
		err = syscall(__NR_fsconfig, fs, FSCONFIG_SET_STRING,
			      options[0], options[1], 0);
	if (!err && !syscall(__NR_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL,
			     NULL, 0))
		fd = open_mount(fs);
	close(fs);
	return fd;
}

static inline int open_procfs_with(const char * const *options)
{
	return open_fs("proc", options);
}

/* A view through @procfd, or with -1 of what the caller may ptrace-read. */
static inline struct view *view_make(const struct caller *caller, int procfd)
{
	struct view *view = share_memory(sizeof(*view));

	view->caller = *caller;
	view->procfd = procfd;
	/* This one can be entered just for what one may ptrace-read. */
	view->truth_fd = procfd < 0 ? open_procfs("4", NULL) : procfd;
	view->list_fd = open_procfs("0", NULL);
	return view;
}

static inline void view_close(struct view *view)
{
	close(view->list_fd);
	close(view->truth_fd);
}

#endif /* __XYZZY_VIEW_H */
