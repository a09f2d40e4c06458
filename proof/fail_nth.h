/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_FAIL_NTH_H
#define __XYZZY_FAIL_NTH_H

#include "debugfs.h"

/*
 * Fault injection: with N in /proc/self/task/TID/fail-nth the Nth thing that
 * the thread does in the kernel and that can fail does so: an allocation from
 * slabs or of pages, or a copy from or to user memory.
 */
#define NO_FAIL_NTH "needs CONFIG_FAULT_INJECTION"

/* As these are, allocations that may sleep never fail. */
static const struct knob {
	const char *path;
	const char *value;
} knobs[] = {
	{ DEBUGFS "failslab/ignore-gfp-wait", "N" },
	{ DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N" },
	{ DEBUGFS "fail_page_alloc/min-order", "0" },
	{ DEBUGFS "failslab/verbose", "0" },
	{ DEBUGFS "fail_page_alloc/verbose", "0" },
	{ DEBUGFS "fail_usercopy/verbose", "0" },
};

#define NR_KNOBS (sizeof(knobs) / sizeof(*knobs))

/* What the knobs were, to put them back; empty for one that is not there. */
struct knobs_before {
	char value[NR_KNOBS][16];
};

static inline bool read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	text[0] = '\0';
	if (fd < 0)
		return false;
	len = read(fd, text, size - 1);
	text[len > 0 ? len : 0] = '\0';
	close(fd);
	return len > 0;
}

static inline void set_knobs(struct knobs_before *before)
{
	mount_debugfs_for(DEBUGFS "failslab");
	for (size_t i = 0; i < NR_KNOBS; i++)
		if (read_text(knobs[i].path, before->value[i], 16))
			write_text(AT_FDCWD, knobs[i].path,
				   knobs[i].value);
}

static inline void reset_knobs(const struct knobs_before *before)
{
	for (size_t i = 0; i < NR_KNOBS; i++)
		if (before->value[i][0])
			write_text(AT_FDCWD, knobs[i].path, before->value[i]);
}

/* Can an allocation that may sleep be made to fail? */
static inline bool slab_fails(void)
{
	char value[16];

	return read_text(DEBUGFS "failslab/ignore-gfp-wait", value,
			 sizeof(value)) && value[0] == 'N';
}

static inline bool usercopy_fails(void)
{
	return !access(DEBUGFS "fail_usercopy", F_OK);
}

static inline int open_fail_nth(void)
{
	return open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
}

static inline bool set_fail_nth(int fd, unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	return pwrite(fd, text, len, 0) == len;
}

/*
 * Did what was to fail come, since set_fail_nth()? If not, the next thing that
 * fails may be this read, or the write that takes the order back.
 */
static inline bool has_failed(int fd)
{
	char text[16];
	ssize_t len = pread(fd, text, sizeof(text), 0);

	if (!set_fail_nth(fd, 0))
		set_fail_nth(fd, 0);
	return len > 0 && text[0] == '0';
}

#endif /* __XYZZY_FAIL_NTH_H */
