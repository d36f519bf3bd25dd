/* The filter: every program that mkfilter made is run here on calls of all kinds, then one is loaded for real. */
#include "tracer/filter.h"

#include "tracer/table.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filter.inc"

#define SECRET	     ((uint64_t)SECRET_HIGH << 32 | SECRET_LOW) /* of a program that was not patched */
#define UPPER(value) ((uint64_t)0x12345678 << 32 | (value))	/* what the kernel ignores in an int */

#define each_row(row)                                  \
	const struct syscall_row *row = syscall_table; \
	row < syscall_table + SYSCALL_ROWS;            \
	row++

/* Runs a program as the kernel would. *ret_args: whether an argument was looked at; where none is, the kernel keeps the
 * answer in a bitmap. */
static uint32_t run(unsigned needs, const struct seccomp_data *data, bool *ret_args)
{
	const struct sock_filter *code = filters[needs].filter;
	uint32_t a = 0;

	*ret_args = false;
	for (unsigned pc = 0; pc < filters[needs].len; pc++) {
		const struct sock_filter *i = &code[pc];
		bool taken;

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			cr_assert(i->k % 4 == 0 && i->k < sizeof(*data));
			*ret_args |= i->k >= offsetof(struct seccomp_data, instruction_pointer);
			memcpy(&a, (const char *)data + i->k, sizeof(a));
			continue;
		case BPF_ALU | BPF_AND | BPF_K: a &= i->k; continue;
		case BPF_JMP | BPF_JA: pc += i->k; continue;
		case BPF_JMP | BPF_JEQ | BPF_K: taken = a == i->k; break;
		case BPF_JMP | BPF_JGT | BPF_K: taken = a > i->k; break;
		case BPF_JMP | BPF_JGE | BPF_K: taken = a >= i->k; break;
		case BPF_JMP | BPF_JSET | BPF_K: taken = a & i->k; break;
		case BPF_RET | BPF_K: return i->k;
		default: cr_assert_fail("instruction %#x at %u", i->code, pc);
		}
		pc += taken ? i->jt : i->jf;
	}
	cr_assert_fail("the program has no end");
	return 0;
}

static struct seccomp_data call_of(int nr)
{
	return (struct seccomp_data){.nr = nr, .arch = AUDIT_ARCH_X86_64};
}

/* The answer to a call, by a program that needs everything. */
static uint32_t answer(int nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
	struct seccomp_data data = call_of(nr);
	const uint64_t args[6] = {a, b, c, d, e, f};
	bool looked;

	memcpy(data.args, args, sizeof(args));
	return run(NEED_COMBINATIONS - 1, &data, &looked);
}

Test(filter, passing_calls_are_in_the_kernels_bitmap)
{
	for (unsigned needs = 0; needs < NEED_COMBINATIONS; needs++) {
		for (each_row(row)) {
			struct seccomp_data data = call_of(row->nr);
			bool looked, passes = row->disposition == PASS || (row->need & needs) != row->need;
			uint32_t verdict = run(needs, &data, &looked);

			if (passes)
				cr_assert(verdict == SECCOMP_RET_ALLOW && !looked, "%s", row->name);
		}
	}
}

Test(filter, refusals_carry_the_rows_errno)
{
	for (unsigned needs = 0; needs < NEED_COMBINATIONS; needs++) {
		for (each_row(row)) {
			struct seccomp_data data = call_of(row->nr);
			bool looked;

			if (row->disposition == DENY && row->when == ALWAYS)
				cr_assert_eq(run(needs, &data, &looked), SECCOMP_RET_ERRNO | row->error, "%s",
					     row->name);
		}
	}
}

