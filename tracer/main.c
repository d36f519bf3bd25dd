/* uctr: command line to verb. */
#include "tracer/front.h"
#include "tracer/inherited.h"
#include "tracer/options.h"
#include "tracer/probe.h"
#include "tracer/table.h"

#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_UCTR 125

/* UCTR_BITE, in the test build alone. */
static int start_bite(void)
{
#ifdef UCTR_TEST
	const char *spec = getenv("UCTR_BITE");

	if (spec && table_bite(spec) < 0) {
		log_error("UCTR_BITE=%s: accepted: the name of a served system call, then :pass or :enosys",
			  spec);
		return -EINVAL;
	}
#endif
	return 0;
}

/* -o and UCTR_LOG. */
static int start_log(const struct options *o)
{
	int fd = STDERR_FILENO;

	if (o->output) {
		fd = open(o->output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
		if (fd < 0) {
			log_error("-o %s: %s; accepted: a file that can be written", o->output,
				  strerror(errno));
			return -errno;
		}
	}
	if (log_init(fd, o->quiet ? "error" : getenv("UCTR_LOG")) < 0) {
		log_error("UCTR_LOG=%s: accepted: error, warn, info, debug or trace, then MODULE:LEVEL, "
			  "separated by "
			  "commas",
			  getenv("UCTR_LOG"));
		return -EINVAL;
	}
	return 0;
}

static int run(const struct options *o, struct inherited *inherited)
{
	const char *why = probe_floor();

	if (why) {
		log_error("%s", why);
		return EXIT_UCTR;
	}
	return front_run(o, inherited);
}

int main(int argc, char **argv)
{
	struct inherited inherited;
	struct options o;
	int status;

	/* Before anything is opened. */
	if (inherited_init(&inherited) < 0)
		return EXIT_UCTR;
	log_init(STDERR_FILENO, NULL);
	status = options_parse(&o, argc, argv);
	if (status == 0 && (start_log(&o) < 0 || start_bite() < 0))
		status = EXIT_UCTR;
	if (status == 0) {
		switch (o.verb) {
		case VERB_RUN: status = run(&o, &inherited); break;
		case VERB_DOCTOR: status = doctor(); break;
		case VERB_HELP: print_help(); break;
		case VERB_VERSION: print_version(); break;
		default: log_bug(__FILE__, __LINE__, "verb");
		}
	}
	options_release(&o);
	return status;
}
