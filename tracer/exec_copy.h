/* A copy of an executable that names another ELF interpreter, for roots whose interpreter has a name that the host lacks: the
 * kernel looks that name up in the host's tree before the task could be helped. */
#ifndef UCTR_TRACER_EXEC_COPY_H
#define UCTR_TRACER_EXEC_COPY_H

/* A descriptor, for reading, of a copy in memory of file (a 64-bit ELF file with a PT_INTERP) whose interpreter is interp. name
 * shows in /proc. What the program itself reads of its headers is as before. Negative errno. */
int exec_copy(int file, const char *name, const char *interp);

#endif
