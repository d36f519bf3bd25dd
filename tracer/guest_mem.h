/* The only way to another process's memory: process_vm_readv(2) and process_vm_writev(2), which honour page protections
 * (unlike /proc/T/mem) and work by thread id. */
#ifndef UCTR_TRACER_GUEST_MEM_H
#define UCTR_TRACER_GUEST_MEM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The number of bytes that could be read or written before the first inaccessible page: less than len at a page border.
 * -EFAULT when there was none, -ESRCH when the task is gone. */
ssize_t guest_read_some(pid_t tid, uint64_t addr, void *buf, size_t len);
ssize_t guest_write_some(pid_t tid, uint64_t addr, const void *buf, size_t len);

/* All or -EFAULT. */
int guest_read(pid_t tid, uint64_t addr, void *buf, size_t len);
int guest_write(pid_t tid, uint64_t addr, const void *buf, size_t len);

#endif
