// SPDX-License-Identifier: GPL-2.0
/*
 * Methods: a pidfd and an ioctl for each process, and taskstats.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/pidfd.h>
#include <linux/taskstats.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "bench.h"

#ifdef PIDFD_GET_INFO
long ask_pidfds(struct bench *bench, const struct method *method)
{
	long nr = list_pids(bench, method), i;

	for (i = 0; i < nr; i++) {
		struct pidfd_info info = { .mask = PIDFD_INFO_PID };
		int pidfd = syscall(__NR_pidfd_open, bench->pids[i], 0);
		int ret = pidfd < 0 ? -1 : ioctl(pidfd, PIDFD_GET_INFO, &info);

		if (ret || (pid_t)info.pid != bench->pids[i])
			return -1;
		close(pidfd);
	}
	return nr;
}
#else
long ask_pidfds(struct bench *bench, const struct method *method)
{
	(void)bench;
	(void)method;
	errno = ENOTTY;
	return -1;
}
#endif

/* A message of generic netlink with one attribute. */
struct message {
	struct nlmsghdr nl;
	struct genlmsghdr genl;
	struct nlattr attr;
	char value[16];
};

/* Requests in one message to the kernel, whose queue has room for the answers. */
#define REQUESTS 32

static size_t put_message(struct message *msg, unsigned int family, int cmd,
			  int attr, const void *value, size_t size)
{
	memset(msg, 0, sizeof(*msg));
	msg->nl.nlmsg_type = family;
	msg->nl.nlmsg_flags = NLM_F_REQUEST;
	msg->genl.cmd = cmd;
	msg->genl.version = 1;
	msg->attr.nla_type = attr;
	msg->attr.nla_len = sizeof(msg->attr) + size;
	memcpy(msg->value, value, size);
	msg->nl.nlmsg_len = NLMSG_ALIGN(offsetof(struct message, value) + size);
	return msg->nl.nlmsg_len;
}

/* Find an attribute of the type in @size bytes at @pos; returns NULL without. */
static const struct nlattr *find_attr(const void *pos, int size, int type)
{
	const struct nlattr *attr = pos;

	while (size >= (int)sizeof(*attr) && attr->nla_len >= sizeof(*attr)) {
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
		size -= NLA_ALIGN(attr->nla_len);
		attr = (void *)((char *)attr + NLA_ALIGN(attr->nla_len));
	}
	return NULL;
}

/* Receive an answer; returns its attribute of that type, or NULL. */
static const struct nlattr *get_attr(int fd, int type)
{
	static union {
		struct nlmsghdr nl;
		char bytes[4096];
	} answer;
	ssize_t len = recv(fd, &answer, sizeof(answer), 0);

	if (len < (ssize_t)(NLMSG_HDRLEN + GENL_HDRLEN) ||
	    answer.nl.nlmsg_type == NLMSG_ERROR)
		return NULL;
	return find_attr(answer.bytes + NLMSG_HDRLEN + GENL_HDRLEN,
			 len - NLMSG_HDRLEN - GENL_HDRLEN, type);
}

/* Returns a socket that is ready for ask_taskstats(), or -1. */
int open_taskstats(struct bench *bench)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const struct nlattr *attr;
	struct message msg;
	size_t len;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		return -1;
	len = put_message(&msg, GENL_ID_CTRL, CTRL_CMD_GETFAMILY,
			  CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME,
			  sizeof(TASKSTATS_GENL_NAME));
	if (!connect(fd, (void *)&kernel, sizeof(kernel)) &&
	    send(fd, &msg, len, 0) == (ssize_t)len) {
		attr = get_attr(fd, CTRL_ATTR_FAMILY_ID);
		if (attr) {
			bench->family = *(__u16 *)(attr + 1);
			return fd;
		}
	}
	close(fd);
	return -1;
}

static bool send_requests(const struct bench *bench, long from, long nr)
{
	char requests[REQUESTS * sizeof(struct message)];
	size_t len = 0;
	long i;

	for (i = from; i < from + nr; i++)
		len += put_message((void *)(requests + len), bench->family,
				   TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_PID,
				   &bench->pids[i], sizeof(__u32));
	return send(bench->netlink, requests, len, 0) == (ssize_t)len;
}

static bool get_taskstats(const struct bench *bench, pid_t pid)
{
	const struct nlattr *attr;
	struct taskstats stats;

	attr = get_attr(bench->netlink, TASKSTATS_TYPE_AGGR_PID);
	if (attr)
		attr = find_attr(attr + 1, attr->nla_len - sizeof(*attr),
				 TASKSTATS_TYPE_STATS);
	if (!attr)
		return false;
	memcpy(&stats, attr + 1, sizeof(stats));
	return stats.ac_pid == (__u32)pid;
}

/* Needs CAP_NET_ADMIN. */
long ask_taskstats(struct bench *bench, const struct method *method)
{
	long nr, from, chunk, i;

	if (bench->netlink < 0)
		return -1;
	nr = list_pids(bench, method);
	for (from = 0; from < nr; from += chunk) {
		chunk = nr - from < REQUESTS ? nr - from : REQUESTS;
		if (!send_requests(bench, from, chunk))
			return -1;
		for (i = from; i < from + chunk; i++)
			if (!get_taskstats(bench, bench->pids[i]))
				return -1;
	}
	return nr;
}
