/* fixture_object.h - small shared objects, compiled while a test runs, loaded into the test, and
 * asked for an address inside of an inlined function: real compilers, real debug information.
 */
#ifndef DWELL_FIXTURE_OBJECT_H
#define DWELL_FIXTURE_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "viewer/trace_file.h"

struct fixture_object {
  char directory[64]; /* temporary; removed by fixture_object_remove() */
  char path[128];
  uint8_t build_id[64];
  struct module module; /* as a trace would have it */
  uint64_t pc; /* return address inside of innermost(), inlined into middle() and outer() */
};

/* Compiles `source` with compiler and flags into a shared object, loads it and calls its
 * outer(callback). `suffix` is that of the source file. False when the compiler is not there: the
 * test then skips. Aborts the test on any other failure. */
bool fixture_object_make(struct fixture_object *object, const char *compiler, const char *flags,
                         const char *suffix, const char *source);
/* Runs a shell command in the object's directory, with $OBJECT its file name. Must succeed. */
void fixture_object_shell(const struct fixture_object *object, const char *command);
void fixture_object_remove(struct fixture_object *object);

extern const char fixture_c[], fixture_cc[], fixture_lambda[], fixture_rust[];

#endif
