/* Redirect: a call that the task itself makes, with other arguments, by ptrace on demand. Used for calls that only the
 * task can make (execve, chdir) or that may block (a FIFO, a terminal, connect). A handler builds one and returns
 * reply_redirect(); from then on the redirector's thread owns it. */
#ifndef UCTR_TRACER_REDIRECT_H
#define UCTR_TRACER_REDIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct call;
struct redirect;

/* A redirect of the call c to its own number and arguments. NULL when out of memory or scratch space. */
struct redirect *redirect_new(const struct call *c);
void redirect_free(struct redirect *r);

/* Replaces argument i by a value. */
void redirect_arg(struct redirect *r, int i, uint64_t value);

/* Copies len bytes into the scratch memory that the task will have, and makes argument i (or none: -1) their address,
 * which is returned. 0 when there is no room. */
uint64_t redirect_data(struct redirect *r, int i, const void *data, size_t len);

/* Makes argument i the path by which the task reaches descriptor fd of the supervisor ("/proc/SUPERVISOR/fd/N"), or
 * name in the directory fd when name is not empty. Takes fd over: it is closed when the call has ended. 0 or -ENOMEM. */
int redirect_path(struct redirect *r, int i, int fd, const char *name);

/* The calls that really block may rightly end in EINTR. */
void redirect_may_block(struct redirect *r);

/* Whether the thread's last redirect ended in EINTR: then it must not be repaired (see sys_sigreturn.c). */
struct container;
bool redirect_was_interrupted(const struct container *ct, pid_t tid);

#endif
