// SPDX-License-Identifier: GPL-2.0
/*
 * The first process of a guest: mount what programs expect, load policies of
 * security modules, run the program that the kernel's command line names, and say
 * how it ended on a serial port that nothing else writes to.
 *
 *   result_port=TTY -- PROGRAM [ARGUMENT...]
 *
 * The kernel passes what follows "--" to init as arguments, and parameters that
 * it does not know as environment variables.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static const struct {
	const char *type, *dir, *options;
} mounts[] = {
	{ "devtmpfs", "/dev", NULL },
	{ "devpts", "/dev/pts", "ptmxmode=0666" },
	{ "proc", "/proc", NULL },
	{ "sysfs", "/sys", NULL },
	{ "cgroup2", "/sys/fs/cgroup", NULL },
	{ "tmpfs", "/dev/shm", "mode=1777" },
	{ "tmpfs", "/tmp", "mode=1777" },
};

/*
 * Policies in the initramfs, and the files that load them. Such a file exists only
 * if its security module is active.
 */
static const struct {
	const char *type, *dir, *policy, *load;
} modules[] = {
	{ "securityfs", "/sys/kernel/security", "/policy/apparmor",
	  "/sys/kernel/security/apparmor/.load" },
	{ "selinuxfs", "/sys/fs/selinux", "/policy/selinux", "/sys/fs/selinux/load" },
};

/* A policy has to be written with one write(). */
static void load_policy(const char *policy, const char *load)
{
	static char text[1 << 20];
	int in = open(policy, O_RDONLY | O_CLOEXEC);
	int out = open(load, O_WRONLY | O_CLOEXEC);
	ssize_t len = in < 0 ? 0 : read(in, text, sizeof(text));

	if (out >= 0 && len > 0 && write(out, text, len) != len)
		printf("init: %s: %s\n", load, strerror(errno));
	close(in);
	close(out);
}

static void load_policies(void)
{
	size_t i;

	for (i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (!access(modules[i].policy, R_OK) &&
		    !mount(modules[i].type, modules[i].dir, modules[i].type, 0, NULL))
			load_policy(modules[i].policy, modules[i].load);
}

static void mount_all(void)
{
	size_t i;

	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].dir, 0755);
		if (mount(mounts[i].type, mounts[i].dir, mounts[i].type, 0,
			  mounts[i].options))
			printf("init: %s: %s\n", mounts[i].dir, strerror(errno));
	}
}

/*
 * Without setsid(): when a session leader exits, the kernel drops output that its
 * terminal has not sent yet.
 */
static pid_t start(char **argv)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	execv(argv[0], argv);
	printf("init: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Reaps orphans, too. */
static int wait_for(pid_t pid)
{
	int status;
	pid_t got;

	do {
		got = wait(&status);
	} while (got != pid && (got >= 0 || errno == EINTR));
	return got == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void report(int status)
{
	struct termios raw;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", getenv("result_port"));
	fd = open(path, O_WRONLY | O_NOCTTY);
	printf("init: the program ended with status %d\n", status);
	tcdrain(STDOUT_FILENO);
	if (fd < 0)
		return;
	if (!tcgetattr(fd, &raw)) {
		cfmakeraw(&raw);
		tcsetattr(fd, TCSANOW, &raw);
	}
	dprintf(fd, "status %d\n", status);
	tcdrain(fd);
	close(fd);
}

int main(int argc, char **argv)
{
	mount_all();
	load_policies();
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/", 1);
	setenv("TERM", "vt100", 0);

	if (argc > 1)
		report(wait_for(start(argv + 1)));
	/* QEMU has -no-reboot, so a reboot ends it on every machine. */
	reboot(getenv("power_off") ? RB_POWER_OFF : RB_AUTOBOOT);
	return 1;
}
