/* sendto, sendmsg, sendmmsg with the names of unix sockets, and what goes along with messages. */
#include "guest.h"

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct sockaddr_un *address_of(const char *path, socklen_t *ret_len)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	*ret_len = offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
	return (void *)border(&sun, *ret_len);
}

static long send_to(int fd, const char *path, const char *text, int flags)
{
	socklen_t len;
	struct sockaddr_un *sun = address_of(path, &len);

	return syscall(SYS_sendto, fd, text, strlen(text), flags, sun, len);
}

static struct msghdr *header(const char *path, const char *text)
{
	struct iovec iov[2] = {{(char *)text, 1}, {(char *)text + 1, strlen(text) - 1}};
	struct msghdr m = {0};

	m.msg_iov = (void *)border(iov, sizeof(iov));
	m.msg_iovlen = 2;
	if (path)
		m.msg_name = address_of(path, &m.msg_namelen);
	return (void *)border(&m, sizeof(m));
}

static const char *receive(int fd)
{
	static char buf[256];
	ssize_t n = recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);

	buf[n < 0 ? 0 : n] = 0;
	return n < 0 ? strerror(errno) : buf;
}

static void test_names(int server, int client)
{
	struct mmsghdr many[3], *at;
	int fd = -1;

	CHECK_VALUE(send_to(client, in_dir("server"), "sendto", 0), 6);
	CHECK_STRING(receive(server), "sendto");
	CHECK_VALUE(send_to(client, at_border("server"), "relative", MSG_DONTWAIT), 8);
	CHECK_STRING(receive(server), "relative");
	CHECK_VALUE(syscall(SYS_sendmsg, client, header(in_dir("server"), "sendmsg"), 0), 7);
	CHECK_STRING(receive(server), "sendmsg");
	CHECK_VALUE(syscall(SYS_sendmsg, client, header(in_dir("link"), "by link"), MSG_DONTWAIT), 7);
	CHECK_STRING(receive(server), "by link");
	for (int i = 0; i < 3; i++) {
		many[i].msg_hdr = *header(in_dir(i == 1 ? "link" : "server"), i == 0   ? "one"
									      : i == 1 ? "two!"
										       : "three");
		many[i].msg_len = 0;
	}
	at = (void *)border(many, sizeof(many));
	CHECK_VALUE(syscall(SYS_sendmmsg, client, at, 3, 0), 3);
	CHECK(at[0].msg_len == 3 && at[1].msg_len == 4 && at[2].msg_len == 5);
	CHECK_STRING(receive(server), "one");
	CHECK_STRING(receive(server), "two!");
	CHECK_STRING(receive(server), "three");
	/* the second fails: one was sent */
	many[1].msg_hdr = *header(in_dir("missing"), "x");
	at = (void *)border(many, sizeof(many));
	CHECK_VALUE(syscall(SYS_sendmmsg, client, at, 3, 0), 1);
	CHECK_STRING(receive(server), "one");
	many[0].msg_hdr = *header(in_dir("missing"), "x");
	CHECK_ERRNO(syscall(SYS_sendmmsg, client, many, 3, 0), ENOENT);

	CHECK_ERRNO(send_to(client, in_dir("missing"), "x", 0), ENOENT);
	CHECK_ERRNO(send_to(client, in_dir("file"), "x", 0), ECONNREFUSED);
	CHECK_ERRNO(send_to(client, in_dir("file/x"), "x", 0), ENOTDIR);
	CHECK_ERRNO(send_to(-1, in_dir("server"), "x", 0), EBADF);
	fd = MUST(open(in_dir("file"), O_RDONLY | O_CLOEXEC));
	CHECK_ERRNO(send_to(fd, in_dir("server"), "x", 0), ENOTSOCK);
	close(fd);
	CHECK_ERRNO(syscall(SYS_sendto, client, "x", 1, 0, BAD_POINTER, 20), EFAULT);
	CHECK_ERRNO(syscall(SYS_sendto, client, BAD_POINTER, 1, 0,
			    address_of(in_dir("server"), &(socklen_t){0}),
			    (int)(offsetof(struct sockaddr_un, sun_path) + strlen(in_dir("server")) + 1)),
		    EFAULT);
	CHECK_ERRNO(syscall(SYS_sendmsg, client, NULL, 0), EFAULT);
	CHECK_ERRNO(syscall(SYS_sendmsg, client, border(NULL, 8), 0), EFAULT);
	CHECK_ERRNO(syscall(SYS_sendmsg, -1, header(in_dir("missing"), "x"), 0), EBADF);
	CHECK_ERRNO(syscall(SYS_sendmsg, client, header(in_dir("missing"), "x"), 0), ENOENT);
}

