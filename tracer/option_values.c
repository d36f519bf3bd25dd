/* The options whose value is a path of the host or of the view, and the one form of every message. */
#include "tracer/cli.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Writes the text with its control bytes as \xNN: one message is one line, whatever the user typed. All other bytes
 * stay (unlike log_escape()'s, which is for a guest's strings), so that names look as they were typed. */
static void write_line(const char *text)
{
	size_t size = strlen("uctr: ") + 4 * strlen(text) + 2;
	_cleanup_free_ char *line = malloc(size);
	size_t used;

	if (!line) {
		dprintf(STDERR_FILENO, "uctr: out of memory\n");
		return;
	}
	used = (size_t)snprintf(line, size, "uctr: ");
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == 0x7f)
			used += (size_t)snprintf(line + used, size - used, "\\x%02x", c);
		else
			line[used++] = *text;
	}
	line[used++] = '\n';
	/* One write, so that it stays whole among other programs' output. */
	if (write(STDERR_FILENO, line, used) < 0)
		return; /* there is nobody to tell */
}

int option_error(const char *option, const char *value, const char *accepted, const char *format, ...)
{
	_cleanup_free_ char *what = NULL, *line = NULL;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&what, format, args);
	va_end(args);
	if (length < 0)
		what = NULL;
	length = asprintf(&line, "%s%s%s: %s%s%s", option, value ? " " : "", value ? value : "",
			  what ? what : "out of memory", accepted ? "; accepted: " : "",
			  accepted ? accepted : "");
	if (length < 0)
		line = NULL;
	write_line(line ? line : "out of memory");
	return UCTR_FAILED;
}

int option_no_memory(const char *option)
{
	return option_error(option, NULL, NULL, "out of memory");
}

/* Takes "//", "/./" and trailing slashes out of the absolute path. Leaves ".." alone: what it means depends
 * on symlinks. */
static void tidy_path(char *path)
{
	char *out = path;
	const char *in = path;

	while (*in) {
		size_t len = strcspn(++in, "/");

		if (len == 0 || (len == 1 && in[0] == '.')) {
			in += len;
			continue;
		}
		*out++ = '/';
		memmove(out, in, len);
		out += len;
		in += len;
	}
	if (out == path)
		*out++ = '/';
	*out = '\0';
}

static bool has_dotdot(const char *path)
{
	for (const char *at = path; (at = strstr(at, "/..")); at += 3)
		if (at[3] == '/' || at[3] == '\0')
			return true;
	return false;
}

/* A relative path counts from uctr's own working directory. Returns an allocated absolute path, or NULL with
 * errno. */
static char *absolute_path(const char *path)
{
	_cleanup_free_ char *cwd = NULL;
	char *result;

	if (path[0] == '/') {
		result = strdup(path);
	} else {
		cwd = getcwd(NULL, 0);
		if (!cwd || asprintf(&result, "%s/%s", cwd, path) < 0)
			return NULL;
	}
	if (result)
		tidy_path(result);
	return result;
}

/* Splits text at each ':' that no backslash precedes; "\:" becomes ':'. Works in place. Returns the number of
 * parts, max + 1 when there are more than max. */
