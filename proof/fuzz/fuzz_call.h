/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_FUZZ_CALL_H
#define __XYZZY_FUZZ_CALL_H

#include "fuzz_world.h"
#include "record.h"

/*
 * One call with random arguments. They depend only on a seed and the number of
 * the call, so that each call can be repeated alone.
 */

/* Where a pointer points. */
enum where {
	WHERE_GOOD,		/* To memory that ends at a guard */
	WHERE_READ_ONLY,
	WHERE_NULL,
	WHERE_GUARD,
	WHERE_TOP,		/* The end of the address space */
	WHERE_RECORDS,		/* To the array; the strings area alone */
};

#define POISON 0xa5

struct fuzz_call {
	/* The parameters, and how many bytes are there before the guard. */
	enum where where;
	size_t params_room;
	struct xyzzy_params params;
	__u32 tail_at;		/* A byte that is not zero, 0 for none */
	unsigned int flags;

	const struct fuzz_fd *procfd;
	const struct fuzz_fd *pidfd;

	/* The array, and how many bytes are there before the guard. */
	enum where buf_where;
	size_t buf_room;

	/* The strings area, likewise. */
	enum where strings_where;
	size_t strings_room;
};

struct rng {
	__u64 state;
};

/* splitmix64, which works with any seed. */
static inline __u64 rng_next(struct rng *rng)
{
	__u64 z = rng->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline struct rng rng_of(__u64 seed, __u64 nr)
{
	struct rng rng = { seed ^ (nr * 0xd1342543de82ef95ULL) };

	rng_next(&rng);
	return rng;
}

/* Below @n. */
static inline __u64 rng_below(struct rng *rng, __u64 n)
{
	return rng_next(rng) % n;
}

static inline bool rng_one_in(struct rng *rng, int n)
{
	return !rng_below(rng, n);
}

static inline __u32 rng_pick(struct rng *rng, const __u32 *values, size_t nr)
{
	return values[rng_below(rng, nr)];
}

/* Numbers of all magnitudes, most of them next to a power of two. */
static inline __u64 rng_number(struct rng *rng)
{
	__u64 power = 1ULL << rng_below(rng, 64);

	switch (rng_below(rng, 4)) {
	case 0:
		return power - 1 + rng_below(rng, 3);
	case 1:
		return -power - 1 + rng_below(rng, 3);
	default:
		return rng_next(rng) % power;
	}
}

/* Sometimes one of the bad places. */
static inline enum where rng_where(struct rng *rng)
{
	return rng_one_in(rng, 20) ? 1 + rng_below(rng, WHERE_RECORDS - 1) :
				     WHERE_GOOD;
}

static inline __u32 make_size(struct rng *rng)
{
	const __u32 own = sizeof(struct xyzzy_params);
	const __u32 ver0 = XYZZY_PARAMS_SIZE_VER0;
	const __u32 page = page_size();
	const __u32 sizes[] = {
		0, 4, ver0 - 8, ver0 - 4, ver0 - 1, ver0 + 1, ver0 + 4,
		ver0 + 8, ver0 + 9, ver0 + 12, own - 8, own - 4, own - 1, own + 1, own + 4, own + 8,
		2 * own, page - 8, page - 1, page, page + 1, page + 8, INT_MAX,
		UINT_MAX,
	};

	if (!rng_one_in(rng, 10))
		return rng_one_in(rng, 8) ? ver0 : own;
	if (rng_one_in(rng, 4))
		return rng_number(rng);
	return rng_pick(rng, sizes, ARRAY_SIZE(sizes));
}

static inline __u32 make_task_size(struct rng *rng)
{
	const __u32 sizes[] = {
		0, 8, 72, 76, 79, 81, 84, 383, 385, 388, 392, 399, 400, 404,
		408, 416, 423, 425, 428, 432, 4092, 4097, 4100, 4104, 8192,
		INT_MAX, UINT_MAX - 7,
	};

	if (rng_one_in(rng, 2))
		return rng_one_in(rng, 4) ? XYZZY_TASK_SIZE_VER0 :
					    XYZZY_TASK_SIZE_VER1;
	if (rng_one_in(rng, 20))
		return rng_pick(rng, sizes, ARRAY_SIZE(sizes));
	if (rng_one_in(rng, 40))
		return rng_number(rng);
	return rng_one_in(rng, 8) ? 4096 : 80 + 8 * rng_below(rng, 120);
}

static const struct record_group new_groups[] = {
	RECORD_GROUP("cmdline", XYZZY_CMDLINE, cmdline, UP_TO(name)),
	RECORD_GROUP("name", XYZZY_NAME, name, UP_TO(blkio_delay)),
	RECORD_GROUP("delays", XYZZY_DELAYS, blkio_delay, XYZZY_TASK_SIZE_VER1),
};

static inline __u64 fuzz_groups_within(size_t size)
{
	__u64 groups = groups_within(size);

	for (size_t i = 0; i < ARRAY_SIZE(new_groups); i++)
		if (new_groups[i].end <= size)
			groups |= new_groups[i].bit;
	return groups;
}

/* Sometimes with groups that @task_size cuts. */
static inline __u64 make_mask(struct rng *rng, __u32 task_size)
{
	__u64 groups = rng_one_in(rng, 20) ? FUZZ_ALL :
					     fuzz_groups_within(task_size);

	if (rng_one_in(rng, 30))
		return rng_number(rng);
	return rng_one_in(rng, 2) ? groups : rng_next(rng) & groups;
}

static inline unsigned int make_flags(struct rng *rng)
{
	if (rng_one_in(rng, 30))
		return rng_number(rng);
	return rng_next(rng) & (XYZZY_THREADS | XYZZY_APPROX_MEM);
}

/* Usually a valid descriptor, sometimes any of them. */
static inline const struct fuzz_fd *make_fd(struct rng *rng,
					    const struct fuzz_world *world,
					    bool as_pidfd)
{
	bool any = rng_one_in(rng, 8), right;
	const struct fuzz_fd *fd;

	if (rng_one_in(rng, 3))
		return &world->fds[0];
	do {
		fd = &world->fds[rng_below(rng, world->nr_fds)];
		right = as_pidfd ? !fd->pidfd_err :
				   fd->shows != SHOWS_NOTHING && !fd->locked;
	} while (!any && !right);
	return fd;
}

static inline __u64 make_cursor(struct rng *rng)
{
	if (!rng_one_in(rng, 6))
		return 0;
	return rng_one_in(rng, 2) ? rng_below(rng, 4096) : rng_number(rng);
}

static inline size_t make_nr(struct rng *rng)
{
	if (rng_one_in(rng, 8))
		return rng_number(rng);
	return rng_below(rng, rng_one_in(rng, 4) ? 100 : 4);
}

/* Room for some records, and for a part of one. */
static inline size_t make_buf_room(struct rng *rng, __u32 stride)
{
	size_t room;

	stride = stride <= 4096 ? stride : 4096;
	room = rng_below(rng, rng_one_in(rng, 4) ? 120 : 8) * stride;
	if (!rng_one_in(rng, 3))
		room += rng_below(rng, stride + 1);
	return room < BUF_SIZE ? room : BUF_SIZE;
}

/* Room for all strings, for a few, for none, or for less than it says. */
static inline void make_strings(struct rng *rng,
				const struct fuzz_world *world,
				struct fuzz_call *call)
{
	const size_t max = world->strings_size;
	size_t room = max, size = max;

	switch (rng_below(rng, 6)) {
	case 0:
	case 1:
		break;
	case 2:
		room = rng_below(rng, 256);
		size = room;
		break;
	case 3:
		room = rng_below(rng, max + 1);
		size = room;
		break;
	case 4:
		room = rng_below(rng, 8192);
		size = room + rng_below(rng, 512);
		break;
	default:
		room = rng_below(rng, 2048);
		size = rng_number(rng);
	}
	call->strings_room = room;
	call->params.strings_size = size;
	call->strings_where = rng_one_in(rng, 40) ? WHERE_RECORDS :
						    rng_where(rng);
	if (rng_one_in(rng, 2))
		call->params.string_max = rng_one_in(rng, 4) ?
					  rng_number(rng) : rng_below(rng, 80);
	if (rng_one_in(rng, 60))
		call->params.reserved = rng_number(rng);
}

static inline size_t make_params_room(struct rng *rng, __u32 size)
{
	size_t room = 2 * page_size();

	if (rng_one_in(rng, 20))
		return rng_below(rng, sizeof(struct xyzzy_params) + 16);
	if (size <= room && rng_one_in(rng, 2))
		return size;
	return room - 4 * rng_below(rng, 8);
}

static inline struct fuzz_call make_call(struct rng *rng,
					 const struct fuzz_world *world)
{
	struct fuzz_call call = {
		.where = rng_where(rng),
		.buf_where = rng_where(rng),
		.flags = make_flags(rng),
		.procfd = make_fd(rng, world, false),
		.pidfd = make_fd(rng, world, true),
	};

	call.params = (struct xyzzy_params){
		.size = make_size(rng),
		.task_size = make_task_size(rng),
		.procfd = call.procfd->fd,
		.pidfd = call.pidfd->fd,
		.supported = rng_next(rng),
		.cursor = make_cursor(rng),
		.nr_tasks = make_nr(rng),
	};
	call.params.mask = make_mask(rng, call.params.task_size);
	if (call.params.size > sizeof(call.params) && rng_one_in(rng, 2))
		call.tail_at = sizeof(call.params) +
			       rng_below(rng, call.params.size -
					 sizeof(call.params));
	call.params_room = make_params_room(rng, call.params.size);
	call.buf_room = make_buf_room(rng, call.params.task_size);
	make_strings(rng, world, &call);
	return call;
}

/* The pointer for a place; @map has @size bytes, @room of them mapped. */
static inline void *place(enum where where, char *map, char *map_ro,
			  size_t size, size_t room)
{
	switch (where) {
	case WHERE_GOOD:
		return map + size - room;
	case WHERE_READ_ONLY:
		return map_ro + size - room;
	case WHERE_GUARD:
		return map + size;
	case WHERE_TOP:
		return (void *)-page_size();
	default:
		return NULL;
	}
}

static inline char *place_strings(const struct fuzz_world *world,
				  const struct fuzz_call *call)
{
	if (call->strings_where == WHERE_RECORDS)
		return world->buf + BUF_SIZE - call->buf_room;
	return place(call->strings_where, world->strings, world->strings_ro,
		     world->strings_size, call->strings_room);
}

/* Copy the parameters to their place; returns the pointer to them. */
static inline struct xyzzy_params *place_call(const struct fuzz_world *world,
					      struct fuzz_call *call)
{
	size_t size = 2 * page_size(), room = call->params_room;
	char *params = world->params + size - room;

	call->params.tasks = place(call->buf_where, world->buf, world->buf_ro,
				   BUF_SIZE, call->buf_room);
	call->params.strings = place_strings(world, call);
	memset(params, 0, room);
	memcpy(params, &call->params,
	       room < sizeof(call->params) ? room : sizeof(call->params));
	if (call->tail_at && call->tail_at < room)
		params[call->tail_at] = 1;
	return place(call->where, world->params, world->params_ro, size, room);
}

static inline char *area_of(const struct fuzz_world *world,
			    const struct fuzz_call *call)
{
	return world->strings + world->strings_size - call->strings_room;
}

/* Fill the memory before the call, to see what it writes. */
static inline void poison_buf(const struct fuzz_world *world,
			      const struct fuzz_call *call)
{
	memset(world->buf + BUF_SIZE - call->buf_room, POISON, call->buf_room);
	memset(area_of(world, call), POISON, call->strings_room);
}

#endif /* __XYZZY_FUZZ_CALL_H */
