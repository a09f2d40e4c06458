/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_FUZZ_STRINGS_H
#define __XYZZY_FUZZ_STRINGS_H

#include "fuzz_call.h"

#include <stdarg.h>

/*
 * What the documentation says about strings: how much room they need at most,
 * and where they are after a call.
 */

/* The first fault found, empty without any. */
struct verdict {
	char text[512];
};

static inline bool wrong(struct verdict *verdict, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(verdict->text, sizeof(verdict->text), format, args);
	va_end(args);
	return false;
}

static inline __u64 lesser(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

/* The parameters as the kernel reads them: what is behind their size is zero. */
static inline struct xyzzy_params params_of(const struct fuzz_call *call)
{
	struct xyzzy_params params = { 0 };

	memcpy(&params, &call->params,
	       lesser(call->params.size, sizeof(params)));
	return params;
}

static inline bool has_strings(const struct xyzzy_params *params,
			       const struct fuzz_world *world)
{
	return params->mask & world->supported & XYZZY_STRINGS;
}

/* The bytes of the area that can be stored to. */
static inline size_t strings_take(const struct fuzz_call *call)
{
	if (call->strings_where == WHERE_RECORDS)
		return call->buf_room;
	return call->strings_where == WHERE_GOOD ? call->strings_room : 0;
}

static inline __u64 strings_size(const struct xyzzy_params *params)
{
	return lesser(params->strings_size, 1ULL << 32);
}

static inline __u64 string_max(const struct xyzzy_params *params)
{
	return params->string_max ? params->string_max : ~0ULL;
}

/* The strings of @nr records take at most that much. */
static inline size_t strings_bound(const struct fuzz_call *call,
				   const struct fuzz_world *world,
				   const struct xyzzy_params *params, __u64 nr)
{
	const struct fuzz_fd *pidfd = call->pidfd;
	const __u64 max = string_max(params);
	size_t bound = world->strings_max;
	__u64 each = 0;

	if (pidfd->is_pidfd)
		bound = pidfd->nr_threads * 64 + pidfd->cmdline_max + 1;
	else if (call->procfd->shows == SHOWS_INNER)
		bound = 2 * (64 + world->own_cmdline + 1);
	if (params->mask & XYZZY_NAME)
		each += lesser(max, 63) + 1;
	if (params->mask & XYZZY_CMDLINE)
		each += lesser(max, BIG_ARGS) + 1;
	return lesser(bound, lesser(nr, 1 << 20) * each);
}

/*
 * After the call: where the next string has to be.
 */
struct reading {
	const struct fuzz_world *world;
	const char *bytes;
	__u64 room;		/* So many of them are there */
	__u64 size;		/* So many the call may use */
	__u64 max;
	__u64 at;
	bool first;		/* Strings of the first record are cut */
};

/* What a string of @len bytes is cut to. */
static inline __u64 cut_length(const struct reading *reading, __u64 len)
{
	__u64 limit = reading->max;

	if (reading->first)
		limit = lesser(limit, reading->at < reading->size ?
				      reading->size - reading->at - 1 : 0);
	return lesser(len, limit);
}

/* The string that starts at @start, of which @len bytes are stored. */
static inline bool judge_string(struct reading *reading, __u32 start, __u32 len,
				struct verdict *verdict)
{
	if (len > reading->max)
		return wrong(verdict, "%u bytes of at most %llu", len,
			     reading->max);
	/* Not even the NUL has room. */
	if (reading->first && !start && !len && reading->at == reading->size)
		return true;
	if (start != reading->at)
		return wrong(verdict, "a string at %u instead of %llu", start,
			     reading->at);
	reading->at += len;
	if (reading->at >= reading->size || reading->at >= reading->room)
		return wrong(verdict, "a string of %u bytes at %u of %llu", len,
			     start, reading->size);
	if (reading->bytes[reading->at++])
		return wrong(verdict, "no NUL behind %u bytes at %u", len,
			     start);
	return true;
}

/* Only kernel threads have a longer name than the record. */
static inline bool judge_name(struct reading *reading,
			      const struct xyzzy_task *task,
			      struct verdict *verdict)
{
	const bool kthread = task->flags & PF_KTHREAD;
	__u64 len = cut_length(reading, kthread ? 63 : strlen(task->comm));
	const char *name = reading->bytes + task->name;

	if (!judge_string(reading, task->name, task->name_len, verdict))
		return false;
	if (kthread ? task->name_len > len : task->name_len != len)
		return wrong(verdict, "%u bytes of the name of pid %u, %s",
			     task->name_len, task->pid, task->comm);
	return kthread || !memcmp(name, task->comm, len) ||
	       wrong(verdict, "another name than %s", task->comm);
}

static inline bool judge_known(const struct known *known,
			       const struct xyzzy_task *task, const char *bytes,
			       __u64 limit, struct verdict *verdict)
{
	const __u64 cut = lesser(known->len, limit);

	if (strncmp(known->name, task->comm, sizeof(task->comm)))
		return wrong(verdict, "pid %u is %s, not %s", task->pid,
			     task->comm, known->name);
	if (task->cmdline_len != cut ||
	    memcmp(bytes + task->cmdline, known->cmdline, cut))
		return wrong(verdict, "pid %u: another command line: %u bytes",
			     task->pid, task->cmdline_len);
	return task->cmdline_size == (cut < known->len ? known->size : cut) ||
	       wrong(verdict, "pid %u: cmdline_size %llu", task->pid,
		     task->cmdline_size);
}

static inline bool judge_cmdline(struct reading *reading,
				 const struct known *known,
				 const struct xyzzy_task *task,
				 struct verdict *verdict)
{
	__u64 limit = cut_length(reading, ~0ULL), len = task->cmdline_len;

	if (task->pid != task->tgid)
		return wrong(verdict, "thread %u has a command line",
			     task->pid);
	if (!judge_string(reading, task->cmdline, len, verdict))
		return false;
	if (task->cmdline_size < len ||
	    (task->cmdline_size > len && len > limit))
		return wrong(verdict, "pid %u: %llu bytes of %llu", task->pid,
			     len, task->cmdline_size);
	if (!known)
		return true;
	if (lesser(known->len, limit) > known->resident)
		return wrong(verdict, "pid %u has absent arguments", task->pid);
	reading->world->cmdlines->read++;
	return judge_known(known, task, reading->bytes,
			   limit, verdict);
}

static inline bool judge_record_strings(struct reading *reading,
					const struct fuzz_call *call,
					const struct xyzzy_task *task,
					struct verdict *verdict)
{
	const struct known *known = NULL;

	/* These have other PIDs. */
	if (call->procfd->shows != SHOWS_INNER)
		known = find_known(reading->world, task->pid);
	if (task->mask & XYZZY_NAME && !judge_name(reading, task, verdict))
		return false;
	if (task->mask & XYZZY_CMDLINE)
		return judge_cmdline(reading, known, task, verdict);
	if (call->params.mask & reading->world->supported & XYZZY_CMDLINE &&
	    known && lesser(known->len, cut_length(reading, ~0ULL)) <=
		     known->resident)
		reading->world->cmdlines->not_read++;
	return true;
}

/* May bytes behind the strings have been used, and how many? */
static inline __u64 may_be_used(const struct fuzz_call *call,
				const struct fuzz_world *world,
				const struct xyzzy_params *params, long ret,
				__u64 at)
{
	__u64 end = lesser(strings_size(params), call->strings_room);

	if (!has_strings(params, world) || !ret || (ret < 0 && ret != -EFAULT))
		return 0;
	/* The strings of records that could not be stored. */
	if (ret < 0 || call->buf_where != WHERE_GOOD ||
	    call->strings_room < strings_size(params) ||
	    (params->nr_tasks > (size_t)ret &&
	     (size_t)ret == call->buf_room / params->task_size))
		return end;
	/* Long ones are stored in parts before they turn out not to fit. */
	return strings_bound(call, world, params, 1) > 4096 ? end : at;
}

/* All strings of the call, and that nothing else is written. */
static inline bool judge_strings(const struct fuzz_call *call,
				 const struct fuzz_world *world, long ret,
				 struct verdict *verdict)
{
	const struct xyzzy_params params = params_of(call);
	struct reading reading = {
		.world = world, .bytes = area_of(world, call),
		.room = call->strings_room, .size = strings_size(&params),
		.max = string_max(&params), .first = true,
	};
	const char *pos = world->buf + BUF_SIZE - call->buf_room;
	struct xyzzy_task task;
	__u64 end;

	/* The memory of the records has other bytes by now. */
	if (call->strings_where == WHERE_RECORDS)
		return true;
	for (long i = 0; i < ret && has_strings(&params, world) &&
	     call->buf_where == WHERE_GOOD; i++) {
		memset(&task, 0, sizeof(task));
		memcpy(&task, pos, lesser(params.task_size, sizeof(task)));
		if (!judge_record_strings(&reading, call, &task, verdict))
			return false;
		pos += params.task_size;
		reading.first = false;
	}
	end = may_be_used(call, world, &params, ret, reading.at);
	return is_filled_with(reading.bytes + end, POISON,
			      call->strings_room - end) ||
	       wrong(verdict, "written behind %llu bytes of strings", end);
}

#endif /* __XYZZY_FUZZ_STRINGS_H */
