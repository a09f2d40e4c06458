/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_STORM_WALKERS_H
#define __XYZZY_STORM_WALKERS_H

#include "storms.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/time.h>

/*
 * Witnesses do nothing during the storms, so that their records do not change.
 * Walkers look for them in every walk.
 */
#define NR_STEADY 12		/* Sleepers besides the actors, one of them a zombie */

struct witness {
	pid_t pid;
	bool ptraceable;	/* for USER */
	struct xyzzy_task task;
	/* Its first thread: the kernel splits CPU time for each on its own. */
	struct xyzzy_task thread;
};

#define NR_WITNESSES (NR_ACTORS + NR_STEADY)

/* Shared by all. */
struct scene {
	struct witness witnesses[NR_WITNESSES];
	pid_t storms[NR_STORMS];	/* They live as long; 0: not there */
	atomic_bool stop;
};

static const struct walker_kind {
	const char *name;
	size_t chunk;
	__u64 mask;
	unsigned int flags;
	const char *hidepid;	/* Through such a procfs; NULL: without */
	bool user;		/* as USER, not as root */
	bool signals;		/* and a signal every few milliseconds */
} walker_kinds[] = {
	{ .name = "root, one by one", .chunk = 1, .mask = XYZZY_ALL },
	{ .name = "root", .chunk = 33, .mask = XYZZY_ALL },
	{ .name = "root, IDs", .chunk = 1000, .mask = XYZZY_ID },
	{ .name = "root, threads", .chunk = 64, .mask = XYZZY_ALL,
	  .flags = XYZZY_THREADS },
	{ .name = "root, signals", .chunk = 500, .mask = XYZZY_ALL,
	  .signals = true },
	{ .name = "user", .chunk = 7, .mask = XYZZY_ALL, .user = true },
	{ .name = "user, procfs", .chunk = 32, .mask = XYZZY_ALL, .user = true,
	  .hidepid = "0" },
	{ .name = "user, hidepid=2", .chunk = 3, .mask = XYZZY_ALL,
	  .user = true, .hidepid = "2" },
};

#define NR_WALKERS (sizeof(walker_kinds) / sizeof(*walker_kinds))

struct walker {
	const struct walker_kind *kind;
	struct scene *scene;
	int procfd;
	__u64 nr_walks;
	__u64 nr_records;
	__u64 nr_wrong;
	char first_wrong[256];
};

static inline bool found_wrong(struct walker *walker, const char *what,
			       __u32 pid, long detail)
{
	if (!walker->nr_wrong++)
		snprintf(walker->first_wrong, sizeof(walker->first_wrong),
			 "walk %llu: %s: pid %u (%ld)", walker->nr_walks, what,
			 pid, detail);
	return false;
}

/* The record of a witness for a walker that asks for less or may see less. */
static inline struct xyzzy_task expected_record(const struct walker *walker,
						const struct witness *witness)
{
	struct xyzzy_task task = walker->kind->flags & XYZZY_THREADS ?
				 witness->thread : witness->task;

	if (!(walker->kind->mask & ~XYZZY_ID)) {
		memset(&task.uid, 0, sizeof(task) -
				     offsetof(struct xyzzy_task, uid));
		task.mask = XYZZY_ID;
	} else if (walker->kind->user && !witness->ptraceable) {
		memset(&task.rchar, 0,
		       offsetof(struct xyzzy_task, cgroup_id) -
		       offsetof(struct xyzzy_task, rchar));
		task.mask &= ~XYZZY_IO;
	}
	return task;
}

static inline bool is_visible(const struct walker *walker,
			      const struct witness *witness)
{
	return !walker->kind->user || witness->ptraceable ||
	       (walker->kind->hidepid && walker->kind->hidepid[0] == '0');
}

/* The offset of the first byte that differs. */
static inline long difference(const void *a, const void *b, size_t size)
{
	const char *one = a, *other = b;
	size_t i = 0;

	while (i < size && one[i] == other[i])
		i++;
	return i;
}

static inline bool check_witness(struct walker *walker,
				 const struct witness *witness,
				 struct walk *walk)
{
	int count = walk_count(walk, witness->pid);
	struct xyzzy_task expected, *task;

	if (count != is_visible(walker, witness))
		return found_wrong(walker, "number of records", witness->pid,
				   count);
	if (!count)
		return true;
	expected = expected_record(walker, witness);
	task = walk_find(walk, witness->pid);
	return !memcmp(&expected, task, sizeof(expected)) ||
	       found_wrong(walker, "a figure changes, at byte", witness->pid,
			   difference(&expected, task, sizeof(expected)));
}

static inline bool check_records(struct walker *walker, struct walk *walk)
{
	__u32 last = 0;

	for (size_t i = 0; i < walk->nr; i++) {
		struct xyzzy_task *task = &walk->tasks[i];

		if (task->pid <= last)
			return found_wrong(walker, "order", task->pid, last);
		last = task->pid;
		if (!task->tgid || (!walker->kind->flags &&
				    task->tgid != task->pid))
			return found_wrong(walker, "tgid", task->pid,
					   task->tgid);
	}
	return true;
}

/* The first process of each storm changes, but it is in every walk. */
static inline bool check_storms(struct walker *walker, struct walk *walk)
{
	for (size_t i = 0; i < NR_STORMS && !walker->kind->user; i++) {
		pid_t pid = walker->scene->storms[i];

		if (pid && walk_count(walk, pid) != 1)
			return found_wrong(walker, storms[i].name, pid,
					   walk_count(walk, pid));
	}
	return true;
}

static inline void check_walk(struct walker *walker, struct walk *walk)
{
	check_records(walker, walk);
	check_storms(walker, walk);
	for (int i = 0; i < NR_WITNESSES; i++)
		check_witness(walker, &walker->scene->witnesses[i], walk);
	walker->nr_walks++;
	walker->nr_records += walk->nr;
}

static inline int become_walker(const struct walker *walker)
{
	const struct itimerval timer = {
		.it_interval.tv_usec = 5000, .it_value.tv_usec = 5000,
	};
	const struct caller user = ORDINARY_USER;

	if (walker->kind->user && become(&user))
		return -errno;
	if (walker->kind->signals) {
		signal(SIGALRM, take_signal);
		return setitimer(ITIMER_REAL, &timer, NULL);
	}
	return 0;
}

/* In a child: walk until the test ends. */
static inline void walker_main(struct walker *walker)
{
	struct walk walk;
	int err = become_walker(walker);

	while (!err && !walker->scene->stop) {
		err = walk_all(&walk, walker->procfd, walker->kind->mask,
			       walker->kind->flags, walker->kind->chunk);
		if (!err)
			check_walk(walker, &walk);
		walk_free(&walk);
	}
	if (err)
		found_wrong(walker, "error", 0, err);
	_exit(EXIT_SUCCESS);
}

static inline pid_t walker_start(struct walker *walker,
				 const struct walker_kind *kind,
				 struct scene *scene)
{
	pid_t pid;

	*walker = (struct walker){
		.kind = kind, .scene = scene, .procfd = -1,
	};
	if (kind->hidepid)
		walker->procfd = open_procfs(kind->hidepid);
	pid = fork_child();
	if (!pid)
		walker_main(walker);
	return pid;
}

#endif /* __XYZZY_STORM_WALKERS_H */
