/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_FUZZ_MODEL_H
#define __XYZZY_FUZZ_MODEL_H

#include "fuzz_strings.h"

/*
 * What the documentation says about a call: the checks in their order, then the
 * number of records. Only the supported groups, and how much room strings take,
 * are what the kernel said when the world was made.
 */
struct outcome {
	int err;		/* 0 or -errno */
	int or_err;		/* Another valid result */
	bool e2big;		/* The size is written back */
	/* How many records, and nothing else. */
	long min;
	long max;
	size_t room;		/* Whole records that the memory takes */
};

/* sparc reads a word, such as the size, only at an aligned address. */
static inline bool may_get_word(uintptr_t where)
{
#ifdef __sparc__
	return where % sizeof(__u32) == 0;
#else
	return true;
#endif
}

static inline int check_struct(const struct fuzz_call *call,
			       struct outcome *outcome)
{
	const __u32 own = sizeof(struct xyzzy_params);
	size_t room = call->params_room;

	if ((call->where != WHERE_GOOD && call->where != WHERE_READ_ONLY) ||
	    room < sizeof(__u32) || !may_get_word(-room))
		return -EFAULT;
	/* Of the size there may be less than the first half. */
	if (call->params.size < XYZZY_PARAMS_SIZE_VER0)
		return -EINVAL;
	if (call->params.size > page_size())
		return -E2BIG;
	if (room >= call->params.size)
		return call->tail_at ? -E2BIG : 0;
	/* Either of two faults may be found first. */
	if (call->tail_at && room > own)
		outcome->or_err = -E2BIG;
	return -EFAULT;
}

static inline int check_numbers(const struct fuzz_call *call,
				const struct xyzzy_params *params)
{
	__u32 stride = params->task_size;

	if (call->flags & ~(XYZZY_THREADS | XYZZY_APPROX_MEM) ||
	    params->mask & ~FUZZ_ALL)
		return -EINVAL;
	if (stride < 80 || stride > 4096 || stride % 8)
		return -EINVAL;
	if (params->mask & ~fuzz_groups_within(stride))
		return -EINVAL;
	if (params->mask & XYZZY_STRINGS && params->nr_tasks &&
	    !params->strings_size)
		return -EINVAL;
	return params->reserved ? -EINVAL : 0;
}

static inline int check_fds(const struct fuzz_call *call, bool root)
{
	const struct fuzz_fd *procfd = call->procfd, *pidfd = call->pidfd;

	if (procfd->shows == SHOWS_NOTHING)
		return procfd->procfd_err;
	if (procfd->locked && !root)
		return -EACCES;
	if (pidfd->pidfd_err)
		return pidfd->pidfd_err;
	if (!pidfd->is_pidfd)
		return 0;
	if (procfd->shows == SHOWS_INNER)
		return pidfd->inner ? 0 : -ESRCH;
	if (procfd->shows == SHOWS_PTRACEABLE && !root && !pidfd->ptraceable)
		return -EPERM;
	return 0;
}

/* Processes (threads) that must exist, and whether there may be more. */
static inline long nr_processes(const struct fuzz_call *call, bool root,
				bool *exact)
{
	const struct fuzz_fd *procfd = call->procfd, *pidfd = call->pidfd;

	*exact = pidfd->is_pidfd || procfd->shows == SHOWS_INNER;
	if (pidfd->is_pidfd)
		return call->flags & XYZZY_THREADS ? pidfd->nr_threads : 1;
	if (procfd->shows == SHOWS_INNER)
		return 2;
	if (procfd->shows == SHOWS_PTRACEABLE && !root)
		return 2;
	return NR_ACTORS + NR_SLEEPERS + 2;
}

/*
 * Strings that may not fit leave records to the next call, and those of the
 * first record may be where nothing can be stored.
 */
static inline void limit_to_strings(const struct fuzz_call *call,
				    const struct fuzz_world *world,
				    const struct xyzzy_params *params,
				    struct outcome *outcome)
{
	size_t mapped = strings_take(call), all, first;
	__u64 size = strings_size(params);

	if (!has_strings(params, world) || !outcome->max || outcome->err)
		return;
	all = strings_bound(call, world, params, outcome->max);
	first = strings_bound(call, world, params, 1);
	if (size >= all && mapped >= all)
		return;
	if (outcome->min > 1)
		outcome->min = 1;
	if (mapped >= first || mapped >= size)
		return;
	/* A name takes a byte at least. */
	if (!mapped && params->mask & XYZZY_NAME && outcome->min)
		outcome->err = -EFAULT;
	else
		outcome->or_err = -EFAULT;
}

static inline size_t buf_takes(const struct fuzz_call *call)
{
	if (call->buf_where != WHERE_GOOD)
		return 0;
	return call->buf_room / call->params.task_size;
}

static inline void count_records(const struct fuzz_call *call,
				 const struct fuzz_world *world,
				 const struct xyzzy_params *params, bool root,
				 struct outcome *outcome)
{
	size_t room = call->params.nr_tasks;
	bool exact;
	long min = nr_processes(call, root, &exact);
	long max = exact ? min : LONG_MAX;

