// SPDX-License-Identifier: GPL-2.0
/*
 * Audit records of denials: how many a walk over processes leaves that a security
 * module protects, and how many a scan of procfs by the same caller.
 *
 *   xyzzy_audit_test table
 *
 * first prints the numbers as they are in Documentation/userspace-api/xyzzy.rst.
 */
#include "kselftest_harness.h"
#include "access_table.h"

#include <linux/audit.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#define NR_HIDDEN 200
#define NR_THREADS 60

/* A batch of a walk looks at more PIDs than this. */
#define BATCH_MIN 30

#ifndef AUDIT_LANDLOCK_ACCESS
#define AUDIT_LANDLOCK_ACCESS 1423
#endif

/*
 * The audit log. One socket sends commands, the other one gets all records.
 */
struct audit {
	int control;
	int log;
	struct audit_status before;
};

/* Bytes that wait to be read. A record of 300 bytes counts as a few thousand. */
#define LOG_ROOM (64 << 20)

struct message {
	struct nlmsghdr header;
	char data[NLMSG_ALIGN(AUDIT_MESSAGE_TEXT_MAX)];
};

static int open_netlink(__u32 groups)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK, .nl_groups = groups,
	};
	struct timeval limit = { .tv_sec = 20 };
	const int room = LOG_ROOM;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) &&
	    !bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	close(fd);
	return -errno;
}

/*
 * Returns 0 or -errno. If a reply is asked for, it may come before or after the
 * acknowledgment.
 */
static int command(const struct audit *audit, int type, const void *data,
		   size_t size, struct audit_status *reply)
{
	bool acknowledged = false, replied = !reply;
	struct message message = { .header = {
		.nlmsg_len = NLMSG_LENGTH(size), .nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
	} };

	memcpy(message.data, data, size);
	if (send(audit->control, &message, NLMSG_LENGTH(size), 0) < 0)
		return -errno;
	while (!acknowledged || !replied) {
		const struct nlmsgerr *result = (void *)message.data;

		if (recv(audit->control, &message, sizeof(message), 0) < 0)
			return -errno;
		if (message.header.nlmsg_type == NLMSG_ERROR) {
			if (result->error)
				return result->error;
			acknowledged = true;
		} else if (reply) {
			replied = true;
			memcpy(reply, message.data, sizeof(*reply));
		}
	}
	return 0;
}

static int set_audit(const struct audit *audit, struct audit_status *status)
{
	status->mask = AUDIT_STATUS_ENABLED | AUDIT_STATUS_BACKLOG_LIMIT |
		       AUDIT_STATUS_RATE_LIMIT;
	return command(audit, AUDIT_SET, status, sizeof(*status), NULL);
}

/* Log everything, without limits. */
static int audit_start(struct audit *audit)
{
	struct audit_status status = { .enabled = 1 };

	audit->control = open_netlink(0);
	audit->log = open_netlink(1 << (AUDIT_NLGRP_READLOG - 1));
	if (audit->control < 0 || audit->log < 0)
		return audit->control < 0 ? audit->control : audit->log;
	return command(audit, AUDIT_GET, "", 1, &audit->before) ?:
	       set_audit(audit, &status);
}

/* Returns -EOVERFLOW if records were lost. */
static int audit_end(struct audit *audit)
{
	struct audit_status status;
	int err = command(audit, AUDIT_GET, "", 1, &status);
	int set_err = set_audit(audit, &audit->before);

	close(audit->control);
	close(audit->log);
	return err ?: set_err ?: status.lost != audit->before.lost ? -EOVERFLOW : 0;
}

/* The number of denials since the last call, or -errno. */
static int count_denials(const struct audit *audit)
{
	static const char mark[] = "xyzzy_audit_test";
	struct message message;
	int count = 0, err;

	err = command(audit, AUDIT_USER_AVC, mark, sizeof(mark), NULL);
	if (err)
		return err;
	do {
		if (recv(audit->log, &message, sizeof(message), 0) < 0)
			return -errno;
		count += message.header.nlmsg_type == AUDIT_AVC ||
			 message.header.nlmsg_type == AUDIT_LANDLOCK_ACCESS;
	} while (message.header.nlmsg_type != AUDIT_USER_AVC);
	return count;
}

/* What leaves records */
static const struct method {
	const char *name;
	const char *files[2];	/* Of a scan */
	unsigned int flags;	/* Of a walk */
} methods[] = {
	{ "walk" },
	{ "scan of stat", { "stat" } },
	{ "scan of stat and io", { "stat", "io" } },
	{ "walk of threads", .flags = XYZZY_THREADS },
};

enum { WALK, SCAN_STAT, SCAN_BOTH, NR_METHODS, WALK_THREADS = NR_METHODS };

static const enum column_id audited_cols[] = {
	COL_NO_PROCFS, COL_HIDEPID_0, COL_HIDEPID_2, COL_HIDEPID_4,
};

#define NR_AUDITED_COLS ((int)ARRAY_SIZE(audited_cols))

struct attempt {
	const struct row *row;
	const struct method *method;
	enum column_id col;
	int scan_fd;
	int walk_fd;
	int err;
};

