/* cells.c - cells get their site, are written, and are given to the next.
 *
 * They are used densely, in the order in which sites first fold: what is never touched costs no
 * memory. A lane has those of its window, and slots of more as it needs them.
 */
#include "cells.h"

#include <string.h>

#include "record.h"

/* One byte for the bucket and at most five for its count. */
#define HISTOGRAM_MAX (TRACE_BUCKETS * 6)

static unsigned char *put_histogram(unsigned char *at, const struct trace_cell *cell) {
  uint32_t before = 0;
  for (uint32_t bucket = 0; bucket < TRACE_BUCKETS; bucket++) {
    uint32_t count = cell->counts[bucket];
    if (!count) continue;
    *at++ = (unsigned char)(bucket - before);
    before = bucket;
    for (; count >= 0x80; count >>= 7)
      *at++ = (unsigned char)(count | 0x80);
    *at++ = (unsigned char)count;
  }
  return at;
}

static void empty(struct lane *lane, struct trace_cell *cell) {
  memset(cell->sums, 0, sizeof cell->sums);
  memset(cell->counts, 0, sizeof cell->counts);
  __atomic_store_n(&cell->stack, 0, __ATOMIC_RELEASE);
  __atomic_store_n(&lane->window->flushing, 0, __ATOMIC_RELEASE);
}

static void take(struct trace_cell *cell, uint32_t stack, uint64_t birth_ticks) {
  cell->first_ticks = birth_ticks;
  cell->last_ticks = birth_ticks;
  __atomic_store_n(&cell->stack, stack, __ATOMIC_RELEASE);
}

/* Writes a cell's figures and empties it. False: there was no room for them, and nothing changed.
 */
static bool write_cell(struct lane *lane, uint32_t number) {
  struct trace_cell *cell = cells_at(lane, number);
  const struct trace_sum *sum = trace_valid_sum(cell);
  unsigned char histogram[HISTOGRAM_MAX];
  if (TRACE_SUM_BLOCKS(sum->commit)) {
    size_t bytes = (size_t)(put_histogram(histogram, cell) - histogram);
    if (!record_fold(lane, cell, sum, number, histogram, bytes)) return false;
    lane->window->flushes++;
  }
  empty(lane, cell);
  return true;
}

/* ---- where a site's cell is -------------------------------------------------------------- */

static uint32_t *place_of(struct lane *lane, uint32_t number) {
  uint32_t *set = cells_set(lane, hash_site(cells_at(lane, number)->stack));
  for (unsigned way = 0; way < CELL_WAYS; way++)
    if ((set[way] & 0xffff) == number + 1) return &set[way];
  return NULL;
}

static void more_room(struct lane *lane) {
  struct cells *cells = &lane->cells;
  if (cells->more_count == CELL_SLOTS_MAX) return;
  struct trace_cell *mapped = lane_more(lane, TRACE_CELLS_MAGIC, cells->more_count, 1);
  if (!mapped) return;
  cells->more[cells->more_count] = mapped + 1; /* behind the header */
  __atomic_signal_fence(__ATOMIC_SEQ_CST);     /* the hook may be left here */
  cells->more_count++;
}

/* Of a few cells the one that has not folded for the longest. */
static uint32_t coldest(struct lane *lane, uint32_t room) {
  uint32_t victim = lane->cells.victim++ % room;
  for (unsigned other = 1; other < 4; other++) {
    uint32_t number = lane->cells.victim++ % room;
    if (cells_at(lane, number)->last_ticks < cells_at(lane, victim)->last_ticks) victim = number;
  }
  return victim;
}

/* While there are cells that nobody has used yet a site gets one at once; then when it folds for
 * the second time: of most sites of a big program that is never. */
static bool deserves_one(struct lane *lane, uint32_t hash, uint32_t stack) {
  if (lane->cells.used < TRACE_LANE_CELLS) return true;
  uint32_t *once = &lane->cells.once[hash >> (32 - CELL_ONCE_BITS)];
  if (*once == stack) return true;
  *once = stack;
  return false;
}

