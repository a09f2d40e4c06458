// SPDX-License-Identifier: GPL-2.0
/*
 * XYZZY_CMDLINE: the bytes of /proc/PID/cmdline, without waiting for them.
 */
#include "kselftest_harness.h"
#include "area.h"
#include "use.h"

#include <stdatomic.h>

/* The command line of a process, from a call and from the file */
struct reader {
	struct area area;
	struct xyzzy_task task;
	char *file;
	ssize_t file_len;
};

#define NO_CMDLINE "the kernel does not have XYZZY_CMDLINE"

static const char *cannot_move_args(void)
{
	unsigned int size;

	if (!(xyzzy_supported() & XYZZY_CMDLINE))
		return NO_CMDLINE;
	if (prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0))
		return "needs CONFIG_CHECKPOINT_RESTORE";
	return NULL;
}

static void reader_init(struct reader *reader)
{
	reader->area = area_map(AREA_SIZE);
	reader->file = map_before_guard(AREA_SIZE, GUARD_UNMAPPED);
}

static void get(struct __test_metadata *_metadata, struct reader *reader,
		pid_t pid, __u32 string_max)
{
	ASSERT_EQ(0, strings_get(pid, XYZZY_CMDLINE, string_max, &reader->area,
				 &reader->task));
	EXPECT_LE(0, strings_end(&reader->area, &reader->task, 1));
}

/* The bit is clear, and all of its fields are zero. */
static void expect_not_available(struct __test_metadata *_metadata,
				 const struct xyzzy_task *task)
{
	EXPECT_FALSE(record_has(task, XYZZY_CMDLINE));
	EXPECT_EQ(0U, task->cmdline);
	EXPECT_EQ(0U, task->cmdline_len);
	EXPECT_EQ(0ULL, task->cmdline_size);
}

static void read_file(struct __test_metadata *_metadata, struct reader *reader,
		      pid_t pid)
{
	reader->file_len = proc_cmdline(pid, reader->file, AREA_SIZE);
	ASSERT_LE(0, reader->file_len);
}

static void expect_file(struct __test_metadata *_metadata,
			const struct reader *reader)
{
	const struct xyzzy_task *task = &reader->task;

	ASSERT_TRUE(record_has(task, XYZZY_CMDLINE));
	EXPECT_EQ(0U, task->cmdline);
	ASSERT_EQ(reader->file_len, (ssize_t)task->cmdline_len);
	EXPECT_EQ(task->cmdline_len, task->cmdline_size);
	EXPECT_EQ(0, memcmp(reader->file, reader->area.bytes,
			    reader->file_len));
}

/* The file is read after the call, as reading it faults pages in. */
static void compare(struct __test_metadata *_metadata, struct reader *reader,
		    pid_t pid)
{
	get(_metadata, reader, pid, 0);
	read_file(_metadata, reader, pid);
	expect_file(_metadata, reader);
}

FIXTURE(cmdline)
{
	struct subject subject;
	struct reader reader;
	pid_t pid;
};

FIXTURE_SETUP(cmdline)
{
	memset(&self->subject, -1, sizeof(self->subject));
	self->pid = -1;
	if (cannot_move_args())
		SKIP(return, "%s", cannot_move_args());
	reader_init(&self->reader);
}

FIXTURE_TEARDOWN(cmdline)
{
	subject_kill(&self->subject);
	kill_child(self->pid);
}

/*
 * Programs that were run with these arguments
 */
static char *bytes_of(int byte, size_t nr)
{
	char *bytes = malloc(nr + 1);

	if (!bytes)
		abort();
	memset(bytes, byte, nr);
	bytes[nr] = '\0';
	return bytes;
}

static void compare_program(struct __test_metadata *_metadata,
			    FIXTURE_DATA(cmdline) * self,
			    const char * const argv[], size_t len)
{
	self->pid = spawn_program(argv);
	ASSERT_LT(0, self->pid);
	compare(_metadata, &self->reader, self->pid);
	EXPECT_EQ((ssize_t)len, self->reader.file_len);
}

TEST_F(cmdline, arguments)
{
	static const char * const argv[] = {
		"one", "two words", "", "new\nline", "\xff\xc0\x80", NULL,
	};

	compare_program(_metadata, self, argv, 4 + 10 + 1 + 9 + 4);
}

TEST_F(cmdline, one_empty_argument)
{
	static const char * const argv[] = { "", NULL };

	compare_program(_metadata, self, argv, 1);
}

TEST_F(cmdline, no_arguments)
{
	static const char * const argv[] = { NULL };

	self->pid = spawn_program(argv);
	ASSERT_LT(0, self->pid);
	/* Since 5.18 the kernel adds an empty argument. */
	compare(_metadata, &self->reader, self->pid);
}

TEST_F(cmdline, one_byte)
{
	static const char * const argv[] = { "x", NULL };

	compare_program(_metadata, self, argv, 2);
}

TEST_F(cmdline, a_page)
{
	const char *argv[2] = { bytes_of('p', page_size() - 1), NULL };

	compare_program(_metadata, self, argv, page_size());
}

TEST_F(cmdline, an_argument_of_128_kib)
{
	const char *argv[2] = { bytes_of('k', 128 * 1024 - 1), NULL };

	compare_program(_metadata, self, argv, 128 * 1024);
}

