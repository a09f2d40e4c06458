/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_WALK_STRINGS_H
#define __XYZZY_WALK_STRINGS_H

#include "area.h"

#define WALK_STRINGS (XYZZY_ALL | XYZZY_STRINGS | XYZZY_DELAYS)

/*
 * Like walk_on(), with strings in @area: @check gets the records of each call
 * while their strings are there. Returns -EBADMSG, too, if the strings are not
 * one behind the other.
 */
static inline int
walk_strings(struct walk *walk, struct xyzzy_params *params, unsigned int flags,
	     const struct area *area,
	     void (*check)(void *arg, const char *bytes,
			   const struct xyzzy_task *tasks, size_t nr),
	     void *arg)
{
	long ret;

	area_use(params, area);
	while (walk->nr < 1000000) {
		ret = walk_step(walk, params, flags);
		if (ret <= 0)
			return ret;
		if (strings_end(area, params->tasks, ret) < 0)
			return -EBADMSG;
		check(arg, area->bytes, params->tasks, ret);
	}
	return -ELOOP;
}

/* The first argument without the directory; NULL without any */
static inline const char *program_name(const struct xyzzy_task *task,
				       const char *bytes)
{
	const char *first = bytes + task->cmdline, *slash;

	if (!task->cmdline_len)
		return NULL;
	slash = strrchr(first, '/');
	return slash ? slash + 1 : first;
}

/* The name is that of the record, except for kernel threads. */
static inline bool has_own_name(const struct xyzzy_task *task,
				const char *bytes)
{
	const char *name = bytes + task->name;

	return task->mask & XYZZY_NAME && strlen(name) == task->name_len &&
	       (task->flags & PF_KTHREAD || !strcmp(name, task->comm));
}

#endif /* __XYZZY_WALK_STRINGS_H */
