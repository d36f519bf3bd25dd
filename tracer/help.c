/* --help and --version. The text lists only what this build can do. */
#include "tracer/options.h"

#include <stdio.h>

#define UCTR_VERSION "0.1"

void print_help(void)
{
	/* At most 23 lines of 79 columns: a terminal of 24x80 shows it whole, with the prompt below. */
	fputs("uctr [OPTIONS] -- PROGRAM [ARG...]   run PROGRAM in a view of its own\n"
	      "uctr [OPTIONS]                       the same with your shell\n"
	      "uctr doctor                          what this machine offers and what it lacks\n"
	      "\n"
	      "Disk: / is the host's, read-only but for what these options say\n"
	      "  --root DIR[:ro|:rw]      / is DIR, with /proc, /dev and /sys (default: ro)\n"
	      "  -v SRC:DST[:rw|:ro]      show the host's SRC at DST (default: rw)\n"
	      "  -v PATH                  the same as -v PATH:PATH:rw\n"
	      "  --mask PATH              show an empty directory or file there\n"
	      "  --read-only              every mount is read-only\n"
	      "Program\n"
	      "  -w DIR                   working directory\n"
	      "  -e K=V, -e K             set K, or take it from the caller's environment\n"
	      "  --env-file FILE          lines of K=V, K or # comment\n"
	      "  --clear-env              begin with an empty environment\n"
	      "  -u host                  the user inside: your own (the default)\n"
	      "Insight\n"
	      "  --trace                  print the intercepted calls\n"
	      "  -o FILE                  uctr's own output goes to FILE, not to stderr\n"
	      "  -q                       errors only\n"
	      "  --help, --version        (-i -t --rm are accepted and change nothing)\n"
	      "In names a ':' is written '\\:'. Exit status: the program's; 125 uctr's own\n"
	      "errors, 126 not executable, 127 not found, 128+N ended by signal N.\n",
	      stdout);
}

void print_version(void)
{
	puts("uctr " UCTR_VERSION);
}
