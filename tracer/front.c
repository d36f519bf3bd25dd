/* The front does next to nothing: it is what the user's shell waits for and stops, it forwards signals, and it ends the
 * container when the supervisor dies. It shares its process group with the program, so that both are in the terminal's
 * foreground or not, and pipelines on both sides work. */
#include "tracer/front.h"

#include "tracer/container.h"
#include "tracer/protocol.h"
#include "tracer/supervisor.h"

#include "lib/cleanup.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define EXIT_UCTR 125

struct front {
	struct container *ct;
	pid_t supervisor;
	int socket;
	int signals;
	int status; /* -1 until known */
};

/* What a terminal or another process may send us and the program is meant by. */
static void forwarded_signals(sigset_t *set)
{
	static const int signals[] = {SIGHUP,  SIGINT,	SIGQUIT, SIGTERM, SIGUSR1,  SIGUSR2,
				      SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH, SIGCONT};

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(set, signals[i]);
}

static void say(const struct front *f, enum message_type type, int value)
{
	struct message m = {.type = type, .value = value};

	send(f->socket, &m, sizeof(m), MSG_NOSIGNAL);
}

/* The program has been stopped: so are we, by the same signal, so that the shell sees its job stopped. */
static void stop_with_program(const struct front *f, int sig)
{
	struct sigaction stop = {.sa_handler = SIG_DFL}, saved;
	const struct timespec now = {0};
	sigset_t one, cont;

	if (sig != SIGTSTP && sig != SIGTTIN && sig != SIGTTOU)
		sig = SIGSTOP;
	sigemptyset(&one);
	sigaddset(&one, sig);
	sigaction(sig, &stop, &saved);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	/* Here we are stopped, until SIGCONT. */
	sigprocmask(SIG_BLOCK, &one, NULL);
	sigaction(sig, &saved, NULL);
	sigemptyset(&cont);
	sigaddset(&cont, SIGCONT);
	sigtimedwait(&cont, NULL, &now); /* said with this message */
	say(f, MESSAGE_RESUMED, 0);
}

static void on_signal(const struct front *f)
{
	struct signalfd_siginfo info;

	if (read(f->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	/* What comes from the terminal went to the whole process group, but for the hang-up that it sends the leader of
	 * the session: natively, that would be the program. */
	if (info.ssi_signo == SIGCONT) {
		if ((pid_t)info.ssi_pid != f->supervisor)
			say(f, MESSAGE_CONTINUED, 0);
	} else if (info.ssi_code == SI_KERNEL ? info.ssi_signo == SIGHUP && getsid(0) == getpid()
					      : info.ssi_signo != SIGWINCH)
		say(f, MESSAGE_SIGNAL, (int)info.ssi_signo);
}

/* The supervisor is dead before its time. Its orphans are ours now (subreaper). */
static void end_orphans(const struct front *f)
{
	log_error("the supervisor died; the container is ended (please report this)");
	for (;;) {
		pid_t pid;

		container_signal_all(f->ct, SIGKILL);
		do
			pid = waitpid(-1, NULL, __WALL | WNOHANG);
		while (pid > 0);
		if (pid < 0 && errno == ECHILD)
			return;
		poll(NULL, 0, 5);
	}
}

static void on_message(struct front *f)
{
	struct message m;
	ssize_t n = recv(f->socket, &m, sizeof(m), 0);

	/* ECONNRESET: the supervisor has ended without reading our last word. Its own is still to come. */
	if (n < 0 && (errno == EINTR || errno == ECONNRESET))
		return;
	if (n != (ssize_t)sizeof(m)) {
		end_orphans(f);
		f->status = EXIT_UCTR;
	} else if (m.type == MESSAGE_STOPPED)
		stop_with_program(f, m.value);
	else if (m.type == MESSAGE_EXITED)
		f->status = m.value;
}

static int loop(struct front *f)
{
	struct pollfd fds[] = {{.fd = f->socket, .events = POLLIN}, {.fd = f->signals, .events = POLLIN}};

	while (f->status < 0) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents)
			on_signal(f);
		if (fds[0].revents)
			on_message(f);
	}
	/* Nothing is left but the supervisor, which ends by itself. */
	while (waitpid(-1, NULL, 0) > 0)
		;
	return f->status;
}

static int init_container(struct container *ct, const struct options *o, struct inherited *inherited)
{
	uint64_t random[2];

	*ct = (struct container){.options = o, .inherited = *inherited, .listener = -1, .front = -1};
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	ct->front_pid = getpid();
	ct->tag = random[0] >> 2 | 1;	     /* neither 0 nor RLIM_INFINITY */
	ct->secret = random[1] | 1ull << 63; /* no small number, no address */
	return 0;
}

/* Without this, children would vanish before they were waited for. */
static void default_sigchld(struct container *ct)
{
	const struct sigaction dfl = {.sa_handler = SIG_DFL};
	struct sigaction old;

	ct->ignore_sigchld = sigaction(SIGCHLD, &dfl, &old) == 0 && old.sa_handler == SIG_IGN;
}

int front_run(const struct options *o, struct inherited *inherited)
{
	struct container ct;
	struct front f = {.ct = &ct, .status = -1};
	sigset_t set, saved;
	int sockets[2];
	pid_t pid;

	if (init_container(&ct, o, inherited) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
		log_error("cannot start: %s", strerror(errno));
		return EXIT_UCTR;
	}
	default_sigchld(&ct);
	forwarded_signals(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, &saved);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (pid < 0) {
		log_error("cannot fork: %s", strerror(errno));
		return EXIT_UCTR;
	}
	if (pid == 0) {
		close(sockets[0]);
		ct.front = sockets[1];
		_exit(supervisor_run(&ct, &saved));
	}
	sigdelset(&set, SIGPIPE);
	close(sockets[1]);
	f.supervisor = pid;
	f.socket = sockets[0];
	inherited_close(&ct.inherited);
	f.signals = signalfd(-1, &set, SFD_CLOEXEC);
	return loop(&f);
}
