/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_ACCESS_H
#define __XYZZY_ACCESS_H

#include "caller.h"
#include "ns.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/*
 * What procfd can be: the columns of the access table. GROUP is a group that
 * every caller is in, OTHER_GROUP one that none is in.
 */
enum way_id {
	WAY_NO_PROCFS,
	WAY_HIDEPID_0,
	WAY_HIDEPID_1,
	WAY_HIDEPID_2,
	WAY_HIDEPID_4,
	WAY_HIDEPID_1_GID,
	WAY_HIDEPID_2_GID,
	WAY_HIDEPID_2_OTHER_GID,
	WAY_HIDEPID_4_GID,
	WAY_SUBSET,
	WAY_SUBSET_HIDEPID_2,
	NR_WAYS,
};

/* The tables that the document has, for lines of 80 characters. */
#define NR_PARTS 2

static const struct way {
	const char *names[2];	/* Two lines at the head of a column */
	int part;
	const char *options[5];
} ways[NR_WAYS] = {
	[WAY_NO_PROCFS] = { .names = { "procfd", "-1" } },
	[WAY_HIDEPID_0] = {
		.names = { "hidepid", "=0" },
		.options = { "hidepid", "0" },
	},
	[WAY_HIDEPID_1] = {
		.names = { "hidepid", "=1" },
		.options = { "hidepid", "1" },
	},
	[WAY_HIDEPID_2] = {
		.names = { "hidepid", "=2" },
		.options = { "hidepid", "2" },
	},
	[WAY_HIDEPID_4] = {
		.names = { "hidepid", "=4" },
		.options = { "hidepid", "4" },
	},
	[WAY_HIDEPID_1_GID] = {
		.names = { "=1,gid=", "member" },
		.part = 1,
		.options = { "hidepid", "1", "gid", "5678" },
	},
	[WAY_HIDEPID_2_GID] = {
		.names = { "=2,gid=", "member" },
		.part = 1,
		.options = { "hidepid", "2", "gid", "5678" },
	},
	[WAY_HIDEPID_2_OTHER_GID] = {
		.names = { "=2,gid=", "other" },
		.part = 1,
		.options = { "hidepid", "2", "gid", "5679" },
	},
	[WAY_HIDEPID_4_GID] = {
		.names = { "=4,gid=", "member" },
		.part = 1,
		.options = { "hidepid", "4", "gid", "5678" },
	},
	[WAY_SUBSET] = {
		.names = { "subset", "=pid" },
		.part = 1,
		.options = { "subset", "pid" },
	},
	[WAY_SUBSET_HIDEPID_2] = {
		.names = { "=pid,", "hidepid=2" },
		.part = 1,
		.options = { "subset", "pid", "hidepid", "2" },
	},
};

/* The descriptors to pass as procfd, all of one PID namespace. */
struct mounts {
	int fds[NR_WAYS];
};

#define FIRST_MOUNT WAY_HIDEPID_0
#define NR_MOUNTS (NR_WAYS - FIRST_MOUNT)

static inline void mounts_clear(struct mounts *mounts)
{
	memset(mounts, -1, sizeof(*mounts));
}

/* Mount a procfs of the caller's PID namespace for each way. */
static inline int mounts_open(struct mounts *mounts)
{
	mounts_clear(mounts);
	for (int i = FIRST_MOUNT; i < NR_WAYS; i++) {
		mounts->fds[i] = open_fs("proc", ways[i].options);
		if (mounts->fds[i] < 0)
			return -errno;
	}
	return 0;
}

static inline void mounts_close(struct mounts *mounts)
{
	for (int i = 0; i < NR_WAYS; i++)
		close_fd(mounts->fds[i]);
	mounts_clear(mounts);
}

/*
 * Mounts pass through a socket, the way a container gets them.
 */
union rights {
	char room[CMSG_SPACE(NR_MOUNTS * sizeof(int))];
	struct cmsghdr header;
};

struct rights_message {
	struct msghdr header;
	struct iovec data;
	union rights rights;
	char byte;
};

static inline void rights_message_init(struct rights_message *message)
{
	memset(message, 0, sizeof(*message));
	message->data.iov_base = &message->byte;
	message->data.iov_len = 1;
	message->header.msg_iov = &message->data;
	message->header.msg_iovlen = 1;
	message->header.msg_control = message->rights.room;
	message->header.msg_controllen = sizeof(message->rights.room);
}

