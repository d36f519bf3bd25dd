#include "tracer/guest_mem.h"

#include <errno.h>
#include <sys/uio.h>

ssize_t guest_read_some(pid_t tid, uint64_t addr, void *buf, size_t len)
{
	struct iovec local = {.iov_base = buf, .iov_len = len};
	struct iovec remote = {.iov_base = (void *)(uintptr_t)addr, .iov_len = len};
	ssize_t n = process_vm_readv(tid, &local, 1, &remote, 1, 0);

	if (n < 0)
		return errno == ESRCH ? -ESRCH : -EFAULT;
	return n == 0 && len > 0 ? -EFAULT : n;
}

ssize_t guest_write_some(pid_t tid, uint64_t addr, const void *buf, size_t len)
{
	struct iovec local = {.iov_base = (void *)(uintptr_t)buf, .iov_len = len};
	struct iovec remote = {.iov_base = (void *)(uintptr_t)addr, .iov_len = len};
	ssize_t n = process_vm_writev(tid, &local, 1, &remote, 1, 0);

	if (n < 0)
		return errno == ESRCH ? -ESRCH : -EFAULT;
	return n == 0 && len > 0 ? -EFAULT : n;
}

int guest_read(pid_t tid, uint64_t addr, void *buf, size_t len)
{
	ssize_t n = guest_read_some(tid, addr, buf, len);

	if (n < 0)
		return (int)n;
	return (size_t)n == len ? 0 : -EFAULT;
}

int guest_write(pid_t tid, uint64_t addr, const void *buf, size_t len)
{
	ssize_t n = guest_write_some(tid, addr, buf, len);

	if (n < 0)
		return (int)n;
	return (size_t)n == len ? 0 : -EFAULT;
}
