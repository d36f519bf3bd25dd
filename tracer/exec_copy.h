/* A copy of an executable that names another ELF interpreter, for roots whose interpreter has a name that the host lacks: the
 * kernel looks that name up in the host's tree before the task could be helped. */
#ifndef UCTR_TRACER_EXEC_COPY_H
#define UCTR_TRACER_EXEC_COPY_H

/* A descriptor, for reading, of a copy in memory of file (a 64-bit ELF file with a PT_INTERP) whose interpreter is interp. path,
 * where the file is on the host, shows in /proc. Negative errno. */
int exec_copy(int file, const char *path, const char *interp);

/* A descriptor, for reading, of a script in memory with that interpreter and, unless NULL, argument. Negative errno. */
int exec_script(const char *interp, const char *argument);

#endif