	if (room > 1 << 20)
		room = 1 << 20;
	outcome->room = buf_takes(call);
	/* All may be below the cursor. */
	if (call->params.cursor)
		min = 0;
	if (room > outcome->room && !outcome->room && max) {
		if (min)
			outcome->err = -EFAULT;
		else
			outcome->or_err = -EFAULT;
	}
	if (room > outcome->room && outcome->room)
		room = outcome->room;
	outcome->min = min < (long)room ? min : (long)room;
	outcome->max = max < (long)room ? max : (long)room;
	if (outcome->or_err)
		outcome->max = 0;
	limit_to_strings(call, world, params, outcome);
}

static inline struct outcome foresee(const struct fuzz_call *call,
				     const struct fuzz_world *world, bool root)
{
	const struct xyzzy_params params = params_of(call);
	struct outcome outcome = { 0 };

	outcome.err = check_struct(call, &outcome);
	outcome.e2big = outcome.err == -E2BIG || outcome.or_err == -E2BIG;
	if (!outcome.err)
		outcome.err = check_numbers(call, &params);
	if (!outcome.err)
		outcome.err = check_fds(call, root);
	if (!outcome.err)
		count_records(call, world, &params, root, &outcome);
	/* The result cannot be written. */
	if (call->where == WHERE_READ_ONLY &&
	    (!outcome.err || outcome.err == -E2BIG)) {
		outcome.err = -EFAULT;
		outcome.or_err = 0;
		outcome.e2big = false;
	}
	return outcome;
}

static inline bool judge_result(const struct outcome *outcome, long ret,
				struct verdict *verdict)
{
	if (ret < 0 && outcome->or_err == ret)
		return true;
	if (outcome->err)
		return ret == outcome->err ||
		       wrong(verdict, "%ld instead of %d (or %d)", ret,
			     outcome->err, outcome->or_err);
	return (ret >= outcome->min && ret <= outcome->max) ||
	       wrong(verdict, "%ld instead of %ld to %ld records (or %d)",
		     ret, outcome->min, outcome->max, outcome->or_err);
}

static inline bool judge_zeroes(const struct xyzzy_task *task,
				const struct record_group *groups, size_t nr,
				struct verdict *verdict)
{
	for (size_t i = 0; i < nr; i++)
		if (!(task->mask & groups[i].bit) &&
		    !group_is_zero(task, &groups[i]))
			return wrong(verdict, "group %s is not zero",
				     groups[i].name);
	return true;
}

static inline bool judge_groups(const struct xyzzy_task *task, __u64 wanted,
				struct verdict *verdict)
{
	if (task->mask & ~wanted)
		return wrong(verdict, "groups %llx of %llx", task->mask, wanted);
	/* All others can be filled for each process. */
	if (~task->mask & wanted & ~(XYZZY_MEM | XYZZY_IO | XYZZY_CMDLINE))
		return wrong(verdict, "only groups %llx of %llx", task->mask,
			     wanted);
	return judge_zeroes(task, record_groups, ARRAY_SIZE(record_groups),
			    verdict) &&
	       judge_zeroes(task, new_groups, ARRAY_SIZE(new_groups), verdict);
}

/* May USER not ptrace-read this process? False if it is not of the world. */
static inline bool is_denied(const struct fuzz_world *world, __u32 tgid)
{
	const struct fuzz_fd *fd;

	for (int i = 0; i < world->nr_fds; i++) {
		fd = &world->fds[i];
		if (fd->is_pidfd && fd->pid == (pid_t)tgid)
			return !fd->ptraceable;
	}
	return false;
}

/* Is the record of a process that the call covers and the caller may see? */
static inline bool judge_process(const struct fuzz_call *call,
				 const struct fuzz_world *world, bool root,
				 const struct xyzzy_task *task,
				 struct verdict *verdict)
{
	const struct fuzz_fd *procfd = call->procfd, *pidfd = call->pidfd;
	pid_t pid = pidfd->pid ?: getpid();

	/* Processes have other PIDs there. */
	if (procfd->shows == SHOWS_INNER)
		return true;
	if (pidfd->is_pidfd && task->tgid != (__u32)pid)
		return wrong(verdict, "pid %u of process %u instead of %d",
			     task->pid, task->tgid, pid);
	return root || procfd->shows != SHOWS_PTRACEABLE ||
	       !is_denied(world, task->tgid) ||
	       wrong(verdict, "process %u is shown", task->tgid);
}

static inline bool judge_record(const struct fuzz_call *call,
				const struct fuzz_world *world, bool root,
				const char *where, __u32 *last,
				struct verdict *verdict)
{
	__u64 wanted = (call->params.mask | XYZZY_ID) & world->supported;
	size_t stride = call->params.task_size;
	struct xyzzy_task task = { 0 };
	size_t size = stride < sizeof(task) ? stride : sizeof(task);