static inline int mounts_send(int socket, const struct mounts *mounts)
{
	struct rights_message message;
	struct cmsghdr *rights;

	rights_message_init(&message);
	rights = CMSG_FIRSTHDR(&message.header);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(NR_MOUNTS * sizeof(int));
	memcpy(CMSG_DATA(rights), &mounts->fds[FIRST_MOUNT],
	       NR_MOUNTS * sizeof(int));
	return sendmsg(socket, &message.header, 0) == 1 ? 0 : -errno;
}

static inline int mounts_receive(int socket, struct mounts *mounts)
{
	struct rights_message message;
	struct cmsghdr *rights;

	mounts_clear(mounts);
	rights_message_init(&message);
	if (recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC) != 1)
		return -errno;
	rights = CMSG_FIRSTHDR(&message.header);
	if (!rights || rights->cmsg_len != CMSG_LEN(NR_MOUNTS * sizeof(int)))
		return -EBADMSG;
	memcpy(&mounts->fds[FIRST_MOUNT], CMSG_DATA(rights),
	       NR_MOUNTS * sizeof(int));
	return 0;
}

/*
 * The processes that the callers of the access table look for: a letter for
 * each, as in the document.
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
	TARGET_SMACK,
	NR_TARGETS,
};

/* The label of TARGET_SMACK. */
#define SMACK_TARGET "XyzzyTarget"

/* The user namespace of TARGET_USERNS; the second line maps the users. */
#define TARGET_ID_MAP "0 100000 10000\n20000 1000 5000\n"
#define MAPPED_ID(_id) ((_id) - 1000 + 20000)

struct target {
	pid_t pid;		/* 0: there is none */
	int pidfd;
};

static inline int target_own(void)
{
	return act((void *)&actor_kinds[OWN]);
}

static inline int target_not_dumpable(void)
{
	return act((void *)&actor_kinds[OWN_NOT_DUMPABLE]);
}

static inline int target_others(void)
{
	return act((void *)&actor_kinds[OTHERS]);
}

static inline int target_roots(void)
{
	return act((void *)&actor_kinds[ROOTS]);
}

static inline int target_userns(void)
{
	int err = enter_userns_with(TARGET_ID_MAP);

	if (err)
		return -EOPNOTSUPP;
	return prctl(PR_SET_DUMPABLE, 1) ? -errno : 0;
}

static inline int target_smack(void)
{
	int err = take_smack_label(SMACK_TARGET);

	return err ?: target_own();
}

static const struct target_kind {
	char letter;
	bool zombie;
	bool inner;		/* In a PID namespace below the test's */
	int (*make)(void);	/* NULL: it is there, with PID 2 */
} target_kinds[NR_TARGETS] = {
	[TARGET_OWN] = { .letter = 'o', .make = target_own },
	[TARGET_NOT_DUMPABLE] = { .letter = 'n', .make = target_not_dumpable },
	[TARGET_OTHERS] = { .letter = 'u', .make = target_others },
	[TARGET_ROOTS] = { .letter = 'r', .make = target_roots },
	[TARGET_KTHREAD] = { .letter = 'k' },
	[TARGET_ZOMBIE] = {
		.letter = 'z', .zombie = true, .make = target_own,
	},
	[TARGET_USERNS] = { .letter = 'i', .make = target_userns },
	[TARGET_PIDNS] = {
		.letter = 'p', .inner = true, .make = target_own,
	},
	[TARGET_SMACK] = { .letter = 's', .make = target_smack },
};

#define KTHREADD 2
#define PF_KTHREAD 0x00200000

static inline pid_t find_kthread(void)
{
	struct proc_dir dir = proc_dir(KTHREADD, 0);
	struct proc_stat stat;

	if (proc_stat(&dir, &stat) || !(stat.field[9] & PF_KTHREAD))
		return 0;
	return KTHREADD;
}

static inline void target_main(const struct target_kind *kind, int ready_fd)
{
	int err = kind->make();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(ready_fd, &err, sizeof(err)) == sizeof(err) && !err)
		for (;;)
			pause();
	_exit(EXIT_FAILURE);
}

