/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_CALLER_H
#define __XYZZY_CALLER_H

/*
 * Callers: their credentials, what confines them, what they see. Include
 * kselftest_harness.h first.
 */
#include "ns.h"

#include <dirent.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/lsm.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/fsuid.h>
#include <sys/ptrace.h>

/*
 * Security modules and seccomp. All of these return 0, or -errno: -EOPNOTSUPP
 * if the kernel lacks them.
 */
#define FILTER_MAX 8

/* Make @nr system calls fail with @err. */
static inline int deny_syscalls(const unsigned int *calls, int nr, int err)
{
	struct sock_filter code[2 + 2 * FILTER_MAX] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog prog = { .len = 1, .filter = code };

	for (int i = 0; i < nr && i < FILTER_MAX; i++) {
		code[prog.len++] = (struct sock_filter)
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], 0, 1);
		code[prog.len++] = (struct sock_filter)
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | err);
	}
	code[prog.len++] = (struct sock_filter)
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		return errno == EINVAL ? -EOPNOTSUPP : -errno;
	return 0;
}

/* Enter a Landlock domain that denies @access to every file. */
static inline int enter_landlock(__u64 access)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = access };
	int fd = syscall(__NR_landlock_create_ruleset, &attr, sizeof(attr), 0);
	int err = 0;

	if (fd < 0)
		return -EOPNOTSUPP;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(__NR_landlock_restrict_self, fd, 0))
		err = -errno;
	close(fd);
	return err;
}

/* Let processes labeled @subject access @object; "-" denies it. */
static inline int set_smack_rule(const char *subject, const char *object,
				 const char *access)
{
	int fd = open_fs("smackfs", NULL), err;
	char rule[64];

	if (fd < 0)
		return -EOPNOTSUPP;
	snprintf(rule, sizeof(rule), "%s %s %s", subject, object, access);
	err = write_text(fd, "load2", rule);
	close(fd);
	return err;
}

/*
 * A label that a security module gives to a process, with the profiles and domains
 * of policy.apparmor and policy.selinux
 */
struct label {
	__u64 module;
	const char *text;	/* NULL: the label stays */
};

#define SMACK_LABEL(_label) { LSM_ID_SMACK, _label }
#define APPARMOR_PROFILE(_profile) { LSM_ID_APPARMOR, "changeprofile " _profile }
#define SELINUX_DOMAIN(_type) { LSM_ID_SELINUX, "u:r:" _type }

/* Does SELinux enforce policy.selinux? Any label works before it has a policy. */
static inline bool have_selinux_policy(void)
{
	int fd = open_fs("selinuxfs", NULL), enforce;
	char c = '0';

	if (fd < 0)
		return false;
	enforce = openat(fd, "enforce", O_RDONLY | O_CLOEXEC);
	if (enforce < 0 || read(enforce, &c, 1) != 1 ||
	    faccessat(fd, "booleans/xyzzy", F_OK, 0))
		c = '0';
	close_fd(enforce);
	close(fd);
	return c == '1';
}

static inline int set_label(const struct label *label)
{
	union {
		struct lsm_ctx ctx;
		char room[sizeof(struct lsm_ctx) + 64];
	} attr = { .ctx = {
		.id = label->module, .len = sizeof(attr),
		.ctx_len = strlen(label->text) + 1,
	} };

	if (label->module == LSM_ID_SELINUX && !have_selinux_policy())
		return -EOPNOTSUPP;
	memcpy(attr.ctx.ctx, label->text, attr.ctx.ctx_len);
	if (!syscall(__NR_lsm_set_self_attr, LSM_ATTR_CURRENT, &attr,
		     sizeof(attr), 0))
		return 0;
	/* AppArmor has no such profile. */
	return errno == ENOSYS || errno == ENOENT ? -EOPNOTSUPP : -errno;
}

#define YAMA_SCOPE "/proc/sys/kernel/yama/ptrace_scope"
#define YAMA_LOCKED 3

/* Set Yama's ptrace_scope, unless it is locked; *@old is the previous value. */
static inline int set_yama_scope(int scope, int *old)
{
	FILE *file = fopen(YAMA_SCOPE, "r");
	char text[12];
	int got;

	if (!file)
		return -EOPNOTSUPP;
	got = fscanf(file, "%d", old);
	fclose(file);
	if (got != 1)
		return -EIO;
	if (*old == YAMA_LOCKED)
		return -EOPNOTSUPP;
	snprintf(text, sizeof(text), "%d", scope);
	return write_text(AT_FDCWD, YAMA_SCOPE, text);
}

