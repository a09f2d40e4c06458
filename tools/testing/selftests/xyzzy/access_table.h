/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_ACCESS_TABLE_H
#define __XYZZY_ACCESS_TABLE_H

/*
 * The access table: for each caller (row), each procfd (column) and each target
 * process, what xyzzy() reports and what procfs shows to the same caller.
 */
#include "caller.h"

#include <sys/socket.h>
#include <sys/stat.h>

/*
 * Columns: -1, and procfs mounts with options. GROUP is a group that every
 * caller is in, OTHER_GROUP one that none is in.
 */
enum column_id {
	COL_NO_PROCFS,
	COL_HIDEPID_0,
	COL_HIDEPID_1,
	COL_HIDEPID_2,
	COL_HIDEPID_4,
	COL_HIDEPID_1_GID,
	COL_HIDEPID_2_GID,
	COL_HIDEPID_2_OTHER_GID,
	COL_HIDEPID_4_GID,
	COL_SUBSET,
	COL_SUBSET_HIDEPID_2,
	NR_COLS,
};

#define FIRST_MOUNT COL_HIDEPID_0

static const struct column {
	const char *head[2];	/* Two lines above the column */
	const char *options;
} columns[NR_COLS] = {
	[COL_NO_PROCFS] = { { "procfd", "-1" } },
	[COL_HIDEPID_0] = { { "hidepid", "=0" }, "hidepid=0" },
	[COL_HIDEPID_1] = { { "hidepid", "=1" }, "hidepid=1" },
	[COL_HIDEPID_2] = { { "hidepid", "=2" }, "hidepid=2" },
	[COL_HIDEPID_4] = { { "hidepid", "=4" }, "hidepid=4" },
	[COL_HIDEPID_1_GID] = { { "=1,gid=", "member" }, "hidepid=1,gid=5678" },
	[COL_HIDEPID_2_GID] = { { "=2,gid=", "member" }, "hidepid=2,gid=5678" },
	[COL_HIDEPID_2_OTHER_GID] = {
		{ "=2,gid=", "other" }, "hidepid=2,gid=5679",
	},
	[COL_HIDEPID_4_GID] = { { "=4,gid=", "member" }, "hidepid=4,gid=5678" },
	[COL_SUBSET] = { { "subset", "=pid" }, "subset=pid" },
	[COL_SUBSET_HIDEPID_2] = {
		{ "=pid,", "hidepid=2" }, "subset=pid,hidepid=2",
	},
};

/* The descriptors to pass as procfd, all of one PID namespace. */
struct mounts {
	int fds[NR_COLS];
};

static inline int mounts_open(struct mounts *mounts)
{
	mounts->fds[COL_NO_PROCFS] = -1;
	for (int i = FIRST_MOUNT; i < NR_COLS; i++) {
		mounts->fds[i] = open_fs("proc", columns[i].options);
		if (mounts->fds[i] < 0)
			return -errno;
	}
	return 0;
}

/* Pass the mounts through a socket, as a container gets them. */
static inline int mounts_pass(struct mounts *mounts)
{
	const size_t size = (NR_COLS - FIRST_MOUNT) * sizeof(int);
	union {
		char room[CMSG_SPACE(sizeof(mounts->fds))];
		struct cmsghdr header;
	} rights = { 0 };
	char byte = 0;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &rights, .msg_controllen = CMSG_SPACE(size),
	};
	int sockets[2], err = 0;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets))
		return -errno;
	rights.header.cmsg_level = SOL_SOCKET;
	rights.header.cmsg_type = SCM_RIGHTS;
	rights.header.cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(&rights.header), &mounts->fds[FIRST_MOUNT], size);
	if (sendmsg(sockets[0], &message, 0) != 1)
		err = -errno;
	memset(&rights, 0, sizeof(rights));
	if (recvmsg(sockets[1], &message, MSG_CMSG_CLOEXEC) != 1)
		err = -errno;
	else if (rights.header.cmsg_len != CMSG_LEN(size))
		err = -EBADMSG;
	memcpy(&mounts->fds[FIRST_MOUNT], CMSG_DATA(&rights.header), size);
	close(sockets[0]);
	close(sockets[1]);
	return err;
}

/*
 * Targets: the processes to see, with the letters of the document
 */
