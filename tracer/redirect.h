/* Redirect: a call that the task itself makes, with other arguments, by ptrace on demand. Used for calls that only the
 * task can make (execve, chdir) or that may block (a FIFO, a terminal, connect). A handler builds one and returns
 * reply_redirect(); from then on the redirector (the supervisor's main thread) owns it.
 *
 * A redirected call passes the filter by the container's secret in the sixth argument register, so the call must have
 * at most five arguments. */
#ifndef UCTR_TRACER_REDIRECT_H
#define UCTR_TRACER_REDIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct call;
struct container;
struct exec_plan;
struct redirect;
struct redirector;

/* A redirect of the call c to its own number and arguments. NULL when out of memory. */
struct redirect *redirect_new(const struct call *c);
void redirect_free(struct redirect *r);

/* Makes it another call. */
void redirect_nr(struct redirect *r, int nr);

/* Replaces argument i by a value. */
void redirect_arg(struct redirect *r, int i, uint64_t value);

/* Room for size bytes of data; to be called before the first redirect_data() where a few KiB do not do. 0 or -ENOMEM. */
int redirect_reserve(struct redirect *r, size_t size);

/* Copies len bytes into the scratch memory that the task will have, aligned to 8, and makes argument i (or none: -1)
 * their address, which is returned. 0 when there is no room. */
uint64_t redirect_data(struct redirect *r, int i, const void *data, size_t len);

/* Takes fd over and closes it when the call has ended. 0 or -EMFILE (then fd is closed at once). */
int redirect_hold(struct redirect *r, int fd);

/* Makes argument i the path by which the task reaches descriptor fd of the supervisor ("/proc/SUPERVISOR/fd/N"), or
 * name in the directory fd when name is not NULL and not empty. Takes fd over as redirect_hold() does. 0 or a negative
 * errno. */
int redirect_path(struct redirect *r, int i, int fd, const char *name);

/* The call may rightly block and end in EINTR: signals are let through while it waits. */
void redirect_may_block(struct redirect *r);

/* The guest's own arguments lead the kernel to the very object that was decided on: a thread that a guest's debugger
 * holds, and that we cannot trace, makes the call as it is (see redirect_held.c). */
void redirect_native(struct redirect *r);

/* Should a debugger hold the thread (see redirect_held.c): these bytes, too, are at that address of its memory for the time of
 * the call. Copied. 0, or -ENOMEM also when there are too many. */
int redirect_place(struct redirect *r, uint64_t at, const void *bytes, size_t len);

/* The value that the guest gets when the redirected call has succeeded, instead of its own. */
void redirect_result(struct redirect *r, long value);

/* kill(pids[i], sig) for each, in this order, made by the calling task, so that si_pid is right. The result is 0 when at
 * least one could be signalled. The pids are copied. */
struct redirect *redirect_kill_each(const struct call *c, const pid_t *pids, size_t n, int sig);

/* An execve: what has to be put right in the new image. Takes plan over (freed by exec_plan_free()). */
void redirect_exec(struct redirect *r, struct exec_plan *plan);

/* Whether the thread's last blocking redirect was ended by a signal, in the call that returns to rip with the stack pointer
 * rsp; then it is forgotten (see sys_sigreturn.c). */
bool redirect_was_interrupted(struct container *ct, pid_t tid, uint64_t rip, uint64_t rsp);

/* The redirector: */

int redirector_init(struct container *ct);
void redirector_release(struct container *ct);

/* Called by a worker: queues r and wakes the redirector, which answers the notification. */
void redirector_submit(struct container *ct, struct redirect *r);
/* Called by a worker before it looks at the memory of a thread that has made a call: its last one is over, and what had to
 * be done to that memory for it is undone. */
void redirector_settle(struct container *ct, pid_t tid);
/* The same for all calls that are over by now; called by the redirector's thread at each of its turns. Returns how long it may
 * sleep until the next one, in ms as for poll(2): wanted, or less. */
int redirector_poll(struct container *ct, int wanted);
/* The same before a debugger lets a tracee go on, which may be the parent of a vfork child whose execve has not quite ended:
 * waits for that a little. */
void redirector_wait_held(struct container *ct);
/* The descriptor that becomes readable when something was submitted. */
int redirector_fd(const struct container *ct);
/* Called by the redirector's thread: starts what was submitted. */
void redirector_run(struct container *ct);
/* Called by the redirector's thread with every wait status. Returns whether the status belonged to a redirect and is
 * nothing that a parent would see. */
bool redirector_status(struct container *ct, pid_t pid, int status);
/* The next wait status that came while the redirector waited for another task, and must now be handled like all others.
 * Returns false when there is none. */
bool redirector_deferred(struct container *ct, pid_t *ret_pid, int *ret_status);
/* One line per redirect under way. */
void redirector_dump(const struct container *ct);

#endif
