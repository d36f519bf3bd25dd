/* bind and connect of unix sockets with file names, and what the names are afterwards. */
#include "guest.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static socklen_t make_address(struct sockaddr_un *sun, const char *path)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	snprintf(sun->sun_path, sizeof(sun->sun_path), "%s", path);
	return offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
}

static long bind_path(int fd, const char *path)
{
	struct sockaddr_un sun;
	socklen_t len = make_address(&sun, path);

	return syscall(SYS_bind, fd, border(&sun, len), len);
}

static long connect_path(int fd, const char *path)
{
	struct sockaddr_un sun;
	socklen_t len = make_address(&sun, path);

	return syscall(SYS_connect, fd, border(&sun, len), len);
}

static int new_socket(int type)
{
	return MUST(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
}

static void test_stream(const char *path)
{
	int server = new_socket(SOCK_STREAM), client = new_socket(SOCK_STREAM), peer, again;
	struct sockaddr_un sun = {0};
	struct ucred cred = {0};
	socklen_t len = sizeof(sun);
	struct stat st;
	char buf[8] = "";

	printf("# stream socket at %s\n", path);
	CHECK_OK(bind_path(server, path));
	CHECK_OK(lstat(path, &st));
	CHECK_VALUE(st.st_mode, S_IFSOCK | 0755);
	CHECK_ERRNO(connect_path(client, path), ECONNREFUSED);
	CHECK_OK(listen(server, 5));
	CHECK_OK(connect_path(client, path));
	peer = CHECK_OK(syscall(SYS_accept4, server, &sun, &len, SOCK_CLOEXEC));
	CHECK_VALUE(sun.sun_family, AF_UNIX);
	CHECK_VALUE(len, sizeof(sa_family_t));
	CHECK_VALUE(write(client, "ping", 4), 4);
	CHECK_VALUE(read(peer, buf, sizeof(buf)), 4);
	CHECK_STRING(buf, "ping");
	/* whom the two see is each other, not the supervisor */
	len = sizeof(cred);
	CHECK_OK(getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &cred, &len));
	CHECK_VALUE(cred.pid, getpid());
	CHECK_VALUE(cred.uid, geteuid());
	CHECK_OK(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &cred, &len));
	CHECK_VALUE(cred.pid, getpid());
	len = sizeof(sun);
	CHECK_OK(syscall(SYS_getsockname, server, &sun, &len));
	CHECK_VALUE(sun.sun_family, AF_UNIX);
	CHECK(len > sizeof(sa_family_t));
	if (!in_view())
		CHECK_STRING(sun.sun_path, path);
	again = new_socket(SOCK_STREAM);
	CHECK_ERRNO(bind_path(again, path), EADDRINUSE);
	CHECK_ERRNO(connect_path(client, path), EISCONN);
	CHECK_ERRNO(bind_path(server, in_dir("other")), EINVAL);
	CHECK_OK(access(in_dir("other"), F_OK) == -1 ? 0 : -1);
	close(again);
	close(client);
	close(peer);
	close(server);
	client = new_socket(SOCK_STREAM);
	CHECK_ERRNO(connect_path(client, path), ECONNREFUSED);
	MUST(unlink(path));
	CHECK_ERRNO(connect_path(client, path), ENOENT);
	close(client);
}

static void test_datagram(void)
{
	int a = new_socket(SOCK_DGRAM), b = new_socket(SOCK_DGRAM);
	char buf[8] = "";

	umask(0);
	CHECK_OK(bind_path(a, in_dir("a")));
	CHECK_OK(bind_path(b, at_border("b")));
	umask(022);
	CHECK_OK(connect_path(a, in_dir("b")));
	CHECK_OK(connect_path(b, "a"));
	CHECK_VALUE(send(a, "hey", 3, 0), 3);
	CHECK_VALUE(recv(b, buf, sizeof(buf), 0), 3);
	CHECK_STRING(buf, "hey");
	/* through a symlink; the wrong kind of socket */
	MUST(symlink("b", in_dir("link")));
	CHECK_OK(connect_path(a, in_dir("link")));
	CHECK_ERRNO(bind_path(new_socket(SOCK_DGRAM), in_dir("link")), EADDRINUSE);
	CHECK_ERRNO(connect_path(new_socket(SOCK_STREAM), in_dir("b")), EPROTOTYPE);
	MUST(unlink(in_dir("link")));
	if (geteuid()) {
		MUST(chmod(in_dir("b"), 0));
		CHECK_ERRNO(connect_path(a, in_dir("b")), EACCES);
	}
	close(a);
	close(b);
	MUST(unlink(in_dir("a")));
	MUST(unlink(in_dir("b")));
}

