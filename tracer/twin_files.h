/* Whether two files have the same bytes. The last answer is kept for as long as neither has changed: the question is always the
 * same one, about the ELF interpreter of a root directory and the host's. */
#ifndef UCTR_TRACER_TWIN_FILES_H
#define UCTR_TRACER_TWIN_FILES_H

#include <stdbool.h>
#include <sys/stat.h>

struct twin_files {
	struct stat a, b; /* of the files that were compared last; zeroed: none were */
	bool same;
};

/* a and b: descriptors open for reading. The same file is its own twin. */
bool twin_files(struct twin_files *last, int a, int b);

#endif
