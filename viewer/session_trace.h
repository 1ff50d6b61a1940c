/* session_trace.h - one trace of a running `dwell run`: its process watched, its RSS sampled, its
 * end recorded.
 */
#ifndef DWELL_SESSION_TRACE_H
#define DWELL_SESSION_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "../shim/trace.h"
#include "launch.h"
#include "rss.h"

struct session_trace {
  char *path;    /* owned */
  char *program; /* owned; short name */
  int fd;        /* open until the trace is closed, then -1 */
  uint64_t pid, process_start, start_monotonic_ns, start_ticks;
  uint32_t clock;
  bool seen_alive; /* its process was found in /proc, so its absence means that it is gone */
  bool alive;      /* at the last look */
  bool closed;     /* nothing more is to be written to it */
  uint64_t max_rss_bytes;
  struct rss rss;
};

/* Whether the trace is of the launched program itself, by exec as often as it likes. */
bool session_trace_of_launch(const struct session_trace *trace, const struct launch *launch);
/* Looks at its process: takes a sample, or closes the trace when the process is gone or has, by
 * exec, gone on to `successor` (NULL: none known). Does not close one of the launch's process. */
void session_trace_look(struct session_trace *trace, const struct session_trace *successor,
                        const struct launch *launch);
/* Closes the trace of the launched program, which has ended. `alone`: it was no other program
 * before, so that the kernel's maximum of its resident set is this program's. */
void session_trace_end(struct session_trace *trace, const struct launch *launch, bool alone);
/* Frees it and what it owns. */
void session_trace_free(struct session_trace *trace);

#endif
