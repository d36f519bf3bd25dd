/* The environment that the program gets. */
#include "lib/cleanup.h"
#include "tracer/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Debian's for root, a superset of what a user gets. */
#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct env {
	char **vars; /* NULL-terminated, each one owned; n in use of room (without the NULL) */
	size_t n, room;
};

static size_t name_length(const char *var)
{
	return strcspn(var, "=");
}

/* The index of the variable whose name is the first len bytes of name, or e->n. */
static size_t env_find(const struct env *e, const char *name, size_t len)
{
	for (size_t i = 0; i < e->n; i++)
		if (strncmp(e->vars[i], name, len) == 0 && e->vars[i][len] == '=')
			return i;
	return e->n;
}

static void env_unset(struct env *e, const char *name, size_t len)
{
	size_t i = env_find(e, name, len);

	if (i == e->n)
		return;
	free(e->vars[i]);
	memmove(&e->vars[i], &e->vars[i + 1], (e->n - i) * sizeof(e->vars[0])); /* with the NULL */
	e->n--;
}

/* Takes over var, "K=V" (NULL: out of memory). */
static int env_put(struct env *e, char *var)
{
	size_t i;

	if (!var)
		return -ENOMEM;
	i = env_find(e, var, name_length(var));
	if (i == e->n && e->n == e->room) {
		size_t room = e->room ? 2 * e->room : 64;
		char **vars = reallocarray(e->vars, room + 1, sizeof(vars[0]));

		if (!vars) {
			free(var);
			return -ENOMEM;
		}
		e->vars = vars;
		e->room = room;
	}
	if (i == e->n)
		e->vars[++e->n] = NULL;
	else
		free(e->vars[i]);
	e->vars[i] = var;
	return 0;
}

static int env_set(struct env *e, const char *name, const char *value)
{
	char *var;

	return asprintf(&var, "%s=%s", name, value) < 0 ? -ENOMEM : env_put(e, var);
}

/* "K=V" sets K; "K" gives it uctr's own value, or takes it away when it has none (as Docker's -e K). */
static int env_apply(struct env *e, const char *text)
{
	const char *own;

	if (strchr(text, '='))
		return env_put(e, strdup(text));
	own = getenv(text);
	if (own)
		return env_set(e, text, own);
	env_unset(e, text, strlen(text));
	return 0;
}

const char *env_get(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; env && *env; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

int open_in_root(const char *root, const char *path, int flags)
{
	_cleanup_close_ int root_fd = -1;
	struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	if (!root) {
		fd = open(path, flags | O_CLOEXEC);
		return fd < 0 ? -errno : (int)fd;
	}
	root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return -errno;
	fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

/* The fields of one passwd(5) line: name, password, uid, gid, gecos, home, shell. Works in place. */
static bool passwd_entry(char *line, uid_t uid, const char **ret_name, const char **ret_home)
{
	char *fields[6], *rest = line, *end;
	unsigned long number;

	for (size_t i = 0; i < 6; i++) {
		fields[i] = strsep(&rest, ":\n");
		if (!fields[i])
			return false;
	}
	errno = 0;
	number = strtoul(fields[2], &end, 10);
	if (errno || *end || end == fields[2] || number != uid || !fields[0][0])
		return false;
	*ret_name = fields[0];
	*ret_home = fields[5];
	return true;
}

/* HOME, USER and LOGNAME as the passwd file of the root directory says, which is parsed here since the C
 * library's own look-up would ask the host. Left as they are when it does not name the user. */
static int env_from_passwd(struct env *e, const char *root)
{
	_cleanup_close_ int fd = open_in_root(root, "etc/passwd", O_RDONLY | O_NONBLOCK);
	_cleanup_fclose_ FILE *file = NULL;
	_cleanup_free_ char *line = NULL;
	const char *name, *home;
	size_t size = 0;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return 0;
	file = fdopen(fd, "re");
	if (!file)
		return -errno;
	TAKE_FD(fd);
	while (getline(&line, &size, file) >= 0) {
		if (!passwd_entry(line, getuid(), &name, &home))
			continue;
		r = env_set(e, "HOME", *home ? home : "/");
		if (!r)
			r = env_set(e, "USER", name);
		return r ? r : env_set(e, "LOGNAME", name);
	}
	return 0;
}

/* What is wrong with one "K=V" or "K", or NULL. */
static const char *bad_variable(const char *text)
{
	size_t len = name_length(text);

	if (len == 0)
		return "the variable has no name";
	if (strcspn(text, " \t") < len)
		return "the variable's name holds white space";
	return NULL;
}

/* One line of an env-file, read as Docker reads it: white space before the name goes, quotes stay. */
static const char *env_file_line(struct env *e, char *line, size_t len, int *ret_error)
{
	const char *wrong;

	if (memchr(line, '\0', len))
		return "the line holds a NUL byte";
	line[strcspn(line, "\r\n")] = '\0';
	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return NULL;
	wrong = bad_variable(line);
	if (!wrong)
		*ret_error = env_apply(e, line);
	return wrong;
}

static int env_file(struct env *e, const struct env_op *op)
{
	_cleanup_fclose_ FILE *file = fopen(op->value, "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int r = 0;

	if (!file)
		return option_error(op->option, op->value, ACCEPTED_ENV_FILE, "cannot be opened: %s",
				    strerror(errno));
	errno = 0;
	for (unsigned long number = 1; (len = getline(&line, &size, file)) >= 0; number++) {
		bool mark = number == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0; /* a byte order mark */
		const char *wrong = env_file_line(e, line + 3 * mark, (size_t)len - 3 * mark, &r);
		_cleanup_free_ char *place = NULL;

		if (r)
			return option_no_memory(op->option);
		if (wrong && asprintf(&place, "%s:%lu", op->value, number) < 0)
			return option_no_memory(op->option);
		if (wrong)
			return option_error(op->option, place, ACCEPTED_ENV_FILE, "%s", wrong);
	}
	if (ferror(file))
		return option_error(op->option, op->value, ACCEPTED_ENV_FILE, "cannot be read: %s",
				    strerror(errno));
	return 0;
}

static int env_apply_op(struct env *e, const struct env_op *op)
{
	const char *wrong;

	if (op->file)
		return env_file(e, op);
	wrong = bad_variable(op->value);
	if (wrong)
		return option_error(op->option, op->value, ACCEPTED_ENV, "%s", wrong);
	return env_apply(e, op->value) ? option_no_memory(op->option) : 0;
}

int env_build(struct options *o, const struct env_op *ops, size_t n_ops, bool clear)
{
	struct env e = {.vars = calloc(1, sizeof(e.vars[0]))};
	int r = 0;

	if (!e.vars)
		return option_no_memory("the environment");
	for (char **at = environ; !clear && *at && !r; at++)
		if (strchr(*at, '=')) /* execve takes any string, getenv sees these alone */
			r = env_put(&e, strdup(*at));
	if (!r && o->root)
		r = env_from_passwd(&e, o->root);
	if (r)
		r = option_no_memory("the environment");
	for (size_t i = 0; i < n_ops && !r; i++)
		r = env_apply_op(&e, &ops[i]);
	if (!r && o->root && !env_get(e.vars, "PATH") && env_put(&e, strdup(DEFAULT_PATH)))
		r = option_no_memory("the environment");
	o->env = e.vars; /* options_release() frees it, also after an error */
	return r;
}
