/* The supervisor: parent and subreaper of everything in the container. Its main thread owns children, signals, ptrace and
 * the socket to the front; the worker's thread answers the calls. */
#ifndef UCTR_TRACER_SUPERVISOR_H
#define UCTR_TRACER_SUPERVISOR_H

#include <signal.h>

struct container;

/* Runs in the freshly forked supervisor; mask is the signal mask that the program gets. Returns its exit status. */
int supervisor_run(struct container *ct, const sigset_t *mask);

#endif
