/* connect: internet sockets, connects that wait, and those that a signal ends. Unix sockets: see unixsock.c. */
#include "guest.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static long connect_in(int fd, const struct sockaddr_in *in)
{
	return syscall(SYS_connect, fd, border(in, sizeof(*in)), sizeof(*in));
}

static int listener(int backlog, struct sockaddr_in *in)
{
	int fd = MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	socklen_t len = sizeof(*in);

	*in = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	CHECK_OK(syscall(SYS_bind, fd, border(in, sizeof(*in)), sizeof(*in)));
	CHECK_OK(listen(fd, backlog));
	CHECK_OK(getsockname(fd, (struct sockaddr *)in, &len));
	CHECK(in->sin_port != 0);
	return fd;
}

static void test_inet(void)
{
	struct sockaddr_in in, got = {0};
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	int server = listener(5, &in), fd = MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), peer,
	    err = -1;
	socklen_t len = sizeof(got);
	struct pollfd pfd;
	char buf[8] = "";

	CHECK_OK(connect_in(fd, &in));
	CHECK_ERRNO(connect_in(fd, &in), EISCONN);
	peer = CHECK_OK(accept(server, NULL, NULL));
	CHECK_VALUE(write(fd, "hello", 5), 5);
	CHECK_VALUE(read(peer, buf, sizeof(buf)), 5);
	CHECK_OK(getpeername(fd, (struct sockaddr *)&got, &len));
	CHECK_VALUE(got.sin_port, in.sin_port);
	close(fd);
	close(peer);
	fd = MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	CHECK(!connect_in(fd, &in) || errno == EINPROGRESS);
	pfd = (struct pollfd){fd, POLLOUT, 0};
	CHECK_VALUE(poll(&pfd, 1, 5000), 1);
	len = sizeof(err);
	CHECK_OK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len));
	CHECK_VALUE(err, 0);
	close(fd);
	close(server);
	fd = MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	CHECK_ERRNO(connect_in(fd, &in), ECONNREFUSED);
	CHECK_ERRNO(syscall(SYS_connect, fd, &in, 4), EINVAL);
	CHECK_ERRNO(syscall(SYS_connect, fd, &in, -1), EINVAL);
	CHECK_ERRNO(syscall(SYS_connect, fd, NULL, sizeof(in)), EFAULT);
	CHECK_ERRNO(syscall(SYS_connect, fd, border(&in, 8), sizeof(in)), EFAULT);
	CHECK_ERRNO(syscall(SYS_connect, -1, &in, sizeof(in)), EBADF);
	CHECK_ERRNO(syscall(SYS_connect, MUST(open("/dev/null", O_RDONLY | O_CLOEXEC)), &in, sizeof(in)),
		    ENOTSOCK);
	in.sin_family = AF_INET6;
	CHECK_ERRNO(syscall(SYS_connect, fd, &in, sizeof(in)), EAFNOSUPPORT);
	close(fd);
	/* datagram sockets connect and disconnect */
	in = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	fd = MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	CHECK_OK(connect_in(fd, &in));
	CHECK_OK(syscall(SYS_connect, fd, &none, sizeof(none)));
	len = sizeof(got);
	CHECK_ERRNO(getpeername(fd, (struct sockaddr *)&got, &len), ENOTCONN);
	close(fd);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* A unix listener whose queue is full: the next connect waits. */
static int full_listener(struct sockaddr_un *sun, socklen_t *ret_len)
{
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), client;

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	snprintf(sun->sun_path, sizeof(sun->sun_path), "%s", in_dir("full"));
	*ret_len = offsetof(struct sockaddr_un, sun_path) + strlen(sun->sun_path) + 1;
	MUST(syscall(SYS_bind, fd, sun, *ret_len));
	MUST(listen(fd, 0));
	client = MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	MUST(syscall(SYS_connect, client, sun, *ret_len));
	return fd;
}

static void *accept_later(void *fd)
{
	sleep_ms(300);
	close(accept(*(int *)fd, NULL, NULL));
	return NULL;
}

static void test_waiting(void)
{
	struct sigaction sa = {.sa_handler = on_alarm};
	struct sockaddr_un sun;
	socklen_t len;
	int server = full_listener(&sun, &len), fd;
	struct timespec t0, t1;
	pthread_t thread;
	pid_t child;

	fd = MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	CHECK_ERRNO(syscall(SYS_connect, fd, &sun, len), EAGAIN);
	close(fd);
	/* a signal ends the wait */
	sigaction(SIGALRM, &sa, NULL);
	fd = MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	alarm(1);
	CHECK_ERRNO(syscall(SYS_connect, fd, &sun, len), EINTR);
	close(fd);
	/* one that waits does not hold up another process */
	fflush(stdout);
	if (!(child = fork())) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		syscall(SYS_connect, fd, &sun, len);
		_exit(0);
	}
	CHECK(wait_state(child, "S"));
	sleep_ms(20);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (int i = 0; i < 100; i++) {
		struct stat st;

		MUST(stat(guest.dir, &st));
	}
	clock_gettime(CLOCK_MONOTONIC, &t1);
	CHECK((t1.tv_sec - t0.tv_sec) * 1000 + (t1.tv_nsec - t0.tv_nsec) / 1000000 < 2000);
	kill(child, SIGKILL);
	CHECK_VALUE(wait_for(child), 128 + SIGKILL);
	/* and a wait ends when there is room, with SA_RESTART also across a signal */
	sa.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &sa, NULL);
	pthread_create(&thread, NULL, accept_later, &server);
	fd = MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	CHECK_OK(syscall(SYS_connect, fd, &sun, len));
	pthread_join(thread, NULL);
	close(fd);
	close(server);
	MUST(unlink(in_dir("full")));
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	test_inet();
	test_waiting();
	return guest_end();
}
