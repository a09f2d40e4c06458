/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_DEBUGFS_H
#define __XYZZY_DEBUGFS_H

#include "child.h"

#define DEBUGFS "/sys/kernel/debug/"

/* Unless @path is there: in a mount namespace of our own. */
static inline void mount_debugfs_for(const char *path)
{
	if (!access(path, F_OK) || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return;
	mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
}

#endif /* __XYZZY_DEBUGFS_H */
