// SPDX-License-Identifier: GPL-2.0
/*
 * The access table: many callers, each way to call, and many processes. What a
 * cell has to be follows from what procfs answers the same caller, so that a
 * change of its rules shows here.
 *
 *   xyzzy_table_test table
 *
 * prints the table as Documentation/userspace-api/xyzzy.rst has it.
 */
#include "kselftest_harness.h"
#include "access.h"

#include <ctype.h>

static struct table *table;

static bool is_target(int target)
{
	return table->targets[target].pid;
}

/* An answer to one caller, and where it is. */
struct cell {
	const struct answer *answer;
	int way;
	int target;
};

#define FIRST_CELL ((struct cell){ .target = -1 })

/* Go on to the next one that was asked for. */
static bool next_cell(const struct line *line, struct cell *cell)
{
	do {
		cell->target++;
		if (cell->target == NR_TARGETS) {
			cell->target = 0;
			cell->way++;
		}
		if (cell->way == NR_WAYS)
			return false;
	} while (!line->asked[cell->way] || !is_target(cell->target));
	cell->answer = &line->answers[cell->way][cell->target];
	return true;
}

static const char *name_cell(const struct row *row, const struct cell *cell)
{
	const char * const *names = ways[cell->way].names;
	static char name[64];

	snprintf(name, sizeof(name), "%s, %s%s: %c", row->name, names[0],
		 names[1], target_kinds[cell->target].letter);
	return name;
}

/*
 * The rule. A security module can close a file to a caller that may ptrace-read
 * the process, or read its scheduler's attributes: that is EACCES, and it is
 * xyzzy() then that the module has not denied. So can the mode of io.
 */
static bool has_to_show(const struct cell *cell)
{
	const struct truth *truth = &cell->answer->truth;

	if (!truth->pid)
		return false;
	if (truth->stat_err != EACCES)
		return !truth->stat_err;
	return truth->ptrace ||
	       (cell->way != WAY_NO_PROCFS && truth->scheduler);
}

static bool has_to_tell_io(const struct cell *cell)
{
	const struct truth *truth = &cell->answer->truth;

	if (!has_to_show(cell))
		return false;
	return truth->io_readable ||
	       (truth->io_open_err == EACCES && truth->ptrace);
}

/*
 * Do the files alone give the same? Older kernels give those of a zombie to root,
 * so that the mode of io closes it to who may ptrace-read the zombie.
 */
static bool files_agree(const struct cell *cell)
{
	const struct truth *truth = &cell->answer->truth;
	bool opens = truth->pid && !truth->stat_err;

	if (has_to_show(cell) != opens)
		return false;
	if (cell->target == TARGET_ZOMBIE && truth->io_is_roots &&
	    truth->io_open_err == EACCES)
		return true;
	return has_to_tell_io(cell) == (opens && truth->io_readable);
}

static long has_to_return(const struct cell *cell)
{
	if (!cell->answer->truth.pid)
		return -ESRCH;
	return has_to_show(cell) ? 1 : -EPERM;
}

#define log_cell() TH_LOG("%s", name_cell(self->row, &self->cell))

