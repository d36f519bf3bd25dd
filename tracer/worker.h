/* The worker: receives calls, runs their handlers and answers. Must never block. */
#ifndef UCTR_TRACER_WORKER_H
#define UCTR_TRACER_WORKER_H

struct container;

/* Starts the worker's thread. 0 or a negative errno. */
int worker_start(struct container *ct);

#endif
