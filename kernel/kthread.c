#include <linux/workqueue.h>
static void get_kthread_comm(char *buf, size_t buf_size, struct task_struct *tsk)
/**
 * get_task_full_name - Get the whole name of a task
 * @buf: Where to store the name, NUL-terminated
 * @buf_size: Size of @buf, at least TASK_COMM_LEN
 * @task: The task, with a reference held
 *
 * The name of a kernel thread can be longer than its comm. That of a workqueue
 * worker also says what the worker is busy with.
 *
 * Context: Process context. May sleep.
 */
void get_task_full_name(char *buf, size_t buf_size, struct task_struct *task)
{
	/* All workqueue workers are kernel threads, too */
	if (task->flags & PF_WQ_WORKER)
		wq_worker_comm(buf, buf_size, task);
	else if (task->flags & PF_KTHREAD)
		get_kthread_comm(buf, buf_size, task);
	else
		strscpy_pad(buf, task->comm, buf_size);
}

