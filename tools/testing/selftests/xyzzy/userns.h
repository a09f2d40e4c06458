/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_USERNS_H
#define __XYZZY_USERNS_H

#include "helpers.h"

/* More than 16 bits, but where setfsuid() takes no more. */
#ifdef __sparc__
#define MAP_START 40000
#else
#define MAP_START 100000
#endif
#define MAP_LEN 10000

static inline int write_map(pid_t pid, const char *name, const char *map)
{
	ssize_t len = strlen(map);
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, map, len) != len)
		return -errno;
	close(fd);
	return 0;
}

/* In a child, which stays outside: map the IDs when the pipe is closed. */
static inline void map_parent(const int fds[2], const char *map)
{
	char c;

	close(fds[1]);
	if (read(fds[0], &c, 1))
		_exit(EXIT_FAILURE);
	if (write_map(getppid(), "uid_map", map) ||
	    write_map(getppid(), "gid_map", map))
		_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}

/* Become root of a new user namespace with the lines @map for its IDs. */
static inline int enter_userns_with(const char *map)
{
	int fds[2], status, err;
	pid_t mapper;

	if (pipe(fds))
		return -errno;
	mapper = fork_child();
	if (!mapper)
		map_parent(fds, map);
	close(fds[0]);
	err = unshare(CLONE_NEWUSER) ? -errno : 0;
	close(fds[1]);
	if (mapper < 0 || waitpid(mapper, &status, 0) != mapper)
		return -ECHILD;
	if (err || status)
		return err ?: -EIO;
	return setresgid(0, 0, 0) || setresuid(0, 0, 0) ? -errno : 0;
}

/* IDs from 0 on are those from MAP_START on outside. */
static inline int enter_userns(void)
{
	char map[64];

	snprintf(map, sizeof(map), "0 %d %d\n", MAP_START, MAP_LEN);
	return enter_userns_with(map);
}

static inline bool have_userns(void)
{
	return !access("/proc/self/ns/user", F_OK);
}

#endif /* __XYZZY_USERNS_H */
