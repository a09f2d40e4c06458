// SPDX-License-Identifier: GPL-2.0
/*
 * Calls with random arguments, compared with what the documentation says of them.
 *
 *   FUZZ_CALLS=N	make N calls in each test, not the default number
 *   FUZZ_SEED=N	make other calls
 *   FUZZ_FIRST=N	start with call N; with FUZZ_CALLS=1, make only that one
 *   FUZZ_BLOCKS=1	print which basic blocks of the kernel's code are reached
 */
#include "kselftest_harness.h"
#include "fuzz_blocks.h"
#include "fuzz_model.h"

#include <stdatomic.h>
#include <sys/ioctl.h>

#define DEFAULT_CALLS 10000
#define DEFAULT_SEED 20261122
/* In seconds; the harness has a limit of its own. */
#define NO_TIMEOUT 1000000
/* Of the calls, one in so many waits for its memory; it takes as long as 100. */
#define HELD_ONE_IN 50
#define HELD_MAX 500
/* The kernel's buffer takes fewer records. */
#define MORE_THAN_A_BATCH 24

/* Shared with the callers. */
struct fuzz {
	__u64 seed;
	__u64 first;
	__u64 calls;
	bool root;
	bool wants_blocks;

	__u64 nr_calls;
	__u64 nr_wrong;
	__u64 nr_records;
	__u64 nr_errors;
	struct verdict verdict;
	char call[1024];
	struct blocks blocks;
};

FIXTURE(fuzz)
{
	struct fuzz *fuzz;
};

FIXTURE_VARIANT(fuzz)
{
	struct caller caller;
};

FIXTURE_VARIANT_ADD(fuzz, root) { { .gid = 0 } };
FIXTURE_VARIANT_ADD(fuzz, user) { ORDINARY_USER };

static struct fuzz_world world;
static struct caller caller;

