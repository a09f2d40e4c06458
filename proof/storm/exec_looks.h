/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_EXEC_LOOKS_H
#define __XYZZY_EXEC_LOOKS_H

#include "exec_load.h"
#include "../walk_strings.h"

#include <stdarg.h>
#include <sys/time.h>

/*
 * A watcher, which reads the processes of exec_load.h from the second CPU, and
 * what it has seen.
 */
static const struct look {
	const char *name;
	unsigned int flags;
	bool by_pidfd;
} looks[] = {
	{ "walk", 0, false },
	{ "walk, threads", XYZZY_THREADS, false },
	{ "pidfd", 0, true },
	{ "pidfd, threads", XYZZY_THREADS, true },
};

static const __u64 look_masks[] = {
	XYZZY_ALL, WALK_STRINGS, XYZZY_ID | XYZZY_MEM, XYZZY_CMDLINE, XYZZY_ID,
	XYZZY_STRINGS,
};

#define LOOK_AREA_SIZE (64 * 1024)

struct tally {
	unsigned long looks;	/* Calls, or walks */
	unsigned long records;
	unsigned long hidden;	/* A loop that was not there exactly once */
	unsigned long torn;
	unsigned long cmdlines;	/* That are there, and that are empty */
	unsigned long no_cmdlines;
	unsigned long errors;	/* Of a call, whatever it was for */
	unsigned long signals;
	__u64 longest_ns;	/* Of one look */
	char first[128];
	__u64 begin_ns;
	__u64 first_ns;		/* When that was */
};

struct watcher {
	struct caller caller;
	int procfd;
	const struct exec_load *load;
	int pidfds[NR_LOOPS];
	__u64 ms;		/* How long */
	int sa_flags;		/* With signals from a timer, if not -1 */
	struct area area;
	struct tally tally;
};

static struct tally *watcher_tally;

static inline void found_wrong(struct tally *tally, unsigned long *count,
			       const char *format, ...)
{
	va_list args;

	++*count;
	if (tally->first[0])
		return;
	tally->first_ns = now_ns() - tally->begin_ns;
	va_start(args, format);
	vsnprintf(tally->first, sizeof(tally->first), format, args);
	va_end(args);
}

/* Are name and size of different programs? */
static inline bool is_torn(const char *name, __u64 size)
{
	return (!strcmp(name, OLD_NAME) && size < OLD_SIZE) ||
	       (!strcmp(name, NEW_NAME) && size >= OLD_SIZE);
}

static inline void check_records(struct tally *tally, const char *look,
				 const struct xyzzy_task *tasks, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		const struct xyzzy_task *task = &tasks[i];

		if (task->mask & XYZZY_MEM &&
		    is_torn(task->comm, task->vm_size))
			found_wrong(tally, &tally->torn,
				    "%s: %u %s: VmSize %llu", look, task->pid,
				    task->comm, task->vm_size);
	}
	tally->records += nr;
}

/* All bytes are those of the program whose name the record has. */
static inline bool has_cmdline_of(const struct exec_load *load,
				  const struct xyzzy_task *task,
				  const char *bytes)
{
	static char expected[sizeof(struct exec_args)];
	struct exec_args args = exec_args(load, task->comm, load->parent);
	size_t len = exec_cmdline(&args, expected, sizeof(expected));

	return task->cmdline_len == len && task->cmdline_size == len &&
	       !memcmp(bytes + task->cmdline, expected, len);
}

/* None: it has just begun, or ends. Not available: its memory changes. */
static inline void check_cmdline(struct watcher *watcher,
				 const struct xyzzy_task *task,
				 const char *bytes)
{
	bool loop = !strcmp(task->comm, LOOP_NAME) ||
		    !strcmp(task->comm, TURN_NAME);
	struct tally *tally = &watcher->tally;
	const char *program;

	if ((!loop && strcmp(task->comm, NEW_NAME)) || task->pid != task->tgid)
		return;
	program = program_name(task, bytes);
	tally->no_cmdlines += !program;
	tally->cmdlines += !!program;
	if (!program)
		return;
	if (strcmp(program, task->comm) ||
	    (loop && !has_cmdline_of(watcher->load, task, bytes)))
		found_wrong(tally, &tally->torn, "%u %s: %u bytes of %s",
			    task->pid, task->comm, task->cmdline_len, program);
}

static inline void check_strings(void *arg, const char *bytes,
				 const struct xyzzy_task *tasks, size_t nr)
{
	struct watcher *watcher = arg;
	struct tally *tally = &watcher->tally;

	for (size_t i = 0; i < nr; i++) {
		if (tasks[i].mask & XYZZY_NAME &&
		    !has_own_name(&tasks[i], bytes))
			found_wrong(tally, &tally->torn, "%u %s: name %s",
				    tasks[i].pid, tasks[i].comm,
				    bytes + tasks[i].name);
		if (tasks[i].mask & XYZZY_CMDLINE)
			check_cmdline(watcher, &tasks[i], bytes);
	}
}

static inline void check_loop(struct tally *tally, const char *look,
			      const struct walk *walk, pid_t pid)
{
	int count = walk_count(walk, pid);

	if (count != 1)
		found_wrong(tally, &tally->hidden, "%s: %d: %d records", look,
			    pid, count);
}

