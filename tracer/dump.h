/* kill -USR1 of the supervisor prints what it is doing. */
#ifndef UCTR_TRACER_DUMP_H
#define UCTR_TRACER_DUMP_H

struct container;

void dump(const struct container *ct);

#endif
