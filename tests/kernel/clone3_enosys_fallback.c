/* When clone3 is ENOSYS, libc falls back to clone: threads, fork, posix_spawn, system and popen work. */
#include "tests/kernel/kernel.h"

#include <linux/sched.h>
#include <sched.h>
#include <spawn.h>

static void *thread(void *arg)
{
	*(int *)arg = 4711;
	return arg;
}

static void threads(void)
{
	pthread_t id;
	int set = 0;
	void *result = NULL;

	check_is(pthread_create(&id, NULL, thread, &set), 0, "pthread_create works");
	check_is(pthread_join(id, &result), 0, "the thread is joined");
	check(set == 4711 && result == &set, "the thread ran", "%d", set);
}

static void processes(void)
{
	char *const args[] = {"sh", "-c", "exit 42", NULL}, *const env[] = {NULL};
	char text[16] = "";
	FILE *pipe;
	pid_t pid = 0;

	check_is(posix_spawn(&pid, "/bin/sh", NULL, NULL, args, env), 0, "posix_spawn works");
	check_is(wait_exit(pid), 42, "the spawned program runs");
	check_is(posix_spawn(&pid, "/no/such/program", NULL, NULL, args, env), ENOENT,
		 "posix_spawn of nothing reports ENOENT");
	pid = fork_child();
	if (!pid)
		_exit(43);
	check_is(wait_exit(pid), 43, "fork works");
	check_is(WEXITSTATUS(system("exit 44")), 44, "system works");
	pipe = popen("echo piped", "r");
	check(pipe && fgets(text, sizeof(text), pipe) && !strcmp(text, "piped\n"), "popen works", "'%s'",
	      text);
	if (pipe)
		pclose(pipe);
}

int main(void)
{
	static const struct sock_filter filter[] = {LOAD_NR, ON_CALL(SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS),
						    ALLOW_REST};
	struct clone_args args = {.exit_signal = SIGCHLD};
	pid_t pid;

	begin();
	pid = (pid_t)RESULT(syscall(SYS_clone3, &args, sizeof(args)));
	if (!pid)
		_exit(0);
	printf("# clone3 without the filter: %s\n", pid > 0 ? "works" : strerror(-pid));
	if (pid > 0)
		wait_exit(pid);
	MUST(install_filter(filter, sizeof(filter) / sizeof(*filter), 0));
	pid = (pid_t)RESULT(syscall(SYS_clone3, &args, sizeof(args)));
	if (!pid)
		_exit(0);
	check_is(pid, -ENOSYS, "clone3 is ENOSYS");
	threads();
	processes();
	return end();
}