Test(filter, served_calls_are_notified_unless_they_carry_the_secret)
{
	for (each_row(row)) {
		const bool whole = row->n_args < 6;
		uint32_t redirected = whole ? SECCOMP_RET_ALLOW : SECCOMP_RET_USER_NOTIF;
		uint32_t stopped = whole ? SECCOMP_RET_TRACE : SECCOMP_RET_USER_NOTIF;

		if (!syscall_served(row) || row->when != ALWAYS)
			continue;
		cr_assert_eq(answer(row->nr, 0, 0, 0, 0, 0, 0), SECCOMP_RET_USER_NOTIF, "%s", row->name);
		cr_assert_eq(answer(row->nr, -1, -1, -1, -1, -1, -1), SECCOMP_RET_USER_NOTIF, "%s",
			     row->name);
		cr_assert_eq(answer(row->nr, 1, 2, 3, 4, 5, SECRET), redirected, "%s", row->name);
		cr_assert_eq(answer(row->nr, 1, 2, 3, 4, 5, filter_stop_arg(SECRET)), stopped, "%s",
			     row->name);
		cr_assert_eq(answer(row->nr, 1, 2, 3, 4, 5, SECRET ^ 4), SECCOMP_RET_USER_NOTIF, "%s",
			     row->name);
		cr_assert_eq(answer(row->nr, 1, 2, 3, 4, 5, SECRET ^ 1ULL << 63), SECCOMP_RET_USER_NOTIF,
			     "%s", row->name);
		cr_assert_eq(answer(row->nr, SECRET, SECRET, SECRET, SECRET, SECRET, 0),
			     SECCOMP_RET_USER_NOTIF, "%s", row->name);
	}
}

/* A debugger waits for uctr only where uctr may have to help its tracee. */
Test(filter, needs_turn_conditions_on)
{
	struct seccomp_data data = call_of(__NR_ptrace);
	bool looked;

	data.args[0] = PTRACE_CONT;
	cr_expect_eq(run(NEED_NOTHING, &data, &looked), SECCOMP_RET_ALLOW);
	cr_expect_eq(run(NEED_EXTRA_NAMES, &data, &looked), SECCOMP_RET_ALLOW);
	cr_expect_eq(run(NEED_TRANSLATION, &data, &looked), SECCOMP_RET_USER_NOTIF);
	data.args[0] = PTRACE_ATTACH;
	cr_expect_eq(run(NEED_NOTHING, &data, &looked), SECCOMP_RET_USER_NOTIF);
}

Test(filter, needs_turn_rows_on)
{
	struct seccomp_data getdents = call_of(__NR_getdents64), getcwd_call = call_of(__NR_getcwd);
	bool looked;

	cr_assert_eq(run(NEED_NOTHING, &getdents, &looked), SECCOMP_RET_ALLOW);
	cr_assert_eq(run(NEED_TRANSLATION, &getdents, &looked), SECCOMP_RET_ALLOW);
	cr_assert_eq(run(NEED_EXTRA_NAMES, &getdents, &looked), SECCOMP_RET_USER_NOTIF);
	cr_assert_eq(run(NEED_NOTHING, &getcwd_call, &looked), SECCOMP_RET_ALLOW);
	cr_assert_eq(run(NEED_EXTRA_NAMES, &getcwd_call, &looked), SECCOMP_RET_ALLOW);
	cr_assert_eq(run(NEED_TRANSLATION, &getcwd_call, &looked), SECCOMP_RET_USER_NOTIF);
}

/* Numbers without a row, the x32 table and other architectures reach the supervisor, which refuses them; the secret
 * does not open them. */
Test(filter, unknown_entries_are_notified)
{
	for (unsigned needs = 0; needs < NEED_COMBINATIONS; needs++) {
		for (int nr = -3; nr < 5000; nr++) {
			struct seccomp_data data = call_of(nr);
			bool looked;

			data.args[5] = SECRET;
			if (!syscall_find(nr))
				cr_assert_eq(run(needs, &data, &looked), SECCOMP_RET_USER_NOTIF, "%d", nr);
			data.nr = nr | 0x40000000;
			cr_assert_eq(run(needs, &data, &looked), SECCOMP_RET_USER_NOTIF, "x32 %d", nr);
			data.nr = nr;
			data.arch = AUDIT_ARCH_I386;
			cr_assert_eq(run(needs, &data, &looked), SECCOMP_RET_USER_NOTIF, "i386 %d", nr);
		}
	}
}

#define NOTIFIED       SECCOMP_RET_USER_NOTIF
#define ALLOWED	       SECCOMP_RET_ALLOW
#define REFUSED(error) (SECCOMP_RET_ERRNO | (error))

