/* merge.h - all lanes' events in one order of time.
 *
 * Time never runs backwards in what is handed on: an event that is older than the start, or than
 * one already handed on (its chunk broke the promise of floor_ticks), is taken as of now, and
 * counted. At equal ticks a lane's own order is kept, and across lanes deaths come first: an
 * address is given back before it is given out.
 */
#ifndef DWELL_MERGE_H
#define DWELL_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "lane_events.h"

struct merge {
  struct lane_source source;
  struct lane_events *lanes;
  uint32_t *heap; /* lanes with events, the one with the earliest first */
  size_t heap_count;
  uint64_t now;         /* ticks of the last event handed on */
  uint64_t late_events; /* older than `now` when they came */
};

/* Begins with a source of which slots, catalog, ticks and fold are given; they must outlive the
 * merge. Returns 0 or -ENOMEM; merge_end() in any case. */
int merge_begin(struct merge *merge, const struct lane_source *source);
/* The next events; batch->count is 0 at the end. Returns 0 or -ENOMEM. */
int merge_next(struct merge *merge, struct event_batch *batch);
void merge_end(struct merge *merge);

#endif
