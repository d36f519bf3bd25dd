#include "tracer/trace.h"

#include "lib/log.h"
#include "tracer/call.h"
#include "tracer/table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

struct line {
	char text[4096];
	size_t used; /* less than the size; what does not fit is left out */
};

static void add(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *l, const char *format, ...)
{
	size_t room = sizeof(l->text) - l->used;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(l->text + l->used, room, format, args);
	va_end(args);
	if (n > 0)
		l->used += (size_t)n < room ? (size_t)n : room - 1;
}

/* Quoted and escaped; a long one is cut, as strace does. */
static void add_quoted(struct line *l, const char *s)
{
	char escaped[1024], check[sizeof(escaped) + 4];

	log_escape(escaped, sizeof(escaped), s);
	log_escape(check, sizeof(check), s);
	add(l, "\"%s\"%s", escaped, strcmp(escaped, check) == 0 ? "" : "...");
}

struct flag {
	unsigned bits;
	const char *name;
};

static const struct flag open_flags[] = {
	{O_CREAT, "O_CREAT"},	      {O_EXCL, "O_EXCL"},	  {O_NOCTTY, "O_NOCTTY"},
	{O_TRUNC, "O_TRUNC"},	      {O_APPEND, "O_APPEND"},	  {O_NONBLOCK, "O_NONBLOCK"},
	{O_SYNC, "O_SYNC"},	      {O_DSYNC, "O_DSYNC"},	  {O_ASYNC, "O_ASYNC"},
	{O_DIRECT, "O_DIRECT"},	      {0100000, "O_LARGEFILE"},	  {O_TMPFILE, "O_TMPFILE"},
	{O_DIRECTORY, "O_DIRECTORY"}, {O_NOFOLLOW, "O_NOFOLLOW"}, {O_NOATIME, "O_NOATIME"},
	{O_CLOEXEC, "O_CLOEXEC"},     {O_PATH, "O_PATH"},	  {0, NULL},
};

/* AT_REMOVEDIR and AT_EACCESS are one bit: it is named after the call below. */
static const struct flag at_flags[] = {
	{AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW"},
	{AT_SYMLINK_FOLLOW, "AT_SYMLINK_FOLLOW"},
	{AT_NO_AUTOMOUNT, "AT_NO_AUTOMOUNT"},
	{AT_EMPTY_PATH, "AT_EMPTY_PATH"},
	{0x2000, "AT_STATX_FORCE_SYNC"},
	{0x4000, "AT_STATX_DONT_SYNC"},
	{0, NULL},
};

/* Names joined by '|'; wider names stand before those whose bits they contain. */
static void add_flags(struct line *l, const struct flag *flags, unsigned value, const char *separator)
{
	for (; flags->bits; flags++) {
		if ((value & flags->bits) != flags->bits)
			continue;
		add(l, "%s%s", separator, flags->name);
		separator = "|";
		value &= ~flags->bits;
	}
	if (value)
		add(l, "%s%#x", separator, value);
}

static void add_open_flags(struct line *l, unsigned value)
{
	static const char *const access_modes[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};

	add(l, "%s", access_modes[value & O_ACCMODE]);
	add_flags(l, open_flags, value & ~(unsigned)O_ACCMODE, "|");
}

static void add_at_flags(struct line *l, const struct call *c, unsigned value)
{
	const char *separator = "";

	if (value & AT_REMOVEDIR) {
		add(l, "%s", strncmp(c->row->name, "unlink", 6) == 0 ? "AT_REMOVEDIR" : "AT_EACCESS");
		separator = "|";
		value &= ~(unsigned)AT_REMOVEDIR;
	}
	if (value)
		add_flags(l, at_flags, value, separator);
	else if (!separator[0])
		add(l, "0");
}

static void add_pointer(struct line *l, uint64_t value)
{
	if (value)
		add(l, "%#" PRIx64, value);
	else
		add(l, "NULL");
}

static void add_string(struct line *l, struct call *c, uint64_t addr)
{
	const char *s;

	if (addr && call_read_string(c, addr, PATH_MAX, -ENAMETOOLONG, &s) == 0)
		add_quoted(l, s);
	else
		add_pointer(l, addr);
}

static void add_unix(struct line *l, const struct sockaddr_un *un, size_t len)
{
	size_t path_len = len - offsetof(struct sockaddr_un, sun_path);
	char path[sizeof(un->sun_path) + 1] = "";

	if (path_len > sizeof(un->sun_path))
		path_len = sizeof(un->sun_path);
	memcpy(path, un->sun_path, path_len);
	add(l, "{sa_family=AF_UNIX, sun_path=%s", path[0] ? "" : "@");
	add_quoted(l, path[0] || path_len == 0 ? path : path + 1);
	add(l, "}");
}

static void add_sockaddr(struct line *l, struct call *c, uint64_t addr, uint64_t len)
{
	struct sockaddr_storage any = {0};
	char text[INET6_ADDRSTRLEN];

	if (!addr || len < sizeof(any.ss_family) || len > sizeof(any) || call_read(c, addr, &any, len) < 0) {
		add_pointer(l, addr);
	} else if (any.ss_family == AF_UNIX) {
		add_unix(l, (struct sockaddr_un *)&any, len);
	} else if (any.ss_family == AF_INET) {
		const struct sockaddr_in *in = (struct sockaddr_in *)&any;

		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		add(l, "{sa_family=AF_INET, %s:%d}", text, ntohs(in->sin_port));
	} else if (any.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in = (struct sockaddr_in6 *)&any;

		inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof(text));
		add(l, "{sa_family=AF_INET6, [%s]:%d}", text, ntohs(in->sin6_port));
	} else {
		add(l, "{sa_family=%d, ...}", any.ss_family);
	}
}

