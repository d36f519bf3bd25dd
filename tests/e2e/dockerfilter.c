/* dockerfilter PROGRAM [ARG...]: runs PROGRAM under a seccomp filter that refuses what Docker's default profile refuses to a
 * process without capabilities, so that tests show what works inside such a container. The list was written from Docker's
 * documentation of the profile; what the profile merely does not list is refused with EPERM, clone3 with ENOSYS. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR_SET_MEMPOLICY_HOME_NODE 450

static const unsigned refused[] = {
	SYS_acct,
	SYS_add_key,
	SYS_bpf,
	SYS_clock_adjtime,
	SYS_clock_settime,
	SYS_create_module,
	SYS_delete_module,
	SYS_fanotify_init,
	SYS_finit_module,
	SYS_fsconfig,
	SYS_fsmount,
	SYS_fsopen,
	SYS_fspick,
	SYS_get_kernel_syms,
	SYS_get_mempolicy,
	SYS_init_module,
	SYS_io_uring_enter,
	SYS_io_uring_register,
	SYS_io_uring_setup,
	SYS_ioperm,
	SYS_iopl,
	SYS_kcmp,
	SYS_kexec_file_load,
	SYS_kexec_load,
	SYS_keyctl,
	SYS_lookup_dcookie,
	SYS_mbind,
	SYS_migrate_pages,
	SYS_mount,
	SYS_mount_setattr,
	SYS_move_mount,
	SYS_move_pages,
	SYS_nfsservctl,
	SYS_open_by_handle_at,
	SYS_open_tree,
	SYS_perf_event_open,
	SYS_pidfd_getfd,
	SYS_pivot_root,
	SYS_process_madvise,
	SYS_query_module,
	SYS_quotactl,
	SYS_quotactl_fd,
	SYS_reboot,
	SYS_request_key,
	SYS_set_mempolicy,
	NR_SET_MEMPOLICY_HOME_NODE,
	SYS_setdomainname,
	SYS_sethostname,
	SYS_setns,
	SYS_settimeofday,
	SYS_swapoff,
	SYS_swapon,
	SYS_sysfs,
	SYS__sysctl,
	SYS_syslog,
	SYS_umount2,
	SYS_unshare,
	SYS_uselib,
	SYS_userfaultfd,
	SYS_ustat,
	SYS_vhangup,
};
static const unsigned personalities[] = {0, 8, 0x20000, 0x20008, 0xffffffff};

#define N(array)		      (sizeof(array) / sizeof((array)[0]))
#define LOAD(field)		      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define JUMP_IF(test, value, yes, no) BPF_JUMP(BPF_JMP | (test) | BPF_K, (value), (yes), (no))
#define RETURN(action)		      BPF_STMT(BPF_RET | BPF_K, (action))
#define REFUSE(error)		      RETURN(SECCOMP_RET_ERRNO | (error))
#define NEW_NAMESPACES                                                                                \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
	 CLONE_NEWNET)

int main(int argc, char **argv)
{
	static struct sock_filter program[2 * N(refused) + 2 * N(personalities) + 32];
	unsigned n = 0;

#define ADD(...)                                                 \
	do {                                                     \
		const struct sock_filter part[] = {__VA_ARGS__}; \
		memcpy(&program[n], part, sizeof(part));         \
		n += N(part);                                    \
	} while (0)

	if (argc < 2) {
		fprintf(stderr, "usage: dockerfilter PROGRAM [ARG...]\n");
		return 125;
	}
	ADD(LOAD(arch), JUMP_IF(BPF_JEQ, AUDIT_ARCH_X86_64, 1, 0), RETURN(SECCOMP_RET_ALLOW), LOAD(nr));
	for (unsigned i = 0; i < N(refused); i++)
		ADD(JUMP_IF(BPF_JEQ, refused[i], 0, 1), REFUSE(EPERM));
	ADD(JUMP_IF(BPF_JEQ, SYS_clone3, 0, 1), REFUSE(ENOSYS));
	ADD(JUMP_IF(BPF_JEQ, SYS_clone, 0, 4), LOAD(args[0]), JUMP_IF(BPF_JSET, NEW_NAMESPACES, 0, 1),
	    REFUSE(EPERM), RETURN(SECCOMP_RET_ALLOW));
	ADD(JUMP_IF(BPF_JEQ, SYS_socket, 0, 4), LOAD(args[0]), JUMP_IF(BPF_JEQ, 40 /* AF_VSOCK */, 0, 1),
	    REFUSE(EPERM), RETURN(SECCOMP_RET_ALLOW));
	ADD(JUMP_IF(BPF_JEQ, SYS_personality, 0, 2 + 2 * N(personalities)), LOAD(args[0]));
	for (unsigned i = 0; i < N(personalities); i++)
		ADD(JUMP_IF(BPF_JEQ, personalities[i], 0, 1), RETURN(SECCOMP_RET_ALLOW));
	ADD(REFUSE(EPERM), RETURN(SECCOMP_RET_ALLOW));

	struct sock_fprog filter = {.len = (unsigned short)n, .filter = program};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter)) {
		perror("dockerfilter: seccomp");
		return 125;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