TEST_F(cmdline, two_mib)
{
	const int nr = 16, size = 128 * 1024;
	const char *argv[nr + 1];
	struct rlimit limit = { 64 << 20, 64 << 20 };

	if (prlimit(0, RLIMIT_STACK, &limit, NULL))
		SKIP(return, "cannot raise the limit of the stack");
	for (int i = 0; i < nr; i++)
		argv[i] = bytes_of('a' + i, size - 1);
	argv[nr] = NULL;
	compare_program(_metadata, self, argv, nr * size);
}

/*
 * Arguments where the program says that they are
 */
struct layout {
	const char *args;	/* Bytes for the arguments */
	size_t args_len;
	const char *env;	/* And for the environment */
	size_t env_len;
	size_t gap;		/* Bytes between the two */
	size_t offset;		/* Where in its page the first byte is */
};

static int use_layout(void *arg)
{
	const struct layout *layout = arg;
	char *at = mmap(NULL, 16 * page_size(), PROT_READ | PROT_WRITE, ANON,
			-1, 0);
	char *env;

	if (at == MAP_FAILED)
		return -ENOMEM;
	memset(at, 'E', 16 * page_size());
	at += layout->offset;
	env = at + layout->args_len + layout->gap;
	memcpy(at, layout->args, layout->args_len);
	if (layout->env)
		memcpy(env, layout->env, layout->env_len);
	return move_args((unsigned long)at, (unsigned long)at + layout->args_len,
			 (unsigned long)env,
			 (unsigned long)env + layout->env_len);
}

static void compare_layout(struct __test_metadata *_metadata,
			   FIXTURE_DATA(cmdline) * self, struct layout *layout,
			   size_t len)
{
	ASSERT_EQ(0, subject_start(&self->subject, use_layout, layout));
	compare(_metadata, &self->reader, self->subject.pid);
	EXPECT_EQ((ssize_t)len, self->reader.file_len);
}

#define LAYOUT(_args, _env)						\
	{								\
		.args = (_args), .args_len = sizeof(_args) - 1,		\
		.env = (_env), .env_len = sizeof(_env) - 1,		\
	}

TEST_F(cmdline, title_shorter_than_the_arguments)
{
	struct layout layout = LAYOUT("title\0gone", "A=b\0");

	compare_layout(_metadata, self, &layout, 6);
}

TEST_F(cmdline, title_in_the_environment_too)
{
	struct layout layout = LAYOUT("a long ", "title\0A=b\0");

	compare_layout(_metadata, self, &layout, 7 + 6);
}

TEST_F(cmdline, title_without_an_end)
{
	struct layout layout = LAYOUT("title ", "to the very end");

	compare_layout(_metadata, self, &layout, 6 + 15);
}

TEST_F(cmdline, title_stays_out_of_an_environment_elsewhere)
{
	struct layout layout = LAYOUT("title", "A=b\0");

	layout.gap = 1;
	compare_layout(_metadata, self, &layout, 5);
}

TEST_F(cmdline, title_over_the_end_of_a_page)
{
	struct layout layout = LAYOUT("a long ", "title\0A=b\0");

	layout.offset = page_size() - 9;
	compare_layout(_metadata, self, &layout, 7 + 6);
}

TEST_F(cmdline, title_of_a_page_at_most)
{
	char *args = bytes_of('t', 3 * page_size());
	struct layout layout = {
		.args = args, .args_len = 3 * page_size(), .offset = 100,
	};

	compare_layout(_metadata, self, &layout, page_size());
}

TEST_F(cmdline, nothing_between_start_and_end)
{
	struct layout layout = LAYOUT("", "A=b\0");

	compare_layout(_metadata, self, &layout, 0);
}

/*
 * A program that begins has no environment yet: its address is 0, below what
 * may be mapped.
 */
#define MMAP_MIN_ADDR "/proc/sys/vm/mmap_min_addr"

static int begin_program(void *arg)
{
	static const char args[] = "arguments";

	(void)arg;
	return move_args((unsigned long)args,
			 (unsigned long)args + sizeof(args), 0, 0);
}

TEST_F(cmdline, none_while_the_program_begins)
{
	struct proc_dir dir = { "/proc/sys/vm" };
	long long min_addr;
	char text[32];
	int err;

	if (proc_num(&dir, "mmap_min_addr", &min_addr) ||
	    write_text(AT_FDCWD, MMAP_MIN_ADDR, "0"))
		SKIP(return, "cannot change " MMAP_MIN_ADDR);
	err = subject_start(&self->subject, begin_program, NULL);
	snprintf(text, sizeof(text), "%lld", min_addr);
	ASSERT_EQ(0, write_text(AT_FDCWD, MMAP_MIN_ADDR, text));
	if (err == -EINVAL)
		SKIP(return, "a module or the kernel keeps a minimum");
	ASSERT_EQ(0, err);
	compare(_metadata, &self->reader, self->subject.pid);
	EXPECT_EQ(0, self->reader.file_len);
}

TEST_F(cmdline, string_max_cuts)
{
	struct layout layout = LAYOUT("0123\00056789\0", "A=b\0");

	ASSERT_EQ(0, subject_start(&self->subject, use_layout, &layout));
	for (__u32 max = 1; max < 20; max++) {
		__u32 len = max < layout.args_len ? max : layout.args_len;

		get(_metadata, &self->reader, self->subject.pid, max);
		ASSERT_TRUE(record_has(&self->reader.task, XYZZY_CMDLINE));
		EXPECT_EQ(len, self->reader.task.cmdline_len);
		EXPECT_EQ(layout.args_len, self->reader.task.cmdline_size);
		EXPECT_EQ(0, memcmp(layout.args, self->reader.area.bytes, len));
	}
}

