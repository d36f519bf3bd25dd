/* What a program can see of how it was executed: everything that the kernel's execve made, without what is random. */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

extern char **environ;

struct mapping {
	unsigned long start, end;
	char perms[8], name[400];
};

static struct mapping maps[200];
static int n_maps;

static void read_maps(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[600];

	while (f && n_maps < 200 && fgets(line, sizeof(line), f)) {
		struct mapping *m = &maps[n_maps++];

		m->name[0] = 0;
		sscanf(line, "%lx-%lx %7s %*s %*s %*s %399[^\n]", &m->start, &m->end, m->perms, m->name);
	}
	if (f)
		fclose(f);
}

/* The mapping of an address, and how far in it where that is not random. */
static void print_place(unsigned long at)
{
	for (int i = 0; i < n_maps; i++) {
		const struct mapping *m = &maps[i];

		if (at < m->start || at >= m->end)
			continue;
		printf("%s %s", m->perms, m->name);
		if (strcmp(m->name, "[stack]") != 0)
			printf("+%#lx", at - m->start);
		return;
	}
	printf("%s", at ? "nowhere" : "0");
}

static void print_auxv(void)
{
	FILE *f = fopen("/proc/self/auxv", "re");
	Elf64_auxv_t a;

	while (f && fread(&a, sizeof(a), 1, f) == 1 && a.a_type != AT_NULL) {
		printf("auxv %lu: ", (unsigned long)a.a_type);
		switch (a.a_type) {
		case AT_PHDR:
		case AT_BASE:
		case AT_ENTRY:
		case AT_SYSINFO_EHDR:
		case AT_RANDOM: print_place(a.a_un.a_val); break;
		case AT_EXECFN:
		case AT_PLATFORM:
			print_place(a.a_un.a_val);
			printf(" '%s'", (const char *)a.a_un.a_val);
			break;
		default: printf("%#lx", (unsigned long)a.a_un.a_val);
		}
		printf("\n");
	}
	if (f)
		fclose(f);
}

static void print_file(const char *path, const char *only)
{
	FILE *f = fopen(path, "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f)) {
		char word[64];

		snprintf(word, sizeof(word), " %.*s ", (int)strcspn(line, ":"), line);
		if (only && !strstr(only, word))
			continue;
		printf("%s: %s%s", path, line, strchr(line, '\n') ? "" : "\n");
	}
	if (f)
		fclose(f);
}

static void print_cmdline(void)
{
	char text[65536];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text));

	close(fd);
	printf("cmdline:");
	for (ssize_t i = 0; i < n; i += (ssize_t)strlen(text + i) + 1)
		printf(" '%s'", text + i);
	printf("\n");
}

static void print_descriptors(void)
{
	printf("open:");
	for (int fd = 0; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf(" %d", fd);
	printf("\n");
}

static int print_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	printf("object '%s', %d headers\n", strstr(info->dlpi_name, "vdso") ? "vdso" : info->dlpi_name,
	       info->dlpi_phnum);
	return 0;
}

int main(int argc, char **argv)
{
	char exe[4096] = "";
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	read_maps();
	printf("argc %d\n", argc);
	for (int i = 0; i <= argc; i++)
		printf("argv[%d] '%s'\n", i, argv[i] ? argv[i] : "(null)");
	for (char **e = environ; *e; e++)
		printf("env '%s'\n", *e);
	print_auxv();
	for (int i = 0; i < n_maps; i++)
		printf("map %s %s\n", maps[i].perms, maps[i].name);
	printf("exe %.*s\n", (int)n, exe);
	print_file("/proc/self/comm", NULL);
	print_file("/proc/self/status", " TracerPid SigBlk SigIgn SigCgt SigPnd ShdPnd Threads Umask ");
	print_cmdline();
	print_descriptors();
	dl_iterate_phdr(print_object, NULL);
	return 42;
}