/* One call, or a walk if @pidfd is -1. Records how long it took. */
static inline int look_once(struct watcher *watcher, const struct look *look,
			    int pidfd, __u64 mask, struct walk *walk)
{
	struct xyzzy_params params = XYZZY_PARAMS(mask, NULL, 512);
	__u64 begin = now_ns(), ns;
	int err;

	params.procfd = watcher->procfd;
	params.pidfd = pidfd;
	memset(walk, 0, sizeof(*walk));
	if (mask & XYZZY_STRINGS)
		err = walk_strings(walk, &params, look->flags, &watcher->area,
				   check_strings, watcher);
	else
		err = walk_on(walk, &params, look->flags);
	ns = now_ns() - begin;
	watcher->tally.looks++;
	if (ns > watcher->tally.longest_ns)
		watcher->tally.longest_ns = ns;
	check_records(&watcher->tally, look->name, walk->tasks, walk->nr);
	return err;
}

static inline void look_at_all(struct watcher *watcher,
			       const struct look *look, __u64 mask)
{
	struct tally *tally = &watcher->tally;
	struct walk walk;
	int err = look_once(watcher, look, -1, mask, &walk);

	if (err)
		found_wrong(tally, &tally->errors, "%s: error %d", look->name,
			    err);
	for (int i = 0; i < NR_LOOPS && !err; i++)
		check_loop(tally, look->name, &walk, watcher->load->loops[i]);
	walk_free(&walk);
}

/* ESRCH is an error only for a loop. */
static inline int look_at_one(struct watcher *watcher, const struct look *look,
			      int pidfd, __u64 mask, pid_t loop)
{
	struct tally *tally = &watcher->tally;
	struct walk walk;
	int err = look_once(watcher, look, pidfd, mask, &walk);

	if (err && (loop || err != -ESRCH))
		found_wrong(tally, &tally->errors, "%s: %d: error %d",
			    look->name, loop, err);
	if (!err && loop)
		check_loop(tally, look->name, &walk, loop);
	walk_free(&walk);
	return err;
}

/* Limit for one child, so that all kinds of looks get their turn. */
#define MAX_LOOKS 100

/* From before it executes the new program until it is reaped. */
static inline void look_at_child(struct watcher *watcher,
				 const struct look *look, __u64 mask, pid_t pid)
{
	int pidfd = pid > 0 ? sys_pidfd_open(pid, 0) : -1;

	if (pidfd < 0)
		return;
	for (int i = 0; i < MAX_LOOKS; i++)
		if (look_at_one(watcher, look, pidfd, mask, 0))
			break;
	close(pidfd);
}

static inline void look_by_pidfd(struct watcher *watcher,
				 const struct look *look, __u64 mask)
{
	for (int i = 0; i < NR_LOOPS; i++)
		look_at_one(watcher, look, watcher->pidfds[i], mask,
			    watcher->load->loops[i]);
	for (int i = 0; i < NR_FORKERS; i++)
		look_at_child(watcher, look, mask, watcher->load->children[i]);
}

static inline void count_signal(int sig)
{
	(void)sig;
	watcher_tally->signals++;
}

static inline int start_signals(struct watcher *watcher)
{
	const struct itimerval timer = {
		.it_interval.tv_usec = 2000, .it_value.tv_usec = 2000,
	};
	const struct sigaction action = {
		.sa_handler = count_signal, .sa_flags = watcher->sa_flags,
	};

	if (watcher->sa_flags < 0)
		return 0;
	watcher_tally = &watcher->tally;
	return sigaction(SIGALRM, &action, NULL) ||
	       setitimer(ITIMER_REAL, &timer, NULL);
}

/* For run_in_child(). */
static inline int watch(void *arg)
{
	struct watcher *watcher = arg;
	__u64 end = now_ns() + watcher->ms * 1000000;

	watcher->tally.begin_ns = now_ns();
	if (pin_to_cpu(1) || become(&watcher->caller) || start_signals(watcher))
		return EXIT_FAILURE;
	watcher->area = area_map(LOOK_AREA_SIZE);
	for (size_t round = 0; round < ARRAY_SIZE(look_masks) || now_ns() < end;
	     round++) {
		__u64 mask = look_masks[round % ARRAY_SIZE(look_masks)];

		for (size_t i = 0; i < ARRAY_SIZE(looks); i++) {
			if (looks[i].by_pidfd)
				look_by_pidfd(watcher, &looks[i], mask);
			else
				look_at_all(watcher, &looks[i], mask);
		}
	}
	return EXIT_SUCCESS;
}

/* In memory that is shared with it. */
static inline struct watcher *watcher_make(const struct caller *caller,
					   int procfd,
					   const struct exec_load *load)
{
	struct watcher *watcher = share_memory(sizeof(*watcher));

	watcher->caller = *caller;
	watcher->procfd = procfd;
	watcher->load = load;
	watcher->sa_flags = -1;
	for (int i = 0; i < NR_LOOPS; i++)
		watcher->pidfds[i] = sys_pidfd_open(load->loops[i], 0);
	return watcher;
}

#endif /* __XYZZY_EXEC_LOOKS_H */
