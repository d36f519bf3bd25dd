/* Build tool: prints build/filter.inc, the BPF programs that tracer/filter.c loads, one per combination of enum need.
 *
 * libseccomp builds the part that looks at the architecture and the number (a binary tree). Rows that depend on arguments
 * leave it with a stand-in action, SCMP_ACT_TRACE(number of an ending), which is then turned into a jump to that ending,
 * a few tests behind the tree: those need exact 32-bit comparisons and "notify", neither of which libseccomp 2.5 can express.
 * So no argument is loaded before the number is decided on, and the kernel's bitmap of calls that are always allowed
 * (seccomp_cache_prepare() in kernel/seccomp.c) holds every PASS row. */
#define TABLE_WITHOUT_HANDLERS
#include "tracer/table.c"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Newer than the headers may be. */
#define OPTION_SO_PASSPIDFD	      76
#define OPTION_SO_PEERPIDFD	      77
#define OPTION_PR_SCHED_CORE	      62
/* From headers that have no user-space form. */
#define REQUEST_EXT4_SETVERSION	      _IOW('f', 4, long)
#define REQUEST_EXT4_MIGRATE	      _IO('f', 9)
#define REQUEST_ENABLE_VERITY	      0x40806685
#define REQUEST_SET_ENCRYPTION_POLICY 0x800c6613
#define REQUEST_FAT_SET_ATTRIBUTES    0x40047211
#define REQUEST_FIOSETOWN	      0x8901
#define REQUEST_SIOCSPGRP	      0x8902
#define TYPE_BTRFS		      0x9400
#define TYPE_BCACHEFS		      0xbc00
#define FLAG_PERF_PID_CGROUP	      4
#define WHO_IOPRIO_PROCESS	      1

#define CLONE_NEW_FLAGS                                                                               \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
	 CLONE_NEWNET)
#define FLAG_CLONE_NEWTIME 0x80 /* of unshare; part of the exit signal in clone */

/* One test of an ending: compares half an argument; the first that is true decides. */
enum comparison { END, EQUAL, DIFFERS, ANY_BIT, TYPE_EQUAL /* _IOC_TYPE() in place */ };
enum verdict { ALLOW = 1, APPLIES /* what the row says: notify or refuse */, REFUSE /* plus an errno */ };
#define REFUSE(errno_) (REFUSE + (errno_))

struct test {
	int arg;
	enum comparison comparison;
	uint32_t value;
	int verdict;
	bool high;     /* the upper half */
	unsigned need; /* made only where the view needs this; such tests are the last ones of their row */
};

#define MAX_TESTS 20