/* Returns the PID here; 0 if the kernel cannot have it, or -errno. */
static inline pid_t target_spawn(const struct target_kind *kind,
				 const struct pidns *ns)
{
	int fds[2], err = -EPIPE;
	pid_t pid;

	if (pipe(fds))
		return -errno;
	pid = kind->inner ? fork_into(ns, 0) : fork_child();
	if (!pid)
		target_main(kind, fds[1]);
	close(fds[1]);
	if (pid > 0 && read(fds[0], &err, sizeof(err)) < 0)
		err = -errno;
	close(fds[0]);
	if (!err && (!kind->zombie || make_zombie(pid)))
		return pid;
	kill_child(pid);
	return err == -EOPNOTSUPP ? 0 : err ?: -ECHILD;
}

/* The PIDs stay, to tell which targets there were. */
static inline void targets_kill(const struct target *targets)
{
	for (int i = 0; i < NR_TARGETS; i++) {
		if (target_kinds[i].make)
			kill_child(targets[i].pid);
		if (targets[i].pid > 0)
			close(targets[i].pidfd);
	}
}

static inline int targets_start(struct target *targets, const struct pidns *ns)
{
	memset(targets, 0, NR_TARGETS * sizeof(*targets));
	for (int i = 0; i < NR_TARGETS; i++) {
		const struct target_kind *kind = &target_kinds[i];
		struct target *target = &targets[i];

		target->pid = kind->make ? target_spawn(kind, ns) :
					   find_kthread();
		if (target->pid < 0)
			return target->pid;
		if (!target->pid)
			continue;
		target->pidfd = sys_pidfd_open(target->pid, 0);
		if (target->pidfd < 0)
			return -errno;
	}
	return 0;
}

/*
 * Who asks: the rows of the access table.
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
	NR_ROWS,
};

/* A user who owns none of the targets, and is in the group GROUP. */
#define THIRD_USER 1236
#define THIRD_USER_WITH(...)						\
	{								\
		.uid = THIRD_USER, .euid = THIRD_USER,			\
		.suid = THIRD_USER, .fsuid = THIRD_USER,		\
		.gid = THIRD_USER, .groups = { GROUP, GROUP },		\
		__VA_ARGS__						\
	}

/* In which PID namespace, with which procfs. */
enum place {
	PLACE_OUTER,
	PLACE_INNER,
	PLACE_INNER_PARENTS_PROCFS,
	PLACE_INNER_NO_PROCFS,
};

struct row {
	const char *name;
	struct caller caller;
	enum place place;
	/* A file may stay closed to a caller who may ptrace: see the document */
	bool by_ptrace;
	bool as_owner;		/* Is told what the owner is told */
	int yama_scope;		/* 0: as it is */
	int open_errno;		/* Of opening a procfs to pass */
	int filter_errno;	/* What a filter gives for the call itself */
	/* As root, then as the caller, then after it has asked procfs */
	int (*prepare)(const struct target *targets);
	int (*enter)(const struct target *targets);
	int (*finish)(const struct target *targets);
	const char *needs;	/* What a kernel may lack */
};

static inline int join_target_userns(const struct target *targets)
{
	char path[32];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/%d/ns/user",
		 targets[TARGET_USERNS].pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -EOPNOTSUPP;
	if (setns(fd, CLONE_NEWUSER))
		err = -errno;
	close(fd);
	return err;
}

static inline int drop_ptrace(const struct target *targets)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	(void)targets;
	if (syscall(__NR_capget, &header, data))
		return -errno;
	data[0].effective &= ~(1U << CAP_SYS_PTRACE);
	data[0].permitted &= ~(1U << CAP_SYS_PTRACE);
	return syscall(__NR_capset, &header, data) ? -errno : 0;
}

/* What reads another process, but for procfs. */
static inline int deny_tracing(const struct target *targets)
{
	static const unsigned int calls[] = {
		__NR_ptrace, __NR_process_vm_readv, __NR_kcmp,
		__NR_pidfd_getfd,
	};
	int err = deny_syscalls(calls, ARRAY_SIZE(calls), EPERM);

	return err ?: expect_no_attach(targets[TARGET_OWN].pid);
}

static inline int deny_open(const struct target *targets)
{
	static const unsigned int calls[] = {
#ifdef __NR_open
		__NR_open,
#endif
		__NR_openat, __NR_openat2,
	};

	(void)targets;
	return deny_syscalls(calls, ARRAY_SIZE(calls), EACCES);
}

#define DENIED_CALL EACCES

