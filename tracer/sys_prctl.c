/* The options of prctl that need an answer. */
#include "tracer/handlers.h"
#include "tracer/sys_util.h"

#include <errno.h>
#include <sys/prctl.h>

/* A task that is not dumpable could not be reached by the supervisor any more: its memory, its /proc directory and its
 * system calls by redirect all need the permission that PR_SET_DUMPABLE 0 takes away. So it is accepted and not done;
 * PR_GET_DUMPABLE goes on saying 1 (known gap), and a core dump is still possible. */
struct reply sys_prctl(struct call *c)
{
	if (arg_int(c, 0) == PR_SET_DUMPABLE && c->args[1] == 0)
		return reply_value(0);
	return reply_continue();
}