TEST_F(cmdline, string_max_cuts_a_title)
{
	struct layout layout = LAYOUT("a long ", "title\0A=b\0");

	ASSERT_EQ(0, subject_start(&self->subject, use_layout, &layout));
	get(_metadata, &self->reader, self->subject.pid, 3);
	ASSERT_TRUE(record_has(&self->reader.task, XYZZY_CMDLINE));
	EXPECT_EQ(3U, self->reader.task.cmdline_len);
	/* The length of the title, its NUL included, as the file has it */
	EXPECT_EQ(7ULL + 6, self->reader.task.cmdline_size);
	EXPECT_EQ(0, memcmp("a l", self->reader.area.bytes, 3));
}

/*
 * Memory of each kind. The arguments are some of three pages in a row, and the
 * second of them, "middle", is changed.
 */
struct pages {
	size_t first;		/* The first page that the arguments have */
	size_t nr;		/* How many they have */
	int (*change)(char *middle, size_t size);
	bool absent;		/* It is mapped, but not in memory */
};

static int use_pages(void *arg)
{
	const struct pages *pages = arg;
	size_t page = page_size();
	char *map = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, ANON, -1, 0);
	unsigned long at = (unsigned long)map + pages->first * page;
	unsigned long end = at + pages->nr * page;
	int err;

	if (map == MAP_FAILED)
		return -ENOMEM;
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	for (size_t i = 0; i < 3 * page; i++)
		map[i] = i % 251 + 1;
	/* No title, wherever the arguments end */
	for (int i = 1; i <= 3; i++)
		map[i * page - 1] = '\0';
	err = pages->change ? pages->change(map + page, page) : 0;
	return err ?: move_args(at, end, end, end);
}

static int unmap(char *at, size_t size)
{
	return munmap(at, size) ? -errno : 0;
}

static int protect(char *at, size_t size)
{
	return mprotect(at, size, PROT_NONE) ? -errno : 0;
}

static int write_protect(char *at, size_t size)
{
	return mprotect(at, size, PROT_READ) ? -errno : 0;
}

static int map_other(char *at, size_t size, int flags, int fd)
{
	char *map = mmap(at, size, PROT_READ | PROT_WRITE, flags | MAP_FIXED,
			 fd, 0);

	if (map == MAP_FAILED)
		return -errno;
	memset(map, 'o', size - 1);
	return 0;
}

static int map_shared(char *at, size_t size)
{
	return map_other(at, size, MAP_SHARED | MAP_ANONYMOUS, -1);
}

static int map_memfd(char *at, size_t size)
{
	int fd = memfd_create("args", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, size))
		return -errno;
	return map_other(at, size, MAP_PRIVATE, fd);
}

static int drop(char *at, size_t size)
{
	return madvise(at, size, MADV_DONTNEED) ? -errno : 0;
}

/* Map the zero page. */
static int read_zeros(char *at, size_t size)
{
	return drop(at, size) ?: __atomic_load_n(at, __ATOMIC_RELAXED);
}

FIXTURE(pages)
{
	struct subject subject;
	struct reader reader;
};

FIXTURE_VARIANT(pages)
{
	struct pages pages;
};

#define PAGES_VARIANT(_name, _change, _absent)				\
	FIXTURE_VARIANT_ADD(pages, _name##_first) {			\
		.pages = { 1, 2, _change, _absent },			\
	};								\
	FIXTURE_VARIANT_ADD(pages, _name##_middle) {			\
		.pages = { 0, 3, _change, _absent },			\
	};								\
	FIXTURE_VARIANT_ADD(pages, _name##_last) {			\
		.pages = { 0, 2, _change, _absent },			\
	};								\
	FIXTURE_VARIANT_ADD(pages, _name##_all) {			\
		.pages = { 1, 1, _change, _absent },			\
	}

PAGES_VARIANT(resident, NULL, false);
PAGES_VARIANT(unmapped, unmap, false);
PAGES_VARIANT(protected, protect, false);
PAGES_VARIANT(read_only, write_protect, false);
PAGES_VARIANT(shared, map_shared, false);
PAGES_VARIANT(file, map_memfd, false);
PAGES_VARIANT(zeros, read_zeros, false);
PAGES_VARIANT(dropped, drop, true);

FIXTURE_SETUP(pages)
{
	memset(&self->subject, -1, sizeof(self->subject));
	if (cannot_move_args())
		SKIP(return, "%s", cannot_move_args());
	reader_init(&self->reader);
}

FIXTURE_TEARDOWN(pages)
{
	subject_kill(&self->subject);
}

TEST_F(pages, are_read_if_in_memory)
{
	struct pages pages = variant->pages;
	pid_t pid;

	ASSERT_EQ(0, subject_start(&self->subject, use_pages, &pages));
	pid = self->subject.pid;
	if (pages.absent) {
		get(_metadata, &self->reader, pid, 0);
		expect_not_available(_metadata, &self->reader.task);
		/* Not even by asking: it is still not in memory. */
		get(_metadata, &self->reader, pid, 0);
		expect_not_available(_metadata, &self->reader.task);
		/* But reading the file faults it in. */
		read_file(_metadata, &self->reader, pid);
	}
	compare(_metadata, &self->reader, pid);
}

