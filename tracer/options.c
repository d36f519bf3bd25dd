/* The command line. One table holds every option; what needs no view is checked at once, so that most
 * mistakes are answered before anything is started. */
#include "tracer/options.h"

#include "lib/cleanup.h"
#include "tracer/cli.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum option_id {
	OPTION_ROOT,
	OPTION_VOLUME,
	OPTION_MASK,
	OPTION_READ_ONLY,
	OPTION_WORKDIR,
	OPTION_ENV,
	OPTION_ENV_FILE,
	OPTION_CLEAR_ENV,
	OPTION_USER,
	OPTION_TRACE,
	OPTION_OUTPUT,
	OPTION_QUIET,
	OPTION_NOTHING,
	OPTION_HELP,
	OPTION_VERSION,
};

struct option_spec {
	const char *name; /* with its dashes */
	enum option_id id;
	const char *accepted; /* its values; NULL: it takes none */
};

static const struct option_spec option_specs[] = {
	{"--root", OPTION_ROOT, ACCEPTED_ROOT},
	{"-v", OPTION_VOLUME, ACCEPTED_VOLUME},
	{"--volume", OPTION_VOLUME, ACCEPTED_VOLUME},
	{"--mask", OPTION_MASK, ACCEPTED_MASK},
	{"--read-only", OPTION_READ_ONLY, NULL},
	{"-w", OPTION_WORKDIR, "DIR"},
	{"--workdir", OPTION_WORKDIR, "DIR"},
	{"-e", OPTION_ENV, ACCEPTED_ENV},
	{"--env", OPTION_ENV, ACCEPTED_ENV},
	{"--env-file", OPTION_ENV_FILE, ACCEPTED_ENV_FILE},
	{"--clear-env", OPTION_CLEAR_ENV, NULL},
	{"-u", OPTION_USER, "host"},
	{"--user", OPTION_USER, "host"},
	{"--trace", OPTION_TRACE, NULL},
	{"-o", OPTION_OUTPUT, "FILE"},
	{"-q", OPTION_QUIET, NULL},
	{"-i", OPTION_NOTHING, NULL},
	{"--interactive", OPTION_NOTHING, NULL},
	{"-t", OPTION_NOTHING, NULL},
	{"--tty", OPTION_NOTHING, NULL},
	{"--rm", OPTION_NOTHING, NULL},
	{"--help", OPTION_HELP, NULL},
	{"--version", OPTION_VERSION, NULL},
};

/* What people's hands know from other tools. */
static const struct {
	const char *name, *here;
} foreign_spellings[] = {
	{"-b", "-v SRC:DST, -v PATH"},
	{"--bind", "-v SRC:DST, -v PATH"},
	{"--dev-bind", "-v SRC:DST, -v PATH"},
	{"--ro-bind", "-v SRC:DST:ro"},
	{"--mount", "-v SRC:DST, -v SRC:DST:ro"},
	{"-r", "--root DIR"},
	{"-R", "--root DIR"},
	{"-S", "--root DIR:rw"},
	{"--rootfs", "--root DIR"},
	{"-0", "-u host (to be root inside is not supported yet)"},
	{"--root-id", "-u host (to be root inside is not supported yet)"},
	{"--pwd", "-w DIR"},
	{"--cwd", "-w DIR"},
	{"--chdir", "-w DIR"},
	{"--setenv", "-e K=V"},
	{"--clearenv", "--clear-env"},
	{"--output", "-o FILE"},
	{"--quiet", "-q"},
	{"-h", "--help"},
	{"-V", "--version"},
};

/* The state of one parse. */
struct cli {
	struct options *o;
	char **argv;
	int argc, next;
	struct env_op *env;
	size_t n_env;
	bool clear_env;
	const char *run_option; /* the first option that a verb has no use for */
};

