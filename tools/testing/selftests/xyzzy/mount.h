/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_MOUNT_H
#define __XYZZY_MOUNT_H

#include "subject.h"

#ifndef __NR_fspick
#define __NR_fspick (NR_BASE + 433)
#endif
#ifndef FSPICK_EMPTY_PATH
#define FSPICK_EMPTY_PATH 0x00000008
#endif
#ifndef FSCONFIG_CMD_RECONFIGURE
#define FSCONFIG_CMD_RECONFIGURE 7
#endif

/* Change an option of a mounted procfs. */
static inline int reconfigure(int procfd, const char *name, const char *value)
{
	int fs = syscall(__NR_fspick, procfd, "", FSPICK_EMPTY_PATH);
	int err = 0;

	if (fs < 0 ||
	    syscall(__NR_fsconfig, fs, FSCONFIG_SET_STRING, name, value, 0) ||
	    syscall(__NR_fsconfig, fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0))
		err = -errno;
	close_fd(fs);
	return err;
}

/* Mount a file system at @dir, in a mount namespace of the test's own. */
static inline int mount_private(const char *type, const char *dir,
				const char *options)
{
	if (unshare(CLONE_NEWNS) ||
	    mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(type, dir, type, 0, options))
		return -errno;
	return 0;
}

/* The same for a procfs: a descriptor of its root directory, or -1. */
static inline int mount_proc(const char *dir, const char *options)
{
	if (mount_private("proc", dir, options))
		return -1;
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

#endif /* __XYZZY_MOUNT_H */