enum target_id {
	TARGET_OWN,
	TARGET_NOT_DUMPABLE,
	TARGET_OTHERS,
	TARGET_ROOTS,
	TARGET_KTHREAD,
	TARGET_ZOMBIE,
	TARGET_USERNS,
	TARGET_PIDNS,
	TARGET_LABELED,
	NR_TARGETS,
};

#define KTHREADD 2
#define SMACK_TARGET "XyzzyTarget"

/* The second line of the map is for users and groups from 1000 on. */
#define TARGET_ID_MAP "0 100000 10000\n20000 1000 5000\n"
#define MAPPED_ID(_id) ((_id) - 1000 + 20000)

static const struct target_kind {
	char letter;
	enum actor actor;
	bool zombie;
	bool inner;		/* In the child PID namespace */
	bool userns;
	bool labeled;
} target_kinds[NR_TARGETS] = {
	[TARGET_OWN] = { 'o', OWN },
	[TARGET_NOT_DUMPABLE] = { 'n', OWN_NOT_DUMPABLE },
	[TARGET_OTHERS] = { 'u', OTHERS },
	[TARGET_ROOTS] = { 'r', ROOTS },
	[TARGET_KTHREAD] = { 'k' },
	[TARGET_ZOMBIE] = { 'z', OWN, .zombie = true },
	[TARGET_USERNS] = { 'i', .userns = true },
	[TARGET_PIDNS] = { 'p', OWN, .inner = true },
	[TARGET_LABELED] = { 's', OWN, .labeled = true },
};

/* The module that is active knows one of these. */
static const struct label target_labels[] = {
	SMACK_LABEL(SMACK_TARGET),
	APPARMOR_PROFILE("xyzzy_target"),
	SELINUX_DOMAIN("target_t"),
};

static inline int set_target_label(void)
{
	int err = -EOPNOTSUPP;

	for (size_t i = 0; i < ARRAY_SIZE(target_labels) && err == -EOPNOTSUPP; i++)
		err = set_label(&target_labels[i]);
	return err;
}

static inline int target_make(void *arg)
{
	const struct target_kind *kind = arg;
	int err = 0;

	if (kind->labeled)
		err = set_target_label();
	if (err)
		return err;
	if (!kind->userns)
		return act((void *)&actor_kinds[kind->actor]);
	if (enter_userns_with(TARGET_ID_MAP))
		return -EOPNOTSUPP;
	return prctl(PR_SET_DUMPABLE, 1) ? -errno : 0;
}

/* The PID is -1 if the kernel does not support the target. */
static inline int target_start(struct subject *target,
			       const struct target_kind *kind,
			       const struct pidns *ns)
{
	int err;

	if (kind->inner && set_child_namespace(ns->init))
		return -errno;
	err = subject_start(target, target_make, (void *)kind);
	if (kind->inner && set_child_namespace(getpid()))
		return -errno;
	if (err == -EOPNOTSUPP)
		subject_kill(target);
	else if (!err && kind->zombie && !make_zombie(target->pid))
		return -ECHILD;
	return err == -EOPNOTSUPP ? 0 : err;
}

static inline int find_kthread(struct subject *target)
{
	struct proc_dir dir = proc_dir(KTHREADD, 0);
	struct proc_stat stat;

	memset(target, -1, sizeof(*target));
	if (proc_stat(&dir, &stat) || !(stat.field[9] & PF_KTHREAD))
		return 0;
	target->pid = KTHREADD;
	target->pidfd = sys_pidfd_open(KTHREADD, 0);
	return target->pidfd < 0 ? -errno : 0;
}

/*
 * Rows: the callers
 */