static int apply_option(struct cli *cli, const struct option_spec *spec, const char *value)
{
	struct options *o = cli->o;

	switch (spec->id) {
	case OPTION_ROOT: return option_set_root(o, spec->name, value);
	case OPTION_VOLUME: return option_set_volume(o, spec->name, value);
	case OPTION_MASK: return option_set_mask(o, spec->name, value);
	case OPTION_WORKDIR: return option_set_workdir(o, spec->name, value);
	case OPTION_ENV:
	case OPTION_ENV_FILE:
		cli->env[cli->n_env++] = (struct env_op){spec->name, value, spec->id == OPTION_ENV_FILE};
		return 0;
	case OPTION_USER:
		if (strcmp(value, "host") != 0)
			return option_error(spec->name, value, spec->accepted,
					    "users other than `host` are not supported yet");
		return 0;
	case OPTION_OUTPUT:
		if (!*value)
			return option_error(spec->name, value, spec->accepted, "the file name is empty");
		o->output = value;
		return 0;
	case OPTION_READ_ONLY: o->read_only = true; return 0;
	case OPTION_CLEAR_ENV: cli->clear_env = true; return 0;
	case OPTION_TRACE: o->trace = true; return 0;
	case OPTION_QUIET: o->quiet = true; return 0;
	case OPTION_HELP: o->verb = VERB_HELP; return 0;
	case OPTION_VERSION: o->verb = VERB_VERSION; return 0;
	case OPTION_NOTHING: return 0;
	}
	return UCTR_FAILED;
}

static const struct option_spec *find_option(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(option_specs) / sizeof(option_specs[0]); i++)
		if (strlen(option_specs[i].name) == len && memcmp(option_specs[i].name, name, len) == 0)
			return &option_specs[i];
	return NULL;
}

#define NAME_LIMIT 32

/* Levenshtein's distance; a and b are shorter than NAME_LIMIT. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[NAME_LIMIT], len = strlen(b);

	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < len; j++) {
			size_t best = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (diagonal + 1 < best)
				best = diagonal + 1;
			row[j + 1] = best;
		}
	}
	return row[len];
}

/* The long option that name was most likely meant to be, or NULL. */
static const char *nearest_option(const char *name)
{
	size_t best = 4, len = strlen(name); /* more than three slips are another word */
	const char *nearest = NULL;

	if (len >= NAME_LIMIT || strncmp(name, "--", 2) != 0)
		return NULL;
	if (len < 2 + 6)
		best = 3; /* --mask is three slips away from --name, and no likelier than any other */
	for (size_t i = 0; i < sizeof(option_specs) / sizeof(option_specs[0]); i++) {
		size_t distance;

		if (strncmp(option_specs[i].name, "--", 2) != 0)
			continue;
		distance = edit_distance(name, option_specs[i].name);
		if (distance < best) {
			best = distance;
			nearest = option_specs[i].name;
		}
	}
	return nearest;
}

static int unknown_option(const char *name)
{
	const char *nearest;

	for (size_t i = 0; i < sizeof(foreign_spellings) / sizeof(foreign_spellings[0]); i++)
		if (strcmp(foreign_spellings[i].name, name) == 0)
			return option_error(name, NULL, foreign_spellings[i].here, "another tool's spelling");
	nearest = nearest_option(name);
	if (nearest)
		return option_error(name, NULL, nearest, "unknown option, did you mean %s?", nearest);
	return option_error(name, NULL, "the options that `uctr --help` lists", "unknown option");
}

/* The value of an option that takes one: attached, or the next word. */
static int take_value(struct cli *cli, const struct option_spec *spec, const char *attached, const char **ret)
{
	if (attached) {
		*ret = attached;
		return 0;
	}
	if (cli->next >= cli->argc || strcmp(cli->argv[cli->next], "--") == 0)
		return option_error(spec->name, NULL, spec->accepted, "its value is missing");
	*ret = cli->argv[cli->next++];
	return 0;
}

static int run_option(struct cli *cli, const struct option_spec *spec, const char *attached)
{
	const char *value = "";

	if (spec->accepted && take_value(cli, spec, attached, &value))
		return UCTR_FAILED;
	if (!cli->run_option && spec->id != OPTION_QUIET)
		cli->run_option = spec->name;
	return apply_option(cli, spec, value);
}

static int parse_long(struct cli *cli, const char *word)
{
	size_t len = strcspn(word, "=");
	const struct option_spec *spec = find_option(word, len);
	_cleanup_free_ char *name = NULL;

	if (!spec) {
		name = strndup(word, len);
		return name ? unknown_option(name) : option_no_memory(word);
	}
	if (word[len] && !spec->accepted)
		return option_error(spec->name, word + len + 1, spec->name, "this option takes no value");
	return run_option(cli, spec, word[len] ? word + len + 1 : NULL);
}

