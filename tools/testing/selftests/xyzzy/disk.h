/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_DISK_H
#define __XYZZY_DISK_H

#include "helpers.h"

#include <linux/loop.h>
#include <sys/ioctl.h>

/* A disk in memory: a loop device over a memfd. */
struct disk {
	int fd;
	char path[32];
};

/* Returns 0, or -1 where there are no loop devices. */
static inline int disk_open(struct disk *disk, off_t size)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int nr = -1, backing;

	disk->fd = -1;
	if (control >= 0) {
		nr = ioctl(control, LOOP_CTL_GET_FREE);
		close(control);
	}
	if (nr < 0)
		return -1;
	snprintf(disk->path, sizeof(disk->path), "/dev/loop%d", nr);
	disk->fd = open(disk->path, O_RDWR | O_CLOEXEC);
	backing = memfd_create("disk", MFD_CLOEXEC);
	if (disk->fd >= 0 && (backing < 0 || ftruncate(backing, size) ||
			      ioctl(disk->fd, LOOP_SET_FD, backing))) {
		close(disk->fd);
		disk->fd = -1;
	}
	if (backing >= 0)
		close(backing);
	return disk->fd < 0 ? -1 : 0;
}

/* A disk that was never opened has the descriptor -1. */
static inline void disk_close(struct disk *disk)
{
	if (disk->fd < 0)
		return;
	fsync(disk->fd);
	ioctl(disk->fd, LOOP_CLR_FD);
	close(disk->fd);
	disk->fd = -1;
}

/* The header that mkswap(8) makes. */
static inline int make_swap(int fd, off_t size)
{
	size_t page = page_size();
	char *first = calloc(1, page);
	__u32 info[2] = { 1, size / page - 1 };	/* Version, last page */
	ssize_t len;

	if (!first)
		return -ENOMEM;
	memcpy(first + 1024, info, sizeof(info));
	memcpy(first + page - 10, "SWAPSPACE2", 10);
	len = pwrite(fd, first, page, 0);
	free(first);
	return len == (ssize_t)page && !fsync(fd) ? 0 : -EIO;
}

#endif /* __XYZZY_DISK_H */