static struct results {
	const char *skip;
	int err;
	int row_err[NR_ROWS];
	int counts[NR_ROWS][NR_AUDITED_COLS][NR_METHODS];
	int of_threads[NR_ROWS];	/* With hidepid=4 */
	struct attempt attempt;
} *results;

static bool is_audited(int row)
{
	return rows[row].caller.label.text || rows[row].caller.landlock;
}

/* Without a procfs, the scan is of one with the same rule. */
static int get_ready(void *arg)
{
	struct attempt *attempt = arg;
	int fd = open_fs("proc", columns[attempt->col].options ?: "hidepid=4");
	int err = fd < 0 ? -errno : become_row(attempt->row);

	if (err)
		return err;
	attempt->scan_fd = open_for_reading(fd);
	attempt->walk_fd = attempt->col == COL_NO_PROCFS ? -1 : attempt->scan_fd;
	return 0;
}

static void scan(const struct attempt *attempt)
{
	static struct pids pids;

	list_numbers(attempt->scan_fd, ".", &pids);
	for (int i = 0; i < pids.nr; i++)
		for (int file = 0; file < 2 && attempt->method->files[file]; file++)
			can_read(attempt->scan_fd, pids.pids[i],
				 attempt->method->files[file]);
}

static void do_attempt(void *arg)
{
	struct attempt *attempt = arg;
	struct walk walk;

	if (attempt->method->files[0]) {
		scan(attempt);
	} else if (attempt->walk_fd >= 0 || attempt->col == COL_NO_PROCFS) {
		attempt->err = walk_all(&walk, attempt->walk_fd, XYZZY_IO,
					attempt->method->flags, 64);
		walk_free(&walk);
	}
}

/* What becoming the caller leaves does not count. Returns the number or -errno. */
static int count_attempt(const struct audit *audit, int row, enum column_id col,
			 int method)
{
	struct attempt *attempt = &results->attempt;
	struct subject caller;
	int count, err;

	*attempt = (struct attempt){
		.row = &rows[row], .col = col, .method = &methods[method],
	};
	err = subject_start_after(&caller, get_ready, do_attempt, attempt);
	if (err) {
		subject_kill(&caller);
		return err;
	}
	count = count_denials(audit);
	if (count >= 0 && !subject_end(&caller))
		count = -ECHILD;
	if (count >= 0)
		count = count_denials(audit);
	subject_kill(&caller);
	return attempt->err ?: count;
}

/* Add to the results, or with @sign -1 subtract. */
static int count_row(const struct audit *audit, int row, int sign)
{
	for (int col = 0; col < NR_AUDITED_COLS; col++) {
		for (int i = 0; i < NR_METHODS; i++) {
			int count = count_attempt(audit, row,
						  audited_cols[col], i);

			if (count < 0)
				return count;
			results->counts[row][col][i] += sign * count;
		}
	}
	return 0;
}

static int count_rows(const struct audit *audit, int sign)
{
	for (int row = 0; row < NR_ROWS; row++) {
		if (!is_audited(row))
			continue;
		results->row_err[row] = count_row(audit, row, sign);
		if (results->row_err[row] && results->row_err[row] != -EOPNOTSUPP)
			return results->row_err[row];
	}
	return 0;
}

static int count_threads(const struct audit *audit)
{
	for (int row = 0; row < NR_ROWS; row++) {
		if (!is_audited(row) || results->row_err[row])
			continue;
		results->of_threads[row] =
			count_attempt(audit, row, COL_HIDEPID_4, WALK_THREADS);
		if (results->of_threads[row] < 0)
			return results->of_threads[row];
	}
	return 0;
}

static int hide(void *arg)
{
	int err = set_target_label();

	return err && err != -EOPNOTSUPP ? err : act(arg);
}

static int hide_threads(void *arg)
{
	pthread_t thread;
	int err = hide(arg);

	for (int i = 1; i < NR_THREADS && !err; i++)
		err = -pthread_create(&thread, NULL, actor_thread, NULL);
	return err;
}

/*
 * The callers are in a PID namespace with few other processes. What these leave is
 * counted first and subtracted.
 */
static int count_all(const struct audit *audit, const struct pidns *ns)
{
	static struct subject hidden[NR_HIDDEN], threaded;
	int nr = 0, err;

	if (set_child_namespace(ns->init))
		return -errno;
	err = count_rows(audit, -1);
	while (!err && nr < NR_HIDDEN)
		err = subject_start(&hidden[nr++], hide, (void *)&actor_kinds[OWN]);
	err = err ?: count_rows(audit, 1);
	while (nr--)
		subject_kill(&hidden[nr]);
	err = err ?: subject_start(&threaded, hide_threads,
				   (void *)&actor_kinds[OWN]);
	err = err ?: count_threads(audit);
	subject_kill(&threaded);
	if (set_child_namespace(getpid()))
		return -errno;
	return err;
}

