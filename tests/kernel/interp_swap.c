/* A task that is stopped at the end of its execve, before its first instruction, is made to unmap the ELF interpreter that
 * the kernel mapped and to map another file at the same address, by calls made from the vDSO. It then starts in that. */
#include "tests/kernel/tracee.h"

#include <limits.h>

#define PAGE	4096
#define STARTED 42

/* Another interpreter: exit_group(STARTED). Its first byte is the first of the mapping. */
static const unsigned char code[] = {0xbf, STARTED, 0, 0, 0, 0xb8, SYS_exit_group, 0, 0, 0, 0x0f, 0x05};

struct image {
	pid_t pid;
	struct user_regs_struct regs; /* at the end of its execve */
	uint64_t base, end;	      /* the interpreter's mappings */
	uint64_t call_site;
};

static uint64_t aux_value(pid_t pid, uint64_t type)
{
	Elf64_auxv_t entry;
	char path[64];
	uint64_t value = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/auxv", pid);
	fd = MUST(open(path, O_RDONLY | O_CLOEXEC));
	while (read(fd, &entry, sizeof(entry)) == sizeof(entry) && entry.a_type != AT_NULL)
		if (entry.a_type == type)
			value = entry.a_un.a_val;
	close(fd);
	return value;
}

/* The line of /proc/PID/maps with the address: its end, and its file in path. */
static uint64_t mapping_at(pid_t pid, uint64_t address, char path[PATH_MAX])
{
	char line[PATH_MAX + 128], maps[64];
	unsigned long from, to, found = 0;
	FILE *f;

	snprintf(maps, sizeof(maps), "/proc/%d/maps", pid);
	path[0] = 0;
	f = fopen(maps, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx", &from, &to) != 2 || address < from || address >= to)
			continue;
		found = to;
		if (strchr(line, '/'))
			snprintf(path, PATH_MAX, "%s", strchr(line, '/'));
		path[strcspn(path, "\n")] = 0;
	}
	if (f)
		fclose(f);
	return found;
}

/* From the first mapping of the interpreter to where the next one is neither its file nor its bss. */
static uint64_t end_of_interpreter(pid_t pid, uint64_t base, char file[PATH_MAX])
{
	char path[PATH_MAX];
	uint64_t end = mapping_at(pid, base, file), next;

	while ((next = mapping_at(pid, end, path)) && !strcmp(path, file))
		end = next;
	return end;
}

static bool stop_after_exec(struct image *im)
{
	char *const args[] = {"program", "started", NULL};
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

	im->pid = fork_child();
	if (!im->pid) {
		raise(SIGSTOP);
		execv("/proc/self/exe", args);
		_exit(1);
	}
	if (waitpid(im->pid, NULL, WUNTRACED) != im->pid || ptrace(PTRACE_SEIZE, im->pid, 0, options))
		return false;
	kill(im->pid, SIGCONT);
	for (int status = wait_stop(im->pid); !is_event(status, PTRACE_EVENT_EXEC);
	     status = wait_stop(im->pid))
		if (!WIFSTOPPED(status) || ptrace(PTRACE_CONT, im->pid, 0, 0))
			return false;
	return !ptrace(PTRACE_SYSCALL, im->pid, 0, 0) && is_syscall_stop(wait_stop(im->pid)) &&
	       !ptrace(PTRACE_GETREGS, im->pid, 0, &im->regs);
}

static long call(const struct image *im, long nr, const uint64_t args[6])
{
	return call_from(im->pid, &im->regs, im->call_site, nr, args);
}

static void swap(struct image *im, int file)
{
	uint64_t at = im->regs.rsp - 1024; /* nothing is there yet */
	char path[PATH_MAX], expected[PATH_MAX];
	long fd;

	snprintf(path, 64, "/proc/%d/fd/%d", getpid(), file);
	check(write_to(im->pid, at, path, 64), "a path is written below the new stack", "errno %d", errno);
	check_is(call(im, SYS_munmap, (const uint64_t[6]){im->base, im->end - im->base}), 0,
		 "it unmaps its interpreter");
	check_is((long)mapping_at(im->pid, im->base, path), 0, "nothing is left at that address");
	fd = call(im, SYS_openat, (const uint64_t[6]){(uint64_t)AT_FDCWD, at, O_RDONLY | O_CLOEXEC});
	check(fd >= 0, "it opens the other file", "%ld", fd);
	check_is(call(im, SYS_mmap,
		      (const uint64_t[6]){im->base, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED,
					  (uint64_t)fd}),
		 (long)im->base, "it maps that at the same address");
	check_is(call(im, SYS_close, (const uint64_t[6]){(uint64_t)fd}), 0, "it closes the descriptor");
	mapping_at(im->pid, im->base, path);
	snprintf(expected, sizeof(expected), "/memfd:other-interpreter (deleted)");
	check(!strcmp(path, expected), "the other file is mapped there", "'%s'", path);
}

int main(int argc, char **argv)
{
	struct image im = {0};
	char path[PATH_MAX];
	uint64_t own;
	int file;

	if (argc == 2 && !strcmp(argv[1], "started"))
		return 1; /* the kernel's interpreter brought it here: nothing was swapped */
	begin();
	if (!getauxval(AT_BASE))
		skip("this program has no ELF interpreter");
	file = MUST(memfd_create("other-interpreter", MFD_CLOEXEC));
	MUST(pwrite(file, code, sizeof(code), 0));
	if (!check(stop_after_exec(&im), "a task stops at the end of its execve", "errno %d", errno))
		return end();
	im.base = aux_value(im.pid, AT_BASE);
	im.end = end_of_interpreter(im.pid, im.base, path);
	own = vdso_syscall();
	im.call_site = aux_value(im.pid, AT_SYSINFO_EHDR) + own;
	printf("# interpreter %s at %#lx, %lu pages\n", path, im.base, (im.end - im.base) / PAGE);
	check(im.regs.rip >= im.base && im.regs.rip < im.end, "it would start in its interpreter",
	      "rip %#llx", im.regs.rip);
	swap(&im, file);
	im.regs.rip = im.base;
	check(!ptrace(PTRACE_SETREGS, im.pid, 0, &im.regs) && !ptrace(PTRACE_DETACH, im.pid, 0, 0),
	      "it is let go", "errno %d", errno);
	check_is(wait_exit(im.pid), STARTED, "it starts in the other file");
	return end();
}
