#include "tracer/filter.h"

#include "tracer/table.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "filter.inc"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

_Static_assert(sizeof(filters) / sizeof(filters[0]) == NEED_COMBINATIONS, "one filter for each combination");

/* Puts the secret where tools/mkfilter left a stand-in: in the comparisons right after a load of the sixth argument. */
static void patch_secret(struct sock_filter *code, size_t len, uint64_t secret)
{
	const uint32_t arg5 = offsetof(struct seccomp_data, args[5]);

	for (size_t i = 1; i < len; i++) {
		if (code[i - 1].code != (BPF_LD | BPF_W | BPF_ABS) ||
		    code[i].code != (BPF_JMP | BPF_JEQ | BPF_K))
			continue;
		if (code[i - 1].k == arg5 + 4 && code[i].k == SECRET_HIGH)
			code[i].k = secret >> 32;
		else if (code[i - 1].k == arg5 && code[i].k == SECRET_LOW) {
			code[i].k = (uint32_t)secret;
			if (i + 1 < len && code[i + 1].k == SECRET_STOP)
				code[i + 1].k = (uint32_t)filter_stop_arg(secret);
		}
	}
}

static int install(struct sock_fprog *program, unsigned long flags)
{
	int fd = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_NEW_LISTENER,
			 program);

	return fd < 0 ? -errno : fd;
}

int filter_load(unsigned needs, uint64_t secret, unsigned flags)
{
	struct sock_filter code[FILTER_MAX_LEN];
	struct sock_fprog program = {.filter = code};
	int fd;

	if (needs >= NEED_COMBINATIONS)
		return -EINVAL;
	program.len = filters[needs].len;
	memcpy(code, filters[needs].filter, program.len * sizeof(code[0]));
	patch_secret(code, program.len, secret);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	fd = install(&program, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	if (fd == -EINVAL) /* COMPAT: before Linux 5.19 */
		fd = install(&program, flags);
	return fd;
}