/* Every condition, on both sides of its border, and with rubbish in the half of an int that the kernel ignores. */
static const struct {
	int nr;
	uint64_t args[6];
	uint32_t verdict;
} cases[] = {
	{__NR_getpgid, {0}, ALLOWED},
	{__NR_getpgid, {1}, NOTIFIED},
	{__NR_getpgid, {UPPER(0)}, ALLOWED},
	{__NR_getpgid, {UPPER(7)}, NOTIFIED},
	{__NR_getpgid, {7, 0, 0, 0, 0, SECRET}, ALLOWED},
	{__NR_sched_setattr, {0}, ALLOWED},
	{__NR_sched_setattr, {UPPER(7)}, NOTIFIED},
	{__NR_move_pages, {0, 1, 1, 1, 1, 1}, ALLOWED},
	{__NR_move_pages, {7, 1, 1, 1, 1, 1}, NOTIFIED},
	{__NR_move_pages, {7, 1, 1, 1, 1, SECRET}, NOTIFIED},
	{__NR_setpgid, {0, 0}, ALLOWED},
	{__NR_setpgid, {7, 0}, NOTIFIED},
	{__NR_setpgid, {0, 7}, NOTIFIED},
	{__NR_sendto, {1, 1, 1, 1, 0, 0}, ALLOWED},
	{__NR_sendto, {1, 1, 1, 1, 0x1000, 16}, NOTIFIED},
	{__NR_sendto, {1, 1, 1, 1, 0x100000000, 16}, NOTIFIED},
	{__NR_sendto, {1, 1, 1, 1, 0x1000, (uint64_t)SECRET_HIGH << 32 | 16}, ALLOWED},
	{__NR_sendto, {1, 1, 1, 1, 0x100000000, (uint64_t)SECRET_HIGH << 32 | 16}, ALLOWED},
	{__NR_sendto, {1, 1, 1, 1, 0x1000, SECRET_LOW}, NOTIFIED},
	{__NR_perf_event_open, {0, 0}, ALLOWED},
	{__NR_perf_event_open, {0, -1}, NOTIFIED},
	{__NR_perf_event_open, {0, UPPER(7)}, NOTIFIED},
	{__NR_perf_event_open, {0, 0, 0, 0, 4}, NOTIFIED},
	{__NR_perf_event_open, {0, 0, 0, 0, 8}, ALLOWED},
	{__NR_prlimit64, {0, RLIMIT_NOFILE}, ALLOWED},
	{__NR_prlimit64, {0, RLIMIT_LOCKS}, NOTIFIED},
	{__NR_prlimit64, {0, UPPER(RLIMIT_LOCKS)}, NOTIFIED},
	{__NR_prlimit64, {7, RLIMIT_NOFILE}, NOTIFIED},
	{__NR_setrlimit, {RLIMIT_CORE}, ALLOWED},
	{__NR_setrlimit, {UPPER(RLIMIT_LOCKS)}, NOTIFIED},
	{__NR_getrlimit, {RLIMIT_LOCKS}, NOTIFIED},
	{__NR_setpriority, {PRIO_PROCESS, 0, 5}, ALLOWED},
	{__NR_setpriority, {PRIO_PROCESS, 7, 5}, NOTIFIED},
	{__NR_setpriority, {PRIO_PGRP, 0, 5}, NOTIFIED},
	{__NR_setpriority, {PRIO_USER, 0, 5}, NOTIFIED},
	{__NR_getpriority, {UPPER(PRIO_USER), 0}, NOTIFIED},
	{__NR_ioprio_set, {1, 0}, ALLOWED},
	{__NR_ioprio_set, {1, 7}, NOTIFIED},
	{__NR_ioprio_get, {3, 0}, NOTIFIED},
	{__NR_prctl, {PR_SET_NAME}, ALLOWED},
	{__NR_prctl, {PR_GET_DUMPABLE}, ALLOWED},
	{__NR_prctl, {PR_SET_DUMPABLE}, NOTIFIED},
	{__NR_prctl, {UPPER(PR_SET_DUMPABLE)}, NOTIFIED},
	{__NR_prctl, {62}, REFUSED(EINVAL)},
	{__NR_prctl, {UPPER(62)}, REFUSED(EINVAL)},
	{__NR_fcntl, {3, F_GETFL}, ALLOWED},
	{__NR_fcntl, {3, F_SETLK, 0x1000}, ALLOWED},
	{__NR_fcntl, {3, F_SETOWN, 0}, ALLOWED},
	{__NR_fcntl, {3, F_SETOWN, 7}, NOTIFIED},
	{__NR_fcntl, {3, UPPER(F_SETOWN), UPPER(7)}, NOTIFIED},
	{__NR_fcntl, {3, F_SETOWN_EX, 0x1000}, REFUSED(EINVAL)},
	{__NR_fcntl, {3, UPPER(F_SETOWN_EX), 0x1000}, REFUSED(EINVAL)},
	{__NR_ioctl, {1, TCGETS}, ALLOWED},
	{__NR_ioctl, {1, TIOCGWINSZ}, ALLOWED},
	{__NR_ioctl, {1, FIONREAD}, ALLOWED},
	{__NR_ioctl, {1, 0x80086601 /* FS_IOC_GETFLAGS */}, ALLOWED},
	{__NR_ioctl, {1, 0x40086602 /* FS_IOC_SETFLAGS */}, NOTIFIED},
	{__NR_ioctl, {1, UPPER(0x40086602)}, NOTIFIED},
	{__NR_ioctl, {1, 0x801c581f /* FS_IOC_FSGETXATTR */}, ALLOWED},
	{__NR_ioctl, {1, 0x401c5820 /* FS_IOC_FSSETXATTR */}, NOTIFIED},
	{__NR_ioctl, {1, TIOCSTI}, REFUSED(EIO)},
	{__NR_ioctl, {1, UPPER(TIOCSTI)}, REFUSED(EIO)},
	{__NR_ioctl, {1, TIOCLINUX}, REFUSED(EPERM)},
	{__NR_ioctl, {1, 0x8901 /* FIOSETOWN */}, REFUSED(ENOTTY)},
	{__NR_ioctl, {1, 0x8902 /* SIOCSPGRP */}, REFUSED(ENOTTY)},
	{__NR_ioctl, {1, 0x40049409 /* FICLONE */}, ALLOWED},
	{__NR_ioctl, {1, 0x5000940f /* BTRFS_IOC_SNAP_DESTROY */}, REFUSED(ENOTTY)},
	{__NR_ioctl, {1, UPPER(0x5000940e) /* BTRFS_IOC_SUBVOL_CREATE */}, REFUSED(ENOTTY)},
	{__NR_ioctl, {1, 0x4020bc10 /* BCH_IOCTL_SUBVOLUME_CREATE */}, REFUSED(ENOTTY)},
	{__NR_ptrace, {PTRACE_TRACEME}, NOTIFIED},
	{__NR_ptrace, {PTRACE_PEEKDATA, 7}, ALLOWED},
	{__NR_ptrace, {PTRACE_CONT, 7}, NOTIFIED},
	{__NR_ptrace, {PTRACE_SYSCALL, 7}, NOTIFIED},
	{__NR_ptrace, {PTRACE_ATTACH, 7}, NOTIFIED},
	{__NR_ptrace, {PTRACE_SEIZE, 7}, NOTIFIED},
	{__NR_clone, {CLONE_VM | CLONE_THREAD | CLONE_SIGHAND | CLONE_FS | CLONE_FILES}, ALLOWED},
	{__NR_clone, {17}, ALLOWED},
	{__NR_clone, {17 | CLONE_NEWUSER}, REFUSED(EPERM)},
	{__NR_clone, {17 | CLONE_NEWNS}, REFUSED(EPERM)},
	{__NR_clone, {17 | CLONE_NEWPID}, REFUSED(EPERM)},
	{__NR_clone, {17 | CLONE_NEWNET}, REFUSED(EPERM)},
	{__NR_clone, {17 | CLONE_NEWIPC}, REFUSED(EPERM)},
	{__NR_clone, {17 | CLONE_NEWUTS}, REFUSED(EPERM)},
	{__NR_clone, {17 | CLONE_NEWCGROUP}, REFUSED(EPERM)},
	{__NR_clone, {17 | CLONE_NEWUSER, 0, 0, 0, 0, SECRET}, REFUSED(EPERM)},
	{__NR_unshare, {CLONE_FILES}, ALLOWED},
	{__NR_unshare, {CLONE_NEWUSER}, REFUSED(EPERM)},
	{__NR_unshare, {0x80 /* CLONE_NEWTIME */}, REFUSED(EPERM)},
	{__NR_getsockopt, {3, SOL_SOCKET, SO_PEERCRED}, ALLOWED},
	{__NR_getsockopt, {3, SOL_SOCKET, 77 /* SO_PEERPIDFD */}, REFUSED(ENOPROTOOPT)},
	{__NR_getsockopt, {3, UPPER(SOL_SOCKET), UPPER(77)}, REFUSED(ENOPROTOOPT)},
	{__NR_getsockopt, {3, 6 /* SOL_TCP */, 77}, ALLOWED},
	{__NR_setsockopt, {3, SOL_SOCKET, 76 /* SO_PASSPIDFD */}, REFUSED(ENOPROTOOPT)},
	{__NR_setsockopt, {3, SOL_SOCKET, SO_PASSCRED}, ALLOWED},
};