enum row_id {
	ROW_ROOT,
	ROW_ROOT_NO_PTRACE,
	ROW_OWNER,
	ROW_OTHER,
	ROW_OTHER_PTRACE,
	ROW_USERNS_MAPPED,
	ROW_USERNS_UNMAPPED,
	ROW_PIDNS_OWN_PROCFS,
	ROW_PIDNS_PARENTS_PROCFS,
	ROW_PIDNS_NO_PROCFS,
	ROW_SECCOMP_NO_PTRACE,
	ROW_SECCOMP_NO_OPEN,
	ROW_SECCOMP_NO_CALL,
	ROW_YAMA_1,
	ROW_YAMA_2,
	ROW_LANDLOCK,
	ROW_LANDLOCK_DIRS_ONLY,
	ROW_LANDLOCK_NO_FILES,
	ROW_SMACK,
	ROW_SMACK_RX,
	ROW_SMACK_R,
	ROW_SMACK_X,
	ROW_APPARMOR_UNCONFINED,
	ROW_APPARMOR_ALL,
	ROW_APPARMOR_NO_READBY,
	ROW_APPARMOR_NO_PTRACE,
	ROW_APPARMOR_DIRS_PTRACE,
	ROW_APPARMOR_DIRS_ONLY,
	ROW_APPARMOR_NO_FILES,
	ROW_SELINUX_UNCONFINED,
	ROW_SELINUX_NO_RULE,
	ROW_SELINUX_NO_GETSCHED,
	ROW_SELINUX_NO_LABELS,
	ROW_SELINUX_NO_SEARCH,
	ROW_SELINUX_DIRS_ONLY,
	ROW_SELINUX_NO_PROC,
	NR_ROWS,
};

/* A user who owns none of the targets. */
#define THIRD_USER 1236
#define THIRD_IDS { THIRD_USER, THIRD_USER, THIRD_USER, THIRD_USER }
#define OWNER_WITH(...) \
	{ .uids = USER_IDS, .gid = USER, .group = GROUP, __VA_ARGS__ }
#define THIRD_WITH(...) \
	{ .uids = THIRD_IDS, .gid = THIRD_USER, .group = GROUP, __VA_ARGS__ }

enum place {
	PLACE_OUTER,
	PLACE_INNER,		/* In the child PID namespace, */
	PLACE_INNER_PARENTS,	/* with a procfs of the parent namespace, */
	PLACE_INNER_NO_PROCFS,	/* or with none */
};

#define DENIED_ERRNO EACCES

struct row {
	const char *name;
	struct caller caller;
	enum place place;
	bool same_as_owner;
	bool unlike_files;	/* Is not shown just what the files show */
	bool cannot_attach;	/* Ensure that the caller cannot trace its own */
	bool in_targets_userns;
	int yama_scope;		/* 0: unchanged */
	int open_errno;		/* Of opening a procfs to pass */
	int call_errno;		/* Of each call */
	const char *smack_access;	/* A rule gives this access to a target */
	unsigned int denied[FILTER_MAX];	/* System calls, by a filter */
};

