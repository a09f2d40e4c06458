/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the library of the Linux Test Project as the tests in the patches
 * need, so that they can be compiled and run without it. The names, the results
 * and the exit status are those of the library; the rest is not.
 */
#ifndef STAND_IN_TST_TEST_H
#define STAND_IN_TST_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))

/* Results; the low bits are those of the exit status. */
enum {
	TPASS = 0, TFAIL = 1, TBROK = 2, TWARN = 4, TINFO = 16, TCONF = 32,
	TERRNO = 0x100,
};

struct tst_buffers {
	void *ptr;
	size_t size;
};

struct tst_test {
	unsigned int tcnt, needs_tmpdir, needs_root, forks_child;
	void (*setup)(void);
	void (*cleanup)(void);
	void (*test)(unsigned int number);
	void (*test_all)(void);
	struct tst_buffers *bufs;
};

static struct tst_test test;

/* Seconds that a test may take. */
#define TST_TIMEOUT 60

/* Counts, in memory that all processes of the test share. */
static struct tst_counts {
	int passed, failed, broken, skipped, warnings;
} *tst_counts;

static pid_t tst_main_pid;
static long TST_RET;

static const char *tst_count(int type)
{
	switch (type & 0xff) {
	case TPASS:
		__atomic_add_fetch(&tst_counts->passed, 1, __ATOMIC_RELAXED);
		return "TPASS";
	case TFAIL:
		__atomic_add_fetch(&tst_counts->failed, 1, __ATOMIC_RELAXED);
		return "TFAIL";
	case TBROK:
		__atomic_add_fetch(&tst_counts->broken, 1, __ATOMIC_RELAXED);
		return "TBROK";
	case TCONF:
		__atomic_add_fetch(&tst_counts->skipped, 1, __ATOMIC_RELAXED);
		return "TCONF";
	case TWARN:
		__atomic_add_fetch(&tst_counts->warnings, 1, __ATOMIC_RELAXED);
		return "TWARN";
	default:
		return "TINFO";
	}
}

static void tst_print(const char *file, int line, int type, const char *format,
		      va_list arguments)
{
	int err = errno;
	char text[512];

	vsnprintf(text, sizeof(text), format, arguments);
	dprintf(STDOUT_FILENO, "%s:%d: %s: %s%s%s\n", file, line, tst_count(type),
		text, type & TERRNO ? ": " : "", type & TERRNO ? strerror(err) : "");
}

__attribute__((format(printf, 4, 5)))
static void tst_res_(const char *file, int line, int type, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tst_print(file, line, type, format, arguments);
	va_end(arguments);
}

__attribute__((format(printf, 4, 5), noreturn))
static void tst_brk_(const char *file, int line, int type, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tst_print(file, line, type, format, arguments);
	va_end(arguments);
	if (getpid() == tst_main_pid && test.cleanup)
		test.cleanup();
	exit(type & 0xff);
}

#define tst_res(type, ...) tst_res_(__FILE__, __LINE__, type, __VA_ARGS__)
#define tst_brk(type, ...) tst_brk_(__FILE__, __LINE__, type, __VA_ARGS__)

/* A system call that the kernel does not have ends the test. */
#define tst_syscall(number, ...) ({					\
	long _ret = syscall(number, ##__VA_ARGS__);			\
									\
	if (_ret == -1 && errno == ENOSYS)				\
		tst_brk(TCONF, "the kernel does not have " #number);	\
	_ret;								\
})

#define TEST(call) do {							\
	errno = 0;							\
	TST_RET = call;							\
} while (0)

/* Here, the description is not optional. */
#define TST_EXP_VAL(call, value, ...) do {				\
	TEST(call);							\
	tst_res(TST_RET == (value) ? TPASS : TFAIL | TERRNO, __VA_ARGS__); \
} while (0)

#define TST_EXP_FAIL(call, error, ...) do {				\
	TEST(call);							\
	tst_res((TST_RET == -1 && errno == (error) ? TPASS : TFAIL) | TERRNO, \
		__VA_ARGS__);						\
} while (0)

#define TST_EXP_EXPR(expression, ...)					\
	tst_res((expression) ? TPASS : TFAIL, __VA_ARGS__)

#define TST_EXP_EQ_LI(a, b) do {					\
	long long _a = (a), _b = (b);					\
									\
	tst_res(_a == _b ? TPASS : TFAIL, #a " (%lld), " #b " (%lld)", _a, _b); \
} while (0)
#define TST_EXP_EQ_LU TST_EXP_EQ_LI

