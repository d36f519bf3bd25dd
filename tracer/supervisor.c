#include "tracer/supervisor.h"

#include "tracer/container.h"
#include "tracer/dump.h"
#include "tracer/launch.h"
#include "tracer/protocol.h"
#include "tracer/redirect.h"
#include "tracer/worker.h"

#include "lib/log.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_UCTR   125
#define GRACE_MS    2000 /* between TERM and KILL at the end, as Docker does by default for a stop */
#define WAKE_MS	    20	 /* until the front is sent another SIGCONT */
#define SIGNAL_BASE 128

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void say(const struct container *ct, enum message_type type, int value)
{
	struct message m = {.type = type, .value = value};

	send(ct->front, &m, sizeof(m), MSG_NOSIGNAL);
}

/* As a shell sees its job: when the program is stopped, so is the front. One message at a time. */
static void stop_front(struct container *ct)
{
	if (ct->front_stopped)
		return;
	ct->front_stopped = true;
	ct->front_woken = false;
	say(ct, MESSAGE_STOPPED, ct->stop_signal);
}

/* Somebody else than the front has continued the program, or it is dead. SIGCONT is lost when it comes just before the
 * front stops, so it is sent again until the front has answered. */
static void wake_front(struct container *ct)
{
	if (!ct->front_stopped)
		return;
	ct->front_woken = true;
	kill(ct->front_pid, SIGCONT);
}

static void reaped(struct container *ct, pid_t pid, int status)
{
	if (pid != ct->program)
		return;
	ct->program_done = true;
	ct->exit_status = WIFSIGNALED(status) ? SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
}

static void on_status(struct container *ct, pid_t pid, int status)
{
	if (redirector_status(ct, pid, status))
		return;
	if (WIFEXITED(status) || WIFSIGNALED(status))
		reaped(ct, pid, status);
	else if (pid == ct->program && WIFSTOPPED(status)) {
		ct->program_stopped = true;
		ct->stop_signal = WSTOPSIG(status);
		stop_front(ct);
	} else if (pid == ct->program && WIFCONTINUED(status)) {
		ct->program_stopped = false;
		wake_front(ct);
	}
}

/* The next status, 0 when there is none, -1 when there is no child left. Only of the program do we want to hear that it was
 * stopped or continued: asking for all would take such statuses of tracees away from their parents. */
static pid_t next_status(struct container *ct, int *ret_status)
{
	pid_t pid;

	if (redirector_deferred(ct, &pid, ret_status))
		return pid;
	pid = waitpid(-1, ret_status, __WALL | WNOHANG);
	if (pid != 0 || ct->program_done)
		return pid;
	pid = waitpid(ct->program, ret_status, WNOHANG | WUNTRACED | WCONTINUED);
	return pid < 0 ? 0 : pid;
}

/* Returns false when there is no child left. */
static bool reap(struct container *ct)
{
	int status;
	pid_t pid;

	while ((pid = next_status(ct, &status)) > 0)
		on_status(ct, pid, status);
	return pid == 0;
}

static void on_signal(struct container *ct, int signals)
{
	struct signalfd_siginfo info[4];
	ssize_t n;

	do {
		n = read(signals, info, sizeof(info)) / (ssize_t)sizeof(info[0]);
		for (ssize_t i = 0; i < n; i++) {
			if (info[i].ssi_signo == SIGUSR1)
				dump(ct);
			else if (info[i].ssi_signo != SIGCHLD && !ct->program_done)
				kill(ct->program, (int)info[i].ssi_signo);
		}
	} while (n == (ssize_t)(sizeof(info) / sizeof(info[0])));
}

/* The front runs again, because the user or we wanted it so. */
static void on_resumed(struct container *ct)
{
	ct->front_stopped = false;
	if (!ct->program_stopped || ct->program_done)
		return;
	if (ct->front_woken)
		stop_front(ct); /* the program has been stopped again meanwhile */
	else
		kill(ct->program, SIGCONT);
}

