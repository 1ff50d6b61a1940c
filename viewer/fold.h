/* fold.h - blocks of one site that died young and were counted instead of written, as read.
 *
 * From a record or from a lane's cell; checked here, whoever wrote it: what can't be true of any
 * blocks is refused. Knows nothing of stacks and threads but their numbers.
 */
#ifndef DWELL_FOLD_H
#define DWELL_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "../shim/trace.h"
#include "record.h"

struct fold {
  uint64_t ticks;  /* death of the last one */
  uint64_t span;   /* back to the first birth that is known */
  uint32_t stack;  /* node id of the birth stack; UINT32_MAX: no valid one */
  uint32_t thread; /* as the reader numbers it: filled in by who knows it */
  uint64_t blocks;
  uint64_t bytes;          /* requested; a request of 0 counts as 1 */
  uint64_t lifetime_ticks; /* sum of lifetimes */
  uint64_t byte_ticks;     /* sum of size x lifetime */
  uint32_t highest;        /* bucket in use */
  uint64_t counts[TRACE_BUCKETS];
};

/* Each returns whether the figures are possible; when not, `fold` is not to be used. The record is
 * a TRACE_FOLD or a TRACE_LIFE. */
bool fold_of_record(const struct record *record, struct fold *fold);
bool fold_of_cell(const struct trace_cell *cell, struct fold *fold);

#endif