/* After the last test the call is allowed. */
static const struct test tests[WHEN_COUNT][MAX_TESTS] = {
	[IF_ARG0_SET] = {{0, DIFFERS, 0, APPLIES, false}},
	[IF_ARG01_SET] = {{0, DIFFERS, 0, APPLIES, false}, {1, DIFFERS, 0, APPLIES, false}},
	[IF_ARG4_SET] = {{4, DIFFERS, 0, APPLIES, false}, {4, DIFFERS, 0, APPLIES, true}},
	[IF_PERF] = {{1, DIFFERS, 0, APPLIES, false}, {4, ANY_BIT, FLAG_PERF_PID_CGROUP, APPLIES, false}},
	[IF_PRLIMIT] = {{0, DIFFERS, 0, APPLIES, false}, {1, EQUAL, RLIMIT_LOCKS, APPLIES, false}},
	[IF_LOCKS] = {{0, EQUAL, RLIMIT_LOCKS, APPLIES, false}},
	[IF_PRIORITY] = {{0, DIFFERS, PRIO_PROCESS, APPLIES, false}, {1, DIFFERS, 0, APPLIES, false}},
	[IF_IOPRIO] = {{0, DIFFERS, WHO_IOPRIO_PROCESS, APPLIES, false}, {1, DIFFERS, 0, APPLIES, false}},
	[IF_PRCTL] = {{0, EQUAL, PR_SET_DUMPABLE, APPLIES, false},
		      {0, EQUAL, OPTION_PR_SCHED_CORE, REFUSE(EINVAL), false}},
	[IF_FCNTL] = {{1, EQUAL, F_SETOWN_EX, REFUSE(EINVAL), false},
		      {1, DIFFERS, F_SETOWN, ALLOW, false},
		      {2, DIFFERS, 0, APPLIES, false}},
	[IF_IOCTL] = {{1, EQUAL, FS_IOC_SETFLAGS, APPLIES, false},
		      {1, EQUAL, FS_IOC_FSSETXATTR, APPLIES, false},
		      {1, EQUAL, FS_IOC_SETVERSION, APPLIES, false},
		      {1, EQUAL, REQUEST_EXT4_SETVERSION, APPLIES, false},
		      {1, EQUAL, REQUEST_EXT4_MIGRATE, APPLIES, false},
		      {1, EQUAL, REQUEST_ENABLE_VERITY, APPLIES, false},
		      {1, EQUAL, REQUEST_SET_ENCRYPTION_POLICY, APPLIES, false},
		      {1, EQUAL, REQUEST_FAT_SET_ATTRIBUTES, APPLIES, false},
		      {1, EQUAL, TIOCSTI, REFUSE(EIO), false}, /* as with dev.tty.legacy_tiocsti = 0 */
		      {1, EQUAL, TIOCLINUX, REFUSE(EPERM), false},
		      {1, EQUAL, REQUEST_FIOSETOWN, REFUSE(ENOTTY), false},
		      {1, EQUAL, REQUEST_SIOCSPGRP, REFUSE(ENOTTY), false},
		      {1, EQUAL, FICLONE, ALLOW, false}, /* these three share btrfs's type */
		      {1, EQUAL, FICLONERANGE, ALLOW, false},
		      {1, EQUAL, FIDEDUPERANGE, ALLOW, false},
		      {1, TYPE_EQUAL, TYPE_BTRFS, REFUSE(ENOTTY), false},
		      {1, TYPE_EQUAL, TYPE_BCACHEFS, REFUSE(ENOTTY), false}},
	[IF_PTRACE] = {{0, EQUAL, PTRACE_TRACEME, APPLIES, false},
		       {0, EQUAL, PTRACE_ATTACH, APPLIES, false},
		       {0, EQUAL, PTRACE_SEIZE, APPLIES, false},
		       {0, EQUAL, PTRACE_CONT, APPLIES, false, NEED_TRANSLATION},
		       {0, EQUAL, PTRACE_SYSCALL, APPLIES, false, NEED_TRANSLATION},
		       {0, EQUAL, PTRACE_SINGLESTEP, APPLIES, false, NEED_TRANSLATION},
		       {0, EQUAL, PTRACE_DETACH, APPLIES, false, NEED_TRANSLATION}},
	[IF_NEWNS] = {{0, ANY_BIT, CLONE_NEW_FLAGS, APPLIES, false}},
	[IF_UNSHARE] = {{0, ANY_BIT, CLONE_NEW_FLAGS | FLAG_CLONE_NEWTIME, APPLIES, false}},
	[IF_PIDFD_OPTION] = {{1, DIFFERS, SOL_SOCKET, ALLOW, false},
			     {2, EQUAL, OPTION_SO_PASSPIDFD, APPLIES, false},
			     {2, EQUAL, OPTION_SO_PEERPIDFD, APPLIES, false}},
};

/* How a redirected call is recognised: see filter_secret_arg() in tracer/filter.h. */
enum secret { SECRET_NONE, SECRET_WHOLE, SECRET_UPPER };

/* Rows that end in the same code. */
struct ending {
	enum when when;
	int error; /* 0: notify */
	enum secret secret;
};

#define MAX_ENDINGS 64
#define MAX_RANGES  256
#define X32_BIT	    0x40000000
#define STAND_IN    0x7e00 /* + the number of an ending; number 0 is plain notification */

struct program {
	unsigned needs; /* of the view that it is for */
	struct sock_filter code[BPF_MAXINSNS];
	int len;
	struct ending endings[MAX_ENDINGS];
	int n_endings;
	uint32_t returns[MAX_ENDINGS]; /* the actions that occur in the tree */
	int n_returns;
};

_Noreturn static void die(const char *what)
{
	fprintf(stderr, "mkfilter: %s\n", what);
	exit(1);
}