static const struct row rows[NR_ROWS] = {
	[ROW_ROOT] = { "root", { .group = GROUP } },
	[ROW_ROOT_NO_PTRACE] = {
		"root, no CAP_SYS_PTRACE", { .group = GROUP, .no_ptrace = true },
	},
	[ROW_OWNER] = { "owner", ORDINARY_USER, .same_as_owner = true },
	[ROW_OTHER] = { "other user", THIRD_WITH() },
	[ROW_OTHER_PTRACE] = {
		"other, CAP_SYS_PTRACE", THIRD_WITH(.ptrace = true),
		.unlike_files = true,
	},
	[ROW_USERNS_MAPPED] = {
		"userns, IDs mapped", { .group = MAPPED_ID(GROUP) },
		.in_targets_userns = true,
	},
	[ROW_USERNS_UNMAPPED] = {
		"userns, IDs not mapped", THIRD_WITH(.userns = true),
	},
	[ROW_PIDNS_OWN_PROCFS] = {
		"pidns, its procfs", ORDINARY_USER, PLACE_INNER,
	},
	[ROW_PIDNS_PARENTS_PROCFS] = {
		"pidns, parent's procfs", ORDINARY_USER, PLACE_INNER_PARENTS,
	},
	[ROW_PIDNS_NO_PROCFS] = {
		"pidns, no procfs", ORDINARY_USER, PLACE_INNER_NO_PROCFS,
	},
	[ROW_SECCOMP_NO_PTRACE] = {
		"seccomp, no ptrace", ORDINARY_USER,
		.same_as_owner = true, .cannot_attach = true,
		.denied = {
			__NR_ptrace, __NR_process_vm_readv, __NR_kcmp,
			__NR_pidfd_getfd,
		},
	},
	[ROW_SECCOMP_NO_OPEN] = {
		"seccomp, no open", ORDINARY_USER, .same_as_owner = true,
		.denied = {
#ifdef __NR_open
			__NR_open,
#endif
			__NR_openat, __NR_openat2,
		},
	},
	[ROW_SECCOMP_NO_CALL] = {
		"seccomp, no xyzzy", ORDINARY_USER,
		.call_errno = DENIED_ERRNO, .denied = { __NR_xyzzy },
	},
	[ROW_YAMA_1] = {
		"Yama, ptrace_scope=1", ORDINARY_USER,
		.same_as_owner = true, .cannot_attach = true, .yama_scope = 1,
	},
	[ROW_YAMA_2] = {
		"Yama, ptrace_scope=2", ORDINARY_USER,
		.same_as_owner = true, .cannot_attach = true, .yama_scope = 2,
	},
	/* A domain restricts ptrace, whatever else it denies. */
	[ROW_LANDLOCK] = {
		"Landlock", OWNER_WITH(.landlock = LANDLOCK_ACCESS_FS_MAKE_SYM),
	},
	[ROW_LANDLOCK_DIRS_ONLY] = {
		"Landlock, dirs only",
		OWNER_WITH(.landlock = LANDLOCK_ACCESS_FS_READ_FILE),
		.unlike_files = true,
	},
	[ROW_LANDLOCK_NO_FILES] = {
		"Landlock, no files",
		OWNER_WITH(.landlock = LANDLOCK_ACCESS_FS_READ_FILE |
				       LANDLOCK_ACCESS_FS_READ_DIR),
		.open_errno = EACCES,
	},
	[ROW_SMACK] = {
		"Smack, no rule", OWNER_WITH(.label = SMACK_LABEL("XyzzyNone")),
		.smack_access = "-", .same_as_owner = true,
	},
	[ROW_SMACK_RX] = {
		"Smack, rule rx", OWNER_WITH(.label = SMACK_LABEL("XyzzyRX")),
		.smack_access = "rx",
	},
	[ROW_SMACK_R] = {
		"Smack, rule r", OWNER_WITH(.label = SMACK_LABEL("XyzzyR")),
		.smack_access = "r", .unlike_files = true,
	},
	[ROW_SMACK_X] = {
		"Smack, rule x", OWNER_WITH(.label = SMACK_LABEL("XyzzyX")),
		.smack_access = "x", .same_as_owner = true,
	},
	[ROW_APPARMOR_UNCONFINED] = {
		"AppArmor, unconfined",
		OWNER_WITH(.label = APPARMOR_PROFILE("unconfined")),
		.same_as_owner = true,
	},
	[ROW_APPARMOR_ALL] = {
		"AppArmor, all", OWNER_WITH(.label = APPARMOR_PROFILE("xyzzy_all")),
		.same_as_owner = true,
	},
	[ROW_APPARMOR_NO_READBY] = {
		"AppArmor, no readby",
		OWNER_WITH(.label = APPARMOR_PROFILE("xyzzy_no_readby")),
	},
	[ROW_APPARMOR_NO_PTRACE] = {
		"AppArmor, no ptrace",
		OWNER_WITH(.label = APPARMOR_PROFILE("xyzzy_no_ptrace")),
	},
	[ROW_APPARMOR_DIRS_PTRACE] = {
		"AppArmor, dirs, ptrace",
		OWNER_WITH(.label = APPARMOR_PROFILE("xyzzy_dirs_ptrace")),
		.same_as_owner = true, .unlike_files = true,
	},
	[ROW_APPARMOR_DIRS_ONLY] = {
		"AppArmor, dirs only",
		OWNER_WITH(.label = APPARMOR_PROFILE("xyzzy_dirs_only")),
		.unlike_files = true,
	},
	[ROW_APPARMOR_NO_FILES] = {
		"AppArmor, no files",
		OWNER_WITH(.label = APPARMOR_PROFILE("xyzzy_no_files")),
		.open_errno = EACCES, .unlike_files = true,
	},
	[ROW_SELINUX_UNCONFINED] = {
		"SELinux, unconfined",
		OWNER_WITH(.label = SELINUX_DOMAIN("kernel_t")),
		.same_as_owner = true,
	},
	[ROW_SELINUX_NO_RULE] = {
		"SELinux, no rule",
		OWNER_WITH(.label = SELINUX_DOMAIN("no_rule_t")),
	},
	[ROW_SELINUX_NO_GETSCHED] = {
		"SELinux, no getsched",
		OWNER_WITH(.label = SELINUX_DOMAIN("no_getsched_t")),
		.unlike_files = true,
	},
	[ROW_SELINUX_NO_LABELS] = {
		"SELinux, no labels",
		OWNER_WITH(.label = SELINUX_DOMAIN("no_labels_t")),
		.unlike_files = true,
	},
	[ROW_SELINUX_NO_SEARCH] = {
		"SELinux, no search",
		OWNER_WITH(.label = SELINUX_DOMAIN("no_search_t")),
		.unlike_files = true,
	},
	[ROW_SELINUX_DIRS_ONLY] = {
		"SELinux, dirs only",
		OWNER_WITH(.label = SELINUX_DOMAIN("dirs_only_t")),
	},
	[ROW_SELINUX_NO_PROC] = {
		"SELinux, no /proc",
		OWNER_WITH(.label = SELINUX_DOMAIN("no_proc_t")),
		.open_errno = EACCES,
	},
};