static void add_signal(struct line *l, int sig)
{
	const char *name = sigabbrev_np(sig);

	if (name)
		add(l, "SIG%s", name);
	else
		add(l, "%d", sig);
}

static void add_argument(struct line *l, struct call *c, int i)
{
	uint64_t value = c->args[i];

	switch ((enum arg_kind)c->row->args[i]) {
	case ARG_INT:
	case ARG_PID:
	case ARG_FD: add(l, "%d", (int)value); return;
	case ARG_LONG: add(l, "%" PRId64, (int64_t)value); return;
	case ARG_UNSIGNED: add(l, "%" PRIu64, value); return;
	case ARG_MODE: add(l, "%#o", (unsigned)value); return;
	case ARG_NONE:
	case ARG_HEX: add(l, "%#" PRIx64, value); return;
	case ARG_PTR: add_pointer(l, value); return;
	case ARG_DIRFD:
		if ((int)value == AT_FDCWD)
			add(l, "AT_FDCWD");
		else
			add(l, "%d", (int)value);
		return;
	case ARG_PATH: add_string(l, c, value); return;
	case ARG_OFLAGS: add_open_flags(l, (unsigned)value); return;
	case ARG_ATFLAGS: add_at_flags(l, c, (unsigned)value); return;
	case ARG_SIGNAL: add_signal(l, (int)value); return;
	case ARG_SOCKADDR: add_sockaddr(l, c, value, (uint32_t)c->args[i + 1]); return;
	default: add(l, "?"); return;
	}
}

/* open(2) looks at its mode only when it makes a file. */
static bool is_unused_mode(const struct call *c, int i)
{
	unsigned flags;

	if (i == 0 || c->row->args[i] != ARG_MODE || c->row->args[i - 1] != ARG_OFLAGS)
		return false;
	flags = (unsigned)c->args[i - 1];
	return !(flags & O_CREAT) && (flags & O_TMPFILE) != O_TMPFILE;
}

static void add_call(struct line *l, struct call *c)
{
	add(l, "[%d] ", c->tid);
	if (!c->row) {
		add(l, "syscall_%d(", c->nr);
		for (int i = 0; i < 6; i++)
			add(l, "%s%#" PRIx64, i ? ", " : "", c->args[i]);
		add(l, ")");
		return;
	}
	add(l, "%s(", c->row->name);
	for (int i = 0; i < c->row->n_args && !is_unused_mode(c, i); i++) {
		if (i > 0)
			add(l, ", ");
		add_argument(l, c, i);
	}
	add(l, ")");
}

static void add_result(struct line *l, const struct reply *reply)
{
	const char *name;

	switch (reply->kind) {
	case REPLY_VALUE:
		if (reply->value < 0 && (name = strerrorname_np((int)-reply->value)) != NULL)
			add(l, " = -1 %s (%s)", name, strerrordesc_np((int)-reply->value));
		else
			add(l, " = %ld", reply->value);
		return;
	case REPLY_FD: add(l, " = fd"); return;
	case REPLY_CONTINUE: add(l, " = (native)"); return;
	case REPLY_REDIRECT: add(l, " = (redirected)"); return;
	default: add(l, " = ?"); return;
	}
}

void trace_call(struct call *c, const struct reply *reply)
{
	struct line l = {.used = 0};

	add_call(&l, c);
	add_result(&l, reply);
	log_line("%s", l.text);
}
