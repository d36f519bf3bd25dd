/* From the supervisor's fork to the program's first instruction. */
#ifndef UCTR_TRACER_LAUNCH_H
#define UCTR_TRACER_LAUNCH_H

#include <signal.h>

struct container;

/* Forks the program's process, which loads the filter, and receives the listener from it: sets ct->program and
 * ct->listener. The process then waits for its execve to be answered. 0 or a negative errno after a message. */
int launch(struct container *ct, const sigset_t *mask);

#endif
