/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_TERMINAL_H
#define __XYZZY_TERMINAL_H

#include "helpers.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

struct tty_family {
	pid_t leader;
	pid_t foreground;
	unsigned int tty_nr;
};

/* The number of a terminal as /proc/PID/stat has it. */
static inline unsigned int encode_tty(dev_t dev)
{
	unsigned int min = minor(dev);

	return (min & 0xff) | major(dev) << 8 | (min & ~0xffU) << 12;
}

static inline int open_terminal(void)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), unlock = 0;

	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock))
		return -1;
	return ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
}

static inline int take_terminal(void *arg)
{
	struct tty_family *family = arg;
	int tty = open_terminal();
	struct stat st;

	if (tty < 0)
		return -ENODEV;
	family->leader = setsid();
	if (family->leader < 0 || ioctl(tty, TIOCSCTTY, 0) || fstat(tty, &st))
		return -errno;
	family->tty_nr = encode_tty(st.st_rdev);
	family->foreground = spawn_blocked();
	if (family->foreground < 0)
		return -EAGAIN;
	if (setpgid(family->foreground, family->foreground) ||
	    tcsetpgrp(tty, family->foreground))
		return -errno;
	return 0;
}

#endif /* __XYZZY_TERMINAL_H */
