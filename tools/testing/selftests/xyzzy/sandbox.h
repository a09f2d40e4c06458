/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_SANDBOX_H
#define __XYZZY_SANDBOX_H

#include "view.h"

#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ptrace.h>

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

static inline int write_text(int dirfd, const char *path, const char *text)
{
	ssize_t len = strlen(text);
	int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != len)
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

#endif /* __XYZZY_SANDBOX_H */