/* A cell that is nobody's; UINT32_MAX: none. */
static uint32_t unused(struct lane *lane) {
  struct cells *cells = &lane->cells;
  uint32_t room = TRACE_LANE_CELLS + cells->more_count * TRACE_MORE_CELLS;
  if (cells->used == room && !cells->stuck) {
    more_room(lane);
    uint32_t now = TRACE_LANE_CELLS + cells->more_count * TRACE_MORE_CELLS;
    cells->stuck = now == room;
    room = now;
  }
  if (cells->used < room) return cells->used++;
  uint32_t victim = coldest(lane, room), *place = place_of(lane, victim);
  if (!write_cell(lane, victim)) return UINT32_MAX;
  if (place) *place = 0;
  return victim;
}

struct trace_cell *cells_make(struct lane *lane, uint32_t stack, uint64_t birth_ticks) {
  uint32_t hash = hash_site(stack), *set = cells_set(lane, hash), number;
  unsigned way = 0;
  if (!deserves_one(lane, hash, stack)) return NULL;
  while (way < CELL_WAYS && set[way])
    way++;
  if (way < CELL_WAYS) {
    number = unused(lane);
  } else {
    way = lane->cells.victim++ % CELL_WAYS;
    number = (set[way] & 0xffff) - 1;
    if (!write_cell(lane, number)) number = UINT32_MAX;
  }
  if (number == UINT32_MAX) return NULL;
  set[way] = hash << 16 | (number + 1);
  take(cells_at(lane, number), stack, birth_ticks);
  return cells_at(lane, number);
}

struct trace_cell *cells_renew(struct lane *lane, uint32_t number, uint64_t birth_ticks) {
  struct trace_cell *cell = cells_at(lane, number);
  uint32_t stack = cell->stack;
  if (!write_cell(lane, number)) return NULL;
  take(cell, stack, birth_ticks);
  return cell;
}

bool cells_write_alone(struct lane *lane, struct trace_young *young, uint64_t ticks) {
  /* sealing, here or before, writes it when it is old; then its death is to be written */
  if (young->address == 0 || !lane_reserve(lane, SHORT_RECORD_MAX) || young->address == 0)
    return false;
  lane->touched_point = TRACE_STATE_POINT(lane->window->state);
  lane->touched = young;
  record_life(lane, young->ticks, ticks, young_worth(young->size), young->stack);
  young_clear(lane, young);
  lane->touched_point = 0;
  return true;
}

void cells_write_all(struct lane *lane) {
  for (uint32_t number = 0; number < lane->cells.used; number++)
    if (!write_cell(lane, number)) return;
  if (lane->cells.used) memset(lane->cells.places, 0, sizeof lane->cells.places);
  lane->cells.used = 0;
}

uint64_t cells_latest(const struct lane *lane) {
  uint64_t latest = 0;
  for (uint32_t number = 0; number < lane->cells.used; number++) {
    const struct trace_cell *cell = cells_at(lane, number);
    if (cell->stack && cell->last_ticks > latest) latest = cell->last_ticks;
  }
  return latest;
}

bool cells_recover(struct lane *lane, const struct trace_young *young) {
  uint64_t flushing = lane->window->flushing;
  uint64_t point = TRACE_STATE_POINT(lane->window->state);
  if (flushing && TRACE_FLUSHING_POINT(flushing) == point)
    empty(lane, cells_at(lane, TRACE_FLUSHING_CELL(flushing)));
  lane->window->flushing = 0;
  for (uint32_t number = 0; young && number < lane->cells.used; number++) {
    struct trace_cell *cell = cells_at(lane, number);
    const struct trace_sum *sum = trace_valid_sum(cell);
    if (cell->stack != young->stack || !TRACE_SUM_BLOCKS(sum->commit) ||
        TRACE_SUM_BIRTH(sum->commit) != (uint32_t)young->ticks)
      continue;
    uint32_t counted = 0;
    for (uint32_t bucket = 0; bucket < TRACE_BUCKETS; bucket++)
      counted += cell->counts[bucket];
    if (counted < TRACE_SUM_BLOCKS(sum->commit)) cell->counts[TRACE_SUM_BUCKET(sum->commit)]++;
    return true;
  }
  return false;
}
