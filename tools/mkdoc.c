/* Prints doc/SYSCALLS.md from the table; `mkdoc -l` prints the rows for tools/check-table: number, name, disposition,
 * test. */
#define TABLE_WITHOUT_HANDLERS
#include "tracer/table.c"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const dispositions[] = {
	[PASS] = "unchanged",
	[ANSWER] = "answered",
	[INJECT] = "opened for the program",
	[REDIRECT] = "made by the program, with checked arguments",
	[DENY] = "refused",
};

static const char *const supports[] = {[FULL] = "full", [PARTIAL] = "partial", [NONE] = "none"};

static const char *const conditions[WHEN_COUNT] = {
	[IF_ARG0_SET] = "for another task",
	[IF_ARG01_SET] = "for another task or group",
	[IF_ARG4_SET] = "with an address",
	[IF_PERF] = "for another task",
	[IF_PRLIMIT] = "for another process or `RLIMIT_LOCKS`",
	[IF_LOCKS] = "for `RLIMIT_LOCKS`",
	[IF_PRIORITY] = "for others than the caller",
	[IF_IOPRIO] = "for others than the caller",
	[IF_PRCTL] = "for `PR_SET_DUMPABLE`",
	[IF_FCNTL] = "for `F_SETOWN`",
	[IF_IOCTL] = "for requests that change a file",
	[IF_PTRACE] =
		"for requests that begin tracing or, where a path is not the host's, let a tracee go on",
	[IF_NEWNS] = "with a `CLONE_NEW` flag",
	[IF_UNSHARE] = "with a `CLONE_NEW` flag",
	[IF_PIDFD_OPTION] = "for one option",
};

static const char *const needs[NEED_COMBINATIONS] = {
	[NEED_EXTRA_NAMES] = "where a directory shows more names than the host's",
	[NEED_TRANSLATION] = "where a path is not the host's",
};

static int by_name(const void *a, const void *b)
{
	const struct syscall_row *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void print_row(const struct syscall_row *row)
{
	printf("| `%s` | %s", row->name, dispositions[row->disposition]);
	if (row->error)
		printf(" (`%s`)", strerrorname_np(row->error));
	if (row->when != ALWAYS)
		printf(" %s", conditions[row->when]);
	if (row->need != NEED_NOTHING)
		printf(" %s", needs[row->need]);
	printf(" | %s | %s |\n", supports[row->support], row->note);
}

typedef bool choice(const struct syscall_row *row);

static bool is_served(const struct syscall_row *row)
{
	return syscall_served(row);
}

static bool is_refused(const struct syscall_row *row)
{
	return row->disposition == DENY;
}

static bool is_noted(const struct syscall_row *row)
{
	return row->disposition == PASS && row->note[0];
}

static bool is_plain(const struct syscall_row *row)
{
	return row->disposition == PASS && !row->note[0];
}

static void print_table(const struct syscall_row *const *rows, const char *title, choice *chosen)
{
	printf("\n## %s\n\n| call | what uctr does | support | note |\n|---|---|---|---|\n", title);
	for (size_t i = 0; i < SYSCALL_ROWS; i++) {
		if (chosen(rows[i]))
			print_row(rows[i]);
	}
}

static void print_names(const struct syscall_row *const *rows, const char *title, choice *chosen)
{
	const char *separator = "";
	int column = 0;

	printf("\n## %s\n\n", title);
	for (size_t i = 0; i < SYSCALL_ROWS; i++) {
		if (!chosen(rows[i]))
			continue;
		column += printf("%s`%s`", separator, rows[i]->name);
		separator = column > 100 ? ",\n" : ", ";
		if (column > 100)
			column = 0;
	}
	printf("\n");
}

static void print_document(const struct syscall_row *const *rows)
{
	int served = 0, refused = 0;

	for (int i = 0; i < SYSCALL_ROWS; i++) {
		served += is_served(rows[i]);
		refused += is_refused(rows[i]);
	}
	printf("# System calls\n\n"
	       "<!-- Made by tools/mkdoc from tracer/syscalls.def: change it there, then run "
	       "tools/check-table -w. -->\n\n"
	       "Linux 6.18 knows %d system calls on x86-64. uctr serves %d of them, refuses %d (some only in "
	       "part), and\n"
	       "leaves %d to the kernel, which runs them at native speed. A number that is not listed here "
	       "fails with\n"
	       "`ENOSYS`, and so does every call through the 32-bit entry (`int 0x80`) and of the x32 ABI; "
	       "each is logged\n"
	       "once.\n",
	       SYSCALL_ROWS, served, refused, SYSCALL_ROWS - served - refused);
	print_table(rows, "Served", is_served);
	print_table(rows, "Refused", is_refused);
	print_table(rows, "Unchanged, with something to know", is_noted);
	print_names(rows, "Unchanged", is_plain);
}

static void print_list(void)
{
	for (const struct syscall_row *row = syscall_table; row < syscall_table + SYSCALL_ROWS; row++)
		printf("%d %s %s %s\n", row->nr, row->name, syscall_served(row) ? "served" : "-",
		       row->test && row->test[0] ? row->test : "-");
}

int main(int argc, char **argv)
{
	const struct syscall_row *rows[SYSCALL_ROWS];

	for (size_t i = 0; i < SYSCALL_ROWS; i++)
		rows[i] = &syscall_table[i];
	qsort(rows, SYSCALL_ROWS, sizeof(rows[0]), by_name);
	if (argc == 2 && strcmp(argv[1], "-l") == 0)
		print_list();
	else
		print_document(rows);
	return fflush(stdout) == 0 ? 0 : 1;
}