static enum secret secret_of(const struct syscall_row *row)
{
	if (!syscall_served(row))
		return SECRET_NONE;
	if (row->n_args < 6)
		return SECRET_WHOLE;
	if (row->nr == __NR_sendto) /* its sixth argument is an int */
		return SECRET_UPPER;
	if (row->disposition == REDIRECT || row->disposition == INJECT)
		die("a redirected call has six arguments");
	return SECRET_NONE;
}

static uint32_t ending_action(struct program *p, const struct syscall_row *row)
{
	struct ending c = {row->when, row->error, secret_of(row)};
	int i;

	for (i = 0; i < p->n_endings; i++) {
		if (p->endings[i].when == c.when && p->endings[i].error == c.error &&
		    p->endings[i].secret == c.secret)
			break;
	}
	if (i == MAX_ENDINGS)
		die("too many endings");
	if (i == p->n_endings)
		p->endings[p->n_endings++] = c;
	return SCMP_ACT_TRACE(STAND_IN + i);
}

static void add_row(struct program *p, scmp_filter_ctx ctx, const struct syscall_row *row, unsigned needs)
{
	uint32_t action;

	if (row->disposition == PASS || (row->need & needs) != row->need)
		action = SCMP_ACT_ALLOW;
	else if (row->disposition == DENY && row->when == ALWAYS)
		action = SCMP_ACT_ERRNO(row->error);
	else
		action = ending_action(p, row);
	if (action == SCMP_ACT_TRACE(STAND_IN))
		return; /* the default */
	if (seccomp_rule_add_exact(ctx, action, row->nr, 0) != 0)
		die(row->name);
}

/* The tree over the numbers, with stand-ins. */
static void build_tree(struct program *p, unsigned needs)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRACE(STAND_IN));
	int fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t size;

	p->needs = needs;
	if (!ctx || fd < 0 || seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRACE(STAND_IN)) != 0 ||
	    seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0)
		die("cannot start a filter");
	p->endings[0] = (struct ending){ALWAYS, 0, SECRET_NONE};
	p->n_endings = 1;
	for (int i = 0; i < SYSCALL_ROWS; i++)
		add_row(p, ctx, &syscall_table[i], needs);
	if (seccomp_export_bpf(ctx, fd) != 0)
		die("cannot export the filter");
	size = pread(fd, p->code, sizeof(p->code), 0);
	if (size <= 0 || size % sizeof(p->code[0]) != 0 || size == sizeof(p->code))
		die("the filter has no sensible length");
	p->len = size / sizeof(p->code[0]);
	seccomp_release(ctx);
	close(fd);
}

static void emit(struct program *p, struct sock_filter insn)
{
	if (p->len == BPF_MAXINSNS)
		die("the filter is too long");
	p->code[p->len++] = insn;
}

static void emit_return(struct program *p, uint32_t value)
{
	emit(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value));
}

static void emit_load(struct program *p, int arg, bool high)
{
	uint32_t at = offsetof(struct seccomp_data, args) + arg * 8 + (high ? 4 : 0);

	emit(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at));
}

/* What "the row applies" does. tracer/filter.c finds the two halves of the secret by the operands SECRET_HIGH and
 * SECRET_LOW of a comparison that follows a load of the sixth argument, which nothing else loads; SECRET_STOP, which the
 * tracer waits for (see filter_stop_arg()), comes right behind. */
#define SECRET_HIGH 0x5ec2e701
#define SECRET_LOW  0x5ec2e702
#define SECRET_STOP 0x5ec2e703

static void emit_applies(struct program *p, const struct ending *c)
{
	if (c->error != 0) {
		emit_return(p, SECCOMP_RET_ERRNO | c->error);
		return;
	}
	if (c->secret != SECRET_NONE) {
		bool whole = c->secret == SECRET_WHOLE;

		emit_load(p, 5, true);
		emit(p,
		     (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SECRET_HIGH, 0, whole ? 5 : 1));
		if (whole) {
			emit_load(p, 5, false);
			emit(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SECRET_LOW, 2, 0));
			emit(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SECRET_STOP, 0, 2));
			emit_return(p, SECCOMP_RET_TRACE);
		}
		emit_return(p, SECCOMP_RET_ALLOW);
	}
	emit_return(p, SECCOMP_RET_USER_NOTIF);
}

static uint8_t distance(int from, int to)
{
	if (to - from - 1 > UINT8_MAX)
		die("a jump is too far");
	return (uint8_t)(to - from - 1);
}

