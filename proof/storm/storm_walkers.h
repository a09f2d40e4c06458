/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_STORM_WALKERS_H
#define __XYZZY_STORM_WALKERS_H

#include "storms.h"
#include "../walk_strings.h"

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
	char cmdline[256];
	ssize_t cmdline_len;
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
	size_t area_size;	/* With strings, in such an area */
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
	{ .name = "root, strings", .chunk = 500, .mask = WALK_STRINGS,
	  .area_size = 1024 * 1024 },
	{ .name = "root, thread strings", .chunk = 33, .mask = WALK_STRINGS,
	  .flags = XYZZY_THREADS, .area_size = 4096 },
	{ .name = "user, little room", .chunk = 50, .mask = WALK_STRINGS,
	  .user = true, .hidepid = "0", .area_size = 200 },
};

#define NR_WALKERS (sizeof(walker_kinds) / sizeof(*walker_kinds))

struct walker {
	const struct walker_kind *kind;
	struct scene *scene;
	int procfd;
	__u64 nr_walks;
	__u64 nr_records;
	__u64 nr_wrong;
	__u64 nr_cmdlines;	/* Of witnesses, and how many more there are */
	__u64 nr_absent;
	struct area area;
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

/*
 * The strings of a witness do not change. Compaction may move its memory at that
 * moment.
 */
static inline bool check_cmdline(struct walker *walker,
				 const struct witness *witness,
				 const struct xyzzy_task *task,
				 const char *bytes)
{
	if (task->pid != task->tgid)
		return true;
	if (!record_has(task, XYZZY_CMDLINE)) {
		walker->nr_absent++;
		return true;
	}
	walker->nr_cmdlines++;
	return (task->cmdline_len == witness->cmdline_len &&
		!memcmp(bytes + task->cmdline, witness->cmdline,
			task->cmdline_len)) ||
	       found_wrong(walker, "another command line", task->pid,
			   task->cmdline_len);
}

static inline const struct witness *find_witness(const struct walker *walker,
						 __u32 pid)
{
	for (int i = 0; i < NR_WITNESSES; i++)
		if (walker->scene->witnesses[i].pid == (pid_t)pid)
			return &walker->scene->witnesses[i];
	return NULL;
}

/* Bytes that are not its arguments would be those of someone else. */
static inline bool check_args_storm(struct walker *walker,
				    const struct xyzzy_task *task,
				    const char *bytes)
{
	const char *at = bytes + task->cmdline;

	for (__u32 i = 0; i < task->cmdline_len; i++)
		if (at[i] && at[i] != 'a' && at[i] != 'b')
			return found_wrong(walker, "foreign bytes", task->pid,
					   i);
	return true;
}

/* For walk_strings(). There is room for a name even in the smallest area. */
static inline void check_strings(void *arg, const char *bytes,
				 const struct xyzzy_task *tasks, size_t nr)
{
	struct walker *walker = arg;
	const struct witness *witness;

	for (size_t i = 0; i < nr; i++) {
		if (!has_own_name(&tasks[i], bytes))
			found_wrong(walker, "another name", tasks[i].pid,
				    tasks[i].name_len);
		witness = find_witness(walker, tasks[i].pid);
		if (witness)
			check_cmdline(walker, witness, &tasks[i], bytes);
		if (!strcmp(tasks[i].comm, ARGS_NAME))
			check_args_storm(walker, &tasks[i], bytes);
	}
}

/* The new groups, which walkers without strings do not ask for */
static inline void forget_strings(struct walk *walk)
{
	for (size_t i = 0; i < walk->nr; i++) {
		walk->tasks[i].mask &= XYZZY_ALL;
		memset(&walk->tasks[i].cmdline, 0,
		       sizeof(struct xyzzy_task) - XYZZY_TASK_SIZE_VER0);
	}
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

static inline int walk_once(struct walker *walker, struct walk *walk)
{
	const struct walker_kind *kind = walker->kind;
	struct xyzzy_params params = XYZZY_PARAMS(kind->mask, NULL,
						  kind->chunk);
	int err;

	params.procfd = walker->procfd;
	memset(walk, 0, sizeof(*walk));
	if (!walker->area.size)
		return walk_on(walk, &params, kind->flags);
	err = walk_strings(walk, &params, kind->flags, &walker->area,
			   check_strings, walker);
	forget_strings(walk);
	return err;
}

/* In a child: walk until the test ends. */
static inline void walker_main(struct walker *walker)
{
	struct walk walk;
	int err = become_walker(walker);

	if (walker->kind->area_size)
		walker->area = area_map(walker->kind->area_size);
	while (!err && !walker->scene->stop) {
		err = walk_once(walker, &walk);
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