static inline int deny_call(const struct target *targets)
{
	static const unsigned int calls[] = { __NR_xyzzy };

	(void)targets;
	return deny_syscalls(calls, 1, DENIED_CALL);
}

static inline int check_yama(const struct target *targets)
{
	return expect_no_attach(targets[TARGET_OWN].pid);
}

/* Landlock confines ptrace by itself, whatever else a domain is for. */
static inline int enter_plain_landlock(const struct target *targets)
{
	(void)targets;
	return enter_landlock(LANDLOCK_ACCESS_FS_MAKE_SYM);
}

static inline int enter_landlock_with_dirs(const struct target *targets)
{
	(void)targets;
	return enter_landlock(LANDLOCK_ACCESS_FS_READ_FILE);
}

static inline int enter_landlock_without_files(const struct target *targets)
{
	(void)targets;
	return enter_landlock(LANDLOCK_ACCESS_FS_READ_FILE |
			      LANDLOCK_ACCESS_FS_READ_DIR);
}

/* A label, and what a rule lets it do to SMACK_TARGET. */
static inline int be_labelled(const char *label, const char *access)
{
	char rule[64];
	int err;

	snprintf(rule, sizeof(rule), "%s %s %s", label, SMACK_TARGET, access);
	err = set_smack_rule(rule);
	return err ?: take_smack_label(label);
}

static inline int be_labelled_none(const struct target *targets)
{
	(void)targets;
	return be_labelled("XyzzyNone", "-");
}

static inline int be_labelled_rx(const struct target *targets)
{
	(void)targets;
	return be_labelled("XyzzyRX", "rx");
}

static inline int be_labelled_r(const struct target *targets)
{
	(void)targets;
	return be_labelled("XyzzyR", "r");
}

static inline int be_labelled_x(const struct target *targets)
{
	(void)targets;
	return be_labelled("XyzzyX", "x");
}

static const struct row rows[NR_ROWS] = {
	[ROW_ROOT] = {
		.name = "root",
		.caller = { .groups = { GROUP, GROUP } },
	},
	[ROW_ROOT_NO_PTRACE] = {
		.name = "root, no CAP_SYS_PTRACE",
		.caller = { .groups = { GROUP, GROUP } },
		.enter = drop_ptrace,
	},
	[ROW_OWNER] = {
		.name = "owner",
		.caller = ORDINARY_USER,
		.as_owner = true,
	},
	[ROW_OTHER] = { .name = "other user", .caller = THIRD_USER_WITH() },
	[ROW_OTHER_PTRACE] = {
		.name = "other, CAP_SYS_PTRACE",
		.caller = THIRD_USER_WITH(.ptrace = true),
		.by_ptrace = true,
	},
	[ROW_USERNS_MAPPED] = {
		.name = "userns, IDs mapped",
		.caller = { .groups = { MAPPED_ID(GROUP), MAPPED_ID(GROUP) } },
		.prepare = join_target_userns,
		.needs = "no user namespaces",
	},
	[ROW_USERNS_UNMAPPED] = {
		.name = "userns, IDs not mapped",
		.caller = THIRD_USER_WITH(.userns = true),
		.needs = "no user namespaces",
	},
	[ROW_PIDNS_OWN_PROCFS] = {
		.name = "pidns, its procfs",
		.caller = ORDINARY_USER,
		.place = PLACE_INNER,
	},
	[ROW_PIDNS_PARENTS_PROCFS] = {
		.name = "pidns, parent's procfs",
		.caller = ORDINARY_USER,
		.place = PLACE_INNER_PARENTS_PROCFS,
	},
	[ROW_PIDNS_NO_PROCFS] = {
		.name = "pidns, no procfs",
		.caller = ORDINARY_USER,
		.place = PLACE_INNER_NO_PROCFS,
	},
	[ROW_SECCOMP_NO_PTRACE] = {
		.name = "seccomp, no ptrace",
		.caller = ORDINARY_USER,
		.as_owner = true,
		.enter = deny_tracing,
		.needs = "no seccomp filters",
	},
	[ROW_SECCOMP_NO_OPEN] = {
		.name = "seccomp, no open",
		.caller = ORDINARY_USER,
		.as_owner = true,
		.finish = deny_open,
		.needs = "no seccomp filters",
	},
	[ROW_SECCOMP_NO_CALL] = {
		.name = "seccomp, no xyzzy",
		.caller = ORDINARY_USER,
		.filter_errno = DENIED_CALL,
		.finish = deny_call,
		.needs = "no seccomp filters",
	},
	[ROW_YAMA_1] = {
		.name = "Yama, ptrace_scope=1",
		.caller = ORDINARY_USER,
		.as_owner = true,
		.yama_scope = 1,
		.enter = check_yama,
		.needs = "Yama is off",
	},
	[ROW_YAMA_2] = {
		.name = "Yama, ptrace_scope=2",
		.caller = ORDINARY_USER,
		.as_owner = true,
		.yama_scope = 2,
		.enter = check_yama,
		.needs = "Yama is off",
	},
	[ROW_LANDLOCK] = {
		.name = "Landlock",
		.caller = ORDINARY_USER,
		.enter = enter_plain_landlock,
		.needs = "Landlock is off",
	},
	[ROW_LANDLOCK_DIRS_ONLY] = {
		.name = "Landlock, dirs only",
		.caller = ORDINARY_USER,
		.by_ptrace = true,
		.enter = enter_landlock_with_dirs,
		.needs = "Landlock is off",
	},
	[ROW_LANDLOCK_NO_FILES] = {
		.name = "Landlock, no files",
		.caller = ORDINARY_USER,
		.open_errno = EACCES,
		.enter = enter_landlock_without_files,
		.needs = "Landlock is off",
	},
	[ROW_SMACK] = {
		.name = "Smack, no rule",
		.caller = ORDINARY_USER,
		.as_owner = true,
		.prepare = be_labelled_none,
		.needs = "Smack is off",
	},
	[ROW_SMACK_RX] = {
		.name = "Smack, rule rx",
		.caller = ORDINARY_USER,
		.prepare = be_labelled_rx,
		.needs = "Smack is off",
	},
	[ROW_SMACK_R] = {
		.name = "Smack, rule r",
		.caller = ORDINARY_USER,
		.by_ptrace = true,
		.prepare = be_labelled_r,
		.needs = "Smack is off",
	},
	[ROW_SMACK_X] = {
		.name = "Smack, rule x",
		.caller = ORDINARY_USER,
		.as_owner = true,
		.prepare = be_labelled_x,
		.needs = "Smack is off",
	},
};

