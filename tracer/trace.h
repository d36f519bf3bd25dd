/* --trace: one line for each call that woke the supervisor. */
#ifndef UCTR_TRACER_TRACE_H
#define UCTR_TRACER_TRACE_H

struct call;
struct reply;

/* Prints "[tid] name(arguments) = result" in strace's manner by log_line(), before the reply is carried out. Strings and
 * socket addresses are read from the task's memory once more, for display alone; what cannot be read is shown as an
 * address. A result that is not known yet is shown in words: "= fd", "= (native)", "= (redirected)". */
void trace_call(struct call *c, const struct reply *reply);

#endif
