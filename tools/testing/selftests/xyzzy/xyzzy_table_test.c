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
#define NAME_WIDTH 24
#define CELL_WIDTH NR_TARGETS
#define RULE "========================"

enum { LINE_RULE = -3, LINE_HEAD, LINE_HEAD_2, FIRST_ROW };

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

static const char *text_at(int nr, int col)
{
	if (nr == LINE_RULE)
		return &RULE[NAME_WIDTH - CELL_WIDTH];
	if (nr < FIRST_ROW)
		return columns[col].head[nr - LINE_HEAD];
	return cell_text(nr, col);
}

/* Print a line without trailing spaces. */
static void print_line(int first, int last, int nr)
{
	const char *name = nr == LINE_RULE ? RULE :
			   nr == LINE_HEAD ? "Caller" :
			   nr < FIRST_ROW ? "" : rows[nr].name;
	const char *mark = nr >= FIRST_ROW && rows[nr].unlike_files ? " *" : "";
	char line[256];
	int len;

	len = snprintf(line, sizeof(line), "%s%s", name, mark);
	for (int col = first; col <= last; col++)
		len += snprintf(line + len, sizeof(line) - len, "%*s%-*s",
				NAME_WIDTH + 1 + (CELL_WIDTH + 1) * (col - first) - len,
				"", CELL_WIDTH, text_at(nr, col));
	while (len && line[len - 1] == ' ')
		len--;
	printf("%.*s\n", len, line);
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
