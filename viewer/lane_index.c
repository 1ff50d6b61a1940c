/* lane_index.c - orders chunks, and reckons from numbers that must have been there what is gone. */
#include "lane_index.h"

#include <errno.h>
#include <stdlib.h>

/* By lane, then sequence; of one chunk's two copies the sealed one first. */
static int chunk_order(const void *left, const void *right) {
  const struct chunk *a = left, *b = right;
  if (a->head.lane != b->head.lane) return a->head.lane < b->head.lane ? -1 : 1;
  if (a->head.sequence != b->head.sequence) return a->head.sequence < b->head.sequence ? -1 : 1;
  if (!a->records != !b->records) return a->records ? 1 : -1;
  /* sealing was left in the middle by longjmp, and done again when there was more */
  if (a->head.bytes != b->head.bytes) return a->head.bytes > b->head.bytes ? -1 : 1;
  return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static int window_order(const void *left, const void *right) {
  const struct window *a = left, *b = right;
  if (a->lane != b->lane) return a->lane < b->lane ? -1 : 1;
  return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static void drop_duplicates(struct slots *slots) {
  size_t kept = 0;
  for (size_t i = 0; i < slots->chunk_count; i++) {
    struct chunk *chunk = &slots->chunks[i], *last = &slots->chunks[kept - (kept > 0)];
    if (kept && last->head.lane == chunk->head.lane && last->head.sequence == chunk->head.sequence)
      free(chunk->records);
    else
      slots->chunks[kept++] = *chunk;
  }
  slots->chunk_count = kept;
}

static const struct window *window_of(const struct lane_index *index, uint32_t lane) {
  struct window key = {.lane = lane};
  const struct window *windows = index->windows;
  size_t low = 0, high = index->window_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (window_order(&windows[middle], &key) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low < index->window_count && windows[low].lane == lane ? &windows[low] : NULL;
}

/* A live lane is taken as its window was when it was copied. A chunk that was sealed since has what
 * the copy has too: births of young blocks, counts of cells. */
static void drop_later_than_windows(struct lane_index *index) {
  struct slots *slots = index->slots;
  size_t kept = 0;
  for (size_t i = 0; i < slots->chunk_count; i++) {
    const struct chunk *chunk = &slots->chunks[i];
    const struct window *window = window_of(index, chunk->head.lane);
    if (chunk->records || !window || !window->good || chunk->head.sequence < window->sequence)
      slots->chunks[kept++] = *chunk;
  }
  slots->chunk_count = kept;
}

/* How many of the chunks that a lane must have had are missing. */
static uint64_t lane_lost(const struct lane_index *index, const struct lane_chunks *lane,
                          const struct window *window) {
  if (index->live && !(window && window->good)) return 0; /* begun after the windows were read */
  const struct chunk *chunks = lane->count ? &index->slots->chunks[lane->first] : NULL;
  uint64_t expected = lane->count ? chunks[lane->count - 1].head.sequence : 0, present = 0;
  if (window && window->good && window->sequence > 0 &&
      (index->live || window->sequence - 1 > expected))
    expected = window->sequence - 1;
  for (size_t i = 0; i < lane->count; i++)
    present += chunks[i].head.sequence >= 1 && chunks[i].head.sequence <= expected;
  return expected - present;
}

/* Lane numbers are given out from 1 without gaps: one of which nothing is there was lost. */
static uint64_t lanes_lost(const struct lane_index *index, uint64_t unprotected_lanes) {
  const struct slots *slots = index->slots;
  uint64_t highest = 0, windows = 0;
  for (size_t i = 0; i < slots->lane_count; i++)
    if (slots->lanes[i].lane > highest) highest = slots->lanes[i].lane;
  for (size_t i = 0; i < index->window_count; i++) {
    const struct window *window = &index->windows[i];
    if (!window->good) {
      windows++; /* counted as a bad slot */
      continue;
    }
    if (window->lane > highest) highest = window->lane;
    windows += i == 0 || !window[-1].good || window[-1].lane != window->lane;
  }
  uint64_t without = highest > windows ? highest - windows : 0;
  return without > unprotected_lanes ? without - unprotected_lanes : 0;
}

static int lane_order(const void *left, const void *right) {
  const struct lane_chunks *a = left, *b = right;
  return a->lane < b->lane ? -1 : a->lane > b->lane;
}

/* The lane of this number, or NULL. */
static struct lane_chunks *lane_of(const struct slots *slots, uint32_t number) {
  const struct lane_chunks key = {.lane = number};
  if (slots->lane_count == 0) return NULL;
  return bsearch(&key, slots->lanes, slots->lane_count, sizeof(key), lane_order);
}

static bool has_rest(const struct window *window) {
  return window->good && (window->rest.young_count || window->rest.fold_count);
}

/* Makes the lanes: of those numbers that have chunks, or a rest. Both are in order. */
static int lanes_make(struct lane_index *index) {
  struct slots *slots = index->slots;
  slots->lanes = calloc(slots->chunk_count + index->window_count + 1, sizeof(*slots->lanes));
  if (!slots->lanes) return -ENOMEM;
  for (size_t chunk = 0, window = 0;;) {
    while (window < index->window_count && !has_rest(&index->windows[window]))
      window++;
    bool chunks_left = chunk < slots->chunk_count, windows_left = window < index->window_count;
    if (!chunks_left && !windows_left) return 0;
    uint32_t lane = chunks_left ? slots->chunks[chunk].head.lane : UINT32_MAX;
    if (windows_left && index->windows[window].lane < lane) lane = index->windows[window].lane;
    struct lane_chunks *made = &slots->lanes[slots->lane_count++];
    *made = (struct lane_chunks){.lane = lane, .first = chunk};
    for (; chunk < slots->chunk_count && slots->chunks[chunk].head.lane == lane; chunk++)
      made->count++;
    for (; window < index->window_count && index->windows[window].lane == lane; window++) {
      if (made->rest.lane || !has_rest(&index->windows[window])) continue;
      made->rest = index->windows[window].rest;
      index->windows[window].rest = (struct lane_rest){0};
    }
  }
}

int lane_index_build(struct lane_index *index, uint64_t unprotected_lanes) {
  struct slots *slots = index->slots;
  if (slots->chunk_count)
    qsort(slots->chunks, slots->chunk_count, sizeof(*slots->chunks), chunk_order);
  if (index->window_count)
    qsort(index->windows, index->window_count, sizeof(*index->windows), window_order);
  if (index->live) drop_later_than_windows(index);
  drop_duplicates(slots);
  int error = lanes_make(index);
  if (error) return error;
  for (size_t i = 0; i < slots->lane_count; i++)
    slots->lost_chunks +=
        lane_lost(index, &slots->lanes[i], window_of(index, slots->lanes[i].lane));
  /* windows of lanes of which nothing is there */
  for (size_t i = 0; i < index->window_count; i++)
    if (!lane_of(slots, index->windows[i].lane))
      slots->lost_chunks += lane_lost(index, &(struct lane_chunks){0}, &index->windows[i]);
  if (!index->live) slots->lost_chunks += lanes_lost(index, unprotected_lanes);
  return 0;
}
