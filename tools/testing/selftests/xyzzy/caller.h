/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_CALLER_H
#define __XYZZY_CALLER_H

/*
 * Callers: their credentials, what confines them, and what they see. Include
 * kselftest_harness.h first.
 */
#include "child.h"

#include <dirent.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/fsuid.h>
#include <sys/ptrace.h>

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
	sort_pids(readable, nr);
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

/* A view through @procfd, or with -1 of what the caller may ptrace-read. */
static inline struct view *view_make(const struct caller *caller, int procfd)
{
	struct view *view = share_memory(sizeof(*view));

	view->caller = *caller;
	view->procfd = procfd;
	/* This one can be entered just for what one may ptrace-read. */
	view->truth_fd = procfd < 0 ? open_procfs("4") : procfd;
	view->list_fd = open_procfs("0");
	return view;
}

static inline void view_close(struct view *view)
{
	close(view->list_fd);
	close(view->truth_fd);
}

/*
 * What a process can be confined with. All of these return 0 or -errno;
 * -EOPNOTSUPP if the kernel lacks it.
 */
#define FILTER_MAX 8

/* Have a seccomp filter give @err for @nr system calls. */
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

/* The file system with the rules of Smack; there is none if it is off. */
static inline int open_smackfs(void)
{
	const char * const no_options[] = { NULL };

	return open_fs("smackfs", no_options);
}

static inline bool have_smack(void)
{
	int fd = open_smackfs();

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* A rule is "SUBJECT OBJECT ACCESS"; "-" for access takes it back. */
static inline int set_smack_rule(const char *rule)
{
	int fd = open_smackfs(), err;

	if (fd < 0)
		return -EOPNOTSUPP;
	err = write_text(fd, "load2", rule);
	close(fd);
	return err;
}

static inline int take_smack_label(const char *label)
{
	if (!have_smack())
		return -EOPNOTSUPP;
	return write_text(AT_FDCWD, "/proc/self/attr/current", label);
}

#define YAMA_SCOPE "/proc/sys/kernel/yama/ptrace_scope"

/* Set how far Yama lets processes attach; *@old is what it was. */
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
	snprintf(text, sizeof(text), "%d", scope);
	return write_text(AT_FDCWD, YAMA_SCOPE, text);
}

/* Is the process kept from tracing @pid? A tracer could read all of it. */
static inline int expect_no_attach(pid_t pid)
{
	if (!ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		return -EEXIST;
	return errno == EPERM ? 0 : -errno;
}

/*
 * Processes to look at for the ordinary user USER, who is in the group USER,
 * and in GROUP besides.
 */
#define USER 1234
#define OTHER_USER 1235
#define GROUP 5678
#define OTHER_GROUP 5679

#define ORDINARY_USER							\
	{								\
		.uid = USER, .euid = USER, .suid = USER, .fsuid = USER,	\
		.gid = USER, .groups = { GROUP, GROUP },		\
	}

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
	bool dumpable;
	bool threaded;
	bool ptraceable;	/* May USER read it as a tracer? */
} actor_kinds[NR_ACTORS] = {
	[OWN] = {
		.name = "own", .uid = USER, .suid = USER, .gid = USER,
		.dumpable = true, .ptraceable = true,
	},
	[OWN_THREADED] = {
		.name = "own, threaded", .uid = USER, .suid = USER,
		.gid = USER, .dumpable = true, .threaded = true,
		.ptraceable = true,
	},
	[OWN_NOT_DUMPABLE] = {
		.name = "own, not dumpable", .uid = USER, .suid = USER,
		.gid = USER,
	},
	[OWN_OTHER_GROUP] = {
		.name = "own, other group", .uid = USER, .suid = USER,
		.gid = OTHER_GROUP, .dumpable = true,
	},
	[OWN_SAVED_ROOT] = {
		.name = "own, saved UID 0", .uid = USER, .suid = 0,
		.gid = USER, .dumpable = true,
	},
	[OTHERS] = {
		.name = "other user's", .uid = OTHER_USER, .suid = OTHER_USER,
		.gid = USER, .dumpable = true,
	},
	[ROOTS] = {
		.name = "root's", .dumpable = true,
	},
};

/* Which actors a caller is shown. */
enum sees {
	SEES_OWN,		/* Those that USER may ptrace-read */
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

static inline void *actor_thread(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static inline int act(void *arg)
{
	const struct actor_kind *kind = arg;
	pthread_t thread;

	if (setgroups(0, NULL) ||
	    setresgid(kind->gid, kind->gid, kind->gid) ||
	    setresuid(kind->uid, kind->uid, kind->suid) ||
	    prctl(PR_SET_DUMPABLE, kind->dumpable))
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

static inline void expect_actors(struct __test_metadata *_metadata,
				 const struct view *view,
				 const struct subject *actors, enum sees sees)
{
	for (int i = 0; i < NR_ACTORS; i++) {
		EXPECT_EQ(is_seen(sees, i), view_sees(view, actors[i].pid))
			TH_LOG("process: %s", actor_kinds[i].name);
	}
}

/* One pidfd after another: what xyzzy() says, and if stat can be read. */
struct lookup {
	const struct view *view;
	const struct subject *actors;
	unsigned int flags;
	bool no_room;
	long ret[NR_ACTORS];
	bool readable[NR_ACTORS];
};

static inline int look_up(void *arg)
{
	struct lookup *lookup = arg;
	const struct view *view = lookup->view;
	struct xyzzy_task tasks[2];

	if (become(&view->caller))
		return 1;
	for (int i = 0; i < NR_ACTORS; i++) {
		lookup->ret[i] = xyzzy_pidfd(view->procfd,
					     lookup->actors[i].pidfd, XYZZY_ALL,
					     lookup->flags, tasks,
					     lookup->no_room ? 0 : 2);
		lookup->readable[i] = can_read(view->truth_fd,
					       lookup->actors[i].pid, "stat");
	}
	return 0;
}

#endif /* __XYZZY_CALLER_H */
