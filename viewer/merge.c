/* merge.c - a binary heap of lanes.
 *
 * Events are moved in runs: as many of the first lane as come before the second lane's first. So
 * threads that are busy by turns cost one heap step a turn, not one an event.
 */
#include "merge.h"

#include <errno.h>
#include <stdlib.h>

static inline const struct event *head_of(const struct merge *merge, uint32_t lane) {
  return &merge->lanes[lane].events[merge->lanes[lane].head];
}

/* Whether event a of lane `a_lane` goes before event b of another lane. */
static inline bool goes_before(const struct event *a, uint32_t a_lane, const struct event *b,
                               uint32_t b_lane) {
  if (a->ticks != b->ticks) return a->ticks < b->ticks;
  bool a_frees = a->kind < EVENT_BIRTH, b_frees = b->kind < EVENT_BIRTH;
  if (a_frees != b_frees) return a_frees;
  return a_lane < b_lane;
}

static inline bool lane_before(const struct merge *merge, uint32_t a, uint32_t b) {
  return goes_before(head_of(merge, a), a, head_of(merge, b), b);
}

static void sift_down(struct merge *merge, size_t at) {
  uint32_t *heap = merge->heap, lane = heap[at];
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= merge->heap_count) break;
    if (child + 1 < merge->heap_count && lane_before(merge, heap[child + 1], heap[child])) child++;
    if (!lane_before(merge, heap[child], lane)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = lane;
}

int merge_begin(struct merge *merge, const struct lane_source *source) {
  const struct slots *slots = source->slots;
  *merge = (struct merge){
      .source = *source,
      .lanes = calloc(slots->lane_count + 1, sizeof(*merge->lanes)),
      .now = source->start_ticks,
      .heap = calloc(slots->lane_count + 1, sizeof(*merge->heap)),
  };
  merge->source.buffer = calloc(1, SLOTS_BUFFER);
  if (!merge->lanes || !merge->heap || !merge->source.buffer) return -ENOMEM;
  for (uint32_t lane = 0; lane < slots->lane_count; lane++) {
    bool more;
    merge->lanes[lane].chunks = &slots->lanes[lane];
    int error = lane_events_fill(&merge->lanes[lane], &merge->source, &more);
    if (error) return error;
    if (more) merge->heap[merge->heap_count++] = lane;
  }
  for (size_t at = merge->heap_count / 2; at-- > 0;)
    sift_down(merge, at);
  return 0;
}

/* Puts the first lane, whose head has moved, in its new place. */
static int settle(struct merge *merge) {
  bool more;
  struct lane_events *lane = &merge->lanes[merge->heap[0]];
  if (lane->head == lane->tail || lane->events[lane->head].ticks > lane->horizon) {
    int error = lane_events_fill(lane, &merge->source, &more);
    if (error) return error;
    if (!more) merge->heap[0] = merge->heap[--merge->heap_count];
  }
  if (merge->heap_count > 1) sift_down(merge, 0);
  return 0;
}

/* The first event that the first lane must not run past; NULL: none. */
static const struct event *bound_of(const struct merge *merge, uint32_t *lane) {
  if (merge->heap_count < 2) return NULL;
  *lane = merge->heap[1];
  if (merge->heap_count > 2 && lane_before(merge, merge->heap[2], *lane)) *lane = merge->heap[2];
  return head_of(merge, *lane);
}

int merge_next(struct merge *merge, struct event_batch *batch) {
  batch->count = 0;
  while (merge->heap_count && batch->count < EVENT_BATCH) {
    uint32_t first = merge->heap[0], second = 0;
    struct lane_events *from = &merge->lanes[first];
    const struct event *bound = bound_of(merge, &second);
    do {
      struct event *event = &batch->events[batch->count];
      *event = from->events[from->head++];
      batch->lanes[batch->count++] = first;
      if (event->ticks < merge->now) {
        event->ticks = merge->now;
        merge->late_events++;
      }
      merge->now = event->ticks;
    } while (batch->count < EVENT_BATCH && from->head < from->tail &&
             from->events[from->head].ticks <= from->horizon &&
             (!bound || goes_before(&from->events[from->head], first, bound, second)));
    int error = settle(merge);
    if (error) return error;
  }
  return 0;
}

void merge_end(struct merge *merge) {
  for (size_t i = 0; merge->lanes && i < merge->source.slots->lane_count; i++)
    free(merge->lanes[i].events);
  free(merge->lanes);
  free(merge->heap);
  free(merge->source.buffer);
  free(merge->source.scratch);
}