TEST_F(cmdline, what_is_cut_off_need_not_be_in_memory)
{
	struct pages pages = { 0, 3, drop };
	const struct xyzzy_task *task = &self->reader.task;

	ASSERT_EQ(0, subject_start(&self->subject, use_pages, &pages));
	get(_metadata, &self->reader, self->subject.pid, page_size());
	ASSERT_TRUE(record_has(task, XYZZY_CMDLINE));
	EXPECT_EQ(page_size(), task->cmdline_len);
	EXPECT_EQ(3 * page_size(), task->cmdline_size);
	get(_metadata, &self->reader, self->subject.pid, page_size() + 1);
	expect_not_available(_metadata, task);
}

TEST_F(cmdline, last_byte_is_needed_even_if_it_is_cut_off)
{
	struct pages pages = { 0, 2, drop };
	const struct xyzzy_task *task = &self->reader.task;
	const __u32 max = page_size() / 2;

	ASSERT_EQ(0, subject_start(&self->subject, use_pages, &pages));
	get(_metadata, &self->reader, self->subject.pid, max);
	expect_not_available(_metadata, task);
	read_file(_metadata, &self->reader, self->subject.pid);
	get(_metadata, &self->reader, self->subject.pid, max);
	ASSERT_TRUE(record_has(task, XYZZY_CMDLINE));
	EXPECT_EQ(max, task->cmdline_len);
	EXPECT_EQ(2 * page_size(), task->cmdline_size);
}

TEST_F(cmdline, that_stops_short_is_not_cut)
{
	struct pages pages = { 0, 3, unmap };
	const struct xyzzy_task *task = &self->reader.task;

	ASSERT_EQ(0, subject_start(&self->subject, use_pages, &pages));
	for (int nr = 1; nr <= 3; nr++) {
		get(_metadata, &self->reader, self->subject.pid,
		    nr * page_size());
		read_file(_metadata, &self->reader, self->subject.pid);
		expect_file(_metadata, &self->reader);
		EXPECT_EQ(page_size(), task->cmdline_size);
	}
	get(_metadata, &self->reader, self->subject.pid, page_size() - 1);
	ASSERT_TRUE(record_has(task, XYZZY_CMDLINE));
	EXPECT_EQ(page_size() - 1, task->cmdline_len);
	EXPECT_EQ(3 * page_size(), task->cmdline_size);
}

/* It could grow up to the limit of the caller. */
static int grow_stack(void *arg)
{
	unsigned long at = (unsigned long)__builtin_frame_address(0);

	at -= *(size_t *)arg;
	return move_args(at, at + 100, at + 100, at + 100);
}

TEST_F(cmdline, stack_is_not_grown)
{
	size_t below = 1 << 20;

	ASSERT_EQ(0, subject_start(&self->subject, grow_stack, &below));
	get(_metadata, &self->reader, self->subject.pid, 0);
	expect_not_available(_metadata, &self->reader.task);
	read_file(_metadata, &self->reader, self->subject.pid);
	EXPECT_EQ(100, self->reader.file_len);
	compare(_metadata, &self->reader, self->subject.pid);
}

TEST_F(cmdline, stops_short_below_a_stack_that_cannot_grow)
{
	size_t below = 1 << 20;
	const struct rlimit limit = { below / 2, below / 2 };

	ASSERT_EQ(0, subject_start(&self->subject, grow_stack, &below));
	ASSERT_EQ(0, prlimit(0, RLIMIT_STACK, &limit, NULL));
	compare(_metadata, &self->reader, self->subject.pid);
	EXPECT_EQ(0, self->reader.file_len);
}

/*
 * Memory that stays absent: the file stops short there, but only after a fault.
 */
static int use_uffd(char *at, size_t size)
{
	int fd = open_uffd(at, size);

	return fd < 0 ? fd : 0;
}

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

static int install_guard(char *at, size_t size)
{
	return madvise(at, size, MADV_GUARD_INSTALL) ? -EOPNOTSUPP : 0;
}

static void compare_absent(struct __test_metadata *_metadata,
			   FIXTURE_DATA(cmdline) * self,
			   int (*change)(char *middle, size_t size),
			   const char *missing)
{
	struct pages pages = { 0, 3, change };
	int err = subject_start(&self->subject, use_pages, &pages);

	if (err == -EOPNOTSUPP)
		SKIP(return, "no %s", missing);
	ASSERT_EQ(0, err);
	get(_metadata, &self->reader, self->subject.pid, 0);
	expect_not_available(_metadata, &self->reader.task);
	read_file(_metadata, &self->reader, self->subject.pid);
	EXPECT_EQ((ssize_t)page_size(), self->reader.file_len);
	get(_metadata, &self->reader, self->subject.pid, 0);
	expect_not_available(_metadata, &self->reader.task);
}

TEST_F(cmdline, userfaultfd_is_not_waited_for)
{
	compare_absent(_metadata, self, use_uffd, "userfaultfd");
}

TEST_F(cmdline, guard_region_is_not_available)
{
	compare_absent(_metadata, self, install_guard, "guard regions");
}

/* A title that goes on in a page that is not in memory */
static int use_half_a_title(void *arg)
{
	const size_t page = page_size(), len = *(size_t *)arg;
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, ANON, -1, 0);
	unsigned long at = (unsigned long)map + page - len;

	if (map == MAP_FAILED)
		return -ENOMEM;
	memset(map, 't', 2 * page);
	return drop(map + page, page) ?:
	       move_args(at, at + 1, at + 1, at + len + page);
}

