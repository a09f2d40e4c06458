/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_USE_H
#define __XYZZY_USE_H

/* Children that use CPUs, memory, disks and terminals. */
#include "child.h"

#include <linux/loop.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <time.h>

#define NSEC_PER_USEC 1000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_SEC 1000000000ULL

static inline __u64 tv_ns(const struct timeval *tv)
{
	return tv->tv_sec * NSEC_PER_SEC + tv->tv_usec * NSEC_PER_USEC;
}

/*
 * Use the CPU until @who has used that much user and system time. Returns false
 * if the kernel does not tell them apart: user-mode Linux does not.
 */
static inline bool burn(int who, __u64 user_ns, __u64 system_ns)
{
	static char buf[64 * 1024];
	int zero = open("/dev/zero", O_RDONLY);
	__u64 end = user_ns + system_ns + 5 * NSEC_PER_SEC;
	__u64 user, system;
	struct rusage usage;

	do {
		getrusage(who, &usage);
		user = tv_ns(&usage.ru_utime);
		system = tv_ns(&usage.ru_stime);
		for (int i = 0; user < user_ns && i < 10000; i++)
			__asm__ volatile("" : : : "memory");
		if (user >= user_ns && read(zero, buf, sizeof(buf)) < 0)
			_exit(EXIT_FAILURE);
	} while ((user < user_ns || system < system_ns) && user + system < end);
	close(zero);
	return user + system < end;
}

static inline __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* How many CPUs the caller may use */
static inline int nr_cpus(void)
{
	cpu_set_t allowed;

	return sched_getaffinity(0, sizeof(allowed), &allowed) ?
		       1 : CPU_COUNT(&allowed);
}

/* Pin the caller to the @nth CPU that it may use, or to the last one. */
static inline int pin_to_cpu(int nth)
{
	cpu_set_t allowed, one;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return -errno;
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (!nth--)
			break;
	}
	return sched_setaffinity(0, sizeof(one), &one) ? -errno : 0;
}

/*
 * Fork a real-time process that preempts whatever runs on the @nth CPU, at
 * random times and for up to @busy_us. It sleeps half of the time, as real-time
 * processes may not use all of it. It exits if the caller may not start one.
 */
static inline pid_t spawn_disturber(int nth, unsigned int busy_us)
{
	const struct sched_param param = { .sched_priority = 1 };
	unsigned int seed = 1;
	pid_t pid = fork_child();

	if (pid)
		return pid;
	if (pin_to_cpu(nth) || sched_setscheduler(0, SCHED_FIFO, &param))
		_exit(EXIT_FAILURE);
	for (;;) {
		__u64 end;

		usleep(rand_r(&seed) % busy_us + 1);
		end = now_ns() + rand_r(&seed) % busy_us * 1000ULL;
		while (now_ns() < end)
			;
	}
}

/*
 * Run @call(@arg), which fills @buf from its start on, in a child, and kill it
 * when it has begun to, but not reached the last quarter. The caller preempts the
 * child on the only CPU of both. Returns 0, -EPERM if not permitted, -EAGAIN if
 * the child was always faster, or -ETIMEDOUT if it has not filled anything.
 */
static inline int kill_while_filling(char *buf, size_t size,
				     int (*call)(void *arg), void *arg)
{
	const struct sched_param param = { .sched_priority = 1 };
	const int untouched = 0xa5;
	bool in_time = false;
	__u64 end;
	pid_t pid;

	if (pin_to_cpu(0) ||
	    sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param))
		return -EPERM;
	for (int i = 0; i < 200 && !in_time; i++) {
		memset(buf, untouched, size);
		/* A timer may end at a tick only: try each time in it. */
		for (end = now_ns() + i * 50 * NSEC_PER_USEC; now_ns() < end;)
			;
		pid = fork_child();
		if (!pid)
			_exit(call(arg));
		for (int j = 0; j < WAIT_TRIES; j++) {
			if (!is_filled_with(buf, untouched, 1))
				break;
			usleep(50);
		}
		in_time = is_filled_with(buf + size / 4 * 3, untouched, 1);
		kill_child(pid);
		if (is_filled_with(buf, untouched, 1))
			return -ETIMEDOUT;
	}
	return in_time ? 0 : -EAGAIN;
}

