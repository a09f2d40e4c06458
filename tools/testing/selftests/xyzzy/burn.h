/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_BURN_H
#define __XYZZY_BURN_H

#include "helpers.h"

#include <sys/resource.h>
#include <time.h>

#define NSEC_PER_USEC 1000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_SEC 1000000000ULL

static inline __u64 tv_ns(const struct timeval *tv)
{
	return tv->tv_sec * NSEC_PER_SEC + tv->tv_usec * NSEC_PER_USEC;
}

/* Use the CPU until @who has used so much as a user and in the kernel. */
static inline void burn(int who, __u64 user_ns, __u64 system_ns)
{
	static char buf[64 * 1024];
	int zero = open("/dev/zero", O_RDONLY);
	struct rusage usage;

	do {
		for (int i = 0; i < 10000; i++)
			__asm__ volatile("" : : : "memory");
		getrusage(who, &usage);
	} while (tv_ns(&usage.ru_utime) < user_ns);
	do {
		if (zero < 0 || read(zero, buf, sizeof(buf)) < 0)
			_exit(EXIT_FAILURE);
		getrusage(who, &usage);
	} while (tv_ns(&usage.ru_stime) < system_ns);
	close(zero);
}

/*
 * Does this kernel tell time as a user from time in the kernel? That of user-mode
 * Linux does not.
 */
static inline bool tells_modes_apart(void)
{
	int zero = open("/dev/zero", O_RDONLY);
	time_t end = time(NULL) + 10;
	struct rusage usage = { 0 };
	char buf[4096];

	do {
		for (int i = 0; i < 10000; i++)
			__asm__ volatile("" : : : "memory");
		if (read(zero, buf, sizeof(buf)) < 0)
			break;
		getrusage(RUSAGE_SELF, &usage);
	} while ((!tv_ns(&usage.ru_utime) || !tv_ns(&usage.ru_stime)) &&
		 time(NULL) < end);
	close(zero);
	return tv_ns(&usage.ru_utime) && tv_ns(&usage.ru_stime);
}

#endif /* __XYZZY_BURN_H */
