/* Descriptors that uctr itself was started with belong to the program: the front and the supervisor must not hold a pipe
 * open that the program has closed. */
#ifndef UCTR_TRACER_INHERITED_H
#define UCTR_TRACER_INHERITED_H

#include <stddef.h>

struct inherited {
	int *fds; /* those above stderr */
	size_t n;
};

/* Notes what is open; to be called before anything is opened. 0 or a negative errno. */
int inherited_init(struct inherited *in);

/* Closes them, and makes stdin and stdout /dev/null. stderr stays: messages go there. */
void inherited_close(struct inherited *in);

#endif