#define LATER UINT8_MAX /* a jump to what "the row applies" does, behind the tests */

static void emit_test(struct program *p, const struct test *t)
{
	const uint8_t yes = t->verdict == APPLIES ? LATER : 0, no = t->verdict == APPLIES ? 0 : 1;
	const bool differs = t->comparison == DIFFERS;
	const int op = t->comparison == ANY_BIT ? BPF_JSET : BPF_JEQ;

	emit(p, (struct sock_filter)BPF_JUMP(BPF_JMP | op | BPF_K, t->value, differs ? no : yes,
					     differs ? yes : no));
	if (t->verdict == ALLOW)
		emit_return(p, SECCOMP_RET_ALLOW);
	else if (t->verdict != APPLIES)
		emit_return(p, SECCOMP_RET_ERRNO | (t->verdict - REFUSE));
}

static void emit_ending_tests(struct program *p, enum when when)
{
	const struct test *const first = tests[when];

	for (const struct test *t = first; t->comparison != END; t++) {
		if ((t->need & p->needs) != t->need)
			break;
		if (t == first || t[-1].arg != t->arg || t[-1].high != t->high)
			emit_load(p, t->arg, t->high);
		if (t->comparison == TYPE_EQUAL && (t == first || t[-1].comparison != TYPE_EQUAL))
			emit(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff00));
		emit_test(p, t);
	}
	emit_return(p, SECCOMP_RET_ALLOW);
}

static void lead_jumps(struct program *p, int first, int end, int to)
{
	for (int i = first; i < end; i++) {
		if (p->code[i].jt == LATER)
			p->code[i].jt = distance(i, to);
		if (p->code[i].jf == LATER)
			p->code[i].jf = distance(i, to);
	}
}

/* The code of "the row applies" for an ending, once for all that do the same. */
static int emit_applies_once(struct program *p, int i, const int applies[])
{
	const struct ending *c = &p->endings[i];
	int at = p->len;

	for (int k = 0; k < i; k++)
		if (p->endings[k].error == c->error && p->endings[k].secret == c->secret)
			return applies[k];
	emit_applies(p, c);
	return at;
}

/* What the tree decides. */
static uint32_t decide(const struct program *p, uint32_t arch, uint32_t nr)
{
	uint32_t loaded = 0;

	for (int i = 0; i < p->len; i++) {
		const struct sock_filter *insn = &p->code[i];
		bool yes;

		switch (insn->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			loaded = insn->k == offsetof(struct seccomp_data, arch) ? arch : nr;
			continue;
		case BPF_JMP | BPF_JA: i += (int)insn->k; continue;
		case BPF_JMP | BPF_JEQ | BPF_K: yes = loaded == insn->k; break;
		case BPF_JMP | BPF_JGT | BPF_K: yes = loaded > insn->k; break;
		case BPF_JMP | BPF_JGE | BPF_K: yes = loaded >= insn->k; break;
		case BPF_RET | BPF_K: return insn->k;
		default: die("an instruction that a tree does not have");
		}
		i += yes ? insn->jt : insn->jf;
	}
	die("a tree without an end");
}

/* Numbers next to each other with the same action, up to the next range. */
struct range {
	uint32_t first;
	uint32_t action;
};

static int find_ranges(const struct program *p, struct range *ranges)
{
	uint32_t end = 0, action;
	int n = 0;

	for (int i = 0; i < SYSCALL_ROWS; i++)
		end = (uint32_t)syscall_table[i].nr >= end ? (uint32_t)syscall_table[i].nr + 1 : end;
	for (uint32_t nr = 0; nr <= end; nr++) {
		action = decide(p, AUDIT_ARCH_X86_64, nr);
		if (n > 0 && ranges[n - 1].action == action)
			continue;
		if (n == MAX_RANGES)
			die("too many ranges");
		ranges[n++] = (struct range){nr, action};
	}
	action = ranges[n - 1].action;
	if (decide(p, AUDIT_ARCH_X86_64, X32_BIT) != action || decide(p, AUDIT_ARCH_I386, 0) != action)
		die("numbers behind the last row, x32 and i386 are not treated alike");
	return n;
}

