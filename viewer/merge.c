/* merge.c - a binary heap of lanes.
 *
 * What is handed on is a run: as many events of the first lane as come before the second lane's
 * first. So threads that are busy by turns cost one heap step a turn, not one an event.
 */
#include "merge.h"

#include <errno.h>
#include <stdlib.h>

#define RUN_MAX 4096 /* so that progress is shown now and then */

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

int merge_begin(struct merge *merge, const struct slots *slots, const struct catalog *catalog,
                uint64_t cut_ticks) {
  *merge = (struct merge){
      .source = {.slots = slots, .catalog = catalog, .cut_ticks = cut_ticks},
      .lanes = calloc(slots->lane_count + 1, sizeof(*merge->lanes)),
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

int merge_next(struct merge *merge, const struct event **events, size_t *count, uint32_t *lane) {
  *count = 0;
  if (merge->heap_count == 0) return 0;
  uint32_t first = merge->heap[0];
  if (merge->lanes[first].moved) {
    merge->lanes[first].moved = false;
    int error = settle(merge);
    if (error || merge->heap_count == 0) return error;
    first = merge->heap[0];
  }
  struct lane_events *from = &merge->lanes[first];
  size_t end = from->head + 1, limit = from->tail;
  if (limit - from->head > RUN_MAX) limit = from->head + RUN_MAX;
  if (merge->heap_count > 1) {
    uint32_t second = merge->heap[1];
    if (merge->heap_count > 2 && lane_before(merge, merge->heap[2], second))
      second = merge->heap[2];
    const struct event *bound = head_of(merge, second);
    while (end < limit && from->events[end].ticks <= from->horizon &&
           goes_before(&from->events[end], first, bound, second))
      end++;
  } else {
    while (end < limit && from->events[end].ticks <= from->horizon)
      end++;
  }
  for (size_t i = from->head; i < end && from->events[i].ticks < merge->now; i++) {
    from->events[i].ticks = merge->now;
    merge->late_events++;
  }
  merge->now = from->events[end - 1].ticks;
  *events = &from->events[from->head];
  *count = end - from->head;
  *lane = first;
  from->head = end;
  from->moved = true;
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
