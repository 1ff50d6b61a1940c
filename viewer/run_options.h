/* run_options.h - the command line of `dwell run`. */
#ifndef DWELL_RUN_OPTIONS_H
#define DWELL_RUN_OPTIONS_H

#include <stdbool.h>

#include "recording_options.h"

struct run_options {
  const char *out; /* NULL: by DWELL_OUT or the default */
  bool force, quiet, no_children, no_summary;
  const char *depth, *unwind; /* NULL: as the environment has it */
  struct recording_options recording;
  char **program; /* argv of it */
};

/* Returns -1 to go on, or an exit status after a message or the help. */
int run_options_parse(struct run_options *options, int argc, char **argv);

/* "dwell run: ..." on stderr; returns the status. */
int run_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