FIXTURE(row)
{
	const struct row *row;
	const struct line *line;
	struct cell cell;
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

FIXTURE_SETUP(row)
{
	self->cell = FIRST_CELL;
	self->row = &rows[variant->id];
	self->line = &table->lines[variant->id];
	if (table->skip)
		SKIP(return, "%s", table->skip);
	ASSERT_EQ(0, table->err);
	if (self->line->err == -EOPNOTSUPP && self->row->needs)
		SKIP(return, "%s", self->row->needs);
	ASSERT_EQ(0, self->line->err);
}

FIXTURE_TEARDOWN(row)
{
}

TEST_F(row, opens_a_procfs_where_it_may)
{
	for (int way = FIRST_MOUNT; way < NR_WAYS; way++)
		EXPECT_EQ(self->row->open_errno, self->line->open_errno[way]);
}

TEST_F(row, walk_shows_what_procfs_shows)
{
	for (int way = 0; way < NR_WAYS; way++)
		EXPECT_EQ(-self->row->filter_errno, self->line->walk_err[way]);
	while (next_cell(self->line, &self->cell)) {
		const struct told *told = &self->cell.answer->told;
		bool shown = !self->row->filter_errno &&
			     has_to_show(&self->cell);

		EXPECT_EQ(shown, told->walked)
			log_cell();
		EXPECT_EQ(shown, told->thread_walked)
			log_cell();
	}
}

TEST_F(row, pidfd_gives_what_procfs_shows)
{
	while (next_cell(self->line, &self->cell)) {
		const struct told *told = &self->cell.answer->told;
		long ret = has_to_return(&self->cell);

		if (self->row->filter_errno)
			ret = -self->row->filter_errno;
		EXPECT_EQ(ret, told->pidfd_ret)
			log_cell();
		EXPECT_EQ(ret > 0 ? 0 : ret, told->pidfd_ret_no_room)
			log_cell();
	}
}

TEST_F(row, io_is_told_where_procfs_tells_it)
{
	while (next_cell(self->line, &self->cell)) {
		const struct told *told = &self->cell.answer->told;
		bool io = !self->row->filter_errno &&
			  has_to_tell_io(&self->cell);

		EXPECT_EQ(io, told->walk_io)
			log_cell();
		EXPECT_EQ(io, told->thread_walk_io)
			log_cell();
		EXPECT_EQ(io, told->pidfd_io)
			log_cell();
	}
}

/* Without a procfs, what is shown is what may be ptrace-read. */
TEST_F(row, without_procfs_io_is_told_of_all_that_is_shown)
{
	while (next_cell(self->line, &self->cell)) {
		const struct told *told = &self->cell.answer->told;

		if (self->cell.way != WAY_NO_PROCFS)
			continue;
		EXPECT_EQ(told->walked, told->walk_io)
			log_cell();
	}
}

/*
 * The files answer for themselves, but where the table says that they do not;
 * and there at least once.
 */
TEST_F(row, files_of_procfs_give_the_whole_answer)
{
	int differences = 0;

	while (next_cell(self->line, &self->cell)) {
		bool agree = files_agree(&self->cell);

		differences += !agree;
		EXPECT_TRUE(agree || self->row->by_ptrace)
			log_cell();
	}
	EXPECT_EQ(self->row->by_ptrace, differences > 0);
}

static bool same_cells(const struct line *a, const struct line *b)
{
	for (int way = 0; way < NR_WAYS; way++) {
		if (a->asked[way] != b->asked[way])
			return false;
		for (int i = 0; i < NR_TARGETS; i++) {
			const struct told *told = &a->answers[way][i].told;
			const struct told *other = &b->answers[way][i].told;

			if (told->walked != other->walked ||
			    told->walk_io != other->walk_io)
				return false;
		}
	}
	return true;
}

/* So that a sandbox that is none, or a filter that cuts too much, shows. */
TEST_F(row, is_that_of_the_owner_or_another)
{
	EXPECT_EQ(self->row->as_owner,
		  same_cells(self->line, &table->lines[ROW_OWNER]));
}

/*
 * Each column tells something apart.
 */
FIXTURE(column)
{
	int shown;
	int hidden;
	int io;
	int no_io;
};

FIXTURE_VARIANT(column)
{
	enum way_id id;
};

FIXTURE_VARIANT_ADD(column, no_procfs) { WAY_NO_PROCFS };
FIXTURE_VARIANT_ADD(column, hidepid_0) { WAY_HIDEPID_0 };
FIXTURE_VARIANT_ADD(column, hidepid_1) { WAY_HIDEPID_1 };
FIXTURE_VARIANT_ADD(column, hidepid_2) { WAY_HIDEPID_2 };
FIXTURE_VARIANT_ADD(column, hidepid_4) { WAY_HIDEPID_4 };
FIXTURE_VARIANT_ADD(column, hidepid_1_gid) { WAY_HIDEPID_1_GID };
FIXTURE_VARIANT_ADD(column, hidepid_2_gid) { WAY_HIDEPID_2_GID };
FIXTURE_VARIANT_ADD(column, hidepid_2_other_gid) { WAY_HIDEPID_2_OTHER_GID };
FIXTURE_VARIANT_ADD(column, hidepid_4_gid) { WAY_HIDEPID_4_GID };
FIXTURE_VARIANT_ADD(column, subset) { WAY_SUBSET };
FIXTURE_VARIANT_ADD(column, subset_hidepid_2) { WAY_SUBSET_HIDEPID_2 };

FIXTURE_SETUP(column)
{
	if (table->skip)
		SKIP(return, "%s", table->skip);
	ASSERT_EQ(0, table->err);
	for (int row = 0; row < NR_ROWS; row++) {
		const struct line *line = &table->lines[row];

		if (line->err || !line->asked[variant->id])
			continue;
		for (int i = 0; i < NR_TARGETS; i++) {
			const struct told *told =
				&line->answers[variant->id][i].told;

			self->shown += told->walked;
			self->hidden += is_target(i) && !told->walked;
			self->io += told->walk_io;
			self->no_io += is_target(i) && !told->walk_io;
		}
	}
}

FIXTURE_TEARDOWN(column)
{
}

TEST_F(column, shows_to_some_and_hides_from_others)
{
	EXPECT_LT(0, self->shown);
	EXPECT_LT(0, self->hidden);
}

TEST_F(column, tells_io_to_some_and_not_to_others)
{
	EXPECT_LT(0, self->io);
	EXPECT_LT(0, self->no_io);
}

/*
 * The document
 */
#define NAME_WIDTH 24
#define CELL_WIDTH (NR_TARGETS > 8 ? NR_TARGETS : 8)
#define CELL_ROOM 32

/* Lines end without blanks. */
static void print_line(int part, const char *name,
		       void (*format)(char *cell, const void *arg, int way),
		       const void *arg)
{
	char line[256], cell[CELL_ROOM];
	int len;

	len = snprintf(line, sizeof(line), "%-*s", NAME_WIDTH, name);
	for (int way = 0; way < NR_WAYS; way++) {
		if (ways[way].part != part)
			continue;
		format(cell, arg, way);
		len += snprintf(line + len, sizeof(line) - len, " %-*s",
				CELL_WIDTH, cell);
	}
	while (len && line[len - 1] == ' ')
		len--;
	printf("%.*s\n", len, line);
}

static void format_rule(char *cell, const void *arg, int way)
{
	(void)arg;
	(void)way;
	memset(cell, '=', CELL_WIDTH);
	cell[CELL_WIDTH] = '\0';
}

static void format_head(char *cell, const void *arg, int way)
{
	snprintf(cell, CELL_ROOM, "%s", ways[way].names[*(const int *)arg]);
}

/* A letter for a process that is shown, a capital with its I/O figures. */
static void format_cell(char *cell, const void *arg, int way)
{
	const struct row *row = arg;
	const struct line *line = &table->lines[row - rows];
	const char *word = NULL;
	int shown = 0;

	for (int i = 0; i < NR_TARGETS; i++) {
		const struct told *told = &line->answers[way][i].told;
		char letter = target_kinds[i].letter;

		shown += told->walked;
		cell[i] = told->walk_io ? toupper(letter) :
			  told->walked ? letter : '-';
	}
	cell[NR_TARGETS] = '\0';
	if (line->err)
		word = "?";
	else if (!line->asked[way])
		word = "n/a";
	else if (row->filter_errno)
		word = "errno";
	else if (!shown)
		word = "none";
	if (word)
		snprintf(cell, CELL_ROOM, "%s", word);
}

static void print_part(int part)
{
	static const int first, second = 1;
	const char *rule = "========================";
	char name[NAME_WIDTH + 1];

	print_line(part, rule, format_rule, NULL);
	print_line(part, "Caller", format_head, &first);
	print_line(part, "", format_head, &second);
	print_line(part, rule, format_rule, NULL);
	for (const struct row *row = rows; row < rows + NR_ROWS; row++) {
		snprintf(name, sizeof(name), "%s%s", row->name,
			 row->by_ptrace ? " *" : "");
		print_line(part, name, format_cell, row);
	}
	print_line(part, rule, format_rule, NULL);
}

static int print_table(void)
{
	if (table->skip || table->err) {
		fprintf(stderr, "no table: %s\n",
			table->skip ?: strerror(-table->err));
		return EXIT_FAILURE;
	}
	printf(".. measured: begin\n");
	for (int part = 0; part < NR_PARTS; part++) {
		printf("\n");
		print_part(part);
	}
	printf("\n.. measured: end\n");
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	table = measure_table();
	if (argc == 2 && !strcmp(argv[1], "table"))
		return print_table();
	return test_harness_run(argc, argv);
}
