/* A new image, between the kernel's execve and its first instruction: gives it the names of the view and the ELF
 * interpreter of the view.
 *
 * The kernel takes the interpreter from the host's tree. Where the view has another one at that path, the task is made to
 * unmap the host's and to map the view's at the same address instead, by calls made from the vDSO's syscall instruction.
 * So /proc/T/exe, the auxiliary vector, the break and the stack are the kernel's own work and right by themselves, which
 * no loader in user mode can have. */
#include "tracer/exec_plan.h"
#include "tracer/guest_mem.h"
#include "tracer/redirect_internal.h"

#include "lib/cleanup.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
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
	uint64_t syscall_rip;
};

static uint64_t aux(const struct image *im, uint64_t type)
{
	for (int i = 0; i < AUXV_ENTRIES && im->auxv[i].a_type != AT_NULL; i++)
		if (im->auxv[i].a_type == type)
			return im->auxv[i].a_un.a_val;
	return 0;
}

/* Offset of a syscall instruction in the vDSO: every process has the same one. */
static uint64_t vdso_syscall_offset(void)
{
	const unsigned char *vdso = (const unsigned char *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)vdso;
	const Elf64_Phdr *p;

	if (!vdso)
		return 0;
	p = (const Elf64_Phdr *)(vdso + header->e_phoff);
	for (int i = 0; i < header->e_phnum; i++) {
		if (p[i].p_type != PT_LOAD || !(p[i].p_flags & PF_X))
			continue;
		for (uint64_t k = p[i].p_offset; k + 1 < p[i].p_offset + p[i].p_filesz; k++)
			if (vdso[k] == 0x0f && vdso[k + 1] == 0x05)
				return k;
	}
	return 0;
}

static int call(struct image *im, int nr, const uint64_t args[6], long *ret)
{
	uint64_t all[6];

	memcpy(all, args, sizeof(all));
	if (nr != SYS_mmap)
		all[5] = im->r->ct->secret;
	return redirect_inject(im->r, &im->regs, im->syscall_rip, nr, all, ret);
}

/* A call of which only success will do. */
static int must_call(struct image *im, int nr, const uint64_t args[6])
{
	long result;
	int e = call(im, nr, args, &result);

	if (e < 0)
		return e;
	return result < 0 && result > -4096 ? (int)result : 0;
}

bool exec_check(const struct redirect *r)
{
	char path[32];
	struct stat st;

	if (!r->exec->ino)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/exe", r->tid);
	if (stat(path, &st) < 0)
		return errno == ENOENT || errno == ESRCH; /* killed meanwhile: it has no image any more */
	return st.st_dev == r->exec->dev && st.st_ino == r->exec->ino;
}

/* AT_EXECFN, in place, and the name of the thread, which the kernel made from the path it was given. */
static int fix_names(struct image *im)
{
	const struct exec_plan *plan = im->r->exec;
	uint64_t at = aux(im, AT_EXECFN);
	size_t len = strlen(plan->execfn);
	const char *slash = strrchr(plan->execfn, '/');
	const char *base = slash ? slash + 1 : plan->execfn;
	const uint64_t args[6] = {PR_SET_NAME, at + (uint64_t)(base - plan->execfn)};
	char *padded;
	int e;

	if (!at || len > plan->execfn_room)
		return -EINVAL;
	padded = calloc(1, plan->execfn_room + 1);
	if (!padded)
		return -ENOMEM;
	memcpy(padded, plan->execfn, len);
	e = guest_write(im->r->tid, at, padded, plan->execfn_room + 1);
	free(padded);
	return e < 0 ? e : must_call(im, SYS_prctl, args);
}

static int protection(const Elf64_Phdr *p)
{
	return (p->p_flags & PF_R ? PROT_READ : 0) | (p->p_flags & PF_W ? PROT_WRITE : 0) |
	       (p->p_flags & PF_X ? PROT_EXEC : 0);
}