/*
 * The table
 */

/* What procfs says. */
struct truth {
	pid_t pid;		/* In the walked PID namespace, 0 if not there */
	int stat_err;		/* Of opening PID/stat */
	int io_err;		/* Of opening PID/io */
	bool io_readable;
	bool io_owned_by_root;
	bool ptrace;		/* hidepid=4 lets the caller in */
	int scheduler_err;	/* Of reading the scheduling attributes */
};

/* What xyzzy() says; the arrays are without and with XYZZY_THREADS. */
struct report {
	bool walked[2];
	bool walk_io[2];
	long pidfd_ret;
	long pidfd_ret_no_room;
	bool pidfd_io;
};

struct cell {
	struct truth truth;
	struct report report;
};

struct line {
	int err;		/* -EOPNOTSUPP: not supported by the kernel */
	int open_errno[NR_COLS];
	bool asked[NR_COLS];
	int walk_err[NR_COLS];
	struct cell cells[NR_COLS][NR_TARGETS];
};

struct table {
	const char *skip;
	int err;
	struct subject targets[NR_TARGETS];
	bool has_target[NR_TARGETS];
	struct pidns ns;
	struct mounts mounts;
	struct line lines[NR_ROWS];
};

/* What a caller works with. */
struct asking {
	const struct row *row;
	const struct table *table;
	struct line *line;
	struct mounts mounts;
	int hidepid_4_fd;	/* Of the caller's PID namespace */
};

/* The mount that decides. Without one, the rule is that of hidepid=4. */
static inline int truth_fd(const struct asking *asking, int col)
{
	return col == COL_NO_PROCFS ? asking->hidepid_4_fd :
				      asking->mounts.fds[col];
}

static inline int find_mounts(struct asking *asking)
{
	asking->hidepid_4_fd = open_procfs("4");
	if (asking->hidepid_4_fd < 0)
		return -errno;
	switch (asking->row->place) {
	case PLACE_INNER_PARENTS:
		asking->mounts = asking->table->mounts;
		return mounts_pass(&asking->mounts);
	case PLACE_INNER_NO_PROCFS:
		memset(&asking->mounts, -1, sizeof(asking->mounts));
		return 0;
	default:
		return mounts_open(&asking->mounts);
	}
}

/*
 * The PID of a process in the PID namespace of a procfs, 0 if it is not in
 * there. A pidfd shows that to everyone.
 */
