/* session.h - the traces of one `dwell run`, found by name and session number while the processes
 * run.
 */
#ifndef DWELL_SESSION_H
#define DWELL_SESSION_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "launch.h"
#include "session_trace.h"

struct session_name; /* a path that was looked at */

struct session {
  uint64_t number; /* random; the recorder copies it from DWELL_SESSION into the trace's head */
  char *pattern;   /* for glob(7) */
  char *directory; /* where the names are; NULL when the template varies it */
  struct timespec directory_mtime; /* when last read, unless names may still come unnoticed */
  struct session_name *names;
  size_t undecided; /* names whose head is not written yet */
  struct session_trace **traces;
  size_t count;
  unsigned looks;
};

/* Takes a random number; files that exist already are none of its traces. `template` is absolute.
 * Returns 0 or -errno. */
int session_begin(struct session *session, const char *template);
/* Looks for new traces, then at the process of each. */
void session_look(struct session *session, const struct launch *launch);
/* A last look, when the launched program has ended; its trace gets the end record. Traces that are
 * still `alive` then are of processes that outlive it. */
void session_finish(struct session *session, const struct launch *launch);
void session_free(struct session *session);

#endif