#define TST_EXP_EQ_STR(a, b)						\
	tst_res(strcmp(a, b) ? TFAIL : TPASS, #a " (%s), " #b " (%s)", a, b)

static long tst_safe(const char *file, int line, const char *what, long ret)
{
	if (ret == -1)
		tst_brk_(file, line, TBROK | TERRNO, "%s", what);
	return ret;
}

#define SAFE_(call) tst_safe(__FILE__, __LINE__, #call, call)
#define SAFE_CHMOD(...) SAFE_(chmod(__VA_ARGS__))
#define SAFE_CLOSE(fd) ((fd) = SAFE_(close(fd)) - 1)
#define SAFE_DUP(...) SAFE_(dup(__VA_ARGS__))
#define SAFE_FORK() SAFE_(fork())
#define SAFE_KILL(...) SAFE_(kill(__VA_ARGS__))
#define SAFE_MKDIR(...) SAFE_(mkdir(__VA_ARGS__))
#define SAFE_MOUNT(...) SAFE_(mount(__VA_ARGS__))
#define SAFE_OPEN(...) SAFE_(open(__VA_ARGS__))
#define SAFE_PIDFD_OPEN(pid, flags) SAFE_(syscall(__NR_pidfd_open, pid, flags))
#define SAFE_READ(strict, ...) SAFE_(read(__VA_ARGS__))
#define SAFE_SETGROUPS(...) SAFE_(setgroups(__VA_ARGS__))
#define SAFE_SETRESGID(...) SAFE_(setresgid(__VA_ARGS__))
#define SAFE_SETRESUID(...) SAFE_(setresuid(__VA_ARGS__))
#define SAFE_SYSCONF(...) SAFE_(sysconf(__VA_ARGS__))
#define SAFE_UMOUNT(...) SAFE_(umount(__VA_ARGS__))
#define SAFE_WAITPID(...) SAFE_(waitpid(__VA_ARGS__))

static inline int tst_count_conversions(const char *format)
{
	int count = 0;

	for (; *format; format++)
		count += format[0] == '%' && format[1] != '*';
	return count;
}

#define SAFE_FILE_SCANF(path, format, ...) do {				\
	FILE *_file = fopen(path, "re");				\
									\
	if (!_file || fscanf(_file, format, __VA_ARGS__) !=		\
		      tst_count_conversions(format))			\
		tst_brk(TBROK | TERRNO, "%s is not as expected", path);	\
	fclose(_file);							\
} while (0)

#define TST_PROCESS_STATE_WAIT(pid, state, timeout)			\
	tst_wait_for_state(pid, state)

/* Until TST_TIMEOUT */
static inline void tst_wait_for_state(pid_t pid, char wanted)
{
	char path[64], state = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (;;) {
		SAFE_FILE_SCANF(path, "%*d (%*[^)]) %c", &state);
		if (state == wanted)
			return;
		usleep(1000);
	}
}

static inline void *tst_get_bad_addr(void (*cleanup)(void))
{
	void *page = mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)cleanup;
	if (page == MAP_FAILED)
		tst_brk(TBROK | TERRNO, "mmap()");
	return page;
}

/* What is beyond the end of a buffer cannot be accessed. */
static void *tst_alloc(size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE), room = (size + page - 1) / page * page;
	char *start = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED || mprotect(start + room, page, PROT_NONE))
		tst_brk(TBROK | TERRNO, "mmap()");
	return start + room - size;
}

static void tst_run(void)
{
	char dir[] = "/tmp/tst.XXXXXX";

	tst_main_pid = getpid();
	alarm(TST_TIMEOUT);
	if (test.needs_root && geteuid())
		tst_brk(TCONF, "needs root");
	if (test.needs_tmpdir && (!mkdtemp(dir) || chmod(dir, 0755) || chdir(dir)))
		tst_brk(TBROK | TERRNO, "%s", dir);
	for (struct tst_buffers *buf = test.bufs; buf && buf->ptr; buf++)
		*(void **)buf->ptr = tst_alloc(buf->size);
	if (test.setup)
		test.setup();
	for (unsigned int i = 0; i < test.tcnt; i++)
		test.test(i);
	if (test.test_all)
		test.test_all();
	/* No child may be left that does not end. */
	while (wait(NULL) > 0)
		;
	if (test.cleanup)
		test.cleanup();
}

static int tst_status(void)
{
	if (!tst_counts->passed && !tst_counts->failed && !tst_counts->skipped)
		tst_counts->broken++;
	return (tst_counts->failed ? TFAIL : 0) | (tst_counts->broken ? TBROK : 0) |
	       (tst_counts->warnings ? TWARN : 0) |
	       (tst_counts->skipped && !tst_counts->passed ? TCONF : 0);
}

int main(void)
{
	int status, wait_status = 0;
	pid_t pid;

	tst_counts = mmap(NULL, sizeof(*tst_counts), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tst_counts == MAP_FAILED)
		return TBROK;
	pid = fork();
	if (!pid) {
		tst_run();
		exit(0);
	}
	/* A test that crashed or took too long is broken. */
	if (pid < 0 || waitpid(pid, &wait_status, 0) != pid || WIFSIGNALED(wait_status))
		tst_res(TBROK, "the test ended with status 0x%x", wait_status);
	status = tst_status();
	printf("Summary: passed %d failed %d broken %d skipped %d warnings %d\n",
	       tst_counts->passed, tst_counts->failed, tst_counts->broken,
	       tst_counts->skipped, tst_counts->warnings);
	return status;
}

#endif /* STAND_IN_TST_TEST_H */