/*
 * The access table: for each caller and each way to call, what the caller is
 * told of each target, and what procfs answers the same caller.
 */

/* What procfs says. */
struct truth {
	pid_t pid;		/* In the walked PID namespace; 0: not there */
	int stat_err;		/* Of opening PID/stat */
	int io_open_err;	/* Of opening PID/io */
	bool io_readable;
	bool io_is_roots;	/* By its owner */
	bool ptrace;		/* Does hidepid=4 let the caller in? */
	bool scheduler;		/* May it read the scheduler's attributes? */
};

/* What xyzzy() says. */
struct told {
	bool walked;
	bool thread_walked;
	bool walk_io;
	bool thread_walk_io;
	long pidfd_ret;
	long pidfd_ret_no_room;
	bool pidfd_io;
};

struct answer {
	struct truth truth;
	struct told told;
};

struct line {
	int err;		/* -EOPNOTSUPP: the kernel has not got it */
	int open_errno[NR_WAYS];
	bool asked[NR_WAYS];
	int walk_err[NR_WAYS];
	struct answer answers[NR_WAYS][NR_TARGETS];
};

struct table {
	const char *skip;
	int err;
	struct target targets[NR_TARGETS];
	struct pidns ns;
	struct mounts mounts;
	struct line lines[NR_ROWS];
};

/* A caller at work. */
struct asking {
	const struct row *row;
	const struct table *table;
	struct line *line;
	int socket;		/* From which the parent's mounts come */
	struct mounts own;	/* Of the caller's PID namespace */
	struct mounts used;
};

/* The mount that decides, or would decide, for a way. */
static inline int truth_fd(const struct asking *asking, int way)
{
	return way == WAY_NO_PROCFS ? asking->own.fds[WAY_HIDEPID_4] :
				      asking->used.fds[way];
}

static inline int find_mounts(struct asking *asking)
{
	const struct mounts *outer = &asking->table->mounts;
	int err = 0;

	asking->own = *outer;
	asking->used = *outer;
	if (asking->row->place == PLACE_OUTER)
		return 0;
	err = mounts_open(&asking->own);
	asking->used = asking->own;
	if (asking->row->place == PLACE_INNER_NO_PROCFS)
		mounts_clear(&asking->used);
	if (!err && asking->row->place == PLACE_INNER_PARENTS_PROCFS)
		err = mounts_receive(asking->socket, &asking->used);
	return err;
}

