/* The table of system calls: syscalls.def has one row for every x86-64 call that Linux 6.18 knows. The filter,
 * the dispatch, the trace printer and doc/SYSCALLS.md all come from it. */
#ifndef UCTR_TRACER_TABLE_H
#define UCTR_TRACER_TABLE_H

#include "tracer/reply.h"

#include <stdint.h>

struct call;

enum disposition {
	PASS,	  /* allowed in the kernel, the supervisor never wakes */
	ANSWER,	  /* the supervisor computes the result */
	INJECT,	  /* the result is a descriptor that the supervisor opens */
	REDIRECT, /* the task runs the call itself, with other arguments */
	DENY,	  /* refused in the kernel with the row's errno */
};

/* What an argument is, for --trace and for the handlers that many rows share. */
enum arg_kind {
	ARG_NONE,
	ARG_INT,      /* signed decimal, 32 bits */
	ARG_LONG,     /* signed decimal, 64 bits */
	ARG_UNSIGNED, /* unsigned decimal */
	ARG_HEX,
	ARG_PTR,
	ARG_FD,
	ARG_DIRFD, /* AT_FDCWD by name */
	ARG_PATH,  /* a string in the guest's memory, quoted and escaped */
	ARG_OFLAGS,
	ARG_ATFLAGS,
	ARG_MODE, /* octal */
	ARG_SIGNAL,
	ARG_PID, /* names a task: sys_pid_arg() checks it */
	ARG_SOCKADDR,
};

/* When a row that is not PASS applies, as far as registers can tell; else the call is allowed. tools/mkfilter.c has the
 * tests. Arguments that the kernel takes as int are compared as such. */
enum when {
	ALWAYS,
	IF_ARG0_SET,  /* argument 0, a pid, is not 0 */
	IF_ARG01_SET, /* argument 0 or 1 is not 0 */
	IF_ARG4_SET,  /* argument 4, a pointer, is not NULL */
	IF_PERF,      /* perf_event_open of another task, or of a cgroup */
	IF_PRLIMIT,   /* prlimit64 of another process, or of RLIMIT_LOCKS */
	IF_LOCKS,     /* setrlimit, getrlimit of RLIMIT_LOCKS */
	IF_PRIORITY,  /* setpriority, getpriority of anything but the caller */
	IF_IOPRIO,    /* ioprio_set, ioprio_get likewise */
	IF_PRCTL,     /* PR_SET_DUMPABLE (PR_SCHED_CORE is refused) */
	IF_FCNTL,     /* F_SETOWN of somebody (F_SETOWN_EX is refused) */
	IF_IOCTL,     /* requests that change an inode through a read-only descriptor (others are refused) */
	IF_PTRACE,    /* to begin tracing, and to let a tracee go on */
	IF_NEWNS,     /* clone with a CLONE_NEW flag */
	IF_UNSHARE,   /* unshare with a CLONE_NEW flag */
	IF_PIDFD_OPTION, /* SO_PASSPIDFD and SO_PEERPIDFD */
	WHEN_COUNT
};

/* What the view must have for a notified row to be needed at all (else it passes); the filter exists once per
 * combination. */
enum need {
	NEED_NOTHING = 0,
	NEED_EXTRA_NAMES = 1 << 0,  /* the view has directories with extra names: getdents */
	NEED_TRANSLATION = 1 << 1,  /* the view is not all identity: getcwd */
	NEED_COMBINATIONS = 1 << 2, /* number of filters */
};

enum support {
	FULL,
	PARTIAL, /* the note says what is missing */
	NONE,	 /* not served; the note says why */
};

struct syscall_row {
	const char *name;
	int nr;
	enum disposition disposition;
	int error; /* DENY: the errno, positive */
	enum when when;
	enum need need;
	struct reply (*handler)(struct call *c); /* NULL for PASS and DENY */
	enum support support;
	const char *test; /* tests/syscalls/<test>.c, NULL for PASS and DENY */
	uint8_t n_args;
	uint8_t args[6];  /* enum arg_kind */
	const char *note; /* for users; "" when there is nothing to say */
};

/* Indexes into syscall_table, one per row, such as ROW_openat. */
enum syscall_index {
#define SYSCALL(name, ...) ROW_##name,
#include "tracer/syscalls.def"
#undef SYSCALL
	SYSCALL_ROWS
};

extern const struct syscall_row syscall_table[SYSCALL_ROWS];

/* The row of a system call number of the x86-64 table, NULL when there is none. Any number is allowed. */
const struct syscall_row *syscall_find(int nr);

/* Whether the row is notified (not PASS, not DENY). */
static inline int syscall_served(const struct syscall_row *row)
{
	return row->disposition != PASS && row->disposition != DENY;
}

/* Runs the row's handler; the row must be served. */
struct reply syscall_handle(const struct syscall_row *row, struct call *c);

#ifdef UCTR_TEST
/* For `make check-bites`, which proves that each row's test notices when the row's handler is missing: "name:pass"
 * makes every call of that row CONTINUE (but kill(-1), which would end whoever runs the tests), "name:enosys" makes it
 * fail with ENOSYS. main() hands it the environment variable UCTR_BITE before the first call is served. Returns 0, or
 * -EINVAL for an unknown name or word, or a row not served. */
int table_bite(const char *spec);
#endif

#endif
