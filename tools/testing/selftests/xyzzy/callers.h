/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_CALLERS_H
#define __XYZZY_CALLERS_H

#include "targets.h"

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

#endif /* __XYZZY_CALLERS_H */