static __u64 number_from_env(const char *name, __u64 otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

FIXTURE_SETUP(fuzz)
{
	if (cannot_be_caller(NULL))
		SKIP(return, "%s", cannot_be_caller(NULL));

	self->fuzz = share_memory(sizeof(*self->fuzz));
	self->fuzz->seed = number_from_env("FUZZ_SEED", DEFAULT_SEED);
	self->fuzz->first = number_from_env("FUZZ_FIRST", 0);
	self->fuzz->calls = number_from_env("FUZZ_CALLS", DEFAULT_CALLS);
	self->fuzz->root = !variant->caller.uids[0];
	self->fuzz->wants_blocks = number_from_env("FUZZ_BLOCKS", 0);
	caller = variant->caller;
	adopt_orphans();
	ASSERT_EQ(0, world_make(&world));
}

FIXTURE_TEARDOWN(fuzz)
{
	world_end(&world);
	reap_orphans();
}

static void keep_first_wrong(struct fuzz *fuzz, const struct fuzz_call *call,
			     const struct verdict *verdict, __u64 nr)
{
	int len;

	if (fuzz->nr_wrong++)
		return;
	fuzz->verdict = *verdict;
	len = snprintf(fuzz->call, sizeof(fuzz->call),
		       "FUZZ_SEED=%llu FUZZ_FIRST=%llu: ", fuzz->seed, nr);
	describe_call(call, fuzz->call + len, sizeof(fuzz->call) - len);
}

static void count_result(struct fuzz *fuzz, long ret)
{
	fuzz->nr_calls++;
	fuzz->nr_errors += ret < 0;
	fuzz->nr_records += ret > 0 ? ret : 0;
}

/* Of the caller, from before it becomes the user, who may not open it. */
static __u64 *trace;

static bool become_caller(const struct fuzz *fuzz)
{
	if (fuzz->wants_blocks) {
		trace = blocks_trace();
		if (!trace)
			return false;
	}
	return fuzz->root || !become(&caller);
}

static long make_the_call(struct fuzz *fuzz, struct xyzzy_params *params,
			  unsigned int flags)
{
	long ret = xyzzy_call(params, flags);

	if (trace)
		blocks_take(&fuzz->blocks, trace);
	count_result(fuzz, ret);
	return ret;
}

static int run_calls(void *arg)
{
	struct verdict verdict;
	struct fuzz_call call;
	struct fuzz *fuzz = arg;
	long ret;

	if (!become_caller(fuzz))
		return 1;
	for (__u64 nr = fuzz->first; nr < fuzz->first + fuzz->calls; nr++) {
		struct rng rng = rng_of(fuzz->seed, nr);

		call = make_call(&rng, &world);
		poison_buf(&world, &call);
		ret = make_the_call(fuzz, place_call(&world, &call), call.flags);
		if (!judge_call(&call, &world, fuzz->root, ret, &verdict))
			keep_first_wrong(fuzz, &call, &verdict, nr);
	}
	return 0;
}

static void expect_nothing_wrong(struct __test_metadata *_metadata,
				 const struct fuzz *fuzz)
{
	TH_LOG("seed %llu: %llu calls, %llu errors, %llu records", fuzz->seed,
	       fuzz->nr_calls, fuzz->nr_errors, fuzz->nr_records);
	blocks_print(&fuzz->blocks);
	EXPECT_EQ(0ULL, fuzz->nr_wrong) {
		TH_LOG("first of them: %s", fuzz->verdict.text);
		TH_LOG("%s", fuzz->call);
	}
	TH_LOG("%llu known command lines, %llu more not available",
	       world.cmdlines->read, world.cmdlines->not_read);
	EXPECT_LE(world.cmdlines->not_read, world.cmdlines->read / 10);
}

TEST_F_TIMEOUT(fuzz, finds_what_the_contract_says, NO_TIMEOUT)
{
	ASSERT_EQ(0, run_in_child(run_calls, self->fuzz));
	expect_nothing_wrong(_metadata, self->fuzz);
	if (self->fuzz->calls >= 1000) {
		EXPECT_LT(0ULL, self->fuzz->nr_errors);
		EXPECT_LT(0ULL, self->fuzz->nr_records);
	}
}

/*
 * Memory that another thread changes while the call uses it: nothing can be
 * said of the result but that it is one.
 */
static atomic_bool stop;

/*
 * One word of the parameters, or all of them become good again. The array and
 * the strings area stay where they are: two halves of pointers make one that can
 * lead anywhere.
 */
static void change_params(struct rng *rng)
{
	struct fuzz_call call = make_call(rng, &world);
	size_t off = rng_below(rng, sizeof(call.params) / 4) * 4;
	char *to = world.params + 2 * page_size() - sizeof(call.params);
	struct xyzzy_params good = XYZZY_PARAMS(FUZZ_ALL, (void *)world.buf,
						MORE_THAN_A_BATCH);

	/* Sometimes all of it is in the array. */
	good.strings = rng_one_in(rng, 8) ? world.buf : world.strings;
	good.strings_size = world.strings_size;
	call.params.strings = good.strings;
	call.params.tasks = good.tasks;
	if (rng_one_in(rng, 2))
		memcpy(to + off, (char *)&call.params + off, 4);
	else
		memcpy(to, &good, sizeof(good));
}

static void change_mapping(struct rng *rng, char *map, size_t size)
{
	const __u32 prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	size_t from = rng_below(rng, size / page_size()) * page_size();

	mprotect(map + from, size - from,
		 rng_pick(rng, prots, ARRAY_SIZE(prots)));
	if (rng_one_in(rng, 4))
		madvise(map, size, MADV_DONTNEED);
	mprotect(map, size, PROT_READ | PROT_WRITE);
}

/* Several changes in a row, then none for about a tenth of a call. */
static void *change_memory(void *arg)
{
	struct rng rng = rng_of(*(__u64 *)arg, ~0ULL);

	while (!stop) {
		if (rng_one_in(&rng, 64))
			change_mapping(&rng, world.buf, BUF_SIZE);
		else if (rng_one_in(&rng, 64))
			change_mapping(&rng, world.strings, STRINGS_SIZE);
		else
			change_params(&rng);
		if (rng_one_in(&rng, 4))
			usleep(1);
	}
	return NULL;
}

static bool is_result(long ret)
{
	const int errors[] = {
		EFAULT, EINVAL, E2BIG, EBADF, EACCES, ESRCH, EPERM,
	};

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (ret == -errors[i])
			return true;
	return ret >= 0 && ret <= 1 << 20;
}

static long call_in_changing_memory(struct fuzz *fuzz, __u64 nr,
				    struct fuzz_call *call)
{
	struct rng rng = rng_of(fuzz->seed, nr);
	struct xyzzy_params *params;

	*call = make_call(&rng, &world);
	params = (void *)(world.params + 2 * page_size() - sizeof(*params));
	params->cursor = 0;
	return make_the_call(fuzz, params, call->flags);
}

static int run_in_changing_memory(void *arg)
{
	struct fuzz *fuzz = arg;
	struct verdict verdict;
	struct fuzz_call call;
	pthread_t thread;
	long ret;

	if (!become_caller(fuzz))
		return 1;
	if (pthread_create(&thread, NULL, change_memory, &fuzz->seed))
		return 1;
	for (__u64 nr = fuzz->first; nr < fuzz->first + fuzz->calls; nr++) {
		ret = call_in_changing_memory(fuzz, nr, &call);
		if (!is_result(ret)) {
			wrong(&verdict, "%ld", ret);
			keep_first_wrong(fuzz, &call, &verdict, nr);
		}
	}
	stop = true;
	pthread_join(thread, NULL);
	return 0;
}

TEST_F_TIMEOUT(fuzz, survives_memory_that_changes, NO_TIMEOUT)
{
	ASSERT_EQ(0, run_in_child(run_in_changing_memory, self->fuzz));
	expect_nothing_wrong(_metadata, self->fuzz);
}

/*
 * Memory that is not there until another thread gives it: the kernel waits in
 * the middle of a copy while processes come and go and others call.
 */
struct giver {
	int fd;
	char *page;
	__u64 nr_given;
	__u64 nr_failed;	/* Calls of others that did */
};

static void disturb(struct giver *giver)
{
	struct walk walk;

	kill_child(spawn_sleeper());
	giver->nr_failed += walk_all(&walk, -1, XYZZY_ALL, 0, 16) != 0;
	walk_free(&walk);
}

static void *give_memory(void *arg)
{
	struct giver *giver = arg;
	struct uffdio_copy copy = {
		.src = (unsigned long)giver->page,
		.len = page_size(),
	};

	while ((copy.dst = wait_for_fault(giver->fd))) {
		if (giver->nr_given++ % 4 == 0)
			disturb(giver);
		ioctl(giver->fd, UFFDIO_COPY, &copy);
	}
	return NULL;
}

/* Few pages, as each takes long. */
#define HELD_STRINGS_SIZE (16 * 1024)

/* All of the memory is there, but each time only when it is asked for. */
static void hold_calls(struct fuzz *fuzz, const struct fuzz_world *held)
{
	__u64 end = fuzz->first + fuzz->calls, step = HELD_ONE_IN;
	struct verdict verdict;
	struct fuzz_call call;
	long ret;

	if (fuzz->calls > HELD_MAX * step)
		step = fuzz->calls / HELD_MAX;
	for (__u64 nr = fuzz->first; nr < end; nr += step) {
		struct rng rng = rng_of(fuzz->seed, nr);

		call = make_call(&rng, held);
		call.buf_where = WHERE_GOOD;
		call.strings_where = WHERE_GOOD;
		madvise(held->buf, BUF_SIZE, MADV_DONTNEED);
		madvise(held->strings, held->strings_size, MADV_DONTNEED);
		ret = make_the_call(fuzz, place_call(held, &call), call.flags);
		if (!judge_call(&call, held, fuzz->root, ret, &verdict))
			keep_first_wrong(fuzz, &call, &verdict, nr);
	}
}

static int run_held(void *arg)
{
	struct fuzz_world held = world;
	struct fuzz *fuzz = arg;
	struct giver giver = { 0 };
	pthread_t thread;

	giver.page = map_before_guard(page_size(), GUARD_NONE);
	memset(giver.page, POISON, page_size());
	held.buf = map_before_guard(BUF_SIZE, GUARD_NONE);
	held.strings_size = HELD_STRINGS_SIZE / page_size() * page_size();
	if (!held.strings_size)
		held.strings_size = page_size();
	held.strings = map_before_guard(held.strings_size, GUARD_NONE);
	/* The user may not have the kernel wait; root opens it for him. */
	giver.fd = open_uffd(held.buf, BUF_SIZE);
	if (giver.fd < 0 ||
	    register_uffd(giver.fd, held.strings, held.strings_size))
		return 2;
	if (!become_caller(fuzz) ||
	    pthread_create(&thread, NULL, give_memory, &giver))
		return 1;
	set_nr_own_threads(&held, 2);
	hold_calls(fuzz, &held);
	return giver.nr_failed || !giver.nr_given ? 3 : 0;
}

TEST_F_TIMEOUT(fuzz, waits_for_memory, NO_TIMEOUT)
{
	int status = run_in_child(run_held, self->fuzz);

	if (status == 2)
		SKIP(return, "no userfaultfd()");
	EXPECT_EQ(0, status);
	expect_nothing_wrong(_metadata, self->fuzz);
}

TEST_HARNESS_MAIN