static void test_empty_and_big(int server, int client)
{
	static char big[65536];
	struct iovec iov = {big, sizeof(big)};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	m.msg_name = address_of(in_dir("server"), &m.msg_namelen);
	memset(big, 'b', sizeof(big));
	CHECK_VALUE(syscall(SYS_sendmsg, client, &m, 0), sizeof(big));
	memset(big, 0, sizeof(big));
	n = recv(server, big, sizeof(big), 0);
	CHECK_VALUE(n, sizeof(big));
	CHECK(big[0] == 'b' && big[sizeof(big) - 1] == 'b');
	iov.iov_len = 0;
	CHECK_VALUE(syscall(SYS_sendmsg, client, &m, 0), 0);
	CHECK_VALUE(recv(server, big, sizeof(big), MSG_DONTWAIT), 0);
	m.msg_iovlen = 2000;
	CHECK_ERRNO(syscall(SYS_sendmsg, client, &m, 0), EMSGSIZE);
}

/* Descriptors and credentials, with a name and without. */
static void test_control(int server, int client, const char *path)
{
	union {
		struct cmsghdr align;
		char buf[256];
	} u = {0};
	struct msghdr m = *header(path, "with");
	struct cmsghdr *c;
	struct stat a, b;
	int fd = MUST(open(in_dir("file"), O_RDONLY | O_CLOEXEC)), got = -1, on = 1;
	char buf[16];
	struct iovec iov = {buf, sizeof(buf)};
	struct ucred cred = {0};

	m.msg_control = u.buf;
	m.msg_controllen = CMSG_SPACE(sizeof(int));
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	MUST(setsockopt(server, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	CHECK_VALUE(syscall(SYS_sendmsg, client, border(&m, sizeof(m)), 0), 4);
	m = (struct msghdr){
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = u.buf, .msg_controllen = sizeof(u.buf)};
	CHECK_VALUE(recvmsg(server, &m, MSG_CMSG_CLOEXEC), 4);
	for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_type == SCM_RIGHTS)
			memcpy(&got, CMSG_DATA(c), sizeof(int));
		if (c->cmsg_type == SCM_CREDENTIALS)
			memcpy(&cred, CMSG_DATA(c), sizeof(cred));
	}
	CHECK(got >= 0 && !fstat(got, &a) && !fstat(fd, &b) && a.st_ino == b.st_ino);
	CHECK_VALUE(cred.pid, getpid());
	CHECK_VALUE(cred.uid, geteuid());
	on = 0;
	setsockopt(server, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	close(got);
	close(fd);
}

static void test_inet(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, from;
	socklen_t len = sizeof(in);
	int a = MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
	    b = MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	char buf[8] = "";

	MUST(bind(a, (struct sockaddr *)&in, sizeof(in)));
	MUST(getsockname(a, (struct sockaddr *)&in, &len));
	CHECK_VALUE(syscall(SYS_sendto, b, "udp", 3, 0, border(&in, sizeof(in)), sizeof(in)), 3);
	CHECK_VALUE(recvfrom(a, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len), 3);
	CHECK_STRING(buf, "udp");
	CHECK_ERRNO(syscall(SYS_sendto, b, "udp", 3, 0, &in, 4), EINVAL);
	close(a);
	close(b);
}

int main(int argc, char **argv)
{
	struct sockaddr_un from = {0}, *name;
	socklen_t len;
	int server, client, fds[2];
	char buf[16] = "";

	guest_begin(argc, argv);
	make_file("file", "");
	server = MUST(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	client = MUST(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	name = address_of(in_dir("server"), &len);
	MUST(bind(server, (void *)name, len));
	MUST(symlink("server", in_dir("link")));
	test_names(server, client);
	test_empty_and_big(server, client);
	test_control(server, client, in_dir("server"));
	/* an unnamed sender; a connected one needs no name */
	send_to(client, in_dir("server"), "x", 0);
	len = sizeof(from);
	CHECK_VALUE(recvfrom(server, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len), 1);
	CHECK_VALUE(len, 0);
	name = address_of(in_dir("server"), &len);
	MUST(connect(client, (void *)name, len));
	CHECK_VALUE(syscall(SYS_sendmsg, client, header(NULL, "connected"), 0), 9);
	CHECK_STRING(receive(server), "connected");
	CHECK_VALUE(syscall(SYS_sendto, client, "null", 4, 0, NULL, 0), 4);
	CHECK_STRING(receive(server), "null");
	test_control(server, client, NULL);
	/* stream sockets take no name, a broken one raises SIGPIPE */
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	CHECK_VALUE(syscall(SYS_sendmsg, fds[0], header(NULL, "stream"), 0), 6);
	CHECK_STRING(receive(fds[1]), "stream");
	CHECK_ERRNO(send_to(fds[0], in_dir("server"), "x", 0), EISCONN);
	close(fds[1]);
	CHECK_ERRNO(syscall(SYS_sendmsg, fds[0], header(NULL, "x1"), MSG_NOSIGNAL), EPIPE);
	close(fds[0]);
	test_inet();
	close(server);
	close(client);
	MUST(unlink(in_dir("server")));
	MUST(unlink(in_dir("link")));
	MUST(unlink(in_dir("file")));
	return guest_end();
}
