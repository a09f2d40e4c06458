/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_ACTORS_H
#define __XYZZY_ACTORS_H

#include "view.h"

/*
 * Processes to look at for the ordinary user USER, who is in the group USER,
 * and in GROUP besides.
 */
#define USER 1234
#define OTHER_USER 1235
#define GROUP 5678
#define OTHER_GROUP 5679

#define ORDINARY_USER							\
	{								\
		.uid = USER, .euid = USER, .suid = USER, .fsuid = USER,	\
		.gid = USER, .groups = { GROUP, GROUP },		\
	}

enum actor {
	OWN,
	OWN_THREADED,
	OWN_NOT_DUMPABLE,
	OWN_OTHER_GROUP,
	OWN_SAVED_ROOT,
	OTHERS,
	ROOTS,
	NR_ACTORS,
};

static const struct actor_kind {
	const char *name;
	uid_t uid;
	uid_t suid;
	gid_t gid;
	bool dumpable;
	bool threaded;
	bool ptraceable;	/* May USER read it as a tracer? */
} actor_kinds[NR_ACTORS] = {
	[OWN] = {
		.name = "own", .uid = USER, .suid = USER, .gid = USER,
		.dumpable = true, .ptraceable = true,
	},
	[OWN_THREADED] = {
		.name = "own, threaded", .uid = USER, .suid = USER,
		.gid = USER, .dumpable = true, .threaded = true,
		.ptraceable = true,
	},
	[OWN_NOT_DUMPABLE] = {
		.name = "own, not dumpable", .uid = USER, .suid = USER,
		.gid = USER,
	},
	[OWN_OTHER_GROUP] = {
		.name = "own, other group", .uid = USER, .suid = USER,
		.gid = OTHER_GROUP, .dumpable = true,
	},
	[OWN_SAVED_ROOT] = {
		.name = "own, saved UID 0", .uid = USER, .suid = 0,
		.gid = USER, .dumpable = true,
	},
	[OTHERS] = {
		.name = "other user's", .uid = OTHER_USER, .suid = OTHER_USER,
		.gid = USER, .dumpable = true,
	},
	[ROOTS] = {
		.name = "root's", .dumpable = true,
	},
};

/* Which actors a caller is shown. */
enum sees {
	SEES_OWN,		/* Those that USER may ptrace-read */
	SEES_OTHERS,		/* That of OTHER_USER */
	SEES_ALL,
	SEES_NONE,
};

static inline bool is_seen(enum sees sees, int actor)
{
	switch (sees) {
	case SEES_OWN:
		return actor_kinds[actor].ptraceable;
	case SEES_OTHERS:
		return actor == OTHERS;
	default:
		return sees == SEES_ALL;
	}
}

static inline void *actor_thread(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static inline int act(void *arg)
{
	const struct actor_kind *kind = arg;
	pthread_t thread;

	if (setgroups(0, NULL) ||
	    setresgid(kind->gid, kind->gid, kind->gid) ||
	    setresuid(kind->uid, kind->uid, kind->suid) ||
	    prctl(PR_SET_DUMPABLE, kind->dumpable))
		return -errno;
	if (kind->threaded && pthread_create(&thread, NULL, actor_thread, NULL))
		return -EAGAIN;
	return 0;
}

static inline int actors_start(struct subject *actors)
{
	int err = 0;

	memset(actors, -1, NR_ACTORS * sizeof(*actors));
	for (int i = 0; i < NR_ACTORS && !err; i++)
		err = subject_start(&actors[i], act, (void *)&actor_kinds[i]);
	return err;
}

static inline void actors_kill(struct subject *actors)
{
	for (int i = 0; i < NR_ACTORS; i++)
		subject_kill(&actors[i]);
}

static inline void expect_actors(struct __test_metadata *_metadata,
				 const struct view *view,
				 const struct subject *actors, enum sees sees)
{
	for (int i = 0; i < NR_ACTORS; i++) {
		EXPECT_EQ(is_seen(sees, i), view_sees(view, actors[i].pid))
			TH_LOG("process: %s", actor_kinds[i].name);
	}
}

/* One pidfd after another: what xyzzy() says, and if stat can be read. */
struct lookup {
	const struct view *view;
	const struct subject *actors;
	unsigned int flags;
	bool no_room;
	long ret[NR_ACTORS];
	bool readable[NR_ACTORS];
};

static inline int look_up(void *arg)
{
	struct lookup *lookup = arg;
	const struct view *view = lookup->view;
	struct xyzzy_task tasks[2];

	if (become(&view->caller))
		return 1;
	for (int i = 0; i < NR_ACTORS; i++) {
		lookup->ret[i] = xyzzy_pidfd(view->procfd,
					     lookup->actors[i].pidfd, XYZZY_ALL,
					     lookup->flags, tasks,
					     lookup->no_room ? 0 : 2);
		lookup->readable[i] = can_read(view->truth_fd,
					       lookup->actors[i].pid, "stat");
	}
	return 0;
}

#endif /* __XYZZY_ACTORS_H */
