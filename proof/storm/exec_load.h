/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XYZZY_EXEC_LOAD_H
#define __XYZZY_EXEC_LOAD_H

#include "caller.h"
#include "use.h"

#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

/*
 * Processes of USER that keep calling execve() on the first CPU:
 *
 * Loops execute themselves, so that each is one process all the time, in turns
 * as LOOP_NAME, with few arguments, and as TURN_NAME, with some pages of them.
 *
 * Forkers, named OLD_NAME, have OLD_SIZE mapped. So have their children, until
 * they execute a program named NEW_NAME, which maps less. A process that is small
 * with the old name, or large with the new one, does not exist.
 *
 * All of these are this program, through symbolic links. The last part of
 * argv[0] says which one it is, and is the name of the process.
 */
#define LOOP_NAME "exec-loop"
#define TURN_NAME "exec-turn"
#define TURN_BYTES 10000
#define OLD_NAME "exec-old"
#define NEW_NAME "exec-new"
#define OLD_SIZE (64UL << 20)

#define NR_LOOPS 4
#define NR_FORKERS 2

struct exec_load {
	char dir[32];		/* Where the links are */
	pid_t parent;		/* Of the loops */
	bool by_thread;		/* Threads that are not the leader execute */
	int counter;		/* An eventfd: how many programs have begun */
	pid_t loops[NR_LOOPS];
	pid_t forkers[NR_FORKERS];
	atomic_int *children;	/* Shared: the last one of each forker */
	pid_t disturbers[2];	/* Of the first CPU, and the one that looks */
};

/*
 * How a program is called: PROGRAM COUNTER BY_THREAD PARENT, and a loop with
 * one more argument.
 */
struct exec_args {
	char path[64];
	char counter[12];
	char by_thread[2];
	char parent[12];
	char last[TURN_BYTES + 1];
};

static const char * const exec_names[] = { LOOP_NAME, TURN_NAME, NEW_NAME };

static inline void set_last_arg(struct exec_args *args, const char *name)
{
	memset(args->last, 0, sizeof(args->last));
	if (!strcmp(name, LOOP_NAME))
		args->last[0] = 'l';
	if (!strcmp(name, TURN_NAME))
		memset(args->last, 't', TURN_BYTES);
}

static inline struct exec_args exec_args(const struct exec_load *load,
					 const char *name, pid_t parent)
{
	struct exec_args args;

	snprintf(args.path, sizeof(args.path), "%s/%s", load->dir, name);
	snprintf(args.counter, sizeof(args.counter), "%d", load->counter);
	snprintf(args.by_thread, sizeof(args.by_thread), "%d",
		 load->by_thread);
	snprintf(args.parent, sizeof(args.parent), "%d", parent);
	set_last_arg(&args, name);
	return args;
}

/* The bytes of the command line. Returns how many there are. */
static inline size_t exec_cmdline(const struct exec_args *args, char *bytes,
				  size_t size)
{
	return snprintf(bytes, size, "%s%c%s%c%s%c%s%c%s", args->path, 0,
			args->counter, 0, args->by_thread, 0, args->parent, 0,
			args->last) + 1;
}

static inline void *exec_now(void *arg)
{
	const struct exec_args *args = arg;

	execl(args->path, args->path, args->counter, args->by_thread,
	      args->parent, args->last[0] ? args->last : NULL, (char *)NULL);
	_exit(EXIT_FAILURE);
}

static inline void exec_program(struct exec_args *args)
{
	pthread_t thread;

	if (args->by_thread[0] == '0')
		exec_now(args);
	if (pthread_create(&thread, NULL, exec_now, args))
		_exit(EXIT_FAILURE);
	for (;;)
		pause();
}

/* For main(): run as one of these programs, if argv says so. */
static inline void exec_load_main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];
	bool turn = !strcmp(name, TURN_NAME);
	struct exec_args args;

	if (argc != 4 + (turn || !strcmp(name, LOOP_NAME)) ||
	    (argc == 4 && strcmp(name, NEW_NAME)))
		return;
	eventfd_write(atoi(argv[1]), 1);
	if (!strcmp(name, NEW_NAME))
		_exit(EXIT_SUCCESS);
	/* The setting is per thread, and this may have been another one. */
	die_with_parent(atoi(argv[3]));
	snprintf(args.path, sizeof(args.path), "%.*s%s",
		 (int)(name - argv[0]), argv[0], turn ? LOOP_NAME : TURN_NAME);
	set_last_arg(&args, turn ? LOOP_NAME : TURN_NAME);
	snprintf(args.counter, sizeof(args.counter), "%s", argv[1]);
	snprintf(args.by_thread, sizeof(args.by_thread), "%s", argv[2]);
	snprintf(args.parent, sizeof(args.parent), "%s", argv[3]);
	exec_program(&args);
}