static inline pid_t pid_in(int procfd, int pidfd)
{
	char path[64], text[512], *line;
	ssize_t len = 0;
	int fd;

	snprintf(path, sizeof(path), "self/fdinfo/%d", pidfd);
	fd = openat(procfd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	line = strstr(text, "\nPid:");
	return line ? atoi(line + 5) : -EBADMSG;
}

static inline int find_pids(struct asking *asking)
{
	const struct subject *targets = asking->table->targets;
	struct line *line = asking->line;

	for (int col = 0; col < NR_COLS; col++) {
		line->asked[col] = col == COL_NO_PROCFS ||
				   asking->mounts.fds[col] >= 0;
		for (int i = 0; i < NR_TARGETS && line->asked[col]; i++) {
			struct truth *truth = &line->cells[col][i].truth;

			if (targets[i].pid < 0)
				continue;
			truth->pid = pid_in(truth_fd(asking, col),
					    targets[i].pidfd);
			if (truth->pid < 0)
				return truth->pid;
		}
	}
	return 0;
}

/* The errno of opening PID/NAME. */
static inline int open_error(int procfd, pid_t pid, const char *name)
{
	int fd = open_pid_file(procfd, pid, name);
	int err = fd < 0 ? errno : 0;

	close_fd(fd);
	return err;
}

static inline bool is_owned_by_root(int procfd, pid_t pid, const char *name)
{
	struct stat st;
	char path[32];

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	return !fstatat(procfd, path, &st, 0) && !st.st_uid;
}

/*
 * With hidepid=4, opening a file fails if the ptrace check does, but not with
 * EACCES. That error is from a security module, which is asked later.
 */
static inline bool may_ptrace(int hidepid_4_fd, pid_t pid)
{
	int err = open_error(hidepid_4_fd, pid, "stat");

	return !err || err == EACCES;
}

/* The errno of reading the scheduling attributes, ESRCH for no @pid. */
static inline int scheduler_error(pid_t pid)
{
	if (!pid)
		return ESRCH;
	return sched_getscheduler(pid) < 0 ? errno : 0;
}

static inline void ask_procfs(const struct asking *asking, int col)
{
	const struct cell *own = asking->line->cells[COL_NO_PROCFS];
	int fd = truth_fd(asking, col);
	int hidepid_4_fd = col == COL_NO_PROCFS ? fd :
			   asking->mounts.fds[COL_HIDEPID_4];

	for (int i = 0; i < NR_TARGETS; i++) {
		struct truth *truth = &asking->line->cells[col][i].truth;
		pid_t pid = truth->pid;

		if (!pid)
			continue;
		truth->stat_err = open_error(fd, pid, "stat");
		truth->io_err = open_error(fd, pid, "io");
		truth->io_readable = can_read(fd, pid, "io");
		truth->io_owned_by_root = is_owned_by_root(fd, pid, "io");
		truth->ptrace = may_ptrace(hidepid_4_fd, pid);
		truth->scheduler_err = scheduler_error(own[i].truth.pid);
	}
}

static inline bool has_io(const struct xyzzy_task *task)
{
	return task && task->mask & XYZZY_IO;
}

static inline void ask_walk(const struct asking *asking, int col, bool threads)
{
	struct cell *cells = asking->line->cells[col];
	const struct xyzzy_task *task;
	struct walk walk;

	asking->line->walk_err[col] =
		walk_all(&walk, asking->mounts.fds[col], XYZZY_IO,
			 threads ? XYZZY_THREADS : 0, 16);
	for (int i = 0; i < NR_TARGETS; i++) {
		pid_t pid = cells[i].truth.pid;

		task = pid ? walk_find(&walk, pid) : NULL;
		cells[i].report.walked[threads] = task;
		cells[i].report.walk_io[threads] = has_io(task);
	}
	walk_free(&walk);
}

static inline void ask_pidfds(const struct asking *asking, int col)
{
	const struct subject *targets = asking->table->targets;
	int procfd = asking->mounts.fds[col];

	for (int i = 0; i < NR_TARGETS; i++) {
		struct report *report = &asking->line->cells[col][i].report;
		struct xyzzy_task task = { 0 };

		if (targets[i].pid < 0)
			continue;
		report->pidfd_ret = xyzzy_pidfd(procfd, targets[i].pidfd,
						XYZZY_IO, 0, &task, 1);
		report->pidfd_io = has_io(&task);
		report->pidfd_ret_no_room =
			xyzzy_pidfd(procfd, targets[i].pidfd, XYZZY_IO, 0,
				    NULL, 0);
	}
}

/*
 * Each caller opens the procfs that it passes, so that no cell needs a
 * descriptor that the caller cannot have. One from a socket is open already.
 */
static inline void open_mounts(struct asking *asking)
{
	struct line *line = asking->line;

	if (asking->row->place == PLACE_INNER_PARENTS)
		return;
	for (int col = FIRST_MOUNT; col < NR_COLS; col++) {
		int *fd = &asking->mounts.fds[col];

		if (!line->asked[col])
			continue;
		*fd = open_for_reading(*fd);
		line->asked[col] = *fd >= 0;
		line->open_errno[col] = *fd < 0 ? errno : 0;
	}
}

static inline int join_userns_of(pid_t pid)
{
	char path[32];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -EOPNOTSUPP;
	if (setns(fd, CLONE_NEWUSER))
		err = -errno;
	close(fd);
	return err;
}

/* Ensure that the caller cannot read @pid by tracing it. */
static inline int ensure_no_attach(pid_t pid)
{
	if (!ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		return -EEXIST;
	return errno == EPERM || errno == DENIED_ERRNO ? 0 : -errno;
}

static inline int become_row(const struct row *row, const struct subject *targets)
{
	int err = 0;

	if (row->in_targets_userns)
		err = join_userns_of(targets[TARGET_USERNS].pid);
	if (row->smack_access)
		err = set_smack_rule(row->caller.label.text, SMACK_TARGET,
				     row->smack_access);
	return err ?: become(&row->caller);
}

/* procfs is read before the filter is installed, which may deny open(2). */
static inline int ask_all(struct asking *asking)
{
	const struct subject *targets = asking->table->targets;
	const struct row *row = asking->row;
	int err = find_mounts(asking) ?: find_pids(asking) ?:
		  become_row(row, targets);
	int nr_denied = 0;

	if (err)
		return err;
	open_mounts(asking);
	for (int col = 0; col < NR_COLS; col++)
		if (asking->line->asked[col])
			ask_procfs(asking, col);
	while (nr_denied < FILTER_MAX && row->denied[nr_denied])
		nr_denied++;
	if (nr_denied)
		err = deny_syscalls(row->denied, nr_denied, DENIED_ERRNO);
	if (!err && row->cannot_attach)
		err = ensure_no_attach(targets[TARGET_OWN].pid);
	for (int col = 0; col < NR_COLS && !err; col++) {
		if (!asking->line->asked[col])
			continue;
		ask_walk(asking, col, false);
		ask_walk(asking, col, true);
		ask_pidfds(asking, col);
	}
	return err;
}

static inline int ask(void *arg)
{
	struct asking *asking = arg;

	asking->line->err = ask_all(asking);
	return 0;
}

static inline void measure_row(struct table *table, int nr)
{
	struct asking asking = {
		.row = &rows[nr], .table = table, .line = &table->lines[nr],
	};

	if (rows[nr].place == PLACE_OUTER ? run_in_child(ask, &asking) :
					    run_inside(&table->ns, ask, &asking))
		asking.line->err = -ECHILD;
}

static inline void measure_rows(struct table *table)
{
	for (int nr = 0; nr < NR_ROWS; nr++) {
		int scope = rows[nr].yama_scope, old, err = 0;

		if (scope)
			err = set_yama_scope(scope, &old);
		if (err)
			table->lines[nr].err = err;
		else
			measure_row(table, nr);
		if (scope && !err)
			table->err = set_yama_scope(old, &old) ?: table->err;
	}
}

static inline const char *why_no_table(void)
{
	if (cannot_be_caller(NULL))
		return cannot_be_caller(NULL);
	if (access("/proc/self/io", F_OK))
		return "no I/O accounting";
	if (access("/proc/self/ns/pid", F_OK))
		return "no PID namespaces";
	return NULL;
}

static inline void targets_start(struct table *table)
{
	table->err = find_kthread(&table->targets[TARGET_KTHREAD]);
	for (int i = 0; i < NR_TARGETS && !table->err; i++) {
		if (i != TARGET_KTHREAD)
			table->err = target_start(&table->targets[i],
						  &target_kinds[i], &table->ns);
		table->has_target[i] = table->targets[i].pid > 0;
	}
}

static inline void targets_kill(struct table *table)
{
	for (int i = 0; i < NR_TARGETS; i++)
		if (i != TARGET_KTHREAD)
			subject_kill(&table->targets[i]);
}

/* Returns a table that child processes share. */
static inline struct table *measure_table(void)
{
	struct table *table = share_memory(sizeof(*table));

	table->skip = why_no_table();
	if (table->skip)
		return table;
	if (spawn_pidns(&table->ns)) {
		table->err = -errno;
		return table;
	}
	targets_start(table);
	table->err = table->err ?: mounts_open(&table->mounts);
	if (!table->err)
		measure_rows(table);
	targets_kill(table);
	kill_pidns(&table->ns);
	return table;
}

#endif /* __XYZZY_ACCESS_TABLE_H */
