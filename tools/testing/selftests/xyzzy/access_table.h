/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_ACCESS_TABLE_H
#define __XYZZY_ACCESS_TABLE_H

/*
 * The tables of the document that have a row for each caller and a column for
 * each procfd
 */
#include "caller.h"

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

/*
 * The label of processes to see. The module that is active knows one of these.
 */
#define SMACK_TARGET "XyzzyTarget"

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

/* Of a target's user namespace. The second line is for IDs from 1000 on. */
#define TARGET_ID_MAP "0 100000 10000\n20000 1000 5000\n"
#define MAPPED_ID(_id) ((_id) - 1000 + 20000)

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

static inline int become_row(const struct row *row)
{
	int err = 0;

	if (row->smack_access)
		err = set_smack_rule(row->caller.label.text, SMACK_TARGET,
				     row->smack_access);
	return err ?: become(&row->caller);
}

/*
 * The lines of a table in the document: three with the head, then the rows
 */
#define NAME_WIDTH 24
#define RULE "========================"

enum { LINE_RULE = -3, LINE_HEAD, LINE_HEAD_2, FIRST_ROW };

static inline const char *line_name(int nr)
{
	if (nr == LINE_RULE)
		return RULE;
	if (nr == LINE_HEAD)
		return "Caller";
	return nr < FIRST_ROW ? "" : rows[nr].name;
}

/* What a line above the rows has in a column of @width characters. */
static inline const char *head_text(int nr, enum column_id col, int width)
{
	return nr == LINE_RULE ? &RULE[NAME_WIDTH - width] :
				 columns[col].head[nr - LINE_HEAD];
}

/* Print a line without trailing spaces. */
static inline void print_trimmed(const char *line)
{
	int len = strlen(line);

	while (len && line[len - 1] == ' ')
		len--;
	printf("%.*s\n", len, line);
}

#endif /* __XYZZY_ACCESS_TABLE_H */