/* Maps one segment as the kernel's elf_load() does: file pages, zeroes to the end of the last one, anonymous pages. */
static int map_segment(struct image *im, const Elf64_Phdr *p, uint64_t bias, long fd)
{
	uint64_t start = bias + (p->p_vaddr & ~PAGE_OFFSET), skip = p->p_vaddr & PAGE_OFFSET;
	uint64_t file_end = bias + p->p_vaddr + p->p_filesz, mem_end = bias + p->p_vaddr + p->p_memsz;
	uint64_t file_pages = (file_end + PAGE_OFFSET) & ~PAGE_OFFSET;
	static const char zeroes[4096];
	int e = 0;

	if (p->p_filesz) {
		const uint64_t args[6] = {
			start,	      p->p_filesz + skip, (uint64_t)protection(p), MAP_PRIVATE | MAP_FIXED,
			(uint64_t)fd, p->p_offset - skip};

		e = must_call(im, SYS_mmap, args);
	} else
		file_pages = start;
	if (e == 0 && mem_end > file_end && file_pages > file_end && (p->p_flags & PF_W))
		e = guest_write(im->r->tid, file_end, zeroes, file_pages - file_end);
	if (e == 0 && mem_end > file_pages) {
		const uint64_t args[6] = {file_pages,
					  mem_end - file_pages,
					  (uint64_t)protection(p),
					  MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS,
					  (uint64_t)-1,
					  0};

		e = must_call(im, SYS_mmap, args);
	}
	return e;
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

/* Where the view's interpreter goes: into the host's place, or, when it is larger, where the kernel finds room. */
static int choose_base(struct image *im, uint64_t *ret_base)
{
	const struct exec_plan *plan = im->r->exec;
	uint64_t old = aux(im, AT_BASE), span = plan->interp.end - plan->interp.start;
	const uint64_t unmap[6] = {old, plan->host_interp_span};
	const uint64_t reserve[6] = {
		0, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, (uint64_t)-1, 0};
	long base = (long)old;
	int e = must_call(im, SYS_munmap, unmap);

	if (e < 0)
		return e;
	if (span > plan->host_interp_span) {
		e = call(im, SYS_mmap, reserve, &base);
		if (e < 0)
			return e;
		if (base < 0 && base > -4096)
			return (int)base;
		e = set_at_base(im, (uint64_t)base);
	}
	*ret_base = (uint64_t)base - plan->interp.start;
	return e;
}

static int swap_interp(struct image *im)
{
	const struct exec_plan *plan = im->r->exec;
	uint64_t name = (im->regs.rsp - 128) & ~15ull, base = 0; /* nothing is below the stack pointer yet */
	const uint64_t open_args[6] = {(uint64_t)AT_FDCWD, name, O_RDONLY | O_CLOEXEC};
	uint64_t close_args[6] = {0};
	char path[64];
	long fd;
	int e;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", im->r->ct->supervisor, plan->interp_fd);
	e = guest_write(im->r->tid, name, path, sizeof(path));
	if (e == 0)
		e = call(im, SYS_openat, open_args, &fd);
	if (e < 0 || fd < 0)
		return e < 0 ? e : (int)fd;
	e = choose_base(im, &base);
	for (size_t i = 0; e == 0 && i < plan->interp.n_loads; i++)
		e = map_segment(im, &plan->interp.loads[i], base, fd);
	close_args[0] = (uint64_t)fd;
	if (e == 0)
		e = must_call(im, SYS_close, close_args);
	im->regs.rip = base + plan->interp.entry;
	return e;
}

static int read_auxv(struct image *im)
{
	_cleanup_close_ int fd = -1;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/auxv", im->r->tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, im->auxv, sizeof(im->auxv)) <= 0)
		return -ESRCH;
	return 0;
}

int exec_fix(struct redirect *r)
{
	struct image im = {.r = r};
	int e = redirect_get_regs(r, &im.regs);

	if (e == 0)
		e = read_auxv(&im);
	if (e < 0)
		return e;
	im.syscall_rip = aux(&im, AT_SYSINFO_EHDR) + vdso_syscall_offset();
	if (r->exec->execfn)
		e = fix_names(&im);
	if (e == 0 && r->exec->interp_fd >= 0)
		e = swap_interp(&im);
	return e < 0 ? e : redirect_set_regs(r, &im.regs);
}
