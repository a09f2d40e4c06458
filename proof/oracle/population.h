/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_POPULATION_H
#define __XYZZY_POPULATION_H

#include "kselftest.h"
#include "child.h"

/*
 * A kind of processes: @nr of them, each a child of its own, which takes its
 * name from its kind and a number from 0 to @nr - 1, calls @make with that
 * number and then @rest, or sleeps for good.
 */
struct kind {
	const char *name;
	int nr;
	char state;			/* When it is quiet; 'S' if 0 */
	int (*make)(int number);	/* Returns 0 or -errno */
	void (*rest)(void);
};

/* These end with a kind without a name. */
extern const struct kind kinds_of_args[], kinds_of_ids[], kinds_of_sched[],
	kinds_of_use[];

/* In the parent: what the processes share. Returns 0 or -errno. */
int prepare_ids(void);
int prepare_use(void);
void clean_up_ids(void);
void clean_up_use(void);

#define NAME_LEN 16

static inline int set_name(const char *kind, int number)
{
	char name[NAME_LEN];

	if (snprintf(name, sizeof(name), "%s-%d", kind, number) >= NAME_LEN)
		return -ENAMETOOLONG;
	return prctl(PR_SET_NAME, name) ? -errno : 0;
}

static inline void rest_stopped(void)
{
	raise(SIGSTOP);
}

#endif /* __XYZZY_POPULATION_H */
