/* A new image, between the kernel's execve and its first instruction: gives it the names of the view and the ELF
 * interpreter of the view.
 *
 * The kernel takes the interpreter from the host's tree. Where the view has another one at that path, the task is made to
 * unmap the host's and to map the view's at the same address instead.
 * So /proc/T/exe, the auxiliary vector, the break and the stack are the kernel's own work and right by themselves, which
 * no loader in user mode can have. */
#include "tracer/exec_plan.h"
#include "tracer/guest_mem.h"
#include "tracer/redirect_internal.h"

#include "lib/cleanup.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define PAGE_OFFSET  4095ull
#define AUXV_ENTRIES 64

struct image {
	struct redirect *r;
	struct user_regs_struct regs; /* at the start of the program */
	Elf64_auxv_t auxv[AUXV_ENTRIES];
	struct calls calls; /* that it has to make */
};

static uint64_t aux(const Elf64_auxv_t *auxv, uint64_t type)
{
	for (int i = 0; i < AUXV_ENTRIES && auxv[i].a_type != AT_NULL; i++)
		if (auxv[i].a_type == type)
			return auxv[i].a_un.a_val;
	return 0;
}

/* Zeroed behind its end. */
static int read_auxv(pid_t tid, Elf64_auxv_t auxv[AUXV_ENTRIES])
{
	_cleanup_close_ int fd = -1;
	char path[32];

	memset(auxv, 0, AUXV_ENTRIES * sizeof(*auxv));
	snprintf(path, sizeof(path), "/proc/%d/auxv", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, auxv, AUXV_ENTRIES * sizeof(*auxv)) <= 0)
		return -ESRCH;
	return 0;
}

/* Writes a name over the one that the kernel has been given, which is as long or longer. */
static int write_name(pid_t tid, uint64_t at, const char *name, const char *given)
{
	const size_t size = strlen(given) + 1;
	_cleanup_free_ char *padded = calloc(1, size);

	if (!padded)
		return -ENOMEM;
	invariant(strlen(name) < size);
	memcpy(padded, name, strlen(name));
	return guest_write(tid, at, padded, size);
}

static int call(struct image *im, int nr, const uint64_t args[6])
{
	uint64_t all[6];

	memcpy(all, args, sizeof(all));
	if (nr != SYS_mmap)
		all[5] = im->r->ct->secret;
	return calls_add(&im->calls, nr, all);
}

/* Makes the calls, all of which must succeed. *ret_last, unless NULL: the result of the last one. */
static int make_calls(struct image *im, uint64_t *ret_last)
{
	int e = calls_make(im->r, &im->regs, aux(im->auxv, AT_SYSINFO_EHDR), &im->calls);

	for (size_t i = 0; e == 0 && i < im->calls.n; i++) {
		const long result = im->calls.table[i].nr_or_result;

		if (result < 0 && result > -4096)
			e = (int)result;
		if (ret_last)
			*ret_last = (uint64_t)result;
	}
	im->calls.n = 0;
	return e;
}

bool exec_check(pid_t pid, const struct exec_plan *plan)
{
	char path[32];
	struct stat st;

	if (!plan->ino)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (stat(path, &st) < 0)
		return errno == ENOENT || errno == ESRCH; /* killed meanwhile: it has no image any more */
	return st.st_dev == plan->dev && st.st_ino == plan->ino;
}

/* AT_EXECFN, in place, and the name of the thread, which the kernel made from the path it was given. */
static int fix_names(struct image *im)
{
	const struct exec_plan *plan = im->r->exec;
	uint64_t at = aux(im->auxv, AT_EXECFN);
	const char *slash = strrchr(plan->execfn, '/');
	const char *comm = plan->comm ? plan->comm : slash ? slash + 1 : plan->execfn;
	const uint64_t args[6] = {PR_SET_NAME, calls_text(&im->regs, 1)};
	int e = at ? write_name(im->r->tid, at, plan->execfn, plan->given) : -EINVAL;

	snprintf(im->calls.text[1], sizeof(im->calls.text[1]), "%s", comm);
	return e < 0 ? e : call(im, SYS_prctl, args);
}

