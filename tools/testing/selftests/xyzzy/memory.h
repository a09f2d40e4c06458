/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_MEMORY_H
#define __XYZZY_MEMORY_H

#include "subject.h"

/* For processes that use memory of each kind. */

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

/*
 * A unit of memory. Each CPU keeps back a part of the counters of resident
 * pages; it is less than this.
 */
static inline __u64 unit_size(void)
{
	long pages = 2 * sysconf(_SC_NPROCESSORS_CONF);

	return (pages > 32 ? pages : 32) * page_size();
}

/* How much of what a subject maps, in units. */
struct memory {
	int anon;
	int file;
	int shmem;
	int locked;
	int exec;
	int stack;
	int peak;		/* Mapped, touched and unmapped */
	int reserved;		/* Mapped and not touched */
	bool sparse;		/* Pages far from each other */
};

static inline char *map_memory(int units, int prot, int flags, int fd)
{
	char *map = mmap(NULL, units * unit_size(), prot, flags, fd, 0);

	return map == MAP_FAILED ? NULL : map;
}

static inline void touch(char *map, int units)
{
	for (size_t i = 0; i < units * unit_size(); i += page_size())
		map[i] = 1;
}

static inline int make_resident(int units, int flags, int fd)
{
	char *map;

	if (!units)
		return 0;
	map = map_memory(units, PROT_READ | PROT_WRITE, flags, fd);
	if (!map)
		return -errno;
	touch(map, units);
	return 0;
}

/* A file whose pages are neither anonymous nor shmem: on ramfs. */
static inline int open_file(off_t size)
{
	int fs = syscall(__NR_fsopen, "ramfs", 0), dir = -1, fd = -1;

	if (fs >= 0 &&
	    !syscall(__NR_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		dir = syscall(__NR_fsmount, fs, 0, 0);
	if (dir >= 0)
		fd = openat(dir, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	close_fd(fs);
	close_fd(dir);
	if (fd >= 0 && ftruncate(fd, size))
		return -1;
	return fd;
}

static inline int make_file(int units)
{
	int fd, err;

	if (!units)
		return 0;
	fd = open_file(units * unit_size());
	if (fd < 0)
		return -errno;
	err = make_resident(units, MAP_SHARED, fd);
	close(fd);
	return err;
}

static inline int make_locked(int units)
{
	char *map;

	if (!units)
		return 0;
	map = map_memory(units, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!map || mlock(map, units * unit_size()))
		return -errno;
	return 0;
}

static inline int make_exec(int units)
{
	if (!units)
		return 0;
	return map_memory(units, PROT_READ | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1) ? 0 : -errno;
}

/* Within the usual limit of 8 MB. */
static inline size_t stack_size(int units)
{
	size_t size = units * unit_size();

	return size < 2 << 20 ? size : 2 << 20;
}

static inline void make_stack(size_t size)
{
	explicit_bzero(__builtin_alloca(size + 1), size + 1);
}

static inline int make_peak(int units)
{
	char *map;

	if (!units)
		return 0;
	map = map_memory(units, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!map)
		return -errno;
	touch(map, units);
	return munmap(map, units * unit_size()) ? -errno : 0;
}

static inline int make_reserved(int units)
{
	if (!units)
		return 0;
	return map_memory(units, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1) ?
		0 : -errno;
}

/* With pages of 4 kB no two of these are in one table. */
#define SPARSE_PAGES 32
#define SPARSE_STRIDE (4 * 1024 * 1024)

static inline int make_sparse(void)
{
	size_t size = SPARSE_PAGES * SPARSE_STRIDE;
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		return -errno;
	for (size_t i = 0; i < size; i += SPARSE_STRIDE)
		map[i] = 1;
	return 0;
}

static inline int use_memory(void *arg)
{
	const struct memory *job = arg;
	int err;

	/* Huge pages would count more than was touched. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	err = make_resident(job->anon, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!err)
		err = make_resident(job->shmem, MAP_SHARED | MAP_ANONYMOUS, -1);
	if (!err)
		err = make_file(job->file);
	if (!err)
		err = make_locked(job->locked);
	if (!err)
		err = make_exec(job->exec);
	if (!err)
		err = make_reserved(job->reserved);
	if (!err && job->sparse)
		err = make_sparse();
	if (job->stack)
		make_stack(stack_size(job->stack));
	return err ?: make_peak(job->peak);
}

#define SWAP_UNITS 8

static inline int swap_out(void *arg)
{
	char *map = map_memory(SWAP_UNITS, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1);
	struct proc_dir dir = { .path = "/proc/self" };
	struct proc_status status;

	(void)arg;
	if (!map)
		return -ENOMEM;
	touch(map, SWAP_UNITS);
	for (int i = 0; i < 100; i++) {
		if (madvise(map, SWAP_UNITS * unit_size(), MADV_PAGEOUT))
			return -EOPNOTSUPP;
		if (proc_status(&dir, &status))
			return -EIO;
		if (proc_status_bytes(&status, "VmSwap") >=
		    SWAP_UNITS / 2 * unit_size())
			return 0;
	}
	return -EOPNOTSUPP;
}

#endif /* __XYZZY_MEMORY_H */
