/* The handlers of the served rows of syscalls.def, declared by that table: ANSWER(sys_stat, ...) declares
 *
 *	struct reply sys_stat(struct call *c);
 *
 * Each is defined in one of tracer/sys_*.c and handles exactly the calls whose rows name it. */
#ifndef UCTR_TRACER_HANDLERS_H
#define UCTR_TRACER_HANDLERS_H

#include "tracer/reply.h"

struct call;

#define PASS
#define DENY(...)
#define ANSWER(handler, ...)	struct reply handler(struct call *c);
#define INJECT(handler, ...)	struct reply handler(struct call *c);
#define REDIRECT(handler, ...)	struct reply handler(struct call *c);
#define SYSCALL(name, how, ...) how
#include "tracer/syscalls.def"
#undef SYSCALL
#undef REDIRECT
#undef INJECT
#undef ANSWER
#undef DENY
#undef PASS

/* The one that many rows share:
 *
 * sys_pid_arg		every argument of kind ARG_PID that is above 0 must name a task of the container, else ESRCH; then
 *			CONTINUE. Numbers of 0 and below are left to the kernel, for which they mean the caller or an error.
 *
 * Handlers whose pid argument can mean more than one task have functions of their own: sys_kill, sys_setpgid (also the group
 * must be one of the container), sys_getpriority, sys_setpriority, sys_ioprio_get, sys_ioprio_set, sys_prlimit64, sys_ptrace,
 * sys_perf_event_open (negative: EACCES), sys_fcntl (F_SETOWN; negative: a group). */

#endif
