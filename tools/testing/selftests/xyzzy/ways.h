/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_WAYS_H
#define __XYZZY_WAYS_H

#include "actors.h"

#include <sys/socket.h>
#include <sys/un.h>

/*
 * What procfd can be: the columns of the access table. GROUP is a group that
 * every caller is in, OTHER_GROUP one that none is in.
 */
enum way_id {
	WAY_NO_PROCFS,
	WAY_HIDEPID_0,
	WAY_HIDEPID_1,
	WAY_HIDEPID_2,
	WAY_HIDEPID_4,
	WAY_HIDEPID_1_GID,
	WAY_HIDEPID_2_GID,
	WAY_HIDEPID_2_OTHER_GID,
	WAY_HIDEPID_4_GID,
	WAY_SUBSET,
	WAY_SUBSET_HIDEPID_2,
	NR_WAYS,
};

/* The tables that the document has, for lines of 80 characters. */
#define NR_PARTS 2

static const struct way {
	const char *names[2];	/* Two lines at the head of a column */
	int part;
	const char *options[5];
} ways[NR_WAYS] = {
	[WAY_NO_PROCFS] = { .names = { "procfd", "-1" } },
	[WAY_HIDEPID_0] = {
		.names = { "hidepid", "=0" },
		.options = { "hidepid", "0" },
	},
	[WAY_HIDEPID_1] = {
		.names = { "hidepid", "=1" },
		.options = { "hidepid", "1" },
	},
	[WAY_HIDEPID_2] = {
		.names = { "hidepid", "=2" },
		.options = { "hidepid", "2" },
	},
	[WAY_HIDEPID_4] = {
		.names = { "hidepid", "=4" },
		.options = { "hidepid", "4" },
	},
	[WAY_HIDEPID_1_GID] = {
		.names = { "=1,gid=", "member" },
		.part = 1,
		.options = { "hidepid", "1", "gid", "5678" },
	},
	[WAY_HIDEPID_2_GID] = {
		.names = { "=2,gid=", "member" },
		.part = 1,
		.options = { "hidepid", "2", "gid", "5678" },
	},
	[WAY_HIDEPID_2_OTHER_GID] = {
		.names = { "=2,gid=", "other" },
		.part = 1,
		.options = { "hidepid", "2", "gid", "5679" },
	},
	[WAY_HIDEPID_4_GID] = {
		.names = { "=4,gid=", "member" },
		.part = 1,
		.options = { "hidepid", "4", "gid", "5678" },
	},
	[WAY_SUBSET] = {
		.names = { "subset", "=pid" },
		.part = 1,
		.options = { "subset", "pid" },
	},
	[WAY_SUBSET_HIDEPID_2] = {
		.names = { "=pid,", "hidepid=2" },
		.part = 1,
		.options = { "subset", "pid", "hidepid", "2" },
	},
};

/* The descriptors to pass as procfd, all of one PID namespace. */
struct mounts {
	int fds[NR_WAYS];
};

#define FIRST_MOUNT WAY_HIDEPID_0
#define NR_MOUNTS (NR_WAYS - FIRST_MOUNT)

static inline void mounts_clear(struct mounts *mounts)
{
	memset(mounts, -1, sizeof(*mounts));
}

/* Mount a procfs of the caller's PID namespace for each way. */
static inline int mounts_open(struct mounts *mounts)
{
	mounts_clear(mounts);
	for (int i = FIRST_MOUNT; i < NR_WAYS; i++) {
		mounts->fds[i] = open_procfs_with(ways[i].options);
		if (mounts->fds[i] < 0)
			return -errno;
	}
	return 0;
}

static inline void mounts_close(struct mounts *mounts)
{
	for (int i = 0; i < NR_WAYS; i++)
		close_fd(mounts->fds[i]);
	mounts_clear(mounts);
}

/*
 * Mounts pass through a socket, the way a container gets them.
 */
union rights {
	char room[CMSG_SPACE(NR_MOUNTS * sizeof(int))];
	struct cmsghdr header;
};

struct rights_message {
	struct msghdr header;
	struct iovec data;
	union rights rights;
	char byte;
};

static inline void rights_message_init(struct rights_message *message)
{
	memset(message, 0, sizeof(*message));
	message->data.iov_base = &message->byte;
	message->data.iov_len = 1;
	message->header.msg_iov = &message->data;
	message->header.msg_iovlen = 1;
	message->header.msg_control = message->rights.room;
	message->header.msg_controllen = sizeof(message->rights.room);
}

static inline int mounts_send(int socket, const struct mounts *mounts)
{
	struct rights_message message;
	struct cmsghdr *rights;

	rights_message_init(&message);
	rights = CMSG_FIRSTHDR(&message.header);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(NR_MOUNTS * sizeof(int));
	memcpy(CMSG_DATA(rights), &mounts->fds[FIRST_MOUNT],
	       NR_MOUNTS * sizeof(int));
	return sendmsg(socket, &message.header, 0) == 1 ? 0 : -errno;
}

static inline int mounts_receive(int socket, struct mounts *mounts)
{
	struct rights_message message;
	struct cmsghdr *rights;

	mounts_clear(mounts);
	rights_message_init(&message);
	if (recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC) != 1)
		return -errno;
	rights = CMSG_FIRSTHDR(&message.header);
	if (!rights || rights->cmsg_len != CMSG_LEN(NR_MOUNTS * sizeof(int)))
		return -EBADMSG;
	memcpy(&mounts->fds[FIRST_MOUNT], CMSG_DATA(rights),
	       NR_MOUNTS * sizeof(int));
	return 0;
}

#endif /* __XYZZY_WAYS_H */
