/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_EXEC_HOLD_H
#define __XYZZY_EXEC_HOLD_H

#include "disturb.h"
#include "subject.h"

#include <poll.h>
#include <stdatomic.h>

/*
 * A process whose execve() waits for its old address space. Others that share
 * this keep it locked: they change each of very many mappings, over and over.
 * What waits for the process is to wait until execve() is through.
 */
#define HELD_OLD_NAME "held-old"
#define HELD_NEW_NAME "held-new"

/* How long one round of changes takes, and the most mappings for it. */
#define HOLD_MS 100
#define MAPPINGS_MAX 56000
#define MAPPINGS_STEP 2000
#define NR_HOLDERS 2

struct hold {
	pid_t pid;
	int pidfd;
	int go_fd;		/* It executes when this can be read */
	int done_fd;		/* Can be read when it has */
};

/* Every second page is mapped in another way, so that none can be merged. */
static inline char *map_apart(size_t *size)
{
	size_t page = page_size(), done = 0;
	char *map = mmap(NULL, MAPPINGS_MAX * page, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	__u64 begin;

	if (map == MAP_FAILED)
		return NULL;
	do {
		for (int i = 0; i < MAPPINGS_STEP; i += 2, done += 2)
			if (mprotect(map + done * page, page, PROT_READ))
				return NULL;
		*size = done * page;
		begin = now_ns();
		if (madvise(map, *size, MADV_DONTFORK))
			return NULL;
	} while (now_ns() - begin < HOLD_MS * 1000000ULL &&
		 done < MAPPINGS_MAX);
	return map;
}

struct mappings {
	pid_t owner;
	char *map;
	size_t size;
};

static inline int hold_mm(void *arg)
{
	const struct mappings *mappings = arg;

	die_with_parent(mappings->owner);
	while (!madvise(mappings->map, mappings->size, MADV_DOFORK) &&
	       !madvise(mappings->map, mappings->size, MADV_DONTFORK))
		;
	return EXIT_FAILURE;
}

static inline void start_holders(struct mappings *mappings)
{
	const size_t stack_size = 64 * 1024;

	for (int i = 0; i < NR_HOLDERS; i++) {
		char *stack = map_before_guard(stack_size, GUARD_NONE);

		/* On parisc, stacks grow up. */
		if (clone(hold_mm, stack + stack_size / 2, CLONE_VM | SIGCHLD,
			  mappings) < 0)
			_exit(EXIT_FAILURE);
	}
}

static inline void be_held(int ready_fd, int go_fd, int done_fd)
{
	struct mappings mappings = { .owner = getpid() };
	char done_arg[12], c;

	mappings.map = map_apart(&mappings.size);
	if (!mappings.map || prctl(PR_SET_NAME, HELD_OLD_NAME))
		_exit(EXIT_FAILURE);
	/* On its way, execve() is to touch nothing of the old address space. */
	syscall(__NR_set_tid_address, NULL);
	snprintf(done_arg, sizeof(done_arg), "%d", done_fd);
	start_holders(&mappings);
	if (write(ready_fd, "", 1) != 1 || read(go_fd, &c, 1) != 1)
		_exit(EXIT_FAILURE);
	execl("/proc/self/exe", HELD_NEW_NAME, done_arg, (char *)NULL);
	_exit(EXIT_FAILURE);
}

/* For main(): is this what it executes? Then be it. */
static inline void hold_main(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[0], HELD_NEW_NAME))
		return;
	prctl(PR_SET_NAME, HELD_NEW_NAME);
	if (write(atoi(argv[1]), "", 1) != 1)
		_exit(EXIT_FAILURE);
	for (;;)
		pause();
}

static inline bool can_be_read(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, 0) == 1;
}

static inline bool hold_is_over(const struct hold *hold)
{
	return can_be_read(hold->done_fd);
}

static inline void hold_stop(struct hold *hold)
{
	kill_child(hold->pid);
	close_fd(hold->pidfd);
	close_fd(hold->go_fd);
	close_fd(hold->done_fd);
	memset(hold, -1, sizeof(*hold));
}

/*
 * For some time, long enough to be noticed, a process is in that state. Returns
 * false when it is a zombie, or has never been.
 */
static inline bool rests_in_state(pid_t pid, char wanted)
{
	int nr = 0;
	char state;

	for (int i = 0; i < 1000 && nr < 5; i++) {
		state = proc_state(pid);
		if (!state || state == 'Z')
			return false;
		nr = state == wanted ? nr + 1 : 0;
		usleep(1000);
	}
	return nr == 5;
}

/*
 * Does execve() keep others away? Then a reader of /proc/PID/io, which has
 * been kept away in each kernel, does not get on.
 */
static inline bool hold_keeps_readers(const struct hold *hold)
{
	struct proc_dir dir = proc_dir(hold->pid, 0);
	pid_t reader = fork_child();
	struct proc_io io;
	bool waits;

	if (!reader)
		_exit(proc_io(&dir, &io) ? EXIT_FAILURE : EXIT_SUCCESS);
	waits = rests_in_state(reader, 'D');
	kill_child(reader);
	return waits;
}

/*
 * Start such a process. Returns true when it is in the middle of execve(); it
 * has the old name then, and will have the new one as soon as it can be seen.
 */
static inline bool hold_start(struct hold *hold)
{
	int ready[2], go[2], done[2];
	char c;

	memset(hold, -1, sizeof(*hold));
	if (pipe(ready) || pipe(go) || pipe(done))
		return false;
	hold->go_fd = go[1];
	hold->done_fd = done[0];
	hold->pid = fork_child();
	if (!hold->pid)
		be_held(ready[1], go[0], done[1]);
	hold->pidfd = sys_pidfd_open(hold->pid, 0);
	close(ready[1]);
	close(go[0]);
	close(done[1]);
	if (read(ready[0], &c, 1) != 1 || write(hold->go_fd, "", 1) != 1) {
		close(ready[0]);
		return false;
	}
	close(ready[0]);
	while (!hold_is_over(hold))
		if (hold_keeps_readers(hold))
			return true;
	return false;
}

#endif /* __XYZZY_EXEC_HOLD_H */