static void on_message(struct container *ct)
{
	struct message m;
	ssize_t n = recv(ct->front, &m, sizeof(m), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != (ssize_t)sizeof(m)) {
		/* The front is dead: nobody waits for this container any more. */
		ct->front_dead = true;
		return;
	}
	if (m.type == MESSAGE_SIGNAL && !ct->program_done)
		kill(ct->program, m.value);
	else if (m.type == MESSAGE_RESUMED) {
		reap(ct);
		on_resumed(ct);
	} else if (m.type == MESSAGE_CONTINUED) {
		reap(ct);
		if (ct->program_stopped && !ct->program_done)
			kill(ct->program, SIGCONT);
	}
}

static void wait_for_events(struct container *ct, int signals, int timeout)
{
	struct pollfd fds[] = {
		{.fd = redirector_fd(ct), .events = POLLIN},
		{.fd = signals, .events = POLLIN},
		{.fd = ct->front_dead ? -1 : ct->front, .events = POLLIN},
	};

	if (poll(fds, 3, redirector_poll(ct, timeout)) <= 0)
		return;
	if (fds[0].revents)
		redirector_run(ct);
	/* A redirect makes SIGCHLDs that say nothing new: taken here, they do not cost another turn. */
	if (fds[0].revents || fds[1].revents)
		on_signal(ct, signals);
	if (fds[2].revents)
		on_message(ct);
}

/* The main program has ended, or the front: TERM to all the rest, KILL after a while, until no child is left. As we are
 * the subreaper, no child means no descendant. */
static void end_rest(struct container *ct, int signals)
{
	int64_t deadline = now_ms() + (ct->front_dead ? 0 : GRACE_MS);

	if (!reap(ct))
		return;
	if (!ct->front_dead) {
		container_signal_all(ct, SIGTERM);
		container_signal_all(ct, SIGCONT);
	}
	while (reap(ct)) {
		if (ct->front_dead || now_ms() >= deadline)
			container_signal_all(ct, SIGKILL);
		wait_for_events(ct, signals, 10);
	}
}

static void loop(struct container *ct, int signals)
{
	while (!ct->program_done && !ct->front_dead) {
		bool waking = ct->front_stopped && ct->front_woken;

		wait_for_events(ct, signals, waking ? WAKE_MS : -1);
		reap(ct);
		if (waking)
			wake_front(ct);
	}
	end_rest(ct, signals);
}

/* A front that was stopped with the program has to hear of its end. */
static void end_front(struct container *ct, int signals)
{
	say(ct, MESSAGE_EXITED, ct->exit_status);
	while (ct->front_stopped && !ct->front_dead) {
		wake_front(ct);
		wait_for_events(ct, signals, WAKE_MS);
	}
}

static int own_signals(void)
{
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int start(struct container *ct, const sigset_t *mask)
{
	int r = redirector_init(ct);

	if (r == 0)
		r = launch(ct, mask);
	if (r == 0)
		r = worker_start(ct);
	return r;
}

int supervisor_run(struct container *ct, const sigset_t *mask)
{
	int r, signals;

	ct->program_group = getpgrp();
	setpgid(0, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	ct->supervisor = getpid();
	if (build_view(&ct->view, ct->options) < 0) {
		say(ct, MESSAGE_EXITED, EXIT_UCTR);
		return EXIT_UCTR;
	}
	/* Before there is a child, and a thread that signals could go to instead. */
	signals = own_signals();
	r = start(ct, mask);
	if (r < 0) {
		int status = 0;

		/* Where the program's process has said why, it has ended with EXIT_UCTR. */
		if (ct->program) {
			kill(ct->program, SIGKILL);
			waitpid(ct->program, &status, 0);
		}
		if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_UCTR)
			log_error("cannot start: %s", strerror(-r));
		say(ct, MESSAGE_EXITED, EXIT_UCTR);
		return EXIT_UCTR;
	}
	inherited_close(&ct->inherited);
	loop(ct, signals);
	end_front(ct, signals);
	return 0;
}
