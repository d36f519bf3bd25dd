#include "tracer/elf_image.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PAGE_OFFSET 4095ull
#define MAX_HEADERS 73 /* load_elf_phdrs(): they fit in a page */

/* The beginning of the file, where as a rule all is that is looked for. */
struct elf_file {
	int fd;
	size_t head_len;
	char head[1024];
};

static int read_exactly(const struct elf_file *file, void *buf, size_t len, uint64_t offset)
{
	if (offset > INT64_MAX - len)
		return -ENOEXEC;
	if (offset + len <= file->head_len) {
		memcpy(buf, file->head + offset, len);
		return 0;
	}
	return pread(file->fd, buf, len, (off_t)offset) == (ssize_t)len ? 0 : -ENOEXEC;
}

static int add_load(struct elf_image *image, const Elf64_Phdr *p)
{
	uint64_t start = p->p_vaddr & ~PAGE_OFFSET, end = p->p_vaddr + p->p_memsz;

	if (image->n_loads == ELF_SEGMENTS || p->p_filesz > p->p_memsz || end < p->p_vaddr ||
	    end > 1ull << 47)
		return -ENOEXEC;
	end = (end + PAGE_OFFSET) & ~PAGE_OFFSET;
	if (image->n_loads == 0 || start < image->start)
		image->start = start;
	if (end > image->end)
		image->end = end;
	image->loads[image->n_loads++] = *p;
	return 0;
}

static int read_interp(const struct elf_file *file, struct elf_image *image, const Elf64_Phdr *p)
{
	/* As load_elf_binary(): at least one character, NUL-terminated, and only the first counts. */
	if (image->has_interp)
		return 0;
	if (p->p_filesz < 2 || p->p_filesz > sizeof(image->interp))
		return -ENOEXEC;
	if (read_exactly(file, image->interp, p->p_filesz, p->p_offset) < 0 ||
	    image->interp[p->p_filesz - 1] != '\0')
		return -ENOEXEC;
	image->has_interp = true;
	return 0;
}

static bool is_program(const Elf64_Ehdr *header)
{
	return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_ident[EI_CLASS] == ELFCLASS64 &&
	       header->e_machine == EM_X86_64 && (header->e_type == ET_EXEC || header->e_type == ET_DYN) &&
	       header->e_phentsize == sizeof(Elf64_Phdr) && header->e_phnum <= MAX_HEADERS;
}

int elf_image_read(int fd, struct elf_image *image)
{
	struct elf_file file = {.fd = fd};
	Elf64_Phdr headers[MAX_HEADERS];
	Elf64_Ehdr header;
	ssize_t n = pread(fd, file.head, sizeof(file.head), 0);
	int r;

	file.head_len = n < 0 ? 0 : (size_t)n;
	image->n_loads = 0;
	image->start = image->end = 0;
	image->has_interp = false;
	if (read_exactly(&file, &header, sizeof(header), 0) < 0 || !is_program(&header) ||
	    read_exactly(&file, headers, header.e_phnum * sizeof(headers[0]), header.e_phoff) < 0)
		return -ENOEXEC;
	image->type = header.e_type;
	image->entry = header.e_entry;
	for (unsigned i = 0; i < header.e_phnum; i++) {
		r = 0;
		if (headers[i].p_type == PT_LOAD)
			r = add_load(image, &headers[i]);
		else if (headers[i].p_type == PT_INTERP) {
			image->interp_header = headers[i];
			image->interp_index = i;
			r = read_interp(&file, image, &headers[i]);
		}
		if (r < 0)
			return r;
	}
	return image->n_loads ? 0 : -ENOEXEC;
}
