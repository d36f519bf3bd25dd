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

/* How an argument is printed by --trace, in strace's manner. */
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
	ARG_PID,
	ARG_SOCKADDR,
};

/* When a notified row wakes the supervisor, as far as registers can tell; else the call is allowed. */
enum when {
	ALWAYS,
	IF_ARG0_SET, /* argument N is not 0 (32 bits for a pid) */
	IF_ARG1_SET,
	IF_ARG2_SET,
	IF_ARG4_SET,
	IF_PRLIMIT,  /* prlimit64 of another process, or of RLIMIT_LOCKS */
	IF_LOCKS,    /* setrlimit, getrlimit of RLIMIT_LOCKS */
	IF_PRCTL,    /* the prctl options that need an answer */
	IF_IOCTL,    /* the ioctl requests that change an inode through a read-only descriptor */
	IF_PTRACE,   /* ATTACH and SEIZE */
	IF_NEWNS,    /* clone and unshare with a CLONE_NEW flag: EPERM in the kernel, else allowed */
	IF_PGRP,     /* setpriority and the like: who is not 0 */
};

/* What the view must have for a notified row to be needed at all; the filter exists once per combination. */
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
	const char *test; /* tests/syscalls/<test>.c, "" for PASS and DENY */
	uint8_t n_args;
	uint8_t args[6]; /* enum arg_kind */
	const char *note;
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

#endif
