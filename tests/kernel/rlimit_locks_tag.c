/* The soft limit RLIMIT_LOCKS, which Linux has not looked at since 2.4.25, carries 64 bits for every process: it is set and
 * read from outside by prlimit, is the same in all threads, and survives fork and exec. */
#include "tests/kernel/kernel.h"

#include <sys/resource.h>

#define FIRST  0x123456789abcdef1UL
#define SECOND 0xfedcba9876543210UL
#define OTHER  0x77UL

struct state {
	atomic_int thread, child, ask, exec;
	atomic_ulong in_thread, in_child;
};

static unsigned long tag_of(pid_t pid)
{
	struct rlimit limit;

	return prlimit(pid, RLIMIT_LOCKS, NULL, &limit) ? 0 : limit.rlim_cur;
}

static long set_tag(pid_t pid, unsigned long tag)
{
	const struct rlimit limit = {tag, RLIM_INFINITY};

	return RESULT(prlimit(pid, RLIMIT_LOCKS, &limit, NULL));
}

static void *thread(void *arg)
{
	struct state *s = arg;

	s->thread = (int)syscall(SYS_gettid);
	AWAIT(s->ask);
	s->in_thread = tag_of(0);
	for (;;)
		pause();
	return NULL;
}

/* Nobody may look into this task by ptrace: prlimit does not need that. */
static void target(struct state *s)
{
	pthread_t id;
	pid_t child;

	prctl(PR_SET_DUMPABLE, 0);
	if (pthread_create(&id, NULL, thread, s))
		_exit(1);
	AWAIT(s->in_thread);
	child = fork_child();
	if (!child) {
		s->in_child = tag_of(0);
		pause();
	}
	s->child = child;
	AWAIT(s->exec);
	prctl(PR_SET_DUMPABLE, 1); /* for /proc/self */
	execl("/proc/self/exe", "rlimit_locks_tag", "exec", (char *)NULL);
	_exit(1);
}

/* A child that shares the memory still has limits of its own. */
static void vfork_has_its_own(void)
{
	const struct rlimit own = {OTHER, RLIM_INFINITY};
	unsigned long before = tag_of(0);
	volatile long set = -1;
	pid_t child = vfork();

	if (!child) {
		set = syscall(SYS_prlimit64, 0, RLIMIT_LOCKS, &own, NULL);
		_exit(0);
	}
	check_is(wait_exit(child), 0, "a vfork child ends");
	check_is(set, 0, "a vfork child sets its tag");
	check(tag_of(0) == before, "its parent's is unchanged", "%#lx", tag_of(0));
}

int main(int argc, char **argv)
{
	struct state *s;
	struct rlimit limit;
	pid_t pid;

	if (argc > 1 && !strcmp(argv[1], "exec"))
		return tag_of(0) == SECOND ? 42 : 43;
	begin();
	MUST(getrlimit(RLIMIT_LOCKS, &limit));
	if (limit.rlim_max != RLIM_INFINITY)
		skip("the hard limit RLIMIT_LOCKS is %#lx here", (unsigned long)limit.rlim_max);
	s = share(sizeof(*s));
	pid = fork_child();
	if (!pid)
		target(s);
	AWAIT(s->thread);
	check_is(set_tag(pid, FIRST), 0, "a tag is set from outside, on a task that is not dumpable");
	check(tag_of(pid) == FIRST, "all 64 bits are read from outside", "%#lx", tag_of(pid));
	check(tag_of(s->thread) == FIRST, "also by the number of a thread", "%#lx", tag_of(s->thread));
	s->ask = 1;
	AWAIT(s->in_thread);
	check(s->in_thread == FIRST, "a thread that was there before sees it", "%#lx", s->in_thread);
	AWAIT(s->child && s->in_child);
	check(s->in_child == FIRST, "a child inherits it", "%#lx", s->in_child);
	check_is(set_tag(s->thread, SECOND), 0, "it is set by the number of a thread");
	check(tag_of(pid) == SECOND, "for the whole process", "%#lx", tag_of(pid));
	check(tag_of(s->child) == FIRST, "and for that process alone", "%#lx", tag_of(s->child));
	s->exec = 1;
	check_is(wait_exit(pid), 42, "it survives exec");
	vfork_has_its_own();
	return end();
}
