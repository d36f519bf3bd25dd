/* What a handler decides about a call: a closed set, carried out by the worker in one place. */
#ifndef UCTR_TRACER_REPLY_H
#define UCTR_TRACER_REPLY_H

struct redirect;

enum reply_kind {
	REPLY_VALUE,	/* the call returns value (>= 0) or fails with -value */
	REPLY_FD,	/* the call returns a copy of descriptor value, which is then closed here */
	REPLY_CONTINUE, /* the kernel runs the call as it is: only where no decision depends on memory */
	REPLY_REDIRECT, /* the task runs the call with other arguments */
};

struct reply {
	enum reply_kind kind;
	long value;
	int cloexec; /* REPLY_FD */
	struct redirect *redirect;
};

/* A result or a negative errno, as the kernel has it in rax. */
static inline struct reply reply_value(long value)
{
	return (struct reply){.kind = REPLY_VALUE, .value = value};
}

/* Takes fd over. */
static inline struct reply reply_fd(int fd, int cloexec)
{
	return (struct reply){.kind = REPLY_FD, .value = fd, .cloexec = cloexec};
}

static inline struct reply reply_continue(void)
{
	return (struct reply){.kind = REPLY_CONTINUE};
}

/* Takes r over; NULL means that none could be made and is answered with ENOMEM. */
static inline struct reply reply_redirect(struct redirect *r)
{
	return (struct reply){.kind = REPLY_REDIRECT, .redirect = r};
}

#endif