/*
 * Callers
 */
#define USER 1234
#define OTHER_USER 1235
#define GROUP 5678
#define OTHER_GROUP 5679

/* Root has all capabilities, any other user none. */
struct caller {
	uid_t uids[4];		/* Real, effective, saved, file system */
	gid_t gid;
	gid_t group;		/* A supplementary one */
	bool ptrace;		/* Has CAP_SYS_PTRACE and no other capability */
	bool no_ptrace;		/* Has all the others */
	bool userns;		/* In a user namespace of its own */
	const char *id_map;	/* It is root of that, with these IDs */
	struct label label;
	__u64 landlock;		/* Access that a Landlock domain denies */
};

#define USER_IDS { USER, USER, USER, USER }
#define OTHER_IDS { OTHER_USER, OTHER_USER, OTHER_USER, OTHER_USER }

#define ORDINARY_USER { .uids = USER_IDS, .gid = USER, .group = GROUP }

static inline const char *cannot_be_caller(const struct caller *caller)
{
	if (!have_xyzzy())
		return NO_XYZZY;
	if (geteuid() || !can_mount())
		return NO_ROOT;
	if (!have_users())
		return NO_USERS;
	if (caller && (caller->userns || caller->id_map) && !have_userns())
		return "no user namespaces";
	return NULL;
}

/* Drop CAP_SYS_PTRACE, or with @keep all other capabilities. */
static inline int drop_caps(bool keep)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	const __u32 cap = 1U << CAP_SYS_PTRACE;

	if (syscall(__NR_capget, &header, data))
		return -errno;
	data[0].permitted &= keep ? cap : ~cap;
	data[0].effective = data[0].permitted;
	if (keep)
		memset(&data[1], 0, sizeof(data[1]));
	return syscall(__NR_capset, &header, data) ? -errno : 0;
}

/* Of one thread. The functions of libc change all of them. */
#ifdef __NR_setresuid32
#define SETRESUID __NR_setresuid32
#define SETRESGID __NR_setresgid32
#else
#define SETRESUID __NR_setresuid
#define SETRESGID __NR_setresgid
#endif

/* Returns 0 or -errno; -EOPNOTSUPP if the kernel lacks something. */
static inline int become(const struct caller *caller)
{
	const uid_t *uids = caller->uids;
	gid_t gid = caller->gid;
	int err = 0;

	if (caller->label.text)
		err = set_label(&caller->label);
	if (err)
		return err;
	if (prctl(PR_SET_KEEPCAPS, caller->ptrace) ||
	    setgroups(1, &caller->group) || setresgid(gid, gid, gid) ||
	    setresuid(uids[0], uids[1], uids[2]))
		return -errno;
	setfsuid(uids[3]);
	if ((uid_t)setfsuid(-1) != uids[3])
		return -EPERM;
	if (caller->ptrace || caller->no_ptrace)
		err = drop_caps(caller->ptrace);
	if (!err && caller->userns && unshare(CLONE_NEWUSER))
		err = -EOPNOTSUPP;
	if (!err && caller->id_map)
		err = enter_userns_with(caller->id_map);
	if (!err && caller->landlock)
		err = enter_landlock(caller->landlock);
	return err;
}

/*
 * Actors: processes for USER to look at
 */
enum actor {
	OWN,
	OWN_THREADED,
	OWN_NOT_DUMPABLE,
	OWN_OTHER_GROUP,
	OWN_SAVED_ROOT,
	OTHERS,
	ROOTS,
	NR_ACTORS,
};

static const struct actor_kind {
	const char *name;
	uid_t uid;
	uid_t suid;
	gid_t gid;
	bool ptraceable;	/* USER passes a ptrace check for it */
	bool threaded;
	bool not_dumpable;
} actor_kinds[NR_ACTORS] = {
	[OWN] = { "own", USER, USER, USER, true },
	[OWN_THREADED] = {
		"own, threaded", USER, USER, USER, true, .threaded = true,
	},
	[OWN_NOT_DUMPABLE] = {
		"own, not dumpable", USER, USER, USER, .not_dumpable = true,
	},
	[OWN_OTHER_GROUP] = { "own, other group", USER, USER, OTHER_GROUP },
	[OWN_SAVED_ROOT] = { "own, saved UID 0", USER, 0, USER },
	[OTHERS] = { "other user's", OTHER_USER, OTHER_USER, USER },
	[ROOTS] = { "root's" },
};

