#include "tracer/exec_plan.h"

#include "lib/cleanup.h"

struct exec_plan *exec_plan_new(void)
{
	struct exec_plan *plan = calloc(1, sizeof(*plan));

	if (plan)
		plan->interp_fd = plan->interp_index = -1;
	return plan;
}

void exec_plan_free(struct exec_plan *plan)
{
	if (!plan)
		return;
	close_fd(&plan->interp_fd);
	free(plan->execfn);
	free(plan->given);
	free(plan->argv0);
	free(plan->argv0_given);
	free(plan->argument);
	free(plan->comm);
	free(plan);
}

bool exec_plan_has_fixes(const struct exec_plan *plan)
{
	return plan->execfn || plan->interp_fd >= 0 || plan->interp_index >= 0;
}