/* After a change of user IDs, a process is not dumpable until the next exec. */
static inline void become_user(pid_t parent)
{
	const struct caller user = ORDINARY_USER;

	if (pin_to_cpu(0) || become(&user) || prctl(PR_SET_DUMPABLE, 1))
		_exit(EXIT_FAILURE);
	die_with_parent(parent);
}

static inline pid_t spawn_loop(const struct exec_load *load)
{
	pid_t parent = getpid(), pid = fork_child();
	struct exec_args args;

	if (pid)
		return pid;
	become_user(parent);
	args = exec_args(load, LOOP_NAME, parent);
	exec_program(&args);
	return pid;
}

static inline pid_t spawn_forker(const struct exec_load *load, int nr)
{
	pid_t parent = getpid(), pid = fork_child();
	struct exec_args args;

	if (pid)
		return pid;
	become_user(parent);
	if (mmap(NULL, OLD_SIZE, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) ==
		    MAP_FAILED || prctl(PR_SET_NAME, OLD_NAME))
		_exit(EXIT_FAILURE);
	args = exec_args(load, NEW_NAME, getpid());
	for (;;) {
		pid = fork();
		if (!pid)
			exec_program(&args);
		load->children[nr] = pid;
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			_exit(EXIT_FAILURE);
	}
}

static inline int make_links(struct exec_load *load)
{
	char exe[4096], path[64];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	snprintf(load->dir, sizeof(load->dir), "/tmp/xyzzy-exec.XXXXXX");
	if (len < 0 || !mkdtemp(load->dir) || chmod(load->dir, 0755))
		return -errno;
	exe[len] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(exec_names); i++) {
		snprintf(path, sizeof(path), "%s/%s", load->dir, exec_names[i]);
		if (symlink(exe, path))
			return -errno;
	}
	return 0;
}

/* Programs that USER cannot read are not dumpable. */
static inline int can_execute(void *arg)
{
	const struct exec_load *load = arg;
	const struct caller user = ORDINARY_USER;
	char path[64];

	snprintf(path, sizeof(path), "%s/" LOOP_NAME, load->dir);
	return become(&user) || access(path, R_OK | X_OK);
}

static inline __u64 exec_load_count(const struct exec_load *load)
{
	eventfd_t count;

	return eventfd_read(load->counter, &count) ? 0 : count;
}

/*
 * A process has this name only when it is USER's and dumpable. A look-up in /proc
 * can fail while one of its threads calls execve().
 */
static inline bool wait_name(pid_t pid, const char *name)
{
	struct proc_dir dir = proc_dir(pid, 0);
	char comm[64];

	for (int i = 0; i < WAIT_TRIES; i++) {
		if (!proc_comm(&dir, comm, sizeof(comm)) && !strcmp(comm, name))
			return true;
		usleep(1000);
	}
	return false;
}

/* Returns 0 when all of them run, or -errno. */
static inline int exec_load_start(struct exec_load *load, bool by_thread)
{
	bool runs = true;
	int err;

	memset(load, 0, sizeof(*load));
	load->by_thread = by_thread;
	load->parent = getpid();
	load->children = share_memory(NR_FORKERS * sizeof(*load->children));
	load->counter = eventfd(0, EFD_NONBLOCK);
	err = make_links(load);
	if (load->counter < 0 || err)
		return err ?: -EOPNOTSUPP;
	if (run_in_child(can_execute, load))
		return -EACCES;
	for (int i = 0; i < NR_LOOPS; i++)
		load->loops[i] = spawn_loop(load);
	for (int i = 0; i < NR_FORKERS; i++)
		load->forkers[i] = spawn_forker(load, i);
	for (int i = 0; i < NR_LOOPS; i++)
		runs &= wait_name(load->loops[i], LOOP_NAME);
	for (int i = 0; i < NR_FORKERS; i++)
		runs &= wait_name(load->forkers[i], OLD_NAME);
	load->disturbers[0] = spawn_disturber(0, 1000);
	load->disturbers[1] = spawn_disturber(1, 200);
	return runs ? 0 : -ETIMEDOUT;
}

/* Are all of them alive? */
static inline bool exec_load_lives(const struct exec_load *load)
{
	bool lives = true;

	for (int i = 0; i < NR_LOOPS; i++)
		lives &= !waitpid(load->loops[i], NULL, WNOHANG);
	for (int i = 0; i < NR_FORKERS; i++)
		lives &= !waitpid(load->forkers[i], NULL, WNOHANG);
	return lives;
}

static inline void exec_load_stop(struct exec_load *load)
{
	char path[64];

	kill_many(load->disturbers, 2);
	kill_many(load->loops, NR_LOOPS);
	kill_many(load->forkers, NR_FORKERS);
	for (size_t i = 0; i < ARRAY_SIZE(exec_names); i++) {
		snprintf(path, sizeof(path), "%s/%s", load->dir, exec_names[i]);
		unlink(path);
	}
	rmdir(load->dir);
	close_fd(load->counter);
}

#endif /* __XYZZY_EXEC_LOAD_H */