/* In memory, which may be read-only, a copy has the header that the program was built with: it, and debuggers, read it. */
static int fix_interp_header(pid_t pid, const struct exec_plan *plan, const Elf64_auxv_t *auxv)
{
	const uint64_t at = aux(auxv, AT_PHDR) + (uint64_t)plan->interp_index * sizeof(plan->interp_header);
	_cleanup_close_ int mem = -1;
	char path[32];

	if (plan->interp_index < 0 || !aux(auxv, AT_PHDR))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDWR | O_CLOEXEC);
	if (mem < 0)
		return -errno;
	return pwrite(mem, &plan->interp_header, sizeof(plan->interp_header), (off_t)at) < 0 ? -errno : 0;
}

static int protection(const Elf64_Phdr *p)
{
	return (p->p_flags & PF_R ? PROT_READ : 0) | (p->p_flags & PF_W ? PROT_WRITE : 0) |
	       (p->p_flags & PF_X ? PROT_EXEC : 0);
}

/* Where a segment's file pages end. */
static uint64_t file_pages_end(const Elf64_Phdr *p, uint64_t bias)
{
	if (p->p_filesz == 0)
		return bias + (p->p_vaddr & ~PAGE_OFFSET);
	return (bias + p->p_vaddr + p->p_filesz + PAGE_OFFSET) & ~PAGE_OFFSET;
}

/* Maps one segment as the kernel's elf_load() does: file pages, anonymous pages. */
static int map_segment(struct image *im, const Elf64_Phdr *p, uint64_t bias)
{
	uint64_t start = bias + (p->p_vaddr & ~PAGE_OFFSET), skip = p->p_vaddr & PAGE_OFFSET;
	uint64_t mem_end = bias + p->p_vaddr + p->p_memsz, file_pages = file_pages_end(p, bias);
	int e = 0;

	if (p->p_filesz) {
		const uint64_t args[6] = {
			start,	     p->p_filesz + skip, (uint64_t)protection(p), MAP_PRIVATE | MAP_FIXED,
			CALL_RESULT, p->p_offset - skip};

		e = call(im, SYS_mmap, args);
	}
	if (e == 0 && mem_end > file_pages) {
		const uint64_t args[6] = {file_pages,
					  mem_end - file_pages,
					  (uint64_t)protection(p),
					  MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS,
					  (uint64_t)-1,
					  0};

		e = call(im, SYS_mmap, args);
	}
	return e;
}

/* The rest of what elf_load() does: zeroes from the end of the file to the end of its last page. */
static int zero_tail(struct image *im, const Elf64_Phdr *p, uint64_t bias)
{
	uint64_t file_end = bias + p->p_vaddr + p->p_filesz, file_pages = file_pages_end(p, bias);
	static const char zeroes[4096];

	if (p->p_memsz <= p->p_filesz || file_pages <= file_end || !(p->p_flags & PF_W))
		return 0;
	return guest_write(im->r->tid, file_end, zeroes, file_pages - file_end);
}

/* Changes AT_BASE in the auxiliary vector on the stack, which lies behind argc, argv and envp. */
static int set_at_base(struct image *im, uint64_t base)
{
	uint64_t at = im->regs.rsp, argc, word = 1;
	int e = guest_read(im->r->tid, at, &argc, sizeof(argc));

	at += 8 + (argc + 1) * 8;
	while (e == 0 && word) {
		e = guest_read(im->r->tid, at, &word, sizeof(word));
		at += 8;
	}
	for (; e == 0; at += 16) {
		Elf64_auxv_t entry;

		e = guest_read(im->r->tid, at, &entry, sizeof(entry));
		if (e == 0 && entry.a_type == AT_BASE)
			return guest_write(im->r->tid, at + 8, &base, sizeof(base));
		if (e == 0 && entry.a_type == AT_NULL)
			return -EINVAL;
	}
	return e;
}

/* Where the view's interpreter does not fit into the host's place, the kernel finds another. */
static int reserve_base(struct image *im, uint64_t span, uint64_t *ret_base)
{
	const uint64_t args[6] = {
		0, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, (uint64_t)-1, 0};
	int e = call(im, SYS_mmap, args);

	if (e == 0)
		e = make_calls(im, ret_base);
	return e == 0 ? set_at_base(im, *ret_base) : e;
}

