/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_ARGS_H
#define __XYZZY_ARGS_H

#include "area.h"

/* Command lines at other places than execve() has put them. */
#define ARGS_PAGES 3

static inline int set_args(const char *start, const char *end)
{
	const unsigned long behind = (unsigned long)end;

	return move_args((unsigned long)start, behind, behind, behind);
}

/* Memory for @len bytes of arguments, which are those at @args. */
static inline int place_args(const char *args, size_t len)
{
	char *map = map_before_guard(ARGS_PAGES * page_size(), GUARD_UNMAPPED);

	memcpy(map, args, len);
	return set_args(map, map + len);
}

/* Without a NUL at their end the arguments are a title. */
static inline int title_args(void *arg)
{
	static const char title[] = "a title\0the rest";

	(void)arg;
	return place_args(title, sizeof(title) - 1);
}

static inline int no_args(void *arg)
{
	(void)arg;
	return place_args("", 0);
}

/* Pages, of which the one with the number @changed is not there any more. */
static inline int pages_of_args(int changed, int (*change)(void *, size_t))
{
	const size_t page = page_size(), size = ARGS_PAGES * page;
	char *map = map_before_guard(size, GUARD_UNMAPPED);

	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	memset(map, 'a', size);
	map[size - 1] = '\0';
	if (change(map + changed * page, page))
		return -errno;
	return set_args(map, map + size);
}

static inline int drop_page(void *at, size_t size)
{
	return madvise(at, size, MADV_DONTNEED);
}

/* They are mapped, but not all of them are in memory. */
static inline int absent_args(void *arg)
{
	(void)arg;
	return pages_of_args(1, drop_page);
}

/* They stop short where nothing is mapped. */
static inline int short_args(void *arg)
{
	(void)arg;
	return pages_of_args(1, munmap);
}

/* Run a program with @size bytes of arguments; see spawn_program(). */
static inline pid_t spawn_large_program(size_t size)
{
	char *bytes = malloc(size);
	const char *argv[2] = { bytes };
	pid_t pid;

	if (!bytes)
		abort();
	memset(bytes, 'a', size - 1);
	bytes[size - 1] = '\0';
	pid = spawn_program(argv);
	free(bytes);
	return pid;
}

#endif /* __XYZZY_ARGS_H */
