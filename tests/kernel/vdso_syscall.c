/* The vDSO has the bytes of a syscall instruction in an executable segment, at the same offset in every process: a task
 * that was stopped anywhere can be made to call something without a change of its code, and goes on as if nothing was. */
#include "tests/kernel/tracee.h"

#define PAGE 4096

struct state {
	atomic_ulong count;
	atomic_int stop;
};

/* Is interrupted at any place of its arithmetic. */
static void target(struct state *s)
{
	unsigned long a = 1, b = 1;

	while (!s->stop) {
		a = a * 6364136223846793005UL + 1442695040888963407UL;
		b = b * 6364136223846793005UL + 1442695040888963407UL;
		if (a != b)
			_exit(1);
		s->count++;
	}
	_exit(42);
}

static bool seize(pid_t pid, struct user_regs_struct *regs)
{
	return !ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD) && !ptrace(PTRACE_INTERRUPT, pid, 0, 0) &&
	       is_event(wait_stop(pid), PTRACE_EVENT_STOP) && !ptrace(PTRACE_GETREGS, pid, 0, regs);
}

int main(void)
{
	static const uint64_t none[6];
	const uint64_t map[6] = {0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1,
				 0};
	struct state *s = share(sizeof(*s));
	uint64_t offset, rip;
	struct user_regs_struct regs;
	unsigned long before;
	char text[8] = "";
	long page;
	pid_t pid;

	begin();
	offset = vdso_syscall();
	if (!getauxval(AT_SYSINFO_EHDR))
		skip("no vDSO");
	if (!check(offset != 0, "the vDSO has a syscall instruction in an executable segment", "none found"))
		return end();
	rip = getauxval(AT_SYSINFO_EHDR) + offset; /* a fork has the same */
	pid = fork_child();
	if (!pid)
		target(s);
	AWAIT(s->count);
	for (int i = 0; i < 100; i++) {
		if (!seize(pid, &regs) || call_from(pid, &regs, rip, SYS_getpid, none) != pid ||
		    ptrace(PTRACE_SETREGS, pid, 0, &regs) || ptrace(PTRACE_DETACH, pid, 0, 0)) {
			check(false, "a stopped task makes a call", "round %d: errno %d", i, errno);
			return end();
		}
	}
	check(true, "a stopped task makes a call, 100 times", "-");
	check(seize(pid, &regs), "the task is stopped once more", "errno %d", errno);
	page = call_from(pid, &regs, rip, SYS_mmap, map);
	check(page > 0 && write_to(pid, (uint64_t)page, "written", 8) &&
		      read_from(pid, (uint64_t)page, text, 8) && !strcmp(text, "written"),
	      "it maps a page for us", "mmap %ld, '%s'", page, text);
	check_is(call_from(pid, &regs, rip, SYS_munmap, (const uint64_t[6]){(uint64_t)page, PAGE}), 0,
		 "and unmaps it");
	check(!read_from(pid, (uint64_t)page, text, 8) && errno == EFAULT, "the page is gone", "errno %d",
	      errno);
	check(!ptrace(PTRACE_SETREGS, pid, 0, &regs) && !ptrace(PTRACE_DETACH, pid, 0, 0),
	      "the task is let go", "errno %d", errno);
	before = s->count;
	AWAIT(s->count > before);
	s->stop = 1;
	check_is(wait_exit(pid), 42, "it goes on with its registers as they were");
	return end();
}