	memcpy(&task, where, size);
	if (task.pid <= *last)
		return wrong(verdict, "pid %u after %u", task.pid, *last);
	*last = task.pid;
	if (!task.tgid ||
	    (!(call->flags & XYZZY_THREADS) && task.tgid != task.pid))
		return wrong(verdict, "tgid %u of pid %u", task.tgid, task.pid);
	if (!(task.mask & XYZZY_ID) || !task.nr_threads || !task.state)
		return wrong(verdict, "pid %u without an ID", task.pid);
	if (!comm_is_padded(&task))
		return wrong(verdict, "bytes behind the name of pid %u",
			     task.pid);
	if (!is_filled_with(where + size, 0, stride - size))
		return wrong(verdict, "no zeroes behind pid %u", task.pid);
	return judge_process(call, world, root, &task, verdict) &&
	       judge_groups(&task, wanted, verdict);
}

/* The records, and that nothing is written behind them. */
static inline bool judge_buf(const struct fuzz_call *call,
			     const struct fuzz_world *world, bool root,
			     long ret, struct verdict *verdict)
{
	const char *end = world->buf + BUF_SIZE;
	const char *pos = end - call->buf_room;
	__u64 cursor = call->params.cursor;
	__u32 last = cursor ? lesser(cursor - 1, UINT_MAX) : 0;

	/* Which is written last is not specified. */
	if (call->strings_where == WHERE_RECORDS)
		return true;
	if (call->buf_where != WHERE_GOOD)
		ret = ret > 0 ? 0 : ret;
	for (long i = 0; i < ret; i++, pos += call->params.task_size)
		if (!judge_record(call, world, root, pos, &last, verdict))
			return false;
	/* A part of the record that could not be stored may be there. */
	if (ret == -EFAULT || (ret > 0 && call->params.nr_tasks > (size_t)ret &&
			       end - pos < call->params.task_size))
		return true;
	return is_filled_with(pos, POISON, end - pos) ||
	       wrong(verdict, "written behind the %ld records", ret);
}

/* The cursor after a call that stored @nr records, @found if these are not known. */
static inline __u64 cursor_after(const struct fuzz_call *call,
				 const struct fuzz_world *world, long nr,
				 __u64 found)
{
	const char *first = world->buf + BUF_SIZE - call->buf_room;
	struct xyzzy_task last;

	if (call->buf_where != WHERE_GOOD ||
	    call->strings_where == WHERE_RECORDS)
		return found;
	memcpy(&last, first + (nr - 1) * call->params.task_size,
	       XYZZY_TASK_SIZE_ID);
	return last.pid + 1ULL;
}

/* The parameters as they have to be after the call. */
static inline bool judge_params(const struct fuzz_call *call,
				const struct fuzz_world *world, long ret,
				struct verdict *verdict)
{
	const size_t room = call->params_room;
	struct xyzzy_params expected = call->params, found = call->params;
	char *where = world->params + 2 * page_size() - room;

	memcpy(&found, where, room < sizeof(found) ? room : sizeof(found));
	if (ret == -E2BIG && call->where == WHERE_GOOD)
		expected.size = sizeof(expected);
	if (ret >= 0)
		expected.supported = world->supported;
	if (ret == -EFAULT)
		expected.supported = found.supported;
	if (ret > 0 && found.cursor == expected.cursor)
		return wrong(verdict, "the cursor stays");
	if (ret > 0)
		expected.cursor = cursor_after(call, world, ret, found.cursor);
	return !memcmp(&expected, &found, sizeof(found)) ||
	       wrong(verdict, "parameters that are changed");
}

static inline bool judge_call(const struct fuzz_call *call,
			      const struct fuzz_world *world, bool root,
			      long ret, struct verdict *verdict)
{
	struct outcome outcome = foresee(call, world, root);

	return judge_result(&outcome, ret, verdict) &&
	       judge_params(call, world, ret, verdict) &&
	       judge_buf(call, world, root, ret, verdict) &&
	       judge_strings(call, world, ret, verdict);
}

static inline void describe_call(const struct fuzz_call *call, char *text,
				 size_t size)
{
	const struct xyzzy_params *params = &call->params;

	snprintf(text, size,
		 "params at %d, room %zu; size %u, tail %u, flags %#x, task_size %u, procfd %s, pidfd %s, mask %#llx, cursor %#llx, nr_tasks %#zx; tasks at %d, room %zu; strings at %d, room %zu, size %#zx, max %#x, reserved %#x",
		 call->where, call->params_room, params->size, call->tail_at,
		 call->flags, params->task_size, call->procfd->name,
		 call->pidfd->name, params->mask, params->cursor,
		 (size_t)params->nr_tasks, call->buf_where, call->buf_room,
		 call->strings_where, call->strings_room,
		 (size_t)params->strings_size, params->string_max,
		 params->reserved);
}

#endif /* __XYZZY_FUZZ_MODEL_H */