#define TOO_FAST "the call always ends before this process runs"

/*
 * Scheduling
 */
#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif

/* Version 0 of struct sched_attr, which only newer C libraries have */
struct attr {
	__u32 size;
	__u32 policy;
	__u64 flags;
	__s32 nice;
	__u32 rt_priority;
	__u64 runtime;
	__u64 deadline;
	__u64 period;
};

static inline int set_attr(pid_t pid, struct attr *attr)
{
	attr->size = sizeof(*attr);
	return syscall(__NR_sched_setattr, pid, attr, 0) ? -errno : 0;
}

static inline int set_oom_adj(void *arg)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", *(int *)arg);
	return write_text(AT_FDCWD, "/proc/self/oom_score_adj", text);
}

/*
 * Memory
 */
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

/*
 * A unit of memory: more than a CPU keeps back of a counter of resident pages.
 */
static inline __u64 unit_size(void)
{
	long pages = 2 * sysconf(_SC_NPROCESSORS_CONF);

	return (pages > 32 ? pages : 32) * page_size();
}

/* How much memory of each kind a process maps, in units. */
struct memory {
	int anon;
	int file;
	int shmem;
	int locked;
	int exec;
	int stack;
	int peak;		/* Mapped, touched, and unmapped */
	int reserved;		/* Mapped, but not touched */
	bool sparse;		/* Pages far from each other are touched */
};

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static inline int map_units(int units, int prot, int flags, int fd)
{
	if (!units)
		return 0;
	return mmap(NULL, units * unit_size(), prot, flags, fd, 0) ==
		       MAP_FAILED ? -errno : 0;
}

/* A file whose pages are neither anonymous nor shmem: on ramfs. */
static inline int open_file(off_t size)
{
	int dir = open_fs("ramfs", NULL), fd = -1;

	if (dir >= 0)
		fd = openat(dir, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	close_fd(dir);
	return fd < 0 || ftruncate(fd, size) ? -1 : fd;
}

static inline int map_file(int units)
{
	int fd, err;

	if (!units)
		return 0;
	fd = open_file(units * unit_size());
	err = fd < 0 ? -errno : map_units(units, PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_POPULATE, fd);
	close_fd(fd);
	return err;
}

/* Far below the usual limit of 8 MiB */
static inline size_t stack_size(int units)
{
	size_t size = units * unit_size();

	return size < 2 << 20 ? size : 2 << 20;
}

static inline void use_stack(size_t size)
{
	explicit_bzero(__builtin_alloca(size + 1), size + 1);
}

static inline int map_and_unmap(int units)
{
	size_t size = units * unit_size();
	char *map;

	if (!units)
		return 0;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, ANON | MAP_POPULATE, -1,
		   0);
	return map == MAP_FAILED || munmap(map, size) ? -errno : 0;
}

/* With pages of 4 KiB, each of these has a page table of its own. */
#define SPARSE_PAGES 32
#define SPARSE_STRIDE (4 * 1024 * 1024)

static inline int map_sparse(void)
{
	size_t size = SPARSE_PAGES * SPARSE_STRIDE;
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 ANON | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		return -errno;
	for (size_t i = 0; i < size; i += SPARSE_STRIDE)
		map[i] = 1;
	return 0;
}