/*
 * The PID that a pidfd has in the PID namespace of a procfs; 0 if it is not in
 * there. What this tells of a pidfd does not depend on permissions.
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
	const struct target *targets = asking->table->targets;
	struct line *line = asking->line;

	for (int way = 0; way < NR_WAYS; way++) {
		line->asked[way] = way == WAY_NO_PROCFS ||
				   asking->used.fds[way] >= 0;
		for (int i = 0; i < NR_TARGETS && line->asked[way]; i++) {
			struct truth *truth = &line->answers[way][i].truth;

			if (!targets[i].pid)
				continue;
			truth->pid = pid_in(truth_fd(asking, way),
					    targets[i].pidfd);
			if (truth->pid < 0)
				return truth->pid;
		}
	}
	return 0;
}

/* Open PID/NAME and, with @readable, read from it; returns 0 or the errno. */
static inline int try_file(int procfd, pid_t pid, const char *name,
			   bool *readable)
{
	char path[32], c;
	int fd;

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	fd = openat(procfd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (readable)
		*readable = read(fd, &c, 1) == 1;
	close(fd);
	return 0;
}

static inline bool is_roots(int procfd, pid_t pid, const char *name)
{
	struct stat st;
	char path[32];

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	return !fstatat(procfd, path, &st, 0) && !st.st_uid;
}

/*
 * With hidepid=4, a directory can be entered just by those who may ptrace-read
 * its process: the error of those who may not is never EACCES, which comes
 * later, from a security module.
 */
static inline bool may_ptrace(int hidepid_4_fd, pid_t pid)
{
	int err = try_file(hidepid_4_fd, pid, "stat", NULL);

	return !err || err == EACCES;
}

static inline void ask_procfs(const struct asking *asking)
{
	const struct answer *own = asking->line->answers[WAY_NO_PROCFS];

	for (int way = 0; way < NR_WAYS; way++) {
		int fd = truth_fd(asking, way), hidepid_4_fd;

		if (!asking->line->asked[way])
			continue;
		hidepid_4_fd = way == WAY_NO_PROCFS ? fd :
			       asking->used.fds[WAY_HIDEPID_4];
		for (int i = 0; i < NR_TARGETS; i++) {
			struct truth *truth =
				&asking->line->answers[way][i].truth;
			pid_t pid = truth->pid;

			if (!pid)
				continue;
			truth->stat_err = try_file(fd, pid, "stat", NULL);
			truth->io_open_err = try_file(fd, pid, "io",
						      &truth->io_readable);
			truth->io_is_roots = is_roots(fd, pid, "io");
			truth->ptrace = may_ptrace(hidepid_4_fd, pid);
			truth->scheduler = own[i].truth.pid &&
				sched_getscheduler(own[i].truth.pid) >= 0;
		}
	}
}

static inline bool task_has_io(const struct xyzzy_task *task)
{
	return task && task->mask & XYZZY_IO;
}

static inline void ask_walk(const struct asking *asking, int way,
			    unsigned int flags)
{
	struct answer *answers = asking->line->answers[way];
	int procfd = asking->used.fds[way];
	struct xyzzy_task *task;
	struct walk walk;

	asking->line->walk_err[way] = walk_all(&walk, procfd, XYZZY_IO, flags,
					       16);
	for (int i = 0; i < NR_TARGETS; i++) {
		struct told *told = &answers[i].told;
		pid_t pid = answers[i].truth.pid;

		task = pid ? walk_find(&walk, pid) : NULL;
		if (flags & XYZZY_THREADS) {
			told->thread_walked = !!task;
			told->thread_walk_io = task_has_io(task);
		} else {
			told->walked = !!task;
			told->walk_io = task_has_io(task);
		}
	}
	walk_free(&walk);
}

static inline void ask_pidfds(const struct asking *asking, int way)
{
	const struct target *targets = asking->table->targets;
	int procfd = asking->used.fds[way];
	struct xyzzy_task task;

	for (int i = 0; i < NR_TARGETS; i++) {
		struct told *told = &asking->line->answers[way][i].told;

		if (!targets[i].pid)
			continue;
		memset(&task, 0, sizeof(task));
		told->pidfd_ret = xyzzy_pidfd(procfd, targets[i].pidfd,
					      XYZZY_IO, 0, &task, 1);
		told->pidfd_io = task_has_io(&task);
		told->pidfd_ret_no_room = xyzzy_pidfd(procfd, targets[i].pidfd,
						      XYZZY_IO, 0, NULL, 0);
	}
}

static inline void ask_xyzzy(const struct asking *asking)
{
	for (int way = 0; way < NR_WAYS; way++) {
		if (!asking->line->asked[way])
			continue;
		ask_walk(asking, way, XYZZY_THREADS);
		ask_walk(asking, way, 0);
		ask_pidfds(asking, way);
	}
}

/*
 * Each caller opens the procfs that it passes: no cell is about a descriptor
 * that the caller could not have. One that came over a socket is open already.
 */
static inline void open_mounts(struct asking *asking)
{
	struct line *line = asking->line;

	if (asking->row->place == PLACE_INNER_PARENTS_PROCFS)
		return;
	for (int way = FIRST_MOUNT; way < NR_WAYS; way++) {
		if (!line->asked[way])
			continue;
		asking->used.fds[way] =
			open_for_reading(asking->used.fds[way]);
		line->asked[way] = asking->used.fds[way] >= 0;
		line->open_errno[way] = line->asked[way] ? 0 : errno;
	}
}

/* In a process of its own, which starts as root. */
static inline int ask_all(struct asking *asking)
{
	const struct target *targets = asking->table->targets;
	const struct row *row = asking->row;
	int err = find_mounts(asking) ?: find_pids(asking);

	if (!err && row->prepare)
		err = row->prepare(targets);
	err = err ?: become(&row->caller);
	if (!err && row->enter)
		err = row->enter(targets);
	if (err)
		return err;
	open_mounts(asking);
	ask_procfs(asking);
	if (row->finish)
		err = row->finish(targets);
	if (!err)
		ask_xyzzy(asking);
	return err;
}

/*
 * The whole table
 */
static inline void measure_row(struct table *table, const struct row *row)
{
	struct line *line = &table->lines[row - rows];
	struct asking asking = { .row = row, .table = table, .line = line };
	bool inner = row->place != PLACE_OUTER;
	int sockets[2], status;
	pid_t pid;

	line->err = -ECHILD;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets))
		return;
	asking.socket = sockets[1];
	pid = inner ? fork_into(&table->ns, 0) : fork_child();
	if (!pid) {
		line->err = ask_all(&asking);
		_exit(EXIT_SUCCESS);
	}
	if (mounts_send(sockets[0], &table->mounts) || pid < 0 ||
	    waitpid(pid, &status, 0) != pid || status)
		line->err = line->err ?: -ECHILD;
	close(sockets[0]);
	close(sockets[1]);
}

