/* The table of system calls: what every row must obey, and the way from a number to a row. */
#include "tracer/table.h"

#include "tracer/sysnr.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#define each_row(row)                                  \
	const struct syscall_row *row = syscall_table; \
	row < syscall_table + SYSCALL_ROWS;            \
	row++

/* x86-64 leaves out 337 to 423. */
static bool is_gap(int nr)
{
	return nr >= 337 && nr <= 423;
}

Test(table, has_a_row_for_every_number)
{
	for (int nr = 0; nr <= SYSNR_LAST; nr++) {
		const struct syscall_row *row = syscall_find(nr);

		if (is_gap(nr))
			cr_assert_null(row, "%d", nr);
		else
			cr_assert(row && row->nr == nr, "%d", nr);
	}
}

Test(table, is_in_order)
{
	for (size_t i = 1; i < SYSCALL_ROWS; i++)
		cr_assert_lt(syscall_table[i - 1].nr, syscall_table[i].nr, "%s", syscall_table[i].name);
}

Test(table, takes_any_number)
{
	static const int numbers[] = {-1,	  INT_MIN,    INT_MAX, SYSNR_LAST + 1,
				      0x40000000, 0x40000002, 512,     65536};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		cr_assert_null(syscall_find(numbers[i]), "%d", numbers[i]);
}

Test(table, finds_by_the_numbers_of_the_headers)
{
	cr_assert_str_eq(syscall_find(__NR_openat)->name, "openat");
	cr_assert_str_eq(syscall_find(__NR_file_setattr)->name, "file_setattr");
	cr_assert_eq(syscall_find(__NR_openat), &syscall_table[ROW_openat]);
}

Test(table, served_rows_have_handler_and_test)
{
	for (each_row(row)) {
		if (syscall_served(row)) {
			cr_assert_not_null(row->handler, "%s", row->name);
			cr_assert(row->test && row->test[0], "%s", row->name);
			cr_assert_eq(row->error, 0, "%s", row->name);
		} else {
			cr_assert_null(row->handler, "%s", row->name);
			cr_assert_null(row->test, "%s", row->name);
		}
	}
}

Test(table, refusals_have_errno_and_reason)
{
	for (each_row(row)) {
		if (row->disposition != DENY) {
			cr_assert_neq(row->support, NONE, "%s", row->name);
			continue;
		}
		cr_assert(row->error > 0 && row->error < 4096, "%s", row->name);
		cr_assert_neq(row->note[0], '\0', "%s", row->name);
		cr_assert_eq(row->support, row->when == ALWAYS ? NONE : PARTIAL, "%s", row->name);
	}
}

Test(table, gaps_are_explained)
{
	for (each_row(row)) {
		cr_assert_not_null(row->note, "%s", row->name);
		if (row->support != FULL)
			cr_assert_neq(row->note[0], '\0', "%s", row->name);
	}
}

Test(table, passing_rows_have_no_condition)
{
	for (each_row(row)) {
		if (row->disposition == PASS)
			cr_assert(row->when == ALWAYS && row->need == NEED_NOTHING, "%s", row->name);
	}
}

/* The sixth argument register of a redirected call carries the secret. */
Test(table, redirected_calls_leave_the_sixth_argument)
{
	for (each_row(row)) {
		if (row->disposition == REDIRECT || row->disposition == INJECT)
			cr_assert_lt(row->n_args, 6, "%s", row->name);
	}
}

Test(table, argument_kinds_are_as_many_as_arguments)
{
	for (each_row(row)) {
		for (int i = 0; i < 6; i++)
			cr_assert_eq(row->args[i] != ARG_NONE, i < row->n_args, "%s argument %d", row->name,
				     i);
		for (int i = 0; i < row->n_args; i++) {
			if (row->args[i] == ARG_SOCKADDR) /* the trace reads the length behind it */
				cr_assert(i < 5 && row->args[i + 1] == ARG_INT, "%s", row->name);
		}
	}
}

/* Calls by which a guest could reach a path, a process or a namespace past uctr: none of them may pass by mistake. */
Test(table, ways_round_the_filter_are_shut)
{
	static const int shut[] = {
		__NR_io_uring_setup,
		__NR_io_uring_enter,
		__NR_io_uring_register,
		__NR_open_by_handle_at,
		__NR_userfaultfd,
		__NR_bpf,
		__NR_clone3,
		__NR_setns,
		__NR_mount,
		__NR_umount2,
		__NR_pivot_root,
		__NR_chroot,
		__NR_fsopen,
		__NR_fsconfig,
		__NR_fsmount,
		__NR_fspick,
		__NR_open_tree,
		__NR_move_mount,
		__NR_mount_setattr,
		__NR_open_tree_attr,
		__NR_fanotify_init,
		__NR_fanotify_mark,
		__NR_name_to_handle_at,
		__NR_file_setattr,
		__NR_setxattrat,
		__NR_uselib,
		__NR_acct,
		__NR_swapon,
	};

	for (size_t i = 0; i < sizeof(shut) / sizeof(shut[0]); i++) {
		const struct syscall_row *row = syscall_find(shut[i]);

		cr_assert(row->disposition == DENY && row->when == ALWAYS, "%s", row->name);
	}
}

/* Every call with a path must be served or refused; those that pass take it as mere text. */
Test(table, no_path_passes)
{
	static const char *const text[] = {
		"fgetxattr",		     /* the name of an attribute */
		"mq_open",		     /* a name in a space of its own */
		"mq_unlink", "memfd_create", /* a label */
	};

	for (each_row(row)) {
		bool has_path = false, is_text = false;

		for (int i = 0; i < row->n_args; i++)
			has_path |= row->args[i] == ARG_PATH;
		for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
			is_text |= strcmp(row->name, text[i]) == 0;
		cr_assert(!has_path || is_text || row->disposition != PASS, "%s", row->name);
	}
}

Test(table, no_pid_passes)
{
	for (each_row(row)) {
		for (int i = 0; i < row->n_args; i++)
			cr_assert(row->args[i] != ARG_PID || syscall_served(row), "%s", row->name);
	}
}

#ifdef UCTR_TEST
Test(table, bites)
{
	const struct syscall_row *row = &syscall_table[ROW_chdir];

	cr_assert_eq(table_bite("chdir:enosys"), 0);
	cr_assert_eq(syscall_handle(row, NULL).value, -ENOSYS);
	cr_assert_eq(table_bite("chdir:pass"), 0);
	cr_assert_eq(syscall_handle(row, NULL).kind, REPLY_CONTINUE);
	cr_assert_eq(table_bite("read:pass"), -EINVAL);
	cr_assert_eq(table_bite("mount:pass"), -EINVAL);
	cr_assert_eq(table_bite("chdi:pass"), -EINVAL);
	cr_assert_eq(table_bite("chdir"), -EINVAL);
	cr_assert_eq(table_bite("chdir:"), -EINVAL);
	cr_assert_eq(table_bite(""), -EINVAL);
}
#endif