/* Where an action stands in the returns behind the tests. */
static int return_of(struct program *p, int first, uint32_t action)
{
	for (int i = 0; i < p->n_returns; i++)
		if (p->returns[i] == action)
			return first + i;
	if (p->n_returns == MAX_ENDINGS)
		die("too many actions");
	p->returns[p->n_returns] = action;
	return first + p->n_returns++;
}

/* Emits the tests that tell n ranges apart; returns where to jump for them. */
static int emit_tests(struct program *p, const struct range *ranges, int n, int returns)
{
	int half = n / 2, at = p->len, low, high;

	if (n == 1)
		return return_of(p, returns, ranges->action);
	emit(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, ranges[half].first, 0, 0));
	low = emit_tests(p, ranges, half, returns);
	high = emit_tests(p, ranges + half, n - half, returns);
	p->code[at].jt = distance(at, high);
	p->code[at].jf = distance(at, low);
	return at;
}

/* libseccomp's tree has a leaf for each number. Tests for ranges and one return for each action decide alike in far
 * fewer instructions, 290 for 801 with the endings, and with them goes the time that the kernel takes to load a filter at
 * each start of uctr: 150 us before, 65 us now, of which a filter of four instructions takes 11. */
static void compact(struct program *p)
{
	struct range ranges[MAX_RANGES];
	int n = find_ranges(p, ranges), arch = 1, returns = 3 + n - 1;

	p->len = 0;
	emit(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)));
	emit(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 0));
	emit(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
	emit_tests(p, ranges, n, returns);
	p->code[arch].jf = distance(arch, return_of(p, returns, ranges[n - 1].action));
	for (int i = 0; i < p->n_returns; i++)
		emit_return(p, p->returns[i]);
}

/* Replaces the stand-ins by jumps to the endings, which are put behind the tree. */
static void resolve(struct program *p)
{
	int tree_len = p->len, start[MAX_ENDINGS], end[MAX_ENDINGS], applies[MAX_ENDINGS];

	for (int i = 0; i < p->n_endings; i++) {
		start[i] = p->len;
		if (p->endings[i].when != ALWAYS)
			emit_ending_tests(p, p->endings[i].when);
		end[i] = p->len;
	}
	for (int i = 0; i < p->n_endings; i++) {
		applies[i] = emit_applies_once(p, i, applies);
		lead_jumps(p, start[i], end[i], applies[i]);
		if (p->endings[i].when == ALWAYS)
			start[i] = applies[i];
	}
	for (int i = 0; i < tree_len; i++) {
		struct sock_filter *insn = &p->code[i];
		int ending = (int)(insn->k & SECCOMP_RET_DATA) - STAND_IN;

		if (insn->code != (BPF_RET | BPF_K) ||
		    (insn->k & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_TRACE)
			continue;
		if (ending < 0 || ending >= p->n_endings)
			die("a stand-in without an ending");
		*insn = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, start[ending] - i - 1);
	}
}

int main(void)
{
	static struct program programs[NEED_COMBINATIONS];
	int longest = 0;

	for (int w = ALWAYS + 1; w < WHEN_COUNT; w++) {
		if (tests[w][0].comparison == END || tests[w][MAX_TESTS - 1].comparison != END)
			die("a condition without tests, or with too many");
	}
	printf("/* Made by tools/mkfilter from tracer/syscalls.def. */\n#define SECRET_HIGH %#x\n#define "
	       "SECRET_LOW %#x\n#define SECRET_STOP %#x\n",
	       SECRET_HIGH, SECRET_LOW, SECRET_STOP);
	for (int n = 0; n < NEED_COMBINATIONS; n++) {
		struct program *p = &programs[n];

		build_tree(p, n);
		compact(p);
		resolve(p);
		if (p->len > longest)
			longest = p->len;
		printf("static const struct sock_filter filter_%d[] = {\n", n);
		for (int i = 0; i < p->len; i++)
			printf("\t{%#x, %u, %u, %#x},\n", p->code[i].code, p->code[i].jt, p->code[i].jf,
			       p->code[i].k);
		printf("};\n");
	}
	printf("#define FILTER_MAX_LEN %d\nstatic const struct sock_fprog filters[] = {\n", longest);
	for (int n = 0; n < NEED_COMBINATIONS; n++)
		printf("\t{%d, (struct sock_filter *)filter_%d},\n", programs[n].len, n);
	printf("};\n");
	return fflush(stdout) == 0 ? 0 : 1;
}
