// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that differ in who they are: names, states, terminals, users,
 * cgroups, namespaces.
 */
#include <sys/fsuid.h>
#include <sys/ptrace.h>
#include <sys/stat.h>

#include "ns.h"
#include "population.h"
#include "use.h"

/* Those that a program may take for something else. */
static const char * const odd_names[] = {
	"", " ", "a b", "  two  ", "(x) S 1 2 3", "x) Z (y", ")", "((",
	"new\nline", "tab\there", "\r", "\x1b[31m", "\x7f", "back\\slash",
	"\\n", "\\040", "%s%n", "'\"`$", "\xc3\xa9t\xc3\xa9",
	"\xe6\xbc\xa2\xe5\xad\x97", "\xff\xfe", "\x80", "-", "?", "[x]",
	"fifteen letters", "x <defunct>", "0123456789abcde",
};

static int name_oddly(int number)
{
	const char *name = odd_names[number % ARRAY_SIZE(odd_names)];

	return prctl(PR_SET_NAME, name) ? -errno : 0;
}

static void rest_dead(void)
{
	_exit(EXIT_SUCCESS);
}

static int be_traced(int number)
{
	(void)number;
	return ptrace(PTRACE_TRACEME, 0, 0, 0) ? -errno : 0;
}

static void spin(void)
{
	for (;;)
		__asm__ volatile("" : : : "memory");
}

/* The last CPU, and only when it has nothing else to do. */
static int run_when_idle(int number)
{
	struct attr attr = { .policy = SCHED_IDLE };

	(void)number;
	return pin_to_cpu(CPU_SETSIZE) ?: set_attr(0, &attr);
}

/* A session with a terminal: its leader, the foreground and the background. */
static int lead_session(int number)
{
	struct tty_family family = { 0 };
	int err = take_terminal(&family);
	pid_t background;

	(void)number;
	if (err)
		return err;
	background = spawn_blocked();
	if (background < 0)
		return -EAGAIN;
	return setpgid(background, background) ? -errno : 0;
}

static int lead_group(int number)
{
	if (number % 2 ? setsid() < 0 : setpgid(0, 0))
		return -errno;
	return spawn_blocked() < 0 ? -EAGAIN : 0;
}

/* Keep the right to change any ID, and let all of them differ. */
static int change_creds(int number)
{
	uid_t uid = 1000 + 10 * (number % 20);
	gid_t gid = 5000 + 10 * (number % 20);

	if (prctl(PR_SET_SECUREBITS, 1 << 2 /* SECBIT_NO_SETUID_FIXUP */) ||
	    setresgid(gid, gid + 1, gid + 2) ||
	    setresuid(uid, uid + 1, uid + 2))
		return -errno;
	setfsgid(gid + 3);
	setfsuid(uid + 3);
	return setfsuid(-1) == (int)uid + 3 ? 0 : -EPERM;
}

static int be_user(int number)
{
	uid_t id = 3000 + number % 10;

	return setresgid(id, id, id) || setresuid(id, id, id) ? -errno : 0;
}

static int change_oom_adj(int number)
{
	int adj = -1000 + 50 * (number % 41);

	return set_oom_adj(&adj);
}

/*
 * Cgroups
 */
#define CGROUP_ROOT "/sys/fs/cgroup/population"

static const char * const cgroups[] = {
	CGROUP_ROOT, CGROUP_ROOT "/a", CGROUP_ROOT "/a/b",
	CGROUP_ROOT "/a/b/c", CGROUP_ROOT "/d", CGROUP_ROOT "/with space",
};

int prepare_ids(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cgroups); i++)
		if (mkdir(cgroups[i], 0755) && errno != EEXIST)
			return -errno;
	return 0;
}

void clean_up_ids(void)
{
	for (size_t i = ARRAY_SIZE(cgroups); i > 0; i--)
		rmdir(cgroups[i - 1]);
}

static int enter_cgroup(int number)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/cgroup.procs",
		 cgroups[number % ARRAY_SIZE(cgroups)]);
	return write_text(AT_FDCWD, path, "0");
}

/*
 * Namespaces: the init of a PID namespace and a process in it, both of a user
 * namespace. Theirs is not the parent that fork_child() would look for.
 */
static void sleep_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static void be_init(void)
{
	prctl(PR_SET_NAME, "init");
	if (!fork())
		sleep_with_parent();
	sleep_with_parent();
}

static int contain(int number)
{
	uid_t id = 20 + number;
	int err = enter_userns();
	pid_t init;

	if (err)
		return err;
	if (setresgid(id, id, id) || setresuid(id, 0, 0) ||
	    unshare(CLONE_NEWPID))
		return -errno;
	init = fork();
	if (!init)
		be_init();
	return init < 0 ? -errno : 0;
}

const struct kind kinds_of_ids[] = {
	{ .name = "plain", .nr = 1000 },
	{ .name = "odd name", .nr = 56, .make = name_oddly },
	{ .name = "dead", .nr = 150, .state = 'Z', .rest = rest_dead },
	{ .name = "stopped", .nr = 100, .state = 'T', .rest = rest_stopped },
	{ .name = "traced", .nr = 10, .state = 't', .make = be_traced,
	  .rest = rest_stopped },
	{ .name = "in vfork()", .nr = 10, .state = 'D',
	  .rest = sleep_in_vfork },
	{ .name = "running", .nr = 1, .state = 'R', .make = run_when_idle,
	  .rest = spin },
	{ .name = "session", .nr = 60, .make = lead_session },
	{ .name = "group", .nr = 40, .make = lead_group },
	{ .name = "credentials", .nr = 100, .make = change_creds },
	{ .name = "user", .nr = 40, .make = be_user },
	{ .name = "oom score", .nr = 41, .make = change_oom_adj },
	{ .name = "cgroup", .nr = 60, .make = enter_cgroup },
	{ .name = "container", .nr = 20, .make = contain },
	{ },
};