TEST_F(cmdline, title_must_be_in_memory_up_to_its_nul)
{
	const struct xyzzy_task *task = &self->reader.task;
	size_t len = 9;

	ASSERT_EQ(0, subject_start(&self->subject, use_half_a_title, &len));
	for (__u32 max = 0; max <= len; max += 3) {
		get(_metadata, &self->reader, self->subject.pid, max);
		expect_not_available(_metadata, task);
	}
	/* The file reads the NUL as the first byte of a new page. */
	read_file(_metadata, &self->reader, self->subject.pid);
	EXPECT_EQ((ssize_t)len + 1, self->reader.file_len);
	get(_metadata, &self->reader, self->subject.pid, 3);
	ASSERT_TRUE(record_has(task, XYZZY_CMDLINE));
	EXPECT_EQ(3U, task->cmdline_len);
	EXPECT_EQ(len + 1, task->cmdline_size);
	compare(_metadata, &self->reader, self->subject.pid);
}

/*
 * A signal while a string is stored that is larger than the kernel's buffer
 */
static atomic_int nr_signals;

static void count_signal(int sig)
{
	(void)sig;
	nr_signals++;
}

/* Provide one page, but send a signal before, while it is waited for. */
static void signal_and_provide(int fd, int sig)
{
	__u64 page = wait_for_fault(fd);

	if (!page || kill(getppid(), sig))
		_exit(EXIT_FAILURE);
	_exit(provide_page(fd, page) ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* Wait for this page of the area when a string is stored there. */
static int wait_at(char *page, int sig)
{
	const struct sigaction action = { .sa_handler = count_signal };
	int fd = open_uffd(page, page_size());

	if (fd < 0)
		return fd;
	if (sigaction(SIGUSR1, &action, NULL))
		return -errno;
	if (!fork_child())
		signal_and_provide(fd, sig);
	return 0;
}

static pid_t spawn_long_one(void)
{
	const char *argv[2] = { bytes_of('s', 128 * 1024 - 1), NULL };

	return spawn_program(argv);
}

TEST_F(cmdline, signal_ends_the_call_before_a_long_one)
{
	struct reader *reader = &self->reader;
	struct xyzzy_task tasks[64];
	struct xyzzy_params params;
	long ret;
	int err;

	avoid_wrap(100);
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	self->pid = spawn_long_one();
	ASSERT_LT(self->subject.pid, self->pid);
	err = wait_at(reader->area.bytes + 64 * 1024, SIGUSR1);
	if (err == -EOPNOTSUPP)
		SKIP(return, "no userfaultfd");
	ASSERT_EQ(0, err);

	params = XYZZY_PARAMS(XYZZY_CMDLINE, tasks, ARRAY_SIZE(tasks));
	area_use(&params, &reader->area);
	params.cursor = self->subject.pid;
	ret = xyzzy_call(&params, 0);
	ASSERT_LE(1, ret);
	EXPECT_EQ(1, atomic_load(&nr_signals));
	EXPECT_GT(self->pid, (pid_t)tasks[ret - 1].pid);

	/* The next one begins with it. */
	ASSERT_LE(1, xyzzy_call(&params, 0));
	reader->task = tasks[0];
	EXPECT_EQ(self->pid, (pid_t)reader->task.pid);
	read_file(_metadata, reader, self->pid);
	expect_file(_metadata, reader);
}

TEST_F(cmdline, signal_does_not_cut_a_long_one_that_is_first)
{
	int err;

	self->pid = spawn_long_one();
	ASSERT_LT(0, self->pid);
	err = wait_at(self->reader.area.bytes + 64 * 1024, SIGUSR1);
	if (err == -EOPNOTSUPP)
		SKIP(return, "no userfaultfd");
	ASSERT_EQ(0, err);

	compare(_metadata, &self->reader, self->pid);
	EXPECT_EQ(1, atomic_load(&nr_signals));
	EXPECT_EQ(128 * 1024, self->reader.file_len);
}

TEST_F(cmdline, sigkill_ends_the_caller_while_a_long_one_is_stored)
{
	struct reader *reader = &self->reader;
	int err, status;
	pid_t caller;

	self->pid = spawn_long_one();
	ASSERT_LT(0, self->pid);
	caller = fork_child();
	ASSERT_LE(0, caller);
	if (!caller) {
		err = wait_at(reader->area.bytes + 64 * 1024, SIGKILL);
		if (!err)
			strings_get(self->pid, XYZZY_CMDLINE, 0, &reader->area,
				    &reader->task);
		_exit(err == -EOPNOTSUPP ? KSFT_SKIP : EXIT_FAILURE);
	}
	ASSERT_EQ(caller, waitpid(caller, &status, 0));
	if (WIFEXITED(status) && WEXITSTATUS(status) == KSFT_SKIP)
		SKIP(return, "no userfaultfd");
	ASSERT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
}

/*
 * SIGKILL while the caller does not wait: this process preempts it on the only
 * CPU of both.
 */
#define LONG_SIZE (3 << 20)

static int use_long_arguments(void *arg)
{
	char *map = mmap(NULL, LONG_SIZE, PROT_READ | PROT_WRITE, ANON, -1, 0);
	unsigned long at = (unsigned long)map, end = at + LONG_SIZE;

	(void)arg;
	if (map == MAP_FAILED)
		return -ENOMEM;
	memset(map, 'l', LONG_SIZE - 1);
	return move_args(at, end, end, end);
}

struct long_call {
	pid_t pid;
	struct area area;
};

static int get_long(void *arg)
{
	const struct long_call *call = arg;
	struct xyzzy_task task;

	return -strings_get(call->pid, XYZZY_CMDLINE, 0, &call->area, &task);
}

TEST_F(cmdline, sigkill_ends_the_call_before_the_end_of_a_long_one)
{
	struct long_call call = { .area.size = LONG_SIZE + page_size() };
	char *bytes = share_memory(call.area.size);
	int err;

	ASSERT_EQ(0, subject_start(&self->subject, use_long_arguments, NULL));
	call.pid = self->subject.pid;
	call.area.bytes = bytes;
	err = kill_while_filling(bytes, LONG_SIZE, get_long, &call);
	if (err == -EPERM)
		SKIP(return, NO_ROOT);
	if (err == -EAGAIN)
		SKIP(return, TOO_FAST);
	ASSERT_EQ(0, err);
	EXPECT_TRUE(is_filled_with(bytes + LONG_SIZE - page_size(), UNTOUCHED,
				   page_size()));
}

/*
 * Swapped out
 */
FIXTURE(swapped)
{
	struct subject subject;
	struct reader reader;
	struct disk disk;
};

FIXTURE_SETUP(swapped)
{
	int err;

	memset(&self->subject, -1, sizeof(self->subject));
	if (cannot_move_args())
		SKIP(return, "%s", cannot_move_args());
	if (!can_mount())
		SKIP(return, NO_ROOT);
	err = swap_open(&self->disk, 64 * page_size());
	if (err == -EOPNOTSUPP)
		SKIP(return, NO_SWAP);
	ASSERT_EQ(0, err);
	reader_init(&self->reader);
}

FIXTURE_TEARDOWN(swapped)
{
	subject_kill(&self->subject);
	swap_close(&self->disk);
}

TEST_F(swapped, page_is_not_read_back)
{
	struct pages pages = { 0, 3, page_out };
	int err;

	err = subject_start(&self->subject, use_pages, &pages);
	if (err == -EOPNOTSUPP)
		SKIP(return, "nothing is swapped out");
	ASSERT_EQ(0, err);
	get(_metadata, &self->reader, self->subject.pid, 0);
	expect_not_available(_metadata, &self->reader.task);
	read_file(_metadata, &self->reader, self->subject.pid);
	EXPECT_EQ(3 * (ssize_t)page_size(), self->reader.file_len);
	compare(_metadata, &self->reader, self->subject.pid);
}

/*
 * A program that executes itself under one name and the other in turn, and makes
 * a child each time, which exits at once
 */
#define TURN_DIR "XYZZY_TURN_DIR"

static const char * const turns[] = { "turn-one", "the-other-turn" };

static void execute_turn(const char *dir, const char *name)
{
	const char * const argv[] = { name, name, NULL };
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	execv(path, (char **)argv);
	_exit(EXIT_FAILURE);
}

static __attribute__((constructor)) void take_turn(void)
{
	const char *dir = getenv(TURN_DIR);
	pid_t pid;

	if (!dir)
		return;
	pid = fork();
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	execute_turn(dir, turns[!strcmp(program_invocation_name, turns[0])]);
}

FIXTURE(turns)
{
	struct reader reader;
	char dir[32];
	pid_t pid;
};

FIXTURE_SETUP(turns)
{
	char path[64];

	self->pid = -1;
	if (!(xyzzy_supported() & XYZZY_CMDLINE))
		SKIP(return, NO_CMDLINE);
	reader_init(&self->reader);
	snprintf(self->dir, sizeof(self->dir), "/tmp/xyzzy.XXXXXX");
	ASSERT_TRUE(!!mkdtemp(self->dir));
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", self->dir, turns[i]);
		ASSERT_EQ(0, symlink("/proc/self/exe", path));
	}
	self->pid = fork_child();
	if (!self->pid) {
		setenv(TURN_DIR, self->dir, 1);
		execute_turn(self->dir, turns[0]);
	}
	ASSERT_LT(0, self->pid);
}

FIXTURE_TEARDOWN(turns)
{
	char path[64];

	kill_child(self->pid);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", self->dir, turns[i]);
		unlink(path);
	}
	rmdir(self->dir);
}

