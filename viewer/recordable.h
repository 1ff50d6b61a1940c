/* recordable.h - whether a program can be recorded by preloading, as far as its file tells.
 *
 * Follows "#!" lines to the interpreter, which is what runs.
 */
#ifndef DWELL_RECORDABLE_H
#define DWELL_RECORDABLE_H

#include <limits.h>
#include <stdbool.h>

enum recordable_kind {
  RECORDABLE_YES,        /* nothing speaks against it */
  RECORDABLE_MISSING,    /* no such file, or its interpreter is not there */
  RECORDABLE_FOREIGN,    /* not an ELF file nor a script: by binfmt_misc or the like, or damaged */
  RECORDABLE_STATIC,     /* no dynamic linker, so nothing is preloaded */
  RECORDABLE_PRIVILEGED, /* setuid, setgid, file capabilities: LD_PRELOAD is ignored */
  RECORDABLE_MACHINE,    /* of another architecture than libdwell.so */
  RECORDABLE_LIBC,       /* its dynamic linker is not glibc's */
  RECORDABLE_OWN_MALLOC, /* it defines malloc itself */
};

struct recordable {
  enum recordable_kind kind;
  char path[PATH_MAX];          /* the file that it was found out of: the last interpreter */
  char message[PATH_MAX + 512]; /* why not, and what to do; "" for RECORDABLE_YES */
};

/* Finds `program` as execvp does. Returns 0 and its path, or -ENOENT / -EACCES. */
int recordable_find(const char *program, char path[PATH_MAX]);

/* `library` is the path of libdwell.so, whose architecture is what counts. */
void recordable_inspect(const char *path, const char *library, struct recordable *recordable);
/* Whether it is sure before the program runs that it won't be recorded; the message then says why.
 * (It is run all the same: what it starts may be recordable.) */
bool recordable_evident(const struct recordable *recordable);

#endif
