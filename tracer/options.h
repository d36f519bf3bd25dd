/* The command line, parsed and checked. */
#ifndef UCTR_TRACER_OPTIONS_H
#define UCTR_TRACER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct view;

enum verb { VERB_RUN, VERB_DOCTOR, VERB_HELP, VERB_VERSION };

enum volume_kind { VOLUME_BIND, VOLUME_MASK };

struct volume {
	enum volume_kind kind;
	const char *option; /* as the user spelled it, for messages */
	const char *text;   /* the same for its value */
	char *source;	    /* VOLUME_BIND: absolute path on the host; owned */
	char *target;	    /* absolute virtual path, which may hold ".." and symlinks; owned */
	bool rdonly;
};

struct options {
	enum verb verb;
	char *root; /* --root DIR, absolute, owned; NULL: the host's */
	bool root_rdonly;
	struct volume *volumes; /* -v and --mask, in order */
	size_t n_volumes;
	bool read_only;	    /* --read-only: all mounts */
	char *workdir;	    /* -w, absolute, owned; NULL: the caller's where the view has it, else / */
	char **env;	    /* the program's environment, complete; owned */
	bool trace;	    /* --trace */
	bool quiet;	    /* -q: errors only, no warnings */
	const char *output; /* -o */
	char **argv;	    /* the program and its arguments, NULL-terminated; a shell when none was given */
	char **own_argv;    /* argv when it is not the caller's, else NULL */
};

/* Fills *o from the command line, which it goes on using. Returns 0, or 125 after one line on stderr that names
 * the option, what was wrong and what is accepted; *o is then empty, as it is for every verb but VERB_RUN. */
int options_parse(struct options *o, int argc, char **argv);
void options_release(struct options *o);

void print_help(void);	  /* one screen, to stdout */
void print_version(void); /* to stdout */

/* uctr doctor: each kernel feature needed or useful, whether it is there and what is lost without it, to stdout.
 * Returns the exit status: 0 when uctr can run here, else 1. */
int doctor(void);

/* Builds the view that the options ask for. 0, or a negative errno after one line on stderr that names the
 * option; the caller releases the view in both cases. */
int build_view(struct view *view, const struct options *o);

#endif
