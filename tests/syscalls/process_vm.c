/* process_vm_readv, process_vm_writev. */
#include "guest.h"

#include <sys/uio.h>

static volatile char text[16] = "parent's";

static long copy(int nr, pid_t pid, void *local, size_t n, void *remote)
{
	struct iovec l = {local, n}, r = {remote, n};

	return syscall(nr, pid, border(&l, sizeof(l)), 1, border(&r, sizeof(r)), 1, 0);
}

int main(int argc, char **argv)
{
	char buf[16] = "";
	pid_t child;
	int fds[2];
	char c;

	guest_begin(argc, argv);
	MUST(pipe2(fds, O_CLOEXEC));
	child = MUST(fork());
	if (!child) {
		strcpy((char *)text, "child's");
		if (write(fds[1], "x", 1) != 1)
			_exit(1);
		for (int i = 0; i < 2500 && text[0] != 'W'; i++)
			sleep_ms(2);
		_exit(strcmp((char *)text, "Written") ? 1 : 0);
	}
	MUST(read(fds[0], &c, 1));
	CHECK_VALUE(copy(SYS_process_vm_readv, child, buf, 8, (void *)text), 8);
	CHECK_STRING(buf, "child's");
	CHECK_VALUE(copy(SYS_process_vm_readv, getpid(), buf, 9, (void *)text), 9);
	CHECK_STRING(buf, "parent's");
	CHECK_ERRNO(copy(SYS_process_vm_readv, child, buf, 8, BAD_POINTER), EFAULT);
	CHECK_ERRNO(copy(SYS_process_vm_writev, child, buf, 8, NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_process_vm_readv, child, NULL, 0, NULL, 0, 1), EINVAL);
	CHECK_VALUE(copy(SYS_process_vm_writev, child, "Written", 8, (void *)text), 8);
	CHECK_VALUE(wait_for(child), 0);
	CHECK_STRING((char *)text, "parent's");
	CHECK_ERRNO(copy(SYS_process_vm_readv, child, buf, 8, (void *)text), ESRCH);
	CHECK_ERRNO(copy(SYS_process_vm_writev, child, buf, 8, (void *)text), ESRCH);
	if (in_view()) {
		CHECK_ERRNO(copy(SYS_process_vm_readv, guest.outside, buf, 8, (void *)text), ESRCH);
		CHECK_ERRNO(copy(SYS_process_vm_writev, guest.outside, buf, 8, (void *)text), ESRCH);
		CHECK_ERRNO(copy(SYS_process_vm_readv, getppid(), buf, 8, (void *)text), ESRCH);
	}
	close(fds[0]);
	close(fds[1]);
	return guest_end();
}