/* A word such as -q, -it, -vPATH or -itv PATH. */
static int parse_short(struct cli *cli, const char *word)
{
	for (const char *at = word + 1; *at; at++) {
		char name[3] = {'-', *at, '\0'};
		const struct option_spec *spec = find_option(name, 2);
		int r;

		if (!spec)
			return unknown_option(name);
		r = run_option(cli, spec, spec->accepted && at[1] ? at + 1 : NULL);
		if (r || spec->accepted)
			return r;
	}
	return 0;
}

static int parse_verb(struct cli *cli, const char *word)
{
	if (strcmp(word, "doctor") != 0)
		return option_error(word, NULL, "doctor",
				    "not a command of uctr; to run %s write: uctr -- %s", word, word);
	if (cli->run_option)
		return option_error(cli->run_option, NULL, "uctr doctor", "has no meaning for doctor");
	cli->o->verb = VERB_DOCTOR;
	if (cli->next < cli->argc && strcmp(cli->argv[cli->next], "--help") == 0)
		cli->o->verb = VERB_HELP;
	else if (cli->next < cli->argc)
		return option_error("doctor", cli->argv[cli->next], "uctr doctor",
				    "doctor takes no argument");
	return 0;
}

/* Whether path names something that can be executed, as far as that is known before the view is built. */
static bool shell_exists(const struct options *o, const char *path)
{
	_cleanup_close_ int fd = -1;

	if (path[0] != '/')
		return false;
	fd = open_in_root(o->root, path, O_PATH);
	return fd >= 0 && faccessat(fd, "", X_OK, AT_EMPTY_PATH | AT_EACCESS) == 0;
}

/* Without a program: the user's shell where it is there, else /bin/sh. */
static int choose_shell(struct options *o)
{
	const char *shell = env_get(o->env, "SHELL");

	if (!shell || !shell_exists(o, shell))
		shell = "/bin/sh";
	o->own_argv = calloc(2, sizeof(o->own_argv[0]));
	if (!o->own_argv)
		return option_no_memory(shell);
	o->argv = o->own_argv;
	o->argv[0] = strdup(shell);
	return o->argv[0] ? 0 : option_no_memory(shell);
}

static int parse_words(struct cli *cli)
{
	while (cli->next < cli->argc && cli->o->verb == VERB_RUN) {
		const char *word = cli->argv[cli->next++];
		int r;

		if (strcmp(word, "--") == 0)
			break;
		if (strncmp(word, "--", 2) == 0)
			r = parse_long(cli, word);
		else if (word[0] == '-' && word[1])
			r = parse_short(cli, word);
		else
			r = parse_verb(cli, word);
		if (r)
			return r;
	}
	return 0;
}

int options_parse(struct options *o, int argc, char **argv)
{
	_cleanup_free_ struct env_op *env = calloc((size_t)argc + 1, sizeof(env[0]));
	struct cli cli = {.o = o, .argv = argv, .argc = argc, .next = 1, .env = env};
	int r;

	*o = (struct options){.verb = VERB_RUN};
	/* No word makes more than one volume, so nothing needs to grow. */
	o->volumes = calloc((size_t)argc + 1, sizeof(o->volumes[0]));
	if (!env || !o->volumes)
		r = option_no_memory("uctr");
	else
		r = parse_words(&cli);
	if (!r && o->verb == VERB_RUN) {
		r = env_build(o, cli.env, cli.n_env, cli.clear_env);
		if (cli.next < argc)
			o->argv = argv + cli.next;
		else if (!r)
			r = choose_shell(o);
	}
	if (r || o->verb != VERB_RUN) {
		enum verb verb = o->verb;

		options_release(o);
		o->verb = verb;
	}
	return r;
}

void options_release(struct options *o)
{
	for (size_t i = 0; o->volumes && i < o->n_volumes; i++) {
		free(o->volumes[i].source);
		free(o->volumes[i].target);
	}
	free(o->volumes);
	for (char **at = o->env; at && *at; at++)
		free(*at);
	free(o->env);
	if (o->own_argv)
		free(o->own_argv[0]);
	free(o->own_argv);
	free(o->workdir);
	free(o->root);
	*o = (struct options){.verb = VERB_RUN};
}
