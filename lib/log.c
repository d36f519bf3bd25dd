#include "lib/log.h"

#include "lib/cleanup.h"

#include <string.h>

#define MAX_MODULES 16
#define MODULE_NAME 32

struct log_module {
	char name[MODULE_NAME];
	enum log_level level;
};

/* Where messages go. The one static of the program that changes: set once by log_init(), before there is a
 * second thread. */
static struct {
	int fd;
	enum log_level level; /* of the modules that are not listed */
	enum log_level most;  /* the highest of all levels, so that most tests end at once */
	unsigned n_modules;
	struct log_module modules[MAX_MODULES];
} sink = {.fd = STDERR_FILENO, .level = LOG_WARN, .most = LOG_WARN};

static int parse_level(const char *s, size_t len, enum log_level *ret)
{
	static const char *const names[] = {
		[LOG_ERROR] = "error", [LOG_WARN] = "warn",   [LOG_INFO] = "info",
		[LOG_DEBUG] = "debug", [LOG_TRACE] = "trace",
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) == len && !memcmp(names[i], s, len)) {
			*ret = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_word(const char *word, size_t len)
{
	const char *colon = memchr(word, ':', len);
	struct log_module *module;
	size_t name_len;

	if (!colon)
		return parse_level(word, len, &sink.level);
	name_len = (size_t)(colon - word);
	if (!name_len || name_len >= MODULE_NAME || sink.n_modules == MAX_MODULES)
		return -EINVAL;
	module = &sink.modules[sink.n_modules];
	if (parse_level(colon + 1, len - name_len - 1, &module->level) < 0)
		return -EINVAL;
	memcpy(module->name, word, name_len);
	module->name[name_len] = '\0';
	sink.n_modules++;
	return 0;
}

int log_init(int fd, const char *spec)
{
	int r = 0;

	sink.fd = fd;
	sink.level = LOG_WARN;
	sink.n_modules = 0;
	while (spec && *spec && r == 0) {
		size_t len = strcspn(spec, ",");

		r = parse_word(spec, len);
		spec += len + (spec[len] == ',');
	}
	if (r < 0) {
		sink.level = LOG_WARN;
		sink.n_modules = 0;
	}
	sink.most = sink.level;
	for (unsigned i = 0; i < sink.n_modules; i++)
		if (sink.modules[i].level > sink.most)
			sink.most = sink.modules[i].level;
	return r;
}

/* The name of a source file without folder and ".c". */
static const char *module_of(const char *file, size_t *ret_len)
{
	const char *slash = strrchr(file, '/');
	const char *name = slash ? slash + 1 : file;

	*ret_len = strcspn(name, ".");
	return name;
}

bool log_enabled(enum log_level level, const char *file)
{
	const char *name;
	size_t len;

	if (level > sink.most)
		return false;
	name = module_of(file, &len);
	for (unsigned i = 0; i < sink.n_modules; i++)
		if (!strncmp(sink.modules[i].name, name, len) && !sink.modules[i].name[len])
			return level <= sink.modules[i].level;
	return level <= sink.level;
}

static void write_all(const char *buf, size_t len)
{
	int saved = errno;

	while (len) {
		ssize_t n = write(sink.fd, buf, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break; /* nobody is left to tell */
		buf += n;
		len -= (size_t)n;
	}
	errno = saved;
}

/* Writes prefix and text as one line by one write(2), so that lines of several threads do not mix. */
__attribute__((format(printf, 2, 0))) static void write_line(const char *prefix, const char *format,
							     va_list args)
{
	_cleanup_free_ char *big = NULL;
	size_t prefix_len = strlen(prefix), len;
	char small[1024], *line = small;
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(small + prefix_len, sizeof(small) - prefix_len - 1, format, args);
	len = prefix_len + (n < 0 ? 0 : (size_t)n);
	if (len > sizeof(small) - 2) {
		big = malloc(len + 2);
		if (big) {
			vsnprintf(big + prefix_len, len + 1 - prefix_len, format, again);
			line = big;
		} else {
			len = sizeof(small) - 2; /* cut off: better than silence */
		}
	}
	va_end(again);
	memcpy(line, prefix, prefix_len);
	if (!len || line[len - 1] != '\n')
		line[len++] = '\n';
	write_all(line, len);
}

void log_write(enum log_level level, const char *file, const char *format, ...)
{
	char prefix[16 + MODULE_NAME] = "uctr: ";
	va_list args;

	/* What only a developer asked for says where it comes from. */
	if (level >= LOG_INFO) {
		size_t len;
		const char *name = module_of(file, &len);

		snprintf(prefix, sizeof(prefix), "uctr: %.*s: ", (int)(len < MODULE_NAME ? len : MODULE_NAME),
			 name);
	}
	va_start(args, format);
	write_line(prefix, format, args);
	va_end(args);
}

void log_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line("", format, args);
	va_end(args);
}

char *log_escape(char *dst, unsigned long size, const char *src)
{
	static const char hex[] = "0123456789abcdef";
	unsigned long used = 0;

	for (; *src; src++) {
		unsigned char c = (unsigned char)*src;
		bool plain = c >= 0x20 && c < 0x7f && c != '\\';

		if (used + (plain ? 1 : 4) >= size)
			break;
		if (plain) {
			dst[used++] = (char)c;
			continue;
		}
		dst[used++] = '\\';
		dst[used++] = 'x';
		dst[used++] = hex[c >> 4];
		dst[used++] = hex[c & 15];
	}
	dst[used] = '\0';
	return dst;
}

void log_bug(const char *file, int line, const char *what)
{
	log_write(LOG_ERROR, file, "internal error at %s:%d (%s); please report this line", file, line, what);
	abort();
}