Test(filter, conditions)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint64_t *a = cases[i].args;
		uint32_t verdict = answer(cases[i].nr, a[0], a[1], a[2], a[3], a[4], a[5]);

		cr_assert_eq(verdict, cases[i].verdict, "case %zu: %s gives %#x", i,
			     syscall_find(cases[i].nr)->name, verdict);
	}
}

Test(filter, every_condition_has_a_case)
{
	for (each_row(row)) {
		bool found = row->when == ALWAYS;

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			found |= syscall_find(cases[i].nr)->when == row->when;
		cr_assert(found, "%s", row->name);
	}
}

Test(filter, secret_of_sendto_keeps_the_length)
{
	cr_assert_eq(filter_secret_arg(__NR_sendto, 0x1122334455667788, 110), 0x112233440000006e);
	cr_assert_eq(filter_secret_arg(__NR_chdir, 0x1122334455667788, 110), 0x1122334455667788);
}

/* In a child: loads the filter and closes the listener, so that what would be notified fails with ENOSYS. Returns the
 * number of the first wrong answer, 0 when all are right. */
static int try_loaded_filter(void)
{
	const uint64_t secret = 0x1122334455667788;
	int fd = filter_load(NEED_NOTHING, secret, 0);

	if (fd < 0)
		return 1;
	if (fcntl(fd, F_GETFD) != FD_CLOEXEC)
		return 2;
	if (filter_load(NEED_NOTHING, secret, 0) != -EBUSY)
		return 3;
	close(fd);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 4;
	if (syscall(__NR_getppid) <= 0)
		return 5;
	if (syscall(__NR_chdir, "/", 0, 0, 0, 0, 0) != -1 || errno != ENOSYS)
		return 6;
	if (syscall(__NR_chdir, "/", 0, 0, 0, 0, secret) != 0)
		return 7;
	if (syscall(__NR_chdir, "/", 0, 0, 0, 0, SECRET) != -1 || errno != ENOSYS)
		return 8;
	if (syscall(__NR_open_by_handle_at, -1, NULL, 0) != -1 || errno != EPERM)
		return 9;
	if (syscall(__NR_unshare, CLONE_NEWUSER) != -1 || errno != EPERM)
		return 10;
	if (syscall(__NR_prlimit64, 0, RLIMIT_NOFILE, NULL, NULL) != 0)
		return 11;
	if (syscall(__NR_prlimit64, 0, RLIMIT_LOCKS, NULL, NULL) != -1 || errno != ENOSYS)
		return 12;
	if (syscall(__NR_sendto, -1, "", 0, 0, "", filter_secret_arg(__NR_sendto, secret, 2)) != -1 ||
	    errno != EBADF)
		return 13;
	if (filter_load(NEED_COMBINATIONS, secret, 0) != -EINVAL)
		return 14;
	return 0;
}

Test(filter, works_in_the_kernel)
{
	pid_t pid = fork();
	int status;

	cr_assert_geq(pid, 0);
	if (pid == 0)
		_exit(try_loaded_filter());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status), "killed by signal %d", WTERMSIG(status));
	cr_assert_eq(WEXITSTATUS(status), 0, "answer %d is wrong", WEXITSTATUS(status));
}
