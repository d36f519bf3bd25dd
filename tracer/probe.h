/* Which kernel features are here, found out by using them: versions are never compared. */
#ifndef UCTR_TRACER_PROBE_H
#define UCTR_TRACER_PROBE_H

#include <stdbool.h>
#include <stddef.h>

struct probe {
	const char *name;
	bool required;	  /* uctr cannot run without it */
	const char *lost; /* what is lost without it */
	int (*run)(void); /* 0: it is here, else a negative errno that says why not */
};

/* All that doctor asks, in the order to print. Probes fork and take up to some milliseconds; the calling process
 * itself is left as it was. It must not ignore SIGCHLD. */
extern const struct probe probes[];
extern const size_t n_probes;

/* For the start of every run, without a fork: NULL, or one line why uctr cannot run here. It does not see
 * everything: the rest shows when the listener exists, see probe_listener(). */
const char *probe_floor(void);

/* The same for the listener that was just made: whether the kernel can send a descriptor as an answer (Linux
 * 5.14). One ioctl(2) without effect. */
const char *probe_listener(int listener);

#endif
