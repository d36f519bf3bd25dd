/* Messages to the user. Everything goes to stderr, or to the file of -o, never to stdout, each line
 * begins with "uctr: ". UCTR_LOG=LEVEL or UCTR_LOG=LEVEL,MODULE:LEVEL,... chooses what is shown; a module
 * is the name of a source file without ".c". The default level is warn. */
#ifndef UCTR_LIB_LOG_H
#define UCTR_LIB_LOG_H

#include <stdarg.h>
#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };

/* Sets where messages go (a descriptor that stays open, not owned) and parses spec (may be NULL).
 * Returns 0, or -EINVAL when spec names no known level. */
int log_init(int fd, const char *spec);

bool log_enabled(enum log_level level, const char *file);
void log_write(enum log_level level, const char *file, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* One unformatted line of output (a trace line, a dump): no prefix, written with a single write(2). */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Copies src into dst with every unprintable byte as \xNN, so that a guest's string cannot steer the
 * user's terminal. Always terminates; returns dst. size must be at least 1. */
char *log_escape(char *dst, unsigned long size, const char *src);

/* A broken invariant: prints one line that asks for a report, then aborts. */
void log_bug(const char *file, int line, const char *what) __attribute__((noreturn));

#define log_at(level, ...)                                       \
	do {                                                     \
		if (log_enabled(level, __FILE__))                \
			log_write(level, __FILE__, __VA_ARGS__); \
	} while (0)
#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)

/* Kept in release builds. */
#define invariant(condition)                                     \
	do {                                                     \
		if (!(condition))                                \
			log_bug(__FILE__, __LINE__, #condition); \
	} while (0)

#endif
