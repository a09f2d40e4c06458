/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_FUZZ_BLOCKS_H
#define __XYZZY_FUZZ_BLOCKS_H

#include "xyzzy.h"

#include <linux/kcov.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

/*
 * With CONFIG_KCOV, the basic blocks that calls reach in instrumented objects.
 * Documentation/dev-tools/kcov.rst has the layout. The addresses of a 64-bit
 * kernel have 64 bits, whatever the ABI of the program is.
 */
#define DEBUGFS "/sys/kernel/debug/"
#define BLOCKS_MAX 4096
#define TRACE_MAX (64 * 1024)

/* KCOV_INIT_TRACE as a 64-bit kernel has it. */
#define KCOV_INIT_TRACE64 _IOR('c', 1, __u64)

/* Shared with the callers. */
struct blocks {
	unsigned int nr;
	__u64 addresses[BLOCKS_MAX];
};

/* Of a thread: the number of addresses, then these. NULL without KCOV. */
static inline __u64 *blocks_trace(void)
{
	__u64 *trace = NULL;
	int fd;

	mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	fd = open(DEBUGFS "kcov", O_RDWR | O_CLOEXEC);
	if (fd >= 0 && !ioctl(fd, KCOV_INIT_TRACE64, TRACE_MAX))
		trace = mmap(NULL, TRACE_MAX * sizeof(*trace),
			     PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (!trace || trace == MAP_FAILED ||
	    ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		return NULL;
	trace[0] = 0;
	return trace;
}

static inline void blocks_add(struct blocks *blocks, __u64 address)
{
	for (__u64 i = address;; i++) {
		__u64 *slot = &blocks->addresses[i % BLOCKS_MAX];

		if (*slot == address || blocks->nr == BLOCKS_MAX)
			return;
		if (!*slot) {
			*slot = address;
			blocks->nr++;
			return;
		}
	}
}

/* Add the addresses that calls have left in @trace. */
static inline void blocks_take(struct blocks *blocks, __u64 *trace)
{
	for (__u64 i = 1; i <= trace[0]; i++)
		blocks_add(blocks, trace[i]);
	trace[0] = 0;
}

static inline void blocks_print(const struct blocks *blocks)
{
	for (int i = 0; i < BLOCKS_MAX; i++)
		if (blocks->addresses[i])
			printf("# block %llx\n",
			       (unsigned long long)blocks->addresses[i]);
}

#endif /* __XYZZY_FUZZ_BLOCKS_H */