static inline void *actor_thread(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static inline int act(void *arg)
{
	const struct actor_kind *kind = arg;
	pthread_t thread;

	if (setgroups(0, NULL) ||
	    setresgid(kind->gid, kind->gid, kind->gid) ||
	    setresuid(kind->uid, kind->uid, kind->suid) ||
	    prctl(PR_SET_DUMPABLE, !kind->not_dumpable))
		return -errno;
	if (kind->threaded && pthread_create(&thread, NULL, actor_thread, NULL))
		return -EAGAIN;
	return 0;
}

static inline int actors_start(struct subject *actors)
{
	int err = 0;

	memset(actors, -1, NR_ACTORS * sizeof(*actors));
	for (int i = 0; i < NR_ACTORS && !err; i++)
		err = subject_start(&actors[i], act, (void *)&actor_kinds[i]);
	return err;
}

static inline void actors_kill(struct subject *actors)
{
	for (int i = 0; i < NR_ACTORS; i++)
		subject_kill(&actors[i]);
}

/*
 * Views: the processes that a caller is shown, and those of which it can read
 * /proc/PID/stat
 */
#define PIDS_MAX 16384
#define TOO_MANY "more processes than this test has room for"

struct pids {
	int nr;
	pid_t pids[PIDS_MAX];
};

struct view {
	struct caller caller;
	const char *options;	/* Of a procfs that the caller opens, or NULL */
	pid_t actors[NR_ACTORS];	/* PIDs as seen there */
	int procfd;		/* For xyzzy() */
	int stat_fd;		/* A procfs to open the stat files through */
	int list_fd;		/* A procfs that shows every PID */
	unsigned int flags;

	int err;
	struct pids shown;
	struct pids readable;
	struct pids readable_after;
	struct pids all;
	pid_t missing;		/* Not shown though readable; 0: none */
	struct pids unreadable;	/* Shown in each look, but not readable */
};

/* Open PID/NAME of a procfs. */
static inline int open_pid_file(int procfd, pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	return openat(procfd, path, O_RDONLY | O_CLOEXEC);
}

static inline bool can_read(int procfd, pid_t pid, const char *name)
{
	int fd = open_pid_file(procfd, pid, name);
	char c;
	bool ok = fd >= 0 && read(fd, &c, 1) == 1;

	close_fd(fd);
	return ok;
}

/* Add the names in a directory that are numbers. */
static inline void list_numbers(int dirfd, const char *path, struct pids *pids)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *ent;

	while (dir && (ent = readdir(dir)) && pids->nr < PIDS_MAX)
		if (atoi(ent->d_name) > 0)
			pids->pids[pids->nr++] = atoi(ent->d_name);
	if (dir)
		closedir(dir);
}

static inline bool has_pid(const struct pids *pids, pid_t pid)
{
	return is_in(pids->pids, pids->nr, pid);
}

/* The processes, or threads of them, whose stat can be read. */
static inline void list_readable(struct view *view, struct pids *readable)
{
	struct pids *all = &view->all;
	char path[32];

	all->nr = 0;
	list_numbers(view->list_fd, ".", all);
	readable->nr = 0;
	for (int i = 0; i < all->nr; i++) {
		if (!can_read(view->stat_fd, all->pids[i], "stat"))
			continue;
		if (view->flags & XYZZY_THREADS) {
			snprintf(path, sizeof(path), "%d/task", all->pids[i]);
			list_numbers(view->list_fd, path, readable);
		} else {
			readable->pids[readable->nr++] = all->pids[i];
		}
	}
}

static inline int list_shown(struct view *view)
{
	struct pids *shown = &view->shown;
	struct walk walk;
	int err = walk_all(&walk, view->procfd, XYZZY_ID, view->flags, 64);

	shown->nr = 0;
	for (size_t i = 0; i < walk.nr && i < PIDS_MAX; i++)
		shown->pids[shown->nr++] = walk.tasks[i].pid;
	if (!err && !is_increasing(&walk))
		err = -EBADMSG;
	walk_free(&walk);
	return err;
}

