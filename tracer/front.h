/* The front: the process that the user started and waits for. */
#ifndef UCTR_TRACER_FRONT_H
#define UCTR_TRACER_FRONT_H

struct inherited;
struct options;

/* Runs a container from beginning to end; returns the exit status. Takes over what inherited holds. */
int front_run(const struct options *o, struct inherited *inherited);

#endif