/* Both arguments are the program's name, as comm. */
static bool is_of_program(const struct xyzzy_task *task, const char *bytes)
{
	size_t size = strlen(task->comm) + 1;

	return task->cmdline_len == 2 * size && task->cmdline_size == 2 * size &&
	       !memcmp(bytes + task->cmdline, task->comm, size) &&
	       !memcmp(bytes + task->cmdline + size, task->comm, size);
}

TEST_F(turns, command_line_is_that_of_the_program)
{
	const __u64 end = now_ns() + 3 * NSEC_PER_SEC;
	const __u64 limit = end + 17 * NSEC_PER_SEC;
	struct xyzzy_task tasks[16];
	unsigned int nr_read[2] = { 0 };
	long nr;

	while ((nr_read[0] < 1000 || nr_read[1] < 1000) &&
	       now_ns() < (nr_read[0] && nr_read[1] ? end : limit)) {
		struct xyzzy_params params =
			XYZZY_PARAMS(XYZZY_CMDLINE, tasks, ARRAY_SIZE(tasks));

		area_use(&params, &self->reader.area);
		params.cursor = self->pid;
		nr = xyzzy_call(&params, 0);
		ASSERT_LT(0, nr);
		ASSERT_EQ(self->pid, (pid_t)tasks[0].pid);
		for (long i = 0; i < nr; i++) {
			bool other = !strcmp(tasks[i].comm, turns[1]);

			/* None while it begins or ends */
			if ((!other && strcmp(tasks[i].comm, turns[0])) ||
			    !tasks[i].cmdline_len)
				continue;
			ASSERT_TRUE(is_of_program(&tasks[i],
						  self->reader.area.bytes));
			nr_read[other]++;
		}
	}
	EXPECT_LT(0U, nr_read[0]);
	EXPECT_LT(0U, nr_read[1]);
}

