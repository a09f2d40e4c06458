/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_DEBUGFS_H
#define __XYZZY_DEBUGFS_H

#include "proc.h"

#define DEBUGFS "/sys/kernel/debug/"

/* Unless @path is there: in a mount namespace of our own. */
static inline void mount_debugfs_for(const char *path)
{
	if (access(path, F_OK))
		mount_private("debugfs", DEBUGFS, NULL);
}

#endif /* __XYZZY_DEBUGFS_H */
