/* rss.h - resident-set samples of one process, kept in its trace while it runs.
 *
 * A trace has room for TRACE_RSS_SAMPLES of them. When that is full every other one is dropped and
 * from then on only every second (fourth, ...) is kept, so they always span the whole run.
 */
#ifndef DWELL_RSS_H
#define DWELL_RSS_H

#include <stddef.h>
#include <stdint.h>

#include "../shim/trace.h"

struct rss {
  struct trace_rss *samples; /* those in the file; owned */
  size_t count;
  uint64_t offered;   /* samples given to rss_add() */
  uint64_t stride;    /* one of so many is kept; a power of 2 */
  uint64_t max_bytes; /* of all that were given */
};

/* Adds one sample and writes it to the trace open at `fd`. All zero is an empty struct rss.
 * Returns 0, -ENOMEM, or -errno of the write; the maximum is right in any case. */
int rss_add(struct rss *rss, int fd, uint64_t monotonic_ns, uint64_t bytes);
void rss_free(struct rss *rss);

#endif
