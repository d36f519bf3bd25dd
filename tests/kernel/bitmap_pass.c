/* A call that the filter allows without looking at its arguments costs next to nothing: the kernel notes such numbers in
 * a bitmap when the filter is loaded (seccomp_cache_prepare). The figures are printed, not checked; checked is that the
 * filter is in force meanwhile. */
#include "tests/kernel/kernel.h"

#define CALLS 200000
#define PADS  200 /* numbers that the filter compares before the one that is measured */

static double measure(long nr)
{
	double best = 1e9;

	for (int round = 0; round < 5; round++) {
		double start = now_ns();

		for (int i = 0; i < CALLS / 5; i++)
			syscall(nr, 0);
		if (now_ns() - start < best)
			best = now_ns() - start;
	}
	return best / (CALLS / 5);
}

int main(void)
{
	static const struct sock_filter refuse[] = {ON_CALL(SYS_getpgid, SECCOMP_RET_ERRNO | EXDEV)};
	static const struct sock_filter by_argument[] = {
		/* getsid(0) is allowed after a look at the argument, which keeps it out of the bitmap. */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsid, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
	};
	struct sock_filter filter[2 * PADS + 16] = {LOAD_NR};
	double native, native_getsid;
	long session = RESULT(syscall(SYS_getsid, 0)); /* 0 where its leader is outside this PID namespace */
	size_t n = 1;

	begin();
	for (unsigned i = 0; i < PADS; i++) {
		const struct sock_filter pad[] = {ON_CALL(100000 + i, SECCOMP_RET_ERRNO | EXDEV)};

		memcpy(filter + n, pad, sizeof(pad));
		n += 2;
	}
	memcpy(filter + n, refuse, sizeof(refuse));
	n += sizeof(refuse) / sizeof(*refuse);
	memcpy(filter + n, by_argument, sizeof(by_argument));
	n += sizeof(by_argument) / sizeof(*by_argument);
	filter[n++] = (struct sock_filter)ALLOW_REST;

	native = measure(SYS_getppid);
	native_getsid = measure(SYS_getsid);
	MUST(install_filter(filter, n, 0));
	check_is(RESULT(syscall(SYS_getpgid, 0)), -EXDEV, "the filter refuses what it should");
	check_is(RESULT(syscall(SYS_getsid, 1)), -EXDEV, "the filter refuses by argument");
	check_is(RESULT(syscall(SYS_getsid, 0)), session, "the filter allows by argument");
	check_is(RESULT(syscall(SYS_getppid)), getppid(), "the filter allows the rest");
	printf("# allowed by number: %.0f ns, native %.0f ns\n", measure(SYS_getppid), native);
	printf("# allowed by argument: %.0f ns, native %.0f ns\n", measure(SYS_getsid), native_getsid);
	return end();
}