static inline int use_memory(void *arg)
{
	const int rw = PROT_READ | PROT_WRITE;
	const struct memory *use = arg;

	/* With huge pages, more would be resident than was touched. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	if (use->stack)
		use_stack(stack_size(use->stack));
	return map_units(use->anon, rw, ANON | MAP_POPULATE, -1) ?:
	       map_units(use->shmem, rw,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1) ?:
	       map_file(use->file) ?:
	       map_units(use->locked, rw, ANON | MAP_LOCKED, -1) ?:
	       map_units(use->exec, PROT_READ | PROT_EXEC, ANON, -1) ?:
	       map_units(use->reserved, PROT_NONE, ANON, -1) ?:
	       (use->sparse ? map_sparse() : 0) ?:
	       map_and_unmap(use->peak);
}

#define SWAP_UNITS 8

/*
 * Have at least half of these pages swapped out. Returns -EOPNOTSUPP if the
 * kernel keeps them.
 */
static inline int page_out(char *at, size_t size)
{
	struct proc_dir dir = { .path = "/proc/self" };
	struct proc_status status;

	for (int i = 0; i < 100; i++) {
		if (madvise(at, size, MADV_PAGEOUT))
			return -EOPNOTSUPP;
		if (proc_status(&dir, &status))
			return -EIO;
		if (proc_status_nth(&status, "VmSwap", 0) * 1024 >= size / 2)
			return 0;
	}
	return -EOPNOTSUPP;
}

static inline int swap_out(void *arg)
{
	size_t size = SWAP_UNITS * unit_size();
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, ANON, -1, 0);

	(void)arg;
	if (map == MAP_FAILED)
		return -ENOMEM;
	memset(map, 1, size);
	return page_out(map, size);
}

/*
 * A disk in memory: a loop device over a memfd
 */
struct disk {
	int fd;
	char path[32];
};

/* Returns 0, or -1 if there are no loop devices. */
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

/* Write the header of a swap area, as mkswap(8) does. */
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

#define NO_SWAP "no loop devices, or no swapping to them"

static inline void swap_close(struct disk *disk)
{
	if (disk->fd >= 0)
		swapoff(disk->path);
	disk_close(disk);
}

/* Swap to a new disk. Returns 0 or -errno, -EOPNOTSUPP if that cannot be. */
static inline int swap_open(struct disk *disk, off_t size)
{
	int err;

	if (disk_open(disk, size))
		return -EOPNOTSUPP;
	err = make_swap(disk->fd, size);
	if (!err && swapon(disk->path, 0))
		err = -EOPNOTSUPP;
	if (err)
		disk_close(disk);
	return err;
}

/*
 * Terminals
 */
#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

struct tty_family {
	unsigned int least_minor;	/* Of the terminal to take */
	pid_t leader;
	pid_t foreground;
	unsigned int tty_nr;
};

/* The number of a terminal, as /proc/PID/stat shows it. */
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

/*
 * Lead a session with a controlling terminal. A child becomes the foreground
 * process group. Returns 0 or -errno: -ENODEV if there are no pseudo-terminals.
 */
static inline int take_terminal(void *arg)
{
	struct tty_family *family = arg;
	struct stat st;
	int tty;

	do {
		tty = open_terminal();
		if (tty < 0 || fstat(tty, &st))
			return -ENODEV;
	} while (minor(st.st_rdev) < family->least_minor);
	family->leader = setsid();
	if (family->leader < 0 || ioctl(tty, TIOCSCTTY, 0))
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

/*
 * Pages that are missing until somebody provides them (userfaultfd)
 */

static inline int register_uffd(int fd, char *at, size_t size)
{
	struct uffdio_register reg = {
		.range = { (unsigned long)at, size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	return ioctl(fd, UFFDIO_REGISTER, &reg) ||
	       madvise(at, size, MADV_DONTNEED) ? -errno : 0;
}

/* Returns a descriptor, or -EOPNOTSUPP if there is no userfaultfd. */
static inline int open_uffd(char *at, size_t size)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		return -EOPNOTSUPP;
	if (ioctl(fd, UFFDIO_API, &api) || register_uffd(fd, at, size)) {
		close(fd);
		return -EOPNOTSUPP;
	}
	return fd;
}

/* Returns the address of a page that is being waited for, 0 if it fails. */
static inline __u64 wait_for_fault(int fd)
{
	struct uffd_msg msg;

	if (read(fd, &msg, sizeof(msg)) != sizeof(msg))
		return 0;
	return msg.arg.pagefault.address / page_size() * page_size();
}

static inline int provide_page(int fd, __u64 page)
{
	struct uffdio_zeropage zero = { .range = { page, page_size() } };

	return ioctl(fd, UFFDIO_ZEROPAGE, &zero) ? -errno : 0;
}

#endif /* __XYZZY_USE_H */