/*
 * Open the mounts as root, then become the caller. Without a procfs, the caller
 * can read what passes a ptrace check, which procfs makes with hidepid=4.
 */
static inline int view_open(struct view *view)
{
	if (view->options)
		view->procfd = open_fs("proc", view->options);
	view->stat_fd = view->procfd < 0 ? open_procfs("4") : view->procfd;
	view->list_fd = open_procfs("0");
	if (view->stat_fd < 0 || view->list_fd < 0 ||
	    (view->options && view->procfd < 0))
		return -EBADF;
	return become(&view->caller);
}

/* A process that lives through a look is readable before and after it. */
static inline pid_t find_missing(const struct view *view)
{
	const struct pids *before = &view->readable;
	const struct pids *after = &view->readable_after;

	for (int i = 0; i < before->nr; i++)
		if (has_pid(after, before->pids[i]) &&
		    !has_pid(&view->shown, before->pids[i]))
			return before->pids[i];
	return 0;
}

/* One that is readable neither before nor after may have come and gone. */
static inline void keep_unreadable(struct view *view)
{
	struct pids *unreadable = &view->unreadable;
	int nr = 0;

	for (int i = 0; i < unreadable->nr; i++) {
		pid_t pid = unreadable->pids[i];

		if (has_pid(&view->shown, pid) &&
		    !has_pid(&view->readable, pid) &&
		    !has_pid(&view->readable_after, pid))
			unreadable->pids[nr++] = pid;
	}
	unreadable->nr = nr;
}

static inline int view_fill(void *arg)
{
	struct view *view = arg;

	view->err = view_open(view);
	for (int i = 0; i < 20 && !view->err; i++) {
		list_readable(view, &view->readable);
		view->err = list_shown(view);
		list_readable(view, &view->readable_after);
		if (!i)
			view->unreadable = view->shown;
		keep_unreadable(view);
		view->missing = find_missing(view);
		if (view->missing || !view->unreadable.nr)
			break;
	}
	return 0;
}

/* Which actors a caller sees. */
enum sees {
	SEES_OWN,		/* Those for which USER passes a ptrace check */
	SEES_OTHERS,		/* That of OTHER_USER */
	SEES_ALL,
	SEES_NONE,
};

static inline bool is_seen(enum sees sees, int actor)
{
	switch (sees) {
	case SEES_OWN:
		return actor_kinds[actor].ptraceable;
	case SEES_OTHERS:
		return actor == OTHERS;
	default:
		return sees == SEES_ALL;
	}
}

/* The caller is shown what it can read, nothing more and nothing less. */
static inline void expect_view(struct __test_metadata *_metadata,
			       struct view *view, enum sees sees)
{
	ASSERT_EQ(0, run_in_child(view_fill, view));
	ASSERT_EQ(0, view->err);
	if (view->readable.nr == PIDS_MAX || view->readable_after.nr == PIDS_MAX)
		SKIP(return, TOO_MANY);
	ASSERT_LT(0, view->readable.nr);
	ASSERT_EQ(0, view->missing);
	ASSERT_EQ(0, view->unreadable.nr)
		TH_LOG("shown, but not readable: %d", view->unreadable.pids[0]);
	for (int i = 0; i < NR_ACTORS; i++) {
		ASSERT_EQ(is_seen(sees, i),
			  has_pid(&view->shown, view->actors[i]))
			TH_LOG("process: %s", actor_kinds[i].name);
	}
}

/* The PID in a PID namespace @level levels below that of the caller. */
static inline pid_t pid_at_level(pid_t pid, int level)
{
	struct proc_dir dir = proc_dir(pid, 0);
	struct proc_status status;

	if (!level)
		return pid;
	return proc_status(&dir, &status) ? -1 :
	       (pid_t)proc_status_nth(&status, "NSpid", level);
}

static inline struct view *view_make(const struct caller *caller,
				     const struct subject *actors, int level)
{
	struct view *view = share_memory(sizeof(*view));

	view->caller = *caller;
	view->procfd = -1;
	for (int i = 0; i < NR_ACTORS; i++)
		view->actors[i] = pid_at_level(actors[i].pid, level);
	return view;
}

#endif /* __XYZZY_CALLER_H */
