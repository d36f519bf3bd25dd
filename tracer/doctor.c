/* uctr doctor: what this machine offers. */
#include "tracer/options.h"
#include "tracer/probe.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* Why a probe said no, in a word or two; most errors mean what strerror() says. */
static const char *reason(int error)
{
	switch (error) {
	case ENOSYS:
	case EINVAL:
	case ENOTTY: return "this kernel has it not";
	case EPERM:
	case EACCES: return "refused";
	case EBUSY: return "in use already";
	case ETIMEDOUT: return "no answer";
	case EPROTO: return "does not work as it should";
	default: return strerror(error);
	}
}

int doctor(void)
{
	struct utsname kernel;
	const char *floor = probe_floor();
	const char *missing = NULL;

	signal(SIGCHLD, SIG_DFL); /* a caller that ignores it hands that on, and waitpid(2) fails */
	if (uname(&kernel) == 0)
		printf("%s %s on %s\n", kernel.sysname, kernel.release, kernel.machine);
	printf("%-27s %-4s %s\n", "feature", "here", "without it");
	for (size_t i = 0; i < n_probes; i++) {
		const struct probe *p = &probes[i];
		int r;

		fflush(stdout); /* a probe's child must not have anything to write twice */
		r = p->run();
		if (r)
			printf("%-27s %-4s %s [%s]\n", p->name, "no", p->lost, reason(-r));
		else
			printf("%-27s %-4s %s\n", p->name, "yes", p->lost);
		if (r && p->required && !missing)
			missing = p->name;
	}
	if (missing)
		printf("verdict: uctr cannot run here: %s\n", missing);
	else if (floor)
		printf("verdict: uctr cannot run here: %s\n", floor);
	else
		printf("verdict: uctr can run here\n");
	return missing || floor ? 1 : 0;
}
