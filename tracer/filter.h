/* The seccomp filter: programs made at build time by tools/mkfilter. */
#ifndef UCTR_TRACER_FILTER_H
#define UCTR_TRACER_FILTER_H

#include "tracer/sysnr.h"

#include <stdint.h>

/* Installs the filter on the calling thread, after PR_SET_NO_NEW_PRIVS, and returns the notification listener (close on exec),
 * or a negative errno: -EBUSY when the caller runs under another listener, -ENOSYS or -EINVAL without kernel support. needs
 * is a combination of enum need, secret the container's, flags more SECCOMP_FILTER_FLAG_s. WAIT_KILLABLE_RECV is used where
 * the kernel has it (5.19). Allocates nothing and takes no lock: fit for a child forked by a process with threads. */
int filter_load(unsigned needs, uint64_t secret, unsigned flags);

/* The sixth argument register with which call nr passes the filter unnotified: the secret. sendto alone has a sixth argument
 * of its own, an int: there the lower half is kept. Calls with six arguments other than sendto cannot pass. */
static inline uint64_t filter_secret_arg(int nr, uint64_t secret, uint64_t arg5)
{
	if (nr == __NR_sendto)
		return (secret & 0xffffffff00000000) | (uint32_t)arg5;
	return secret;
}

/* The sixth argument with which a notified call, execve for one, stops at PTRACE_EVENT_SECCOMP where a tracer has asked for
 * that, and fails with ENOSYS where there is none. */
static inline uint64_t filter_stop_arg(uint64_t secret)
{
	return secret ^ 1;
}

#endif
