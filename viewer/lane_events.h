/* lane_events.h - the events of one lane in order of time, a chunk or two at a time.
 *
 * A lane's records are only nearly in order: a chunk's floor_ticks promises that none of a later
 * chunk is older. So events up to the floor of the youngest chunk that was read may go on; for the
 * rest, the next chunk is read first. What the lane's table of young blocks holds are births like
 * those in its last chunk. Memory: the events of the chunks in hand.
 */
#ifndef DWELL_LANE_EVENTS_H
#define DWELL_LANE_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalog.h"
#include "event.h"
#include "fold.h"
#include "record.h"
#include "slots.h"

/* Takes what was folded; it comes in no order of time. Returns 0 or -ENOMEM. */
typedef int lane_events_fold(void *context, const struct fold *fold);

/* What all lanes of one pass share. */
struct lane_source {
  const struct slots *slots;
  const struct catalog *catalog;
  uint64_t start_ticks, cut_ticks; /* events younger than the cut are left out */
  lane_events_fold *fold;          /* NULL: there should be none */
  void *fold_context;
  uint8_t *buffer; /* SLOTS_BUFFER bytes */
  struct event *scratch;
  size_t scratch_capacity;
  size_t chunks_read;
  uint64_t lost_chunks, bad_records, unknown_records, bad_folds; /* see struct run_missing */
  uint64_t foreign_stacks; /* events whose stack is an id that this file can't have */
};

struct lane_events {
  const struct lane_chunks *chunks;
  size_t next;          /* of its chunks; count: its young blocks; count + 1: nothing more */
  struct event *events; /* [head, tail): sorted by ticks; in file order where they are equal */
  size_t head, tail, capacity;
  uint64_t horizon; /* events up to here may go on */
  /* As of the end of what was read. */
  uint32_t thread;    /* that the lane serves, by catalog_thread() */
  struct record last; /* its last record, as far as it has been read; type 0: none */
};

/* Reads on until the first event may go on. Returns whether there is one in *more; 0, -ENOMEM. */
int lane_events_fill(struct lane_events *lane, struct lane_source *source, bool *more);

/* Sorts by ticks and keeps the order of equals; `scratch` has room for as many. For tests. */
void events_sort(struct event *events, size_t count, struct event *scratch);

#endif
