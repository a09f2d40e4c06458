// SPDX-License-Identifier: GPL-2.0
/*
 * Methods: the least that such a call has to do: store records, and follow pointers
 * from one object to the next.
 */
#include "bench.h"
#include "child.h"

#define CHASE_MAX 3

/* Of a batch of xyzzy(), and of a cache line. */
#define BATCH_BYTES	8192
#define LINE_BYTES	64

/* Keeps the compiler from leaving out the reads. */
static void *volatile last;

/*
 * For each of @nr processes, CHASE_MAX objects, each of which starts with the
 * address of the next one. Those of a kind are @stride bytes apart, as in a slab;
 * the memory is that of a file in @directory.
 */
void bench_make_objects(struct bench *bench, const char *directory, size_t nr,
			size_t stride)
{
	size_t kind = nr * stride, size = CHASE_MAX * kind, i;
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char *memory;

	if (fd < 0 || ftruncate(fd, size))
		err(1, "%s", directory);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		err(1, "%s", directory);
	close(fd);
	for (i = 0; i < CHASE_MAX * nr; i++)
		*(void **)(memory + i * stride) = memory + i * stride + kind;

	bench->objects = calloc(nr, sizeof(*bench->objects));
	bench->tasks = calloc(nr, sizeof(*bench->tasks));
	if (!bench->objects || !bench->tasks)
		err(1, "calloc");
	for (i = 0; i < nr; i++)
		bench->objects[i] = memory + i * stride;
}

long do_nothing(struct bench *bench, const struct method *method)
{
	(void)method;
	return bench->nr;
}

long copy_records(struct bench *bench, const struct method *method)
{
	static char batch[BATCH_BYTES];
	const size_t size = XYZZY_TASK_SIZE_VER0, room = BATCH_BYTES / size;
	size_t done, nr;

	(void)method;
	for (done = 0; done < bench->nr; done += nr) {
		nr = bench->nr - done < room ? bench->nr - done : room;
		memcpy((char *)bench->tasks + done * size, batch, nr * size);
		last = bench->tasks;
	}
	return bench->nr;
}

/* Through method->chase objects of each process, and method->lines of each of them. */
long chase(struct bench *bench, const struct method *method)
{
	unsigned int step, line;
	void **object;
	size_t i;

	for (i = 0; i < bench->nr; i++) {
		object = bench->objects[i];
		for (step = 0; step < method->chase; step++) {
			for (line = 1; line < method->lines; line++)
				last = object[line * LINE_BYTES / sizeof(*object)];
			object = *object;
		}
		last = object;
	}
	return bench->nr;
}
