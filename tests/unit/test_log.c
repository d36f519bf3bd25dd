#include "lib/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int sink;

static void setup(void)
{
	sink = memfd_create("log", MFD_CLOEXEC);
	cr_assert(sink >= 0);
	cr_assert_eq(log_init(sink, NULL), 0);
}

/* All that was written since the last call. */
static const char *written(void)
{
	static char buf[100000];
	ssize_t n = pread(sink, buf, sizeof(buf) - 1, 0);

	cr_assert(n >= 0);
	buf[n] = '\0';
	cr_assert_eq(ftruncate(sink, 0), 0);
	cr_assert_eq(lseek(sink, 0, SEEK_SET), 0);
	return buf;
}

TestSuite(log, .init = setup);

Test(log, one_prefixed_line)
{
	log_warn("cannot %s %d", "x", 3);
	cr_assert_str_eq(written(), "uctr: cannot x 3\n");
	log_error("has its own end\n");
	cr_assert_str_eq(written(), "uctr: has its own end\n");
	log_line("open(\"%s\")", "a");
	cr_assert_str_eq(written(), "open(\"a\")\n");
	log_line("%s", "");
	cr_assert_str_eq(written(), "\n");
}

Test(log, default_level_is_warn)
{
	log_info("no");
	log_debug("no");
	cr_assert_str_eq(written(), "");
	cr_assert(log_enabled(LOG_ERROR, "a.c"));
	cr_assert(log_enabled(LOG_WARN, "a.c"));
	cr_assert_not(log_enabled(LOG_INFO, "a.c"));
}

Test(log, level_for_all)
{
	cr_assert_eq(log_init(sink, "debug"), 0);
	log_debug("yes");
	cr_assert_str_eq(written(), "uctr: test_log: yes\n");
	cr_assert_not(log_enabled(LOG_TRACE, "a.c"));
	cr_assert_eq(log_init(sink, "error"), 0);
	log_warn("no");
	cr_assert_str_eq(written(), "");
}

Test(log, level_by_module)
{
	cr_assert_eq(log_init(sink, "info,lookup:trace,mem:error"), 0);
	cr_assert(log_enabled(LOG_TRACE, "vfs/lookup.c"));
	cr_assert_not(log_enabled(LOG_WARN, "vfs/mem.c"));
	cr_assert(log_enabled(LOG_ERROR, "vfs/mem.c"));
	cr_assert(log_enabled(LOG_INFO, "vfs/mount.c"));
	cr_assert_not(log_enabled(LOG_DEBUG, "vfs/look.c"));
	cr_assert_not(log_enabled(LOG_DEBUG, "vfs/lookups.c"));
}

Test(log, bad_specs)
{
	const char *const bad[] = {
		"loud", "lookup:", ":info", "lookup:loud",
		"Info", "warn,x",  ",warn", "a_name_that_is_longer_than_any_module_has:info"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_eq(log_init(sink, bad[i]), -EINVAL, "%s", bad[i]);
		log_info("no");
		cr_assert_str_eq(written(), "", "%s", bad[i]);
	}
	cr_assert_eq(log_init(sink, "info,"), 0, "a comma at the end does no harm");
	cr_assert_eq(log_init(sink, ""), 0);
}

Test(log, long_lines_are_whole)
{
	for (size_t len = 990; len < 1100; len++) {
		char text[2000];
		const char *out;

		memset(text, 'x', len);
		text[len] = '\0';
		log_warn("%s", text);
		out = written();
		cr_assert_eq(strlen(out), 6 + len + 1);
		cr_assert_eq(out[6 + len], '\n');
		cr_assert_eq(strspn(out + 6, "x"), len);
	}
}

Test(log, errno_is_kept)
{
	errno = EXDEV;
	log_warn("x");
	cr_assert_eq(errno, EXDEV);
	close(sink);
	log_warn("x");
	cr_assert_eq(errno, EXDEV);
}

Test(log, escape)
{
	char buf[64], small[6];

	cr_assert_str_eq(log_escape(buf, sizeof(buf), "plain text"), "plain text");
	cr_assert_str_eq(log_escape(buf, sizeof(buf), "\x1b[2J\n\x7f\xc3\\"), "\\x1b[2J\\x0a\\x7f\\xc3\\x5c");
	cr_assert_str_eq(log_escape(small, sizeof(small), "abcdefgh"), "abcde");
	cr_assert_str_eq(log_escape(small, sizeof(small), "ab\n"), "ab", "half an escape is worse than none");
	cr_assert_str_eq(log_escape(small, sizeof(small), "a\nb"), "a\\x0a");
	cr_assert_str_eq(log_escape(buf, 1, "abc"), "");
}

Test(log, a_broken_invariant_aborts, .signal = SIGABRT)
{
	invariant(1 + 1 == 3);
}

Test(log, a_bug_names_its_place)
{
	pid_t pid = fork();
	const char *out;

	cr_assert(pid >= 0);
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		log_bug("vfs/x.c", 12, "a < b");
	}
	while (waitpid(pid, NULL, 0) < 0)
		cr_assert_eq(errno, EINTR);
	out = written();
	cr_assert(strstr(out, "vfs/x.c:12") && strstr(out, "a < b") && strstr(out, "report"), "%s", out);
	cr_assert_eq(strchr(out, '\n') - out + 1, (long)strlen(out));
}
