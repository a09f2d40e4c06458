/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_TARGETS_H
#define __XYZZY_TARGETS_H

#include "actors.h"
#include "pidns.h"
#include "sandbox.h"
#include "userns.h"

/*
 * The processes that the callers of the access table look for: a letter for
 * each, as in the document.
 */
enum target_id {
	TARGET_OWN,
	TARGET_NOT_DUMPABLE,
	TARGET_OTHERS,
	TARGET_ROOTS,
	TARGET_KTHREAD,
	TARGET_ZOMBIE,
	TARGET_USERNS,
	TARGET_PIDNS,
	TARGET_SMACK,
	NR_TARGETS,
};

/* The label of TARGET_SMACK. */
#define SMACK_TARGET "XyzzyTarget"

/* The user namespace of TARGET_USERNS; the second line maps the users. */
#define TARGET_ID_MAP "0 100000 10000\n20000 1000 5000\n"
#define MAPPED_ID(_id) ((_id) - 1000 + 20000)

struct target {
	pid_t pid;		/* 0: there is none */
	int pidfd;
};

static inline int target_own(void)
{
	return act((void *)&actor_kinds[OWN]);
}

static inline int target_not_dumpable(void)
{
	return act((void *)&actor_kinds[OWN_NOT_DUMPABLE]);
}

static inline int target_others(void)
{
	return act((void *)&actor_kinds[OTHERS]);
}

static inline int target_roots(void)
{
	return act((void *)&actor_kinds[ROOTS]);
}

static inline int target_userns(void)
{
	int err = enter_userns_with(TARGET_ID_MAP);

	if (err)
		return -EOPNOTSUPP;
	return prctl(PR_SET_DUMPABLE, 1) ? -errno : 0;
}

static inline int target_smack(void)
{
	int err = take_smack_label(SMACK_TARGET);

	return err ?: target_own();
}

static const struct target_kind {
	char letter;
	bool zombie;
	bool inner;		/* In a PID namespace below the test's */
	int (*make)(void);	/* NULL: it is there, with PID 2 */
} target_kinds[NR_TARGETS] = {
	[TARGET_OWN] = { .letter = 'o', .make = target_own },
	[TARGET_NOT_DUMPABLE] = { .letter = 'n', .make = target_not_dumpable },
	[TARGET_OTHERS] = { .letter = 'u', .make = target_others },
	[TARGET_ROOTS] = { .letter = 'r', .make = target_roots },
	[TARGET_KTHREAD] = { .letter = 'k' },
	[TARGET_ZOMBIE] = {
		.letter = 'z', .zombie = true, .make = target_own,
	},
	[TARGET_USERNS] = { .letter = 'i', .make = target_userns },
	[TARGET_PIDNS] = {
		.letter = 'p', .inner = true, .make = target_own,
	},
	[TARGET_SMACK] = { .letter = 's', .make = target_smack },
};

#define KTHREADD 2
#define PF_KTHREAD 0x00200000

static inline pid_t find_kthread(void)
{
	struct proc_dir dir = proc_dir(KTHREADD, 0);
	struct proc_stat stat;

	if (proc_stat(&dir, &stat) || !(stat.field[9] & PF_KTHREAD))
		return 0;
	return KTHREADD;
}

static inline void target_main(const struct target_kind *kind, int ready_fd)
{
	int err = kind->make();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(ready_fd, &err, sizeof(err)) == sizeof(err) && !err)
		for (;;)
			pause();
	_exit(EXIT_FAILURE);
}

/* Returns the PID here; 0 if the kernel cannot have it, or -errno. */
static inline pid_t target_spawn(const struct target_kind *kind,
				 const struct pidns *ns)
{
	int fds[2], err = -EPIPE;
	pid_t pid;

	if (pipe(fds))
		return -errno;
	pid = kind->inner ? fork_into(ns, 0) : fork_child();
	if (!pid)
		target_main(kind, fds[1]);
	close(fds[1]);
	if (pid > 0 && read(fds[0], &err, sizeof(err)) < 0)
		err = -errno;
	close(fds[0]);
	if (!err && (!kind->zombie || make_zombie(pid)))
		return pid;
	kill_child(pid);
	return err == -EOPNOTSUPP ? 0 : err ?: -ECHILD;
}

/* The PIDs stay, to tell which targets there were. */
static inline void targets_kill(const struct target *targets)
{
	for (int i = 0; i < NR_TARGETS; i++) {
		if (target_kinds[i].make)
			kill_child(targets[i].pid);
		if (targets[i].pid > 0)
			close(targets[i].pidfd);
	}
}

static inline int targets_start(struct target *targets, const struct pidns *ns)
{
	memset(targets, 0, NR_TARGETS * sizeof(*targets));
	for (int i = 0; i < NR_TARGETS; i++) {
		const struct target_kind *kind = &target_kinds[i];
		struct target *target = &targets[i];

		target->pid = kind->make ? target_spawn(kind, ns) :
					   find_kthread();
		if (target->pid < 0)
			return target->pid;
		if (!target->pid)
			continue;
		target->pidfd = sys_pidfd_open(target->pid, 0);
		if (target->pidfd < 0)
			return -errno;
	}
	return 0;
}

#endif /* __XYZZY_TARGETS_H */
