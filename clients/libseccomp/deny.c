// SPDX-License-Identifier: GPL-2.0
/*
 * Deny xyzzy(2) by its name, with a filter of libseccomp: only calls with
 * XYZZY_THREADS, then all.
 */
#include <errno.h>
#include <linux/xyzzy.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failed;

static void expect(const char *what, unsigned int flags, int error)
{
	struct xyzzy_params params = {
		.size = sizeof(params), .task_size = sizeof(struct xyzzy_task),
		.procfd = -1, .pidfd = -1,
	};
	long ret = syscall(__NR_xyzzy, &params, flags);
	int got = ret ? errno : 0;

	printf("%s %s (%s)\n", got == error ? "ok" : "not ok", what, strerror(got));
	failed |= got != error;
}

static void load(scmp_filter_ctx filter)
{
	if (seccomp_load(filter)) {
		puts("not ok a filter is loaded");
		failed = 1;
	}
	seccomp_release(filter);
}

int main(void)
{
	int number = seccomp_syscall_resolve_name("xyzzy");
	scmp_filter_ctx filter;

	expect("without a filter, the call is there", 0, 0);

	filter = seccomp_init(SCMP_ACT_ALLOW);
	seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 1,
			 SCMP_A1(SCMP_CMP_MASKED_EQ, XYZZY_THREADS, XYZZY_THREADS));
	load(filter);
	expect("a filter sees the flags and lets calls without them pass", 0, 0);
	expect("a filter sees the flags and denies calls with them", XYZZY_THREADS, EPERM);

	filter = seccomp_init(SCMP_ACT_ALLOW);
	seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0);
	load(filter);
	expect("a filter hides the call", 0, ENOSYS);
	return failed;
}