/*
 * The mmap lock is held. A process holds its own lock most of the time, and
 * another one on the same CPU, with a higher priority, keeps it from running for
 * a while: a burst.
 */
#define BURST_NS (300 * NSEC_PER_MSEC)
#define BURSTS 20

struct locked {
	unsigned int bursts;	/* That began or ended: odd during a burst */
	unsigned int go;	/* The reader of the file starts */
	unsigned int done;	/* It has read it */
};

static unsigned int get_count(const unsigned int *count)
{
	return __atomic_load_n(count, __ATOMIC_SEQ_CST);
}

static void count_up(unsigned int *count)
{
	__atomic_fetch_add(count, 1, __ATOMIC_SEQ_CST);
}

/* Changing the protection of much memory takes long. */
static pid_t spawn_holder(void)
{
	const size_t size = 16 << 20;
	pid_t pid = fork_child();
	char *map;

	if (pid)
		return pid;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, ANON | MAP_POPULATE, -1,
		   0);
	if (map == MAP_FAILED || pin_to_cpu(1))
		_exit(EXIT_FAILURE);
	for (;;) {
		mprotect(map, size, PROT_READ);
		mprotect(map, size, PROT_READ | PROT_WRITE);
	}
}

static pid_t spawn_hog(struct locked *locked)
{
	const struct sched_param param = { .sched_priority = 1 };
	pid_t pid = fork_child();
	unsigned int seed = 1;
	__u64 end;

	if (pid)
		return pid;
	if (pin_to_cpu(1) || sched_setscheduler(0, SCHED_FIFO, &param))
		_exit(EXIT_FAILURE);
	for (;;) {
		usleep(100000 + rand_r(&seed) % 10000);
		count_up(&locked->bursts);
		end = now_ns() + BURST_NS;
		while (now_ns() < end)
			;
		count_up(&locked->bursts);
	}
}

static pid_t spawn_file_reader(struct locked *locked, pid_t of)
{
	char buf[4096];
	pid_t pid = fork_child();

	if (pid)
		return pid;
	for (;;) {
		if (get_count(&locked->go) == get_count(&locked->done)) {
			usleep(100);
			continue;
		}
		if (proc_cmdline(of, buf, sizeof(buf)) < 0)
			_exit(EXIT_FAILURE);
		count_up(&locked->done);
	}
}

FIXTURE(locked)
{
	struct reader reader;
	struct locked *shared;
	pid_t holder;
	pid_t hog;
	pid_t file_reader;
};

FIXTURE_SETUP(locked)
{
	const struct sched_param param = { .sched_priority = 1 };

	if (!(xyzzy_supported() & XYZZY_CMDLINE))
		SKIP(return, NO_CMDLINE);
	if (nr_cpus() < 2)
		SKIP(return, "needs two CPUs");
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		SKIP(return, NO_ROOT);
	sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){});
	reader_init(&self->reader);
	self->shared = share_memory(sizeof(*self->shared));
	self->holder = spawn_holder();
	ASSERT_LT(0, self->holder);
	self->hog = spawn_hog(self->shared);
	ASSERT_LT(0, self->hog);
	/* On the other CPU */
	ASSERT_EQ(0, pin_to_cpu(0));
	self->file_reader = spawn_file_reader(self->shared, self->holder);
	ASSERT_LT(0, self->file_reader);
}

FIXTURE_TEARDOWN(locked)
{
	kill_child(self->hog);
	kill_child(self->holder);
	kill_child(self->file_reader);
}

/* Wait for the next burst; returns its number, 0 if none comes. */
static unsigned int wait_for_burst(const struct locked *locked,
				   unsigned int last)
{
	unsigned int burst;

	for (int i = 0; i < WAIT_TRIES; i++) {
		burst = get_count(&locked->bursts);
		if (burst != last && burst % 2)
			return burst;
		usleep(1000);
	}
	return 0;
}

/* Start the reader of the file. Does it come to wait during the burst? */
static bool file_waits(struct locked *locked, unsigned int burst, pid_t reader)
{
	unsigned int go = get_count(&locked->go) + 1;
	int nr = 0;

	count_up(&locked->go);
	while (nr < 5) {
		if (get_count(&locked->done) == go ||
		    get_count(&locked->bursts) != burst)
			return false;
		nr = proc_state(reader) == 'D' ? nr + 1 : 0;
		usleep(1000);
	}
	return true;
}

static bool file_is_read(const struct locked *locked)
{
	for (int i = 0; i < WAIT_TRIES; i++) {
		if (get_count(&locked->done) == get_count(&locked->go))
			return true;
		usleep(1000);
	}
	return false;
}

