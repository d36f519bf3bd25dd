/* prlimit64, getrlimit, setrlimit. */
#include "guest.h"

#include <sys/resource.h>

static struct rlimit64 *room(void)
{
	return (void *)border(NULL, sizeof(struct rlimit64));
}

static pid_t sleeper(void)
{
	pid_t pid = MUST(fork());

	if (!pid) {
		for (;;)
			pause();
	}
	return pid;
}

int main(int argc, char **argv)
{
	struct rlimit64 *r = room(), new = {100, 200}, locks = {RLIM64_INFINITY, RLIM64_INFINITY},
			bad = {2, 1};
	pid_t child;

	guest_begin(argc, argv);
	child = sleeper();
	/* a limit of one's own, of a child, by number */
	CHECK_OK(syscall(SYS_setrlimit, RLIMIT_CORE, border(&(struct rlimit64){0, 1000}, sizeof(new))));
	CHECK_OK(syscall(SYS_getrlimit, RLIMIT_CORE, r));
	CHECK(r->rlim_cur == 0 && r->rlim_max == 1000);
	CHECK_OK(syscall(SYS_prlimit64, 0, RLIMIT_CORE, &new, r));
	CHECK(r->rlim_cur == 0 && r->rlim_max == 1000);
	CHECK_OK(syscall(SYS_prlimit64, getpid(), RLIMIT_CORE, NULL, r));
	CHECK(r->rlim_cur == 100 && r->rlim_max == 200);
	CHECK_OK(syscall(SYS_prlimit64, child, RLIMIT_CORE, border(&new, sizeof(new)), NULL));
	CHECK_OK(syscall(SYS_prlimit64, child, RLIMIT_CORE, NULL, r));
	CHECK(r->rlim_cur == 100 && r->rlim_max == 200);
	if (geteuid()) {
		new.rlim_max = 201;
		CHECK_ERRNO(syscall(SYS_prlimit64, child, RLIMIT_CORE, &new, NULL), EPERM);
	}
	CHECK_ERRNO(syscall(SYS_prlimit64, child, RLIMIT_CORE, &bad, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_prlimit64, child, RLIMIT_CORE, BAD_POINTER, NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_prlimit64, child, 16, NULL, r), EINVAL);
	CHECK_ERRNO(syscall(SYS_getrlimit, 16, r), EINVAL);

	/* the limit that nobody uses: it looks untouched by all ways */
	CHECK_OK(syscall(SYS_getrlimit, RLIMIT_LOCKS, r));
	CHECK(r->rlim_cur == RLIM64_INFINITY && r->rlim_max == RLIM64_INFINITY);
	memset(r, 0, sizeof(*r));
	CHECK_OK(syscall(SYS_prlimit64, 0, RLIMIT_LOCKS, NULL, r));
	CHECK(r->rlim_cur == RLIM64_INFINITY && r->rlim_max == RLIM64_INFINITY);
	memset(r, 0, sizeof(*r));
	CHECK_OK(syscall(SYS_prlimit64, child, RLIMIT_LOCKS, NULL, r));
	CHECK(r->rlim_cur == RLIM64_INFINITY && r->rlim_max == RLIM64_INFINITY);
	CHECK_OK(syscall(SYS_setrlimit, RLIMIT_LOCKS, &locks));
	CHECK_OK(syscall(SYS_prlimit64, 0, RLIMIT_LOCKS, border(&locks, sizeof(locks)), r));
	CHECK_OK(syscall(SYS_prlimit64, child, RLIMIT_LOCKS, &locks, r));
	CHECK_OK(syscall(SYS_prlimit64, 0, RLIMIT_LOCKS, NULL, NULL));
	CHECK_ERRNO(syscall(SYS_setrlimit, RLIMIT_LOCKS, &bad), EINVAL);
	CHECK_ERRNO(syscall(SYS_setrlimit, RLIMIT_LOCKS, NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_getrlimit, RLIMIT_LOCKS, NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_getrlimit, RLIMIT_LOCKS, read_only_page()), EFAULT);
	CHECK_ERRNO(syscall(SYS_prlimit64, 0, RLIMIT_LOCKS, BAD_POINTER, r), EFAULT);
	/* after that, everybody is still of the container */
	CHECK_OK(syscall(SYS_kill, getpid(), 0));
	CHECK_OK(syscall(SYS_kill, child, 0));
	if (in_view()) {
		CHECK_ERRNO(syscall(SYS_prlimit64, guest.outside, RLIMIT_CORE, NULL, r), ESRCH);
		CHECK_ERRNO(syscall(SYS_prlimit64, guest.outside, RLIMIT_LOCKS, &locks, NULL), ESRCH);
		CHECK_ERRNO(
			syscall(SYS_prlimit64, guest.outside, RLIMIT_NOFILE, &(struct rlimit64){5, 5}, NULL),
			ESRCH);
	}
	kill(child, SIGKILL);
	wait_for(child);
	CHECK_ERRNO(syscall(SYS_prlimit64, child, RLIMIT_CORE, NULL, r), ESRCH);
	return guest_end();
}
