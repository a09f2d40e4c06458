/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_ACCESS_TABLE_H
#define __XYZZY_ACCESS_TABLE_H

#include <sys/stat.h>

#include "callers.h"
#include "ways.h"

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
	if (!xyzzy_is_there())
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

#endif /* __XYZZY_ACCESS_TABLE_H */