TEST_F(locked, call_does_not_wait_where_the_file_does)
{
	bool file_waited = false, call_returned = false;
	unsigned int burst = 0;

	for (int i = 0; i < BURSTS && !call_returned; i++) {
		burst = wait_for_burst(self->shared, burst);
		ASSERT_NE(0U, burst);
		if (file_waits(self->shared, burst, self->file_reader)) {
			file_waited = true;
			get(_metadata, &self->reader, self->holder, 0);
			call_returned = get_count(&self->shared->bursts) == burst;
		}
		ASSERT_TRUE(file_is_read(self->shared));
	}
	if (!file_waited)
		SKIP(return, "the lock was not held during a burst");
	ASSERT_TRUE(call_returned);
	expect_not_available(_metadata, &self->reader.task);
}

/*
 * Processes without a command line
 */
TEST_F(cmdline, zombie_has_none)
{
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_TRUE(make_zombie(self->subject.pid));
	compare(_metadata, &self->reader, self->subject.pid);
	EXPECT_EQ(0, self->reader.file_len);
}

TEST_F(cmdline, kernel_thread_has_none)
{
	struct xyzzy_task *task = &self->reader.task;
	struct walk walk;
	int nr = 0, err;

	if (geteuid())
		SKIP(return, NO_ROOT);
	ASSERT_EQ(0, walk_all(&walk, -1, XYZZY_ID, 0, 100));
	for (size_t i = 0; i < walk.nr; i++) {
		pid_t pid = walk.tasks[i].pid;

		if (!(walk.tasks[i].flags & PF_KTHREAD))
			continue;
		err = strings_get(pid, XYZZY_CMDLINE, 0, &self->reader.area,
				  task);
		if (!proc_state(pid))
			continue;	/* It has ended. */
		ASSERT_EQ(0, err);
		EXPECT_TRUE(record_has(task, XYZZY_CMDLINE));
		EXPECT_EQ(0U, task->cmdline_len);
		EXPECT_EQ(0ULL, task->cmdline_size);
		nr++;
	}
	walk_free(&walk);
	if (!nr)
		SKIP(return, "no kernel thread in sight");
}

TEST_F(cmdline, dead_leader_has_none)
{
	pid_t tid;

	self->pid = spawn_threads(&tid, 1, true);
	ASSERT_LT(0, self->pid);
	compare(_metadata, &self->reader, self->pid);
	EXPECT_EQ(0, self->reader.file_len);
}

TEST_F(cmdline, of_the_threads_only_the_leader_has_it)
{
	struct xyzzy_params params;
	struct xyzzy_task tasks[4];
	pid_t tids[3];

	avoid_wrap(10);
	self->pid = spawn_threads(tids, 3, false);
	ASSERT_LT(0, self->pid);
	params = XYZZY_PARAMS(XYZZY_CMDLINE, tasks, 4);
	area_use(&params, &self->reader.area);
	params.pidfd = sys_pidfd_open(self->pid, 0);
	ASSERT_LE(0, params.pidfd);
	ASSERT_EQ(4, xyzzy_call(&params, XYZZY_THREADS));
	close(params.pidfd);
	for (int i = 0; i < 4; i++) {
		if (tasks[i].pid != tasks[i].tgid)
			expect_not_available(_metadata, &tasks[i]);
	}
	EXPECT_LT(0U, tasks[0].cmdline_len);
	EXPECT_EQ((long)tasks[0].cmdline_len + 1,
		  strings_end(&self->reader.area, tasks, 4));
}

/* A walk over a program with @size bytes of arguments and then a zombie */
static void expect_none_after(struct __test_metadata *_metadata,
			      FIXTURE_DATA(cmdline) * self, size_t size)
{
	struct xyzzy_task tasks[16];
	struct xyzzy_params params = XYZZY_PARAMS(XYZZY_CMDLINE, tasks, 16);
	const char * const argv[] = { bytes_of('x', size - 1), NULL };
	bool found = false;
	long nr;

	avoid_wrap(100);
	self->pid = spawn_program(argv);
	ASSERT_LT(0, self->pid);
	ASSERT_EQ(0, subject_start(&self->subject, NULL, NULL));
	ASSERT_TRUE(make_zombie(self->subject.pid));

	area_use(&params, &self->reader.area);
	params.cursor = self->pid;
	nr = xyzzy_call(&params, 0);
	ASSERT_LT(1, nr);
	EXPECT_LE(0, strings_end(&self->reader.area, tasks, nr));
	ASSERT_EQ(self->pid, (pid_t)tasks[0].pid);
	self->reader.task = tasks[0];
	read_file(_metadata, &self->reader, self->pid);
	EXPECT_EQ((ssize_t)size, self->reader.file_len);
	expect_file(_metadata, &self->reader);
	for (long i = 1; i < nr; i++) {
		if (tasks[i].pid != (__u32)self->subject.pid)
			continue;
		EXPECT_TRUE(record_has(&tasks[i], XYZZY_CMDLINE));
		EXPECT_EQ(0U, tasks[i].cmdline_len);
		EXPECT_EQ(0ULL, tasks[i].cmdline_size);
		found = true;
	}
	EXPECT_TRUE(found);
	subject_kill(&self->subject);
	kill_child(self->pid);
	self->pid = -1;
}

/* Among the sizes is that of a buffer that the kernel may use. */
TEST_F(cmdline, none_after_one_that_fills_a_buffer)
{
	for (size_t size = 4096; size <= 65536; size *= 2) {
		for (size_t less = 0; less < 3; less++)
			expect_none_after(_metadata, self, size - less);
	}
}

TEST_F(cmdline, the_caller_has_its_own)
{
	compare(_metadata, &self->reader, getpid());
	EXPECT_LT(0, self->reader.file_len);
}

TEST_HARNESS_MAIN
