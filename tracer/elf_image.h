/* What uctr must know of an ELF file: a reader of its headers. */
#ifndef UCTR_TRACER_ELF_IMAGE_H
#define UCTR_TRACER_ELF_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_SEGMENTS 32

struct elf_image {
	uint16_t type; /* ET_EXEC or ET_DYN */
	uint64_t entry;
	Elf64_Phdr loads[ELF_SEGMENTS]; /* the PT_LOAD segments */
	size_t n_loads;
	uint64_t start, end; /* page-aligned range of all segments, as virtual addresses of the file */
	bool has_interp;
	Elf64_Phdr interp_header; /* PT_INTERP, the interp_index'th of all */
	unsigned interp_index;
	char interp[4096];
};

/* 0, or -ENOEXEC for what is no x86-64 ELF file that the kernel would run. */
int elf_image_read(int fd, struct elf_image *image);

#endif