static void measure(void)
{
	struct audit audit;
	struct pidns ns = { .procfd = -1 };
	int err;

	results = share_memory(sizeof(*results));
	results->skip = cannot_be_caller(NULL);
	if (results->skip)
		return;
	err = audit_start(&audit);
	if (err) {
		results->skip = err == -EPROTONOSUPPORT ? "no audit" :
							  "audit cannot be set up";
		return;
	}
	if (spawn_pidns(&ns))
		results->skip = "no PID namespaces";
	else
		results->err = count_all(&audit, &ns);
	kill_pidns(&ns);
	err = audit_end(&audit);
	results->err = results->err ?: err;
}

static const char *cell_name(int row, int col)
{
	const char * const *head = columns[audited_cols[col]].head;
	static char text[80];

	snprintf(text, sizeof(text), "%s, %s%s", rows[row].name, head[0],
		 head[1]);
	return text;
}

FIXTURE(counts)
{
	int rows;
	int left;
};

FIXTURE_SETUP(counts)
{
	if (results->skip)
		SKIP(return, "%s", results->skip);
	ASSERT_EQ(0, results->err);
	for (int row = 0; row < NR_ROWS; row++) {
		if (!is_audited(row) || results->row_err[row])
			continue;
		self->rows++;
		for (int col = 0; col < NR_AUDITED_COLS; col++)
			for (int i = 0; i < NR_METHODS; i++)
				self->left += results->counts[row][col][i];
	}
	if (!self->rows)
		SKIP(return, "the security modules are off, or no policy is loaded");
}

FIXTURE_TEARDOWN(counts)
{
}

TEST_F(counts, denials_leave_records)
{
	EXPECT_LT(0, self->left);
}

/* A walk fills what is in both files. */
TEST_F(counts, walk_leaves_no_more_than_scan)
{
	for (int row = 0; row < NR_ROWS; row++) {
		for (int col = 0; col < NR_AUDITED_COLS; col++) {
			const int *counts = results->counts[row][col];

			EXPECT_LE(counts[WALK], counts[SCAN_BOTH])
				TH_LOG("%s", cell_name(row, col));
		}
	}
}

/* If a mount shows all processes, Smack is asked about their scheduling, too. */
static bool heeds_noaudit(const struct caller *caller, enum column_id col)
{
	return col != COL_HIDEPID_0 &&
	       (caller->landlock || caller->label.module == LSM_ID_SMACK);
}

TEST_F(counts, walk_leaves_none_where_modules_heed_noaudit)
{
	for (int row = 0; row < NR_ROWS; row++) {
		for (int col = 0; col < NR_AUDITED_COLS; col++) {
			if (!heeds_noaudit(&rows[row].caller,
					   audited_cols[col]))
				continue;
			EXPECT_EQ(0, results->counts[row][col][WALK])
				TH_LOG("%s", cell_name(row, col));
		}
	}
}

/*
 * Of a process that is hidden, a batch asks once, if a walk of processes leaves a
 * record, too. The last column is that of hidepid=4.
 */
TEST_F(counts, walk_of_threads_asks_about_the_process)
{
	for (int row = 0; row < NR_ROWS; row++) {
		EXPECT_GE(1 + NR_THREADS / BATCH_MIN, results->of_threads[row])
			TH_LOG("%s", rows[row].name);
		EXPECT_EQ(results->counts[row][NR_AUDITED_COLS - 1][WALK] > 0,
			  results->of_threads[row] > 0)
			TH_LOG("%s", rows[row].name);
	}
}

/*
 * The document
 */
#define CELL_WIDTH 11

static const char *cell_text(int nr, int col)
{
	static char text[64];
	const int *counts;

	if (nr < FIRST_ROW)
		return head_text(nr, audited_cols[col], CELL_WIDTH);
	if (results->row_err[nr])
		return "?";
	counts = results->counts[nr][col];
	snprintf(text, sizeof(text), "%3d %3d %3d", counts[WALK],
		 counts[SCAN_STAT], counts[SCAN_BOTH]);
	return text;
}

static void print_line(int nr)
{
	char line[128];
	int len;

	len = snprintf(line, sizeof(line), "%-*s", NAME_WIDTH, line_name(nr));
	for (int col = 0; col < NR_AUDITED_COLS; col++)
		len += snprintf(line + len, sizeof(line) - len, " %-*s",
				CELL_WIDTH, cell_text(nr, col));
	print_trimmed(line);
}

static int print_counts(void)
{
	if (results->skip || results->err) {
		fprintf(stderr, "nothing counted: %s\n",
			results->skip ?: strerror(-results->err));
		return EXIT_FAILURE;
	}
	printf(".. audited: begin\n\n");
	for (int nr = LINE_RULE; nr < NR_ROWS; nr++) {
		if (nr == FIRST_ROW)
			print_line(LINE_RULE);
		if (nr < FIRST_ROW || is_audited(nr))
			print_line(nr);
	}
	print_line(LINE_RULE);
	printf("\n.. audited: end\n");
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	measure();
	if (argc == 2 && !strcmp(argv[1], "table")) {
		if (print_counts())
			return EXIT_FAILURE;
		argc = 1;
	}
	return test_harness_run(argc, argv);
}
