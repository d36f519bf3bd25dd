/* Private to the command line: options.c, option_values.c, env.c and view_build.c. */
#ifndef UCTR_TRACER_CLI_H
#define UCTR_TRACER_CLI_H

#include "tracer/options.h"

/* One -e or --env-file, in the order of the command line. All strings are borrowed from argv. */
struct env_op {
	const char *option; /* as the user spelled it, for messages */
	const char *value;
	bool file;
};

#define UCTR_FAILED 125 /* the exit status of uctr's own errors, as Docker's */

/* What is accepted, for messages. */
#define ACCEPTED_ROOT	  "DIR, DIR:ro, DIR:rw"
#define ACCEPTED_VOLUME	  "PATH, SRC:DST, SRC:DST:rw, SRC:DST:ro"
#define ACCEPTED_MASK	  "an absolute path of the view"
#define ACCEPTED_ENV	  "K=V, or K to take it from uctr's own environment"
#define ACCEPTED_ENV_FILE "a file with lines K=V, K, # comment"

/* Writes the one line "uctr: OPTION VALUE: what was wrong; accepted: ..." to stderr, all unprintable bytes
 * escaped. value and accepted may be NULL. Returns 125, uctr's own exit status. */
int option_error(const char *option, const char *value, const char *accepted, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

int option_no_memory(const char *option);

/* Check and take over one value each. o->volumes must have room for one more. Return 0, or 125 after one line
 * on stderr. */
int option_set_root(struct options *o, const char *option, const char *value);
int option_set_volume(struct options *o, const char *option, const char *value);
int option_set_mask(struct options *o, const char *option, const char *value);
int option_set_workdir(struct options *o, const char *option, const char *value);

/* Makes o->env: uctr's own environment unless clear is set, then what --root brings, then ops in order. Needs
 * o->root. Returns 0, or 125 after one line on stderr. */
int env_build(struct options *o, const struct env_op *ops, size_t n_ops, bool clear);

/* The value of name in the NULL-terminated env, borrowed, or NULL. */
const char *env_get(char *const *env, const char *name);

/* Opens path as a program inside the directory root would see it (symlinks stay inside root); root NULL: the
 * host's. Returns a descriptor or a negative errno. */
int open_in_root(const char *root, const char *path, int flags);

#endif
