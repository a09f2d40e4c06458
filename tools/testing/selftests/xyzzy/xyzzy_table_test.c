// SPDX-License-Identifier: GPL-2.0
/*
 * The access table: many callers, procfs mounts and processes. What a cell has
 * to be is computed from what procfs shows to the same caller, so that the test
 * also notices when the rules of procfs change.
 *
 *   xyzzy_table_test table
 *
 * first prints the table as it is in Documentation/userspace-api/xyzzy.rst.
 */
#include "kselftest_harness.h"
#include "access_table.h"

#include <ctype.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* The descriptors to pass as procfd, all of one PID namespace. */
struct mounts {
	int fds[NR_COLS];
};

static int mounts_open(struct mounts *mounts)
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
static int mounts_pass(struct mounts *mounts)
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

static int target_make(void *arg)
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
static int target_start(struct subject *target, const struct target_kind *kind,
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

static int find_kthread(struct subject *target)
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
static int truth_fd(const struct asking *asking, int col)
{
	return col == COL_NO_PROCFS ? asking->hidepid_4_fd :
				      asking->mounts.fds[col];
}

static int find_mounts(struct asking *asking)
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
static pid_t pid_in(int procfd, int pidfd)
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

static int find_pids(struct asking *asking)
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
static int open_error(int procfd, pid_t pid, const char *name)
{
	int fd = open_pid_file(procfd, pid, name);
	int err = fd < 0 ? errno : 0;

	close_fd(fd);
	return err;
}

static bool is_owned_by_root(int procfd, pid_t pid, const char *name)
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
static bool may_ptrace(int hidepid_4_fd, pid_t pid)
{
	int err = open_error(hidepid_4_fd, pid, "stat");

	return !err || err == EACCES;
}

/* The errno of reading the scheduling attributes, ESRCH for no @pid. */
static int scheduler_error(pid_t pid)
{
	int err = ESRCH;

	if (pid)
		err = sched_getscheduler(pid) < 0 ? errno : 0;
	return err;
}

static void ask_procfs(const struct asking *asking, int col)
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

static bool has_io(const struct xyzzy_task *task)
{
	return task && task->mask & XYZZY_IO;
}

static void ask_walk(const struct asking *asking, int col, bool threads)
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

static void ask_pidfds(const struct asking *asking, int col)
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
static void open_mounts(struct asking *asking)
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

static int join_userns_of(pid_t pid)
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
static int ensure_no_attach(pid_t pid)
{
	if (!ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		return -EEXIST;
	return errno == EPERM || errno == DENIED_ERRNO ? 0 : -errno;
}

/* procfs is read before the filter is installed, which may deny open(2). */
static int ask_all(struct asking *asking)
{
	const struct subject *targets = asking->table->targets;
	const struct row *row = asking->row;
	int err = find_mounts(asking) ?: find_pids(asking);
	int nr_denied = 0;

	if (!err && row->in_targets_userns)
		err = join_userns_of(targets[TARGET_USERNS].pid);
	err = err ?: become_row(row);
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

static int ask(void *arg)
{
	struct asking *asking = arg;

	asking->line->err = ask_all(asking);
	return 0;
}

static void measure_row(struct table *table, int nr)
{
	struct asking asking = {
		.row = &rows[nr], .table = table, .line = &table->lines[nr],
	};

	if (rows[nr].place == PLACE_OUTER ? run_in_child(ask, &asking) :
					    run_inside(&table->ns, ask, &asking))
		asking.line->err = -ECHILD;
}

static void measure_rows(struct table *table)
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

static const char *why_no_table(void)
{
	if (cannot_be_caller(NULL))
		return cannot_be_caller(NULL);
	if (!have_io())
		return NO_IO;
	if (access("/proc/self/ns/pid", F_OK))
		return "no PID namespaces";
	return NULL;
}

static void targets_start(struct table *table)
{
	table->err = find_kthread(&table->targets[TARGET_KTHREAD]);
	for (int i = 0; i < NR_TARGETS && !table->err; i++) {
		if (i != TARGET_KTHREAD)
			table->err = target_start(&table->targets[i],
						  &target_kinds[i], &table->ns);
		table->has_target[i] = table->targets[i].pid > 0;
	}
}

static void targets_kill(struct table *table)
{
	for (int i = 0; i < NR_TARGETS; i++)
		if (i != TARGET_KTHREAD)
			subject_kill(&table->targets[i]);
}

/* Returns a table that child processes share. */
static struct table *measure_table(void)
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

static struct table *table;

/* Where a cell is in a row. */
struct place_in_row {
	const struct cell *cell;
	int col;
	int target;
};

#define BEFORE_FIRST ((struct place_in_row){ .target = -1 })

/* Move to the next cell that was asked for. */
static bool next_cell(const struct line *line, struct place_in_row *at)
{
	do {
		at->target++;
		if (at->target == NR_TARGETS) {
			at->target = 0;
			at->col++;
		}
		if (at->col == NR_COLS)
			return false;
	} while (!line->asked[at->col] || !table->has_target[at->target]);
	at->cell = &line->cells[at->col][at->target];
	return true;
}

/*
 * The rule. EACCES is from a security module. A denied open does not matter if
 * the module allows the ptrace check or, with a procfs, reading the scheduling
 * attributes. If it denies both, a successful open does not matter. Nor does
 * the mode of io.
 */
static bool must_be_shown(const struct place_in_row *at)
{
	const struct truth *truth = &at->cell->truth;

	if (!truth->pid || (truth->stat_err && truth->stat_err != EACCES))
		return false;
	if (truth->ptrace)
		return true;
	return truth->stat_err ? at->col != COL_NO_PROCFS && !truth->scheduler_err :
				 truth->scheduler_err != EACCES;
}

static bool must_have_io(const struct place_in_row *at)
{
	const struct truth *truth = &at->cell->truth;

	return must_be_shown(at) &&
	       (truth->io_readable ||
		(truth->io_err == EACCES && truth->ptrace));
}

static long must_return(const struct place_in_row *at)
{
	if (!at->cell->truth.pid)
		return -ESRCH;
	return must_be_shown(at) ? 1 : -EPERM;
}

/*
 * Do the files alone give the same result? On older kernels, root owns the files
 * of a zombie, and the mode of io denies it to those who pass a ptrace check.
 */
static bool files_agree(const struct place_in_row *at)
{
	const struct truth *truth = &at->cell->truth;
	bool opens = truth->pid && !truth->stat_err;

	if (must_be_shown(at) != opens)
		return false;
	if (at->target == TARGET_ZOMBIE && truth->io_owned_by_root &&
	    truth->io_err == EACCES)
		return true;
	return must_have_io(at) == (opens && truth->io_readable);
}

#define log_cell() \
	TH_LOG("%s, %s%s: %c", self->row->name, \
	       columns[self->at.col].head[0], columns[self->at.col].head[1], \
	       target_kinds[self->at.target].letter)

FIXTURE(row)
{
	const struct row *row;
	const struct line *line;
	struct place_in_row at;
};

FIXTURE_VARIANT(row)
{
	enum row_id id;
};

FIXTURE_VARIANT_ADD(row, root) { ROW_ROOT };
FIXTURE_VARIANT_ADD(row, root_no_ptrace) { ROW_ROOT_NO_PTRACE };
FIXTURE_VARIANT_ADD(row, owner) { ROW_OWNER };
FIXTURE_VARIANT_ADD(row, other) { ROW_OTHER };
FIXTURE_VARIANT_ADD(row, other_ptrace) { ROW_OTHER_PTRACE };
FIXTURE_VARIANT_ADD(row, userns_mapped) { ROW_USERNS_MAPPED };
FIXTURE_VARIANT_ADD(row, userns_unmapped) { ROW_USERNS_UNMAPPED };
FIXTURE_VARIANT_ADD(row, pidns_own_procfs) { ROW_PIDNS_OWN_PROCFS };
FIXTURE_VARIANT_ADD(row, pidns_parents_procfs) { ROW_PIDNS_PARENTS_PROCFS };
FIXTURE_VARIANT_ADD(row, pidns_no_procfs) { ROW_PIDNS_NO_PROCFS };
FIXTURE_VARIANT_ADD(row, seccomp_no_ptrace) { ROW_SECCOMP_NO_PTRACE };
FIXTURE_VARIANT_ADD(row, seccomp_no_open) { ROW_SECCOMP_NO_OPEN };
FIXTURE_VARIANT_ADD(row, seccomp_no_call) { ROW_SECCOMP_NO_CALL };
FIXTURE_VARIANT_ADD(row, yama_1) { ROW_YAMA_1 };
FIXTURE_VARIANT_ADD(row, yama_2) { ROW_YAMA_2 };
FIXTURE_VARIANT_ADD(row, landlock) { ROW_LANDLOCK };
FIXTURE_VARIANT_ADD(row, landlock_dirs_only) { ROW_LANDLOCK_DIRS_ONLY };
FIXTURE_VARIANT_ADD(row, landlock_no_files) { ROW_LANDLOCK_NO_FILES };
FIXTURE_VARIANT_ADD(row, smack) { ROW_SMACK };
FIXTURE_VARIANT_ADD(row, smack_rx) { ROW_SMACK_RX };
FIXTURE_VARIANT_ADD(row, smack_r) { ROW_SMACK_R };
FIXTURE_VARIANT_ADD(row, smack_x) { ROW_SMACK_X };
FIXTURE_VARIANT_ADD(row, apparmor_unconfined) { ROW_APPARMOR_UNCONFINED };
FIXTURE_VARIANT_ADD(row, apparmor_all) { ROW_APPARMOR_ALL };
FIXTURE_VARIANT_ADD(row, apparmor_no_readby) { ROW_APPARMOR_NO_READBY };
FIXTURE_VARIANT_ADD(row, apparmor_no_ptrace) { ROW_APPARMOR_NO_PTRACE };
FIXTURE_VARIANT_ADD(row, apparmor_dirs_ptrace) { ROW_APPARMOR_DIRS_PTRACE };
FIXTURE_VARIANT_ADD(row, apparmor_dirs_only) { ROW_APPARMOR_DIRS_ONLY };
FIXTURE_VARIANT_ADD(row, apparmor_no_files) { ROW_APPARMOR_NO_FILES };
FIXTURE_VARIANT_ADD(row, selinux_unconfined) { ROW_SELINUX_UNCONFINED };
FIXTURE_VARIANT_ADD(row, selinux_no_rule) { ROW_SELINUX_NO_RULE };
FIXTURE_VARIANT_ADD(row, selinux_no_getsched) { ROW_SELINUX_NO_GETSCHED };
FIXTURE_VARIANT_ADD(row, selinux_no_labels) { ROW_SELINUX_NO_LABELS };
FIXTURE_VARIANT_ADD(row, selinux_no_search) { ROW_SELINUX_NO_SEARCH };
FIXTURE_VARIANT_ADD(row, selinux_dirs_only) { ROW_SELINUX_DIRS_ONLY };
FIXTURE_VARIANT_ADD(row, selinux_no_proc) { ROW_SELINUX_NO_PROC };

FIXTURE_SETUP(row)
{
	self->at = BEFORE_FIRST;
	self->row = &rows[variant->id];
	self->line = &table->lines[variant->id];
	if (table->skip)
		SKIP(return, "%s", table->skip);
	ASSERT_EQ(0, table->err);
	if (self->line->err == -EOPNOTSUPP)
		SKIP(return, "not in the kernel, or its policy is not loaded: %s",
		     self->row->name);
	ASSERT_EQ(0, self->line->err);
}

FIXTURE_TEARDOWN(row)
{
}

TEST_F(row, can_open_procfs_unless_denied)
{
	for (int col = FIRST_MOUNT; col < NR_COLS; col++)
		EXPECT_EQ(self->row->open_errno, self->line->open_errno[col]);
}

TEST_F(row, walk_shows_what_procfs_shows)
{
	for (int col = 0; col < NR_COLS; col++)
		EXPECT_EQ(-self->row->call_errno, self->line->walk_err[col]);
	while (next_cell(self->line, &self->at)) {
		bool shown = !self->row->call_errno && must_be_shown(&self->at);

		for (int threads = 0; threads < 2; threads++)
			EXPECT_EQ(shown,
				  self->at.cell->report.walked[threads])
				log_cell();
	}
}

TEST_F(row, pidfd_shows_what_procfs_shows)
{
	while (next_cell(self->line, &self->at)) {
		const struct report *report = &self->at.cell->report;
		long ret = must_return(&self->at);

		if (self->row->call_errno)
			ret = -self->row->call_errno;
		EXPECT_EQ(ret, report->pidfd_ret)
			log_cell();
		EXPECT_EQ(ret > 0 ? 0 : ret, report->pidfd_ret_no_room)
			log_cell();
	}
}

TEST_F(row, io_is_filled_where_procfs_shows_it)
{
	while (next_cell(self->line, &self->at)) {
		const struct report *report = &self->at.cell->report;
		bool io = !self->row->call_errno && must_have_io(&self->at);

		for (int threads = 0; threads < 2; threads++)
			EXPECT_EQ(io, report->walk_io[threads])
				log_cell();
		EXPECT_EQ(io, report->pidfd_io)
			log_cell();
	}
}

/* Without a procfs, both depend on the same ptrace check. */
TEST_F(row, without_procfs_io_is_filled_in_every_record)
{
	while (next_cell(self->line, &self->at)) {
		const struct report *report = &self->at.cell->report;

		if (self->at.col == COL_NO_PROCFS)
			EXPECT_EQ(report->walked[0], report->walk_io[0])
				log_cell();
	}
}

/* A row that is documented to differ has at least one cell that does. */
TEST_F(row, differs_from_files_only_where_documented)
{
	int differences = 0;

	while (next_cell(self->line, &self->at)) {
		bool agree = files_agree(&self->at);

		differences += !agree;
		EXPECT_TRUE(agree || self->row->unlike_files)
			log_cell();
	}
	EXPECT_EQ(self->row->unlike_files, differences > 0);
}

static bool same_cells(const struct line *a, const struct line *b)
{
	for (int col = 0; col < NR_COLS; col++) {
		if (a->asked[col] != b->asked[col])
			return false;
		for (int i = 0; i < NR_TARGETS; i++) {
			const struct report *report = &a->cells[col][i].report;
			const struct report *other = &b->cells[col][i].report;

			if (report->walked[0] != other->walked[0] ||
			    report->walk_io[0] != other->walk_io[0])
				return false;
		}
	}
	return true;
}

/* Fails for a sandbox without effect, and for a filter that denies too much. */
TEST_F(row, equals_that_of_owner_only_where_expected)
{
	EXPECT_EQ(self->row->same_as_owner,
		  same_cells(self->line, &table->lines[ROW_OWNER]));
}

/*
 * No column is the same for all callers and processes.
 */
FIXTURE(column)
{
	int cells;
	int shown;
	int io;
};

FIXTURE_VARIANT(column)
{
	enum column_id id;
};

FIXTURE_VARIANT_ADD(column, no_procfs) { COL_NO_PROCFS };
FIXTURE_VARIANT_ADD(column, hidepid_0) { COL_HIDEPID_0 };
FIXTURE_VARIANT_ADD(column, hidepid_1) { COL_HIDEPID_1 };
FIXTURE_VARIANT_ADD(column, hidepid_2) { COL_HIDEPID_2 };
FIXTURE_VARIANT_ADD(column, hidepid_4) { COL_HIDEPID_4 };
FIXTURE_VARIANT_ADD(column, hidepid_1_gid) { COL_HIDEPID_1_GID };
FIXTURE_VARIANT_ADD(column, hidepid_2_gid) { COL_HIDEPID_2_GID };
FIXTURE_VARIANT_ADD(column, hidepid_2_other_gid) { COL_HIDEPID_2_OTHER_GID };
FIXTURE_VARIANT_ADD(column, hidepid_4_gid) { COL_HIDEPID_4_GID };
FIXTURE_VARIANT_ADD(column, subset) { COL_SUBSET };
FIXTURE_VARIANT_ADD(column, subset_hidepid_2) { COL_SUBSET_HIDEPID_2 };

FIXTURE_SETUP(column)
{
	if (table->skip)
		SKIP(return, "%s", table->skip);
	ASSERT_EQ(0, table->err);
	for (int row = 0; row < NR_ROWS; row++) {
		const struct line *line = &table->lines[row];
		struct place_in_row at = { .col = variant->id, .target = -1 };

		while (!line->err && next_cell(line, &at) &&
		       at.col == (int)variant->id) {
			self->cells++;
			self->shown += at.cell->report.walked[0];
			self->io += at.cell->report.walk_io[0];
		}
	}
}

FIXTURE_TEARDOWN(column)
{
}

TEST_F(column, shows_processes_and_hides_others)
{
	EXPECT_LT(0, self->shown);
	EXPECT_GT(self->cells, self->shown);
}

TEST_F(column, fills_io_of_some_processes_only)
{
	EXPECT_LT(0, self->io);
	EXPECT_GT(self->cells, self->io);
}

/*
 * The document. Its lines have at most 80 characters, so there are two tables.
 */
#define CELL_WIDTH NR_TARGETS

/* A letter for a process that is shown, in upper case if XYZZY_IO is filled. */
static const char *cell_text(int row, int col)
{
	static char text[NR_TARGETS + 1];
	const struct line *line = &table->lines[row];
	int shown = 0;

	for (int i = 0; i < NR_TARGETS; i++) {
		const struct report *report = &line->cells[col][i].report;
		char letter = target_kinds[i].letter;

		shown += report->walked[0];
		text[i] = report->walk_io[0] ? toupper(letter) :
			  report->walked[0] ? letter : '-';
	}
	if (line->err)
		return "?";
	if (!line->asked[col])
		return "n/a";
	if (rows[row].call_errno)
		return "errno";
	return shown ? text : "none";
}

static void print_line(int first, int last, int nr)
{
	const char *mark = nr >= FIRST_ROW && rows[nr].unlike_files ? " *" : "";
	char line[256];
	int len;

	len = snprintf(line, sizeof(line), "%s%s", line_name(nr), mark);
	for (int col = first; col <= last; col++)
		len += snprintf(line + len, sizeof(line) - len, "%*s%-*s",
				NAME_WIDTH + 1 + (CELL_WIDTH + 1) * (col - first) - len,
				"", CELL_WIDTH,
				nr < FIRST_ROW ? head_text(nr, col, CELL_WIDTH) :
						 cell_text(nr, col));
	print_trimmed(line);
}

static void print_columns(int first, int last)
{
	printf("\n");
	for (int nr = LINE_RULE; nr < NR_ROWS; nr++) {
		if (nr == FIRST_ROW)
			print_line(first, last, LINE_RULE);
		print_line(first, last, nr);
	}
	print_line(first, last, LINE_RULE);
}

static int print_table(void)
{
	if (table->skip || table->err) {
		fprintf(stderr, "no table: %s\n",
			table->skip ?: strerror(-table->err));
		return EXIT_FAILURE;
	}
	printf(".. measured: begin\n");
	print_columns(COL_NO_PROCFS, COL_HIDEPID_4);
	print_columns(COL_HIDEPID_1_GID, COL_SUBSET_HIDEPID_2);
	printf("\n.. measured: end\n");
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	table = measure_table();
	if (argc == 2 && !strcmp(argv[1], "table")) {
		if (print_table())
			return EXIT_FAILURE;
		argc = 1;
	}
	return test_harness_run(argc, argv);
}