static size_t split_colons(char *text, char **parts, size_t max)
{
	size_t n = 0;
	char *out = text;

	parts[n++] = text;
	for (const char *in = text; *in; in++) {
		if (in[0] == '\\' && in[1] == ':') {
			*out++ = *++in;
		} else if (*in == ':') {
			*out++ = '\0';
			if (n == max)
				return max + 1;
			parts[n++] = out;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
	return n;
}

static int parse_mode(const char *option, const char *value, const char *accepted, const char *mode,
		      bool *ret_rdonly)
{
	if (strcmp(mode, "ro") == 0)
		*ret_rdonly = true;
	else if (strcmp(mode, "rw") == 0)
		*ret_rdonly = false;
	else if (strcmp(mode, "cow") == 0)
		return option_error(option, value, accepted, "copy-on-write is not supported yet");
	else
		return option_error(option, value, accepted, "unknown mode '%s'", mode);
	return 0;
}

static const char *stat_problem(int error)
{
	switch (error) {
	case ENOENT: return "does not exist";
	case ENOTDIR: return "does not exist (a part of it is no directory)";
	case EACCES: return "cannot be reached (permission denied)";
	case ELOOP: return "is a loop of symlinks";
	case ENAMETOOLONG: return "is too long a name";
	default: return strerror(error);
	}
}

int option_set_root(struct options *o, const char *option, const char *value)
{
	_cleanup_free_ char *copy = strdup(value), *root = NULL;
	char *parts[2];
	size_t n;
	struct stat st;
	bool rdonly = true;

	if (!copy)
		return option_no_memory(option);
	n = split_colons(copy, parts, 2);
	if (n > 2)
		return option_error(option, value, ACCEPTED_ROOT,
				    "too many ':' (a ':' in a name is written '\\:')");
	if (!*parts[0])
		return option_error(option, value, ACCEPTED_ROOT, "the directory is empty");
	if (n == 2 && parse_mode(option, value, ACCEPTED_ROOT, parts[1], &rdonly))
		return UCTR_FAILED;
	root = absolute_path(parts[0]);
	if (!root)
		return option_error(option, value, ACCEPTED_ROOT, "the current directory: %s",
				    strerror(errno));
	if (stat(root, &st))
		return option_error(option, value, ACCEPTED_ROOT, "'%s' %s", parts[0], stat_problem(errno));
	if (!S_ISDIR(st.st_mode))
		return option_error(option, value, ACCEPTED_ROOT, "'%s' is not a directory", parts[0]);
	free(o->root);
	o->root = TAKE_PTR(root);
	o->root_rdonly = rdonly;
	return 0;
}

/* Where -v PATH puts it: at the same path, as the program will name it. */
static char *target_of_source(const char *source)
{
	return has_dotdot(source) ? realpath(source, NULL) : strdup(source);
}

int option_set_volume(struct options *o, const char *option, const char *value)
{
	_cleanup_free_ char *copy = strdup(value), *source = NULL, *target = NULL;
	char *parts[3];
	size_t n;
	struct stat st;
	bool rdonly = false;

	if (!copy)
		return option_no_memory(option);
	n = split_colons(copy, parts, 3);
	if (n > 3)
		return option_error(option, value, ACCEPTED_VOLUME,
				    "too many ':' (a ':' in a name is written '\\:')");
	if (!*parts[0])
		return option_error(option, value, ACCEPTED_VOLUME, "the source is empty");
	if (n > 1 && !*parts[1])
		return option_error(option, value, ACCEPTED_VOLUME, "the target is empty");
	if (n > 1 && parts[1][0] != '/')
		return option_error(option, value, ACCEPTED_VOLUME, "the target '%s' is not absolute",
				    parts[1]);
	if (n > 2 && parse_mode(option, value, ACCEPTED_VOLUME, parts[2], &rdonly))
		return UCTR_FAILED;
	source = absolute_path(parts[0]);
	if (!source)
		return option_error(option, value, ACCEPTED_VOLUME, "the current directory: %s",
				    strerror(errno));
	if (stat(source, &st))
		return option_error(option, value, ACCEPTED_VOLUME, "the source '%s' %s", parts[0],
				    stat_problem(errno));
	target = n > 1 ? absolute_path(parts[1]) : target_of_source(source);
	if (!target)
		return option_error(option, value, ACCEPTED_VOLUME, "the target: %s", strerror(errno));
	o->volumes[o->n_volumes++] = (struct volume){
		.kind = VOLUME_BIND,
		.option = option,
		.text = value,
		.source = TAKE_PTR(source),
		.target = TAKE_PTR(target),
		.rdonly = rdonly,
	};
	return 0;
}

int option_set_mask(struct options *o, const char *option, const char *value)
{
	char *target;

	if (value[0] != '/')
		return option_error(option, value, ACCEPTED_MASK, "the path is not absolute");
	target = absolute_path(value);
	if (!target)
		return option_no_memory(option);
	o->volumes[o->n_volumes++] = (struct volume){
		.kind = VOLUME_MASK, .option = option, .text = value, .target = target};
	return 0;
}

int option_set_workdir(struct options *o, const char *option, const char *value)
{
	char *path;

	if (!*value)
		return option_error(option, value, "DIR", "the directory is empty");
	path = absolute_path(value);
	if (!path)
		return option_error(option, value, "DIR", "the current directory: %s", strerror(errno));
	free(o->workdir);
	o->workdir = path;
	return 0;
}
