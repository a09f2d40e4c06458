// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that differ in what they have used: CPU time, memory, disks.
 */
#include <linux/fs.h>

#include "population.h"
#include "use.h"

#define DISK_SIZE (64 * 1024 * 1024)
/* Each process has a part of the disk, which starts with what it reads. */
#define PART_SIZE (512 * 1024)
#define TO_READ (64 * 1024)
#define TO_WRITE (128 * 1024)

static struct disk swap = { .fd = -1 }, disk = { .fd = -1 };

int prepare_use(void)
{
	int err = swap_open(&swap, DISK_SIZE);

	return !err && disk_open(&disk, DISK_SIZE) ? -ENODEV : err;
}

void clean_up_use(void)
{
	swap_close(&swap);
	disk_close(&disk);
}

static int use_cpu(int number)
{
	burn(RUSAGE_SELF, number * 7 * NSEC_PER_MSEC,
	     number * 3 * NSEC_PER_MSEC);
	return 0;
}

/* A page that must be read from the disk first is a major fault. */
static int fault_major(int part, int nr)
{
	size_t size = nr * page_size();
	char *map = mmap(NULL, size, PROT_READ, MAP_SHARED, disk.fd,
				  (off_t)part * PART_SIZE);

	if (map == MAP_FAILED || madvise(map, size, MADV_RANDOM))
		return -errno;
	for (size_t i = 0; i < size; i += page_size())
		(void)__atomic_load_n(&map[i], __ATOMIC_RELAXED);
	return 0;
}

static int fault(int number)
{
	return fault_major(number, 1 + number);
}

static int be_child(int number)
{
	/* The last ones more than a second, which is ps's unit. */
	burn(RUSAGE_SELF, number * number * 3 * NSEC_PER_MSEC,
	     number * 4 * NSEC_PER_MSEC);
	return fault_major(20 + number, 1 + number);
}

static int reap_child(int number)
{
	pid_t pid = fork_child();
	int status;

	if (!pid)
		_exit(be_child(number) ? EXIT_FAILURE : EXIT_SUCCESS);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return -ECHILD;
	return 0;
}

static int map_anon(int number)
{
	struct memory memory = {
		.anon = 1 + number * 3 % 60, .reserved = number % 5,
		.stack = number % 4, .peak = number % 30,
		.sparse = number % 2,
	};

	return use_memory(&memory);
}

static int map_files(int number)
{
	struct memory memory = {
		.file = 1 + number % 20, .shmem = 1 + number * 7 % 20,
		.exec = number % 6,
	};

	return use_memory(&memory);
}

static int lock_memory(int number)
{
	struct memory memory = { .locked = 1 + number % 4 };

	return use_memory(&memory);
}

static int be_swapped_out(int number)
{
	(void)number;
	return swap_out(NULL);
}

/* As many calls, and bytes, as the number says. */
static int read_and_write(int number)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char buf[1024] = "";

	if (null < 0 || zero < 0)
		return -errno;
	for (int i = 0; i < 10 * number; i++) {
		if (read(zero, buf, 100 + number) != 100 + number ||
		    write(null, buf, 50 + number) != 50 + number ||
		    write(null, buf, 1) != 1)
			return -EIO;
	}
	return 0;
}

/* Some of everything, again and again; asleep most of the time. */
static void rest_busy(void)
{
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	for (;;) {
		char *map = mmap(NULL, page_size(), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (map == MAP_FAILED ||
		    read(zero, map, page_size()) != (ssize_t)page_size())
			_exit(EXIT_FAILURE);
		munmap(map, page_size());
		usleep(50 * 1000);
	}
}

static int use_disk(int number)
{
	off_t start = DISK_SIZE / 2 + (off_t)number * PART_SIZE;
	__u64 discard[2] = { start + TO_READ, page_size() * (number % 8) };
	static char buf[TO_WRITE];

	if (pread(disk.fd, buf, TO_READ, start) != TO_READ ||
	    pwrite(disk.fd, buf, TO_WRITE, start + TO_READ) != TO_WRITE)
		return -EIO;
	if (discard[1] && ioctl(disk.fd, BLKDISCARD, discard))
		return -errno;
	return 0;
}

const struct kind kinds_of_use[] = {
	{ .name = "CPU", .nr = 30, .make = use_cpu },
	{ .name = "major faults", .nr = 20, .make = fault },
	{ .name = "reaped child", .nr = 20, .make = reap_child },
	{ .name = "anon memory", .nr = 40, .make = map_anon },
	{ .name = "mapped files", .nr = 40, .make = map_files },
	{ .name = "locked pages", .nr = 20, .make = lock_memory },
	{ .name = "swap", .nr = 10, .make = be_swapped_out },
	{ .name = "I/O", .nr = 40, .make = read_and_write },
	{ .name = "disk", .nr = 40, .make = use_disk },
	{ .name = "busy", .nr = 5, .rest = rest_busy },
	{ },
};