static int swap_interp(struct image *im)
{
	const struct exec_plan *plan = im->r->exec;
	const uint64_t host_base = aux(im->auxv, AT_BASE), span = plan->interp.end - plan->interp.start;
	const uint64_t open_args[6] = {(uint64_t)AT_FDCWD, calls_text(&im->regs, 0), O_RDONLY | O_CLOEXEC};
	const uint64_t unmap_args[6] = {host_base, plan->host_interp_span}, close_args[6] = {CALL_RESULT};
	uint64_t base = host_base;
	int e = span > plan->host_interp_span ? reserve_base(im, span, &base) : 0;

	base -= plan->interp.start;
	snprintf(im->calls.text[0], sizeof(im->calls.text[0]), "/proc/%d/fd/%d", im->r->ct->supervisor,
		 plan->interp_fd);
	if (e == 0)
		e = call(im, SYS_openat, open_args); /* the first, for CALL_RESULT */
	if (e == 0)
		e = call(im, SYS_munmap, unmap_args);
	for (size_t i = 0; e == 0 && i < plan->interp.n_loads; i++)
		e = map_segment(im, &plan->interp.loads[i], base);
	if (e == 0)
		e = call(im, SYS_close, close_args);
	if (e == 0 && plan->execfn)
		e = fix_names(im);
	if (e == 0)
		e = make_calls(im, NULL);
	for (size_t i = 0; e == 0 && i < plan->interp.n_loads; i++)
		e = zero_tail(im, &plan->interp.loads[i], base);
	im->regs.rip = base + plan->interp.entry;
	return e;
}

int exec_fix(struct redirect *r)
{
	struct image im = {.r = r};
	int e = redirect_get_regs(r, &im.regs);

	if (e == 0)
		e = read_auxv(r->tid, im.auxv);
	if (e < 0)
		return e;
	/* The task is still in its execve, or in another call that it shall not make. */
	im.regs.rax = 0;
	im.regs.orig_rax = (unsigned long long)-1;
	e = fix_interp_header(r->tid, r->exec, im.auxv);
	if (e == 0 && r->exec->interp_fd >= 0)
		e = swap_interp(&im);
	else if (e == 0 && r->exec->execfn) {
		e = fix_names(&im);
		if (e == 0)
			e = make_calls(&im, NULL);
	}
	return e < 0 ? e : redirect_set_regs(r, &im.regs);
}

bool exec_arg_range(pid_t pid, uint64_t *ret_start, uint64_t *ret_end)
{
	_cleanup_fclose_ FILE *file = NULL;
	char path[32], text[1024], *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file || !fgets(text, sizeof(text), file))
		return false;
	p = strrchr(text, ')');
	for (int field = 2; p && field < 48; field++)
		p = strchr(p + 1, ' ');
	return p && sscanf(p, "%" SCNu64 " %" SCNu64, ret_start, ret_end) == 2;
}

bool exec_done(const struct redirect *r)
{
	const char *given = r->exec->given;
	Elf64_auxv_t auxv[AUXV_ENTRIES];
	char name[PATH_MAX + 64];
	const size_t size = given ? strlen(given) + 1 : 0;
	uint64_t start, end;

	/* The name that the kernel was given is in use for this execve alone. */
	return given && size <= sizeof(name) && read_auxv(r->tgid, auxv) == 0 &&
	       guest_read(r->tgid, aux(auxv, AT_EXECFN), name, size) == 0 && memcmp(name, given, size) == 0 &&
	       exec_arg_range(r->tgid, &start, &end) && start < end;
}

static int fix_script(const struct redirect *r)
{
	const struct exec_plan *plan = r->exec;
	uint64_t at = 0, end;
	int e = exec_arg_range(r->tgid, &at, &end) ? write_name(r->tgid, at, plan->argv0, plan->argv0_given)
						   : -ESRCH;

	at += strlen(plan->argv0_given) + 1;
	if (e == 0 && plan->argument)
		at += strlen(plan->argument) + 1;
	return e < 0 ? e : write_name(r->tgid, at, plan->execfn, plan->given);
}

void exec_fix_held(const struct redirect *r)
{
	const struct exec_plan *plan = r->exec;
	Elf64_auxv_t auxv[AUXV_ENTRIES];
	int e = exec_check(r->tgid, plan) ? read_auxv(r->tgid, auxv) : -EACCES;

	if (e == 0)
		e = write_name(r->tgid, aux(auxv, AT_EXECFN), plan->execfn, plan->given);
	if (e == 0 && plan->argv0)
		e = fix_script(r);
	if (e == 0)
		e = fix_interp_header(r->tgid, plan, auxv);
	if (e == 0 || e == -ESRCH)
		return;
	log_warn("process %d is ended: its new program could not be set up: %s", r->tgid, strerror(-e));
	kill(r->tgid, SIGKILL);
}