static inline void measure_rows(struct table *table)
{
	for (const struct row *row = rows; row < rows + NR_ROWS; row++) {
		int old, err = 0;

		if (row->yama_scope)
			err = set_yama_scope(row->yama_scope, &old);
		if (err)
			table->lines[row - rows].err = err;
		else
			measure_row(table, row);
		if (row->yama_scope && !err)
			table->err = set_yama_scope(old, &old) ?: table->err;
	}
}

static inline const char *why_no_table(void)
{
	if (!have_xyzzy())
		return NO_XYZZY;
	if (geteuid())
		return NO_ROOT;
	if (!have_users())
		return NO_USERS;
	if (access("/proc/self/io", F_OK))
		return "no I/O accounting";
	if (access("/proc/self/ns/pid", F_OK))
		return "no PID namespaces";
	return NULL;
}

/* Returns a table that the caller's children share. */
static inline struct table *measure_table(void)
{
	struct table *table = share_memory(sizeof(*table));

	mounts_clear(&table->mounts);
	table->skip = why_no_table();
	if (table->skip)
		return table;
	if (spawn_pidns(&table->ns)) {
		table->err = -errno;
		return table;
	}
	table->err = targets_start(table->targets, &table->ns) ?:
		     mounts_open(&table->mounts);
	if (!table->err)
		measure_rows(table);
	targets_kill(table->targets);
	mounts_close(&table->mounts);
	kill_pidns(&table->ns);
	return table;
}

#endif /* __XYZZY_ACCESS_H */