static void test_abstract(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int server = new_socket(SOCK_STREAM), client = new_socket(SOCK_STREAM);
	socklen_t len, got = sizeof(sun);

	len = offsetof(struct sockaddr_un, sun_path) + 1 +
	      snprintf(sun.sun_path + 1, sizeof(sun.sun_path) - 1, "uctr-test-%d", getpid());
	CHECK_OK(syscall(SYS_bind, server, border(&sun, len), len));
	CHECK_OK(listen(server, 1));
	CHECK_OK(syscall(SYS_connect, client, border(&sun, len), len));
	CHECK_ERRNO(syscall(SYS_bind, new_socket(SOCK_STREAM), &sun, len), EADDRINUSE);
	close(client);
	close(server);
	client = new_socket(SOCK_STREAM);
	CHECK_ERRNO(syscall(SYS_connect, client, &sun, len), ECONNREFUSED);
	/* the kernel chooses a name */
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	CHECK_OK(syscall(SYS_bind, client, &sun, sizeof(sa_family_t)));
	CHECK_OK(getsockname(client, (struct sockaddr *)&sun, &got));
	CHECK_VALUE(got, sizeof(sa_family_t) + 6);
	close(client);
}

static void test_errors(void)
{
	struct sockaddr_un sun;
	socklen_t len = make_address(&sun, in_dir("sock"));
	int fd = new_socket(SOCK_STREAM), file;
	char long_path[sizeof(sun.sun_path) + 1];

	make_file("file", "");
	CHECK_ERRNO(connect_path(fd, in_dir("file")), ECONNREFUSED);
	CHECK_ERRNO(connect_path(fd, guest.dir), ECONNREFUSED);
	CHECK_ERRNO(bind_path(fd, in_dir("file")), EADDRINUSE);
	CHECK_ERRNO(bind_path(fd, guest.dir), EADDRINUSE);
	CHECK_ERRNO(bind_path(fd, in_dir("missing/x")), ENOENT);
	CHECK_ERRNO(bind_path(fd, in_dir("file/x")), ENOTDIR);
	CHECK_ERRNO(connect_path(fd, in_dir("file/x")), ENOTDIR);
	CHECK_ERRNO(bind_path(fd, in_dir("x/")), ENOENT);
	file = MUST(open(in_dir("file"), O_RDONLY | O_CLOEXEC));
	CHECK_ERRNO(bind_path(file, in_dir("x")), ENOTSOCK);
	CHECK_ERRNO(connect_path(file, in_dir("x")), ENOTSOCK);
	CHECK_ERRNO(bind_path(-1, in_dir("x")), EBADF);
	CHECK_ERRNO(connect_path(-1, in_dir("x")), EBADF);
	close(file);
	CHECK_ERRNO(syscall(SYS_bind, fd, NULL, len), EFAULT);
	CHECK_ERRNO(syscall(SYS_connect, fd, BAD_POINTER, len), EFAULT);
	CHECK_ERRNO(syscall(SYS_bind, fd, border(&sun, len - 4), len), EFAULT);
	CHECK_ERRNO(syscall(SYS_bind, fd, &sun, 300), EINVAL);
	CHECK_ERRNO(syscall(SYS_bind, fd, &sun, -1), EINVAL);
	CHECK_ERRNO(syscall(SYS_connect, fd, &sun, 1), EINVAL);
	CHECK_ERRNO(syscall(SYS_bind, fd, &sun, sizeof(sun) + 1), EINVAL);
	/* a path that fills the address has no NUL, and one without may be shorter */
	CHECK_OK(syscall(SYS_bind, fd, &sun, len - 1));
	CHECK_OK(access(in_dir("sock"), F_OK));
	MUST(unlink(in_dir("sock")));
	close(fd);
	fd = new_socket(SOCK_STREAM);
	memset(long_path, 'p', sizeof(long_path));
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	memcpy(sun.sun_path, long_path, sizeof(sun.sun_path));
	CHECK_OK(syscall(SYS_bind, fd, border(&sun, sizeof(sun)), sizeof(sun)));
	long_path[sizeof(sun.sun_path)] = 0;
	CHECK_OK(unlink(in_dir(long_path)));
	close(fd);
	fd = new_socket(SOCK_STREAM);
	sun.sun_family = AF_INET;
	CHECK_ERRNO(syscall(SYS_bind, fd, &sun, sizeof(sun)), EINVAL);
	if (in_view()) {
		CHECK_ERRNO(bind_path(fd, in_ro("sock")), EROFS);
		CHECK_ERRNO(bind_path(fd, in_ro("file")), EADDRINUSE);
	}
	close(fd);
	MUST(unlink(in_dir("file")));
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	test_stream(in_dir("sock"));
	test_stream(at_border("./rel-sock"));
	test_datagram();
	test_abstract();
	test_errors();
	return guest_end();
}
