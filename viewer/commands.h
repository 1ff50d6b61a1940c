/* commands.h - the subcommands of dwell, and the exit codes that they share.
 *
 * A command gets argv[0] = its own name. It writes its report to stdout and everything else to
 * stderr. `run` passes the exit status of its program through and has codes of its own besides.
 */
#ifndef DWELL_COMMANDS_H
#define DWELL_COMMANDS_H

#include <stdio.h>

struct trace_file;
struct profile;

#define DWELL_VERSION "0.1.0"

enum dwell_exit {
  DWELL_OK = 0,
  DWELL_PARTIAL = 1,    /* the report is printed, but events are missing from the trace: damage, or
                           the recorder could not write them, or the self-check disagrees */
  DWELL_USAGE = 2,      /* an unknown option or a bad value */
  DWELL_UNREADABLE = 3, /* no report: not a trace, head damaged, newer version, no such file */
  DWELL_FAILED = 4,     /* no memory, or the report could not be written */
  DWELL_BROKEN = 5,     /* `check`: a rule is broken (also when events are missing) */

  DWELL_RUN_FAILED = 125,      /* `run`: dwell itself failed (also its usage errors) */
  DWELL_RUN_NOT_STARTED = 126, /* `run`: the program was found but can't be started */
  DWELL_RUN_NOT_FOUND = 127,   /* `run`: no such program */
};

int run_command(int argc, char **argv);
int summary_command(int argc, char **argv);
int diff_command(int argc, char **argv);
int whatif_command(int argc, char **argv);
int check_command(int argc, char **argv);

/* What `dwell summary TRACE` prints without options, for a trace that is open and profiled: for
 * `run`. Width and colour are those of `out`. Returns an enum dwell_exit. */
int summary_print(struct trace_file *file, const struct profile *profile, FILE *out);

#endif
