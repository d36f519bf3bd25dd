#include "tracer/worker.h"

#include "lib/log.h"
#include "tracer/call.h"
#include "tracer/listener.h"
#include "tracer/redirect.h"
#include "tracer/trace.h"

#include <errno.h>
#include <linux/audit.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct worker {
	struct container *ct;
	struct task_cache tasks;
	struct arena arena;
};

/* A call without a row, or through another table than that of x86-64: ENOSYS, logged once. */
static struct reply refuse(struct call *c, uint32_t arch)
{
	const char *kind = arch != AUDIT_ARCH_X86_64 ? "32-bit (i386) system call"
			   : c->nr & 0x40000000	     ? "x32 system call"
						     : "unknown system call";
	unsigned bit = (unsigned)c->nr % 512 ^ (arch != AUDIT_ARCH_X86_64 ? 256 : 0);
	unsigned before = atomic_fetch_or(&c->ct->logged_unknown[bit / 32], 1u << bit % 32);

	if (!(before & 1u << bit % 32))
		log_warn("%s %d refused with ENOSYS: only 64-bit programs are supported, up to the calls of "
			 "Linux "
			 "6.18",
			 kind, c->nr);
	return reply_value(-ENOSYS);
}

static void carry_out(struct call *c, const struct reply *reply)
{
	int listener = c->ct->listener, fd = (int)reply->value, r;

	switch (reply->kind) {
	case REPLY_VALUE:
		if (reply->value < 0)
			listener_error(listener, c->id, (int)reply->value);
		else
			listener_value(listener, c->id, reply->value);
		return;
	case REPLY_FD:
		r = listener_fd(listener, c->id, fd, reply->cloexec);
		close(fd);
		if (r < 0 && r != -ENOENT)
			listener_error(listener, c->id, r);
		return;
	case REPLY_CONTINUE: listener_continue(listener, c->id); return;
	case REPLY_REDIRECT:
		if (reply->redirect)
			redirector_submit(c->ct, reply->redirect);
		else
			listener_error(listener, c->id, -ENOMEM);
		return;
	default: log_bug(__FILE__, __LINE__, "reply kind");
	}
}

static void serve(struct worker *w, const struct seccomp_notif *n)
{
	struct reply reply;
	struct call c;

	redirector_settle(w->ct, (pid_t)n->pid);
	call_init(&c, w->ct, &w->tasks, &w->arena, n);
	if (n->pid == 0) /* a task that this pid namespace does not see */
		reply = reply_value(-EPERM);
	else if (n->data.arch != AUDIT_ARCH_X86_64 || !c.row || !syscall_served(c.row))
		reply = refuse(&c, n->data.arch);
	else {
		atomic_fetch_add_explicit(&w->ct->calls[c.row - syscall_table], 1, memory_order_relaxed);
		reply = syscall_handle(c.row, &c);
	}
	if (w->ct->options->trace)
		trace_call(&c, &reply);
	carry_out(&c, &reply);
	call_release(&c);
}

/* The process's umask is this thread's alone: files are made with the guest's, and the main thread makes none. (Docker's
 * profile refuses the unshare(2) that would give each thread its own.) */
static void *run(void *arg)
{
	struct worker *w = arg;
	union notification n;

	for (;;) {
		int r = listener_receive(w->ct->listener, &n);

		if (r == 0)
			serve(w, &n.notif);
		else if (r == -ENODEV)
			pause(); /* no guest is left: the main thread ends the process */
		else if (r != -EINTR && r != -ENOENT)
			log_bug(__FILE__, __LINE__, strerror(-r));
	}
	return NULL;
}

int worker_start(struct container *ct)
{
	struct worker *w = calloc(1, sizeof(*w));
	pthread_attr_t attr;
	pthread_t thread;
	int r;

	if (!w)
		return -ENOMEM;
	w->ct = ct;
	task_cache_init(&w->tasks);
	arena_init(&w->arena);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 * 1024);
	r = pthread_create(&thread, &attr, run, w);
	pthread_attr_destroy(&attr);
	if (r == 0)
		pthread_detach(thread);
	return -r;
}
