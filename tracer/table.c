/* The table itself, and the way from a number to its row. */
#include "tracer/table.h"

#include "tracer/sysnr.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* The build tools that read the table link no handlers. */
#ifdef TABLE_WITHOUT_HANDLERS
#define HANDLER(function) NULL
#else
#include "tracer/call.h"
#include "tracer/handlers.h"
#define HANDLER(function) function
#endif

/* Notes that several rows share. */
#define PID_NOTE   "Processes outside the container do not exist for it."
#define PIDFD_NOTE "A descriptor of a process outside the container cannot be made inside."
#define LOCKS_NOTE                                                                                          \
	"RLIMIT_LOCKS, which Linux itself has not used since 2.4.25, is answered by uctr, which keeps the " \
	"container's mark there. Processes outside the container do not exist for it."
#define LANDLOCK_NOTE                                                                                       \
	"As in a kernel where it is switched off: most files are opened for the program by uctr, which no " \
	"rule of the "                                                                                      \
	"program's would hold for."
#define IPC_NOTE                                                                                     \
	"The objects are the host's own: other programs of the user see them, and they outlive the " \
	"container."
#define ADMIN_NOTE "It changes the whole machine; the same error as for every ordinary user."
#define MOUNT_NOTE \
	"What the container sees is chosen by uctr's options; the same error as for every ordinary user."
#define MOUNTLIST_NOTE "It would show the host's mounts; programs fall back to /proc/self/mountinfo."
#define GONE_NOTE      "Linux itself no longer has it, or never had it on this machine."
#define NEWER_NOTE     "Not served yet; programs fall back to the older calls."
#define KEY_NOTE \
	"Keys belong to the user's login, not to the container; programs take this as: no key service here."
#define URING_NOTE "Its operations reach files without a call that a filter could see; programs fall back."

/* ARGS(FD, PATH) -> .n_args = 2, .args = {ARG_FD, ARG_PATH} */
#define ARGS_0()
#define ARGS_1(a)			       ARG_##a
#define ARGS_2(a, ...)			       ARG_##a, ARGS_1(__VA_ARGS__)
#define ARGS_3(a, ...)			       ARG_##a, ARGS_2(__VA_ARGS__)
#define ARGS_4(a, ...)			       ARG_##a, ARGS_3(__VA_ARGS__)
#define ARGS_5(a, ...)			       ARG_##a, ARGS_4(__VA_ARGS__)
#define ARGS_6(a, ...)			       ARG_##a, ARGS_5(__VA_ARGS__)
#define ARGS_PICK(_, a, b, c, d, e, f, n, ...) n
#define ARGS_COUNT(...)			       ARGS_PICK(_, ##__VA_ARGS__, 6, 5, 4, 3, 2, 1, 0)
#define ARGS_PASTE(n, ...)		       .n_args = n, .args = {ARGS_##n(__VA_ARGS__)}
#define ARGS_EXPAND(n, ...)		       ARGS_PASTE(n, ##__VA_ARGS__)
#define ARGS(...)			       ARGS_EXPAND(ARGS_COUNT(__VA_ARGS__), ##__VA_ARGS__)

/* The "how" column. As macros they exist only where "(" follows; the plain words are the enumerators. */
#define ANSWER(function, test_, ...)   ANSWER, .handler = HANDLER(function), .test = test_, ##__VA_ARGS__
#define INJECT(function, test_, ...)   INJECT, .handler = HANDLER(function), .test = test_, ##__VA_ARGS__
#define REDIRECT(function, test_, ...) REDIRECT, .handler = HANDLER(function), .test = test_, ##__VA_ARGS__
#define DENY(errno_, ...)	       DENY, .error = errno_, ##__VA_ARGS__
#define SYSCALL(name_, how, support_, args_, note_) \
	[ROW_##name_] = {.name = #name_,            \
			 .nr = __NR_##name_,        \
			 .support = support_,       \
			 args_,                     \
			 .note = note_,             \
			 .disposition = how},

const struct syscall_row syscall_table[SYSCALL_ROWS] = {
#include "tracer/syscalls.def"
};
#undef SYSCALL

/* One more than the row's index by number, 0 where there is none. */
static const uint16_t row_by_nr[SYSNR_LAST + 1] = {
#define SYSCALL(name_, ...) [__NR_##name_] = ROW_##name_ + 1,
#include "tracer/syscalls.def"
#undef SYSCALL
};

const struct syscall_row *syscall_find(int nr)
{
	if (nr < 0 || nr > SYSNR_LAST || row_by_nr[nr] == 0)
		return NULL;
	return &syscall_table[row_by_nr[nr] - 1];
}

#ifdef UCTR_TEST
/* The only mutable global: the test build alone has it, and it is set before the first call. */
static struct {
	const struct syscall_row *row;
	struct reply reply;
} bite;

int table_bite(const char *spec)
{
	const char *colon = strchr(spec, ':');

	if (!colon)
		return -EINVAL;
	for (size_t i = 0; i < SYSCALL_ROWS; i++) {
		const struct syscall_row *row = &syscall_table[i];

		if (strlen(row->name) != (size_t)(colon - spec) ||
		    strncmp(row->name, spec, strlen(row->name)) != 0)
			continue;
		if (!syscall_served(row))
			return -EINVAL;
		if (strcmp(colon + 1, "pass") == 0)
			bite.reply = reply_continue();
		else if (strcmp(colon + 1, "enosys") == 0)
			bite.reply = reply_value(-ENOSYS);
		else
			return -EINVAL;
		bite.row = row;
		return 0;
	}
	return -EINVAL;
}
#endif

#ifndef TABLE_WITHOUT_HANDLERS
struct reply syscall_handle(const struct syscall_row *row, struct call *c)
{
#ifdef UCTR_TEST
	/* kill(-1) by the kernel itself would end whoever runs the tests. */
	bool harmful = row == &syscall_table[ROW_kill] && bite.reply.kind == REPLY_CONTINUE &&
		       (int)c->args[0] == -1;

	if (row == bite.row && !harmful)
		return bite.reply;
#endif
	return row->handler(c);
}
#endif
