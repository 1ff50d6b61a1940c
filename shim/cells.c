/* cells.c - cells get their site, are written, and are given to the next.
 *
 * They are used densely, in the order in which sites first fold: what is never touched costs no
 * memory. A lane has those of its window. When all are somebody's, the next site gets one that
 * would be written at its next fold anyway, as its span is long enough; where those next in turn
 * are not so old, a slot of more cells. When the lane has many slots, it takes another one only if
 * those next in turn are too young for a record (10 ms). Where no more are to be had either, as
 * when tens of thousands of sites fold in turn, blocks are written alone: exact, but in more
 * records.
 */
#include "cells.h"

#include <string.h>

#include "record.h"
#include "trace_out.h"

/* One byte for the bucket and at most five for its count. */
#define HISTOGRAM_MAX (TRACE_BUCKETS * 6)

static unsigned char *put_histogram(unsigned char *at, const struct trace_cell *cell,
                                    uint32_t blocks) {
  uint32_t before = 0;
  for (uint32_t bucket = 0; bucket < TRACE_BUCKETS && blocks; bucket++) {
    uint32_t count = cell->counts[bucket];
    if (!count) continue;
    blocks -= count < blocks ? count : blocks;
    *at++ = (unsigned char)(bucket - before);
    before = bucket;
    for (; count >= 0x80; count >>= 7)
      *at++ = (unsigned char)(count | 0x80);
    *at++ = (unsigned char)count;
  }
  return at;
}

static void empty(struct lane *lane, struct trace_cell *cell) {
  const uint64_t last = trace_valid_sum(cell)->commit;
  memset(cell->sums, 0, sizeof cell->sums);
  if (TRACE_SUM_BLOCKS(last) > 1)
    memset(cell->counts, 0, sizeof cell->counts);
  else if (TRACE_SUM_BUCKET(last) < TRACE_BUCKETS) /* the other lines are as they were */
    cell->counts[TRACE_SUM_BUCKET(last)] = 0;
  __atomic_store_n(&cell->stack, 0, __ATOMIC_RELEASE);
  __atomic_store_n(&lane->window->flushing, 0, __ATOMIC_RELEASE);
}

/* Writes a cell's figures and empties it. False: there was no room for them, and nothing changed.
 */
static bool write_cell(struct lane *lane, uint32_t number) {
  struct trace_cell *cell = cells_at(lane, number);
  const struct trace_sum *sum = trace_valid_sum(cell);
  unsigned char histogram[HISTOGRAM_MAX];
  if (TRACE_SUM_BLOCKS(sum->commit)) {
    uint32_t blocks = TRACE_SUM_BLOCKS(sum->commit);
    size_t bytes = blocks > 1 ? (size_t)(put_histogram(histogram, cell, blocks) - histogram) : 0;
    if (!record_fold(lane, cell, sum, number, histogram, bytes)) return false;
    lane->window->flushes++;
  }
  empty(lane, cell);
  return true;
}

/* ---- slots of more ----------------------------------------------------------------------- */

/* Of all lanes together; what they and the nodes of the stack tree may add to the process's memory
 * is bounded. */
static uint32_t slots_taken;
#define SLOTS_AT_LEAST 64u
#define NODES_A_SLOT 2048u
/* So many a lane has rather than write a cell before its time; more only for the 10 ms. */
#define SLOTS_SOON 31u

static bool may_take_slot(void) {
  uint64_t most = SLOTS_AT_LEAST + lane_count() +
                  __atomic_load_n(&trace_out.control->stack_nodes, __ATOMIC_RELAXED) / NODES_A_SLOT;
  if (__atomic_fetch_add(&slots_taken, 1, __ATOMIC_RELAXED) < most) return true;
  __atomic_fetch_sub(&slots_taken, 1, __ATOMIC_RELAXED);
  return false;
}

static bool more_room(struct lane *lane) {
  struct cells *cells = &lane->cells;
  if (cells->stuck || cells->more_count == CELL_SLOTS_MAX || !may_take_slot()) return false;
  struct trace_cell *mapped = lane_more(lane, TRACE_CELLS_MAGIC, cells->more_count, 1);
  cells->stuck = !mapped; /* each attempt takes room in the file */
  if (!mapped) return false;
  cells->slots[1 + cells->more_count] = mapped + 1; /* behind the header */
  __atomic_signal_fence(__ATOMIC_SEQ_CST);          /* the hook may be left here */
  cells->more_count++;
  return true;
}

void cells_forget(void) {
  slots_taken = 0;
}

/* ---- where a site's cell is -------------------------------------------------------------- */

static uint32_t place_of(uint32_t number) {
  if (number < TRACE_LANE_CELLS) return number + 1;
  number -= TRACE_LANE_CELLS;
  return ((1 + number / TRACE_MORE_CELLS) << 7 | number % TRACE_MORE_CELLS) + 1;
}

static uint32_t number_of(uint32_t place) {
  const uint32_t slot = (place - 1) >> 7, cell = (place - 1) & 0x7f;
  return slot ? TRACE_LANE_CELLS + (slot - 1) * TRACE_MORE_CELLS + cell : cell;
}

/* Where one of the site's sets has this: 0: nothing. */
static uint32_t *find_way(struct lane *lane, uint32_t hash, uint32_t what) {
  for (unsigned choice = 0; choice < 2; choice++)
    for (unsigned way = 0; way < CELL_WAYS; way++)
      if (cells_set(lane, hash, choice)[way] == what) return &cells_set(lane, hash, choice)[way];
  return NULL;
}

static void forget_way(struct lane *lane, uint32_t stack, uint32_t number) {
  const uint32_t hash = hash_site(stack);
  uint32_t *way = find_way(lane, hash, cells_tag(hash) | place_of(number));
  if (way) *way = 0;
}

/* An empty way of the site's sets; of two full ones, that of a cell which finds room in its other
 * set, or that has lost its cell when a hook was left. NULL: not even that. */
static uint32_t *make_way(struct lane *lane, uint32_t hash) {
  uint32_t *way = find_way(lane, hash, 0);
  if (way) return way;
  for (unsigned i = 0; i < 2 * CELL_WAYS; i++) {
    way = &cells_set(lane, hash, i / CELL_WAYS)[i % CELL_WAYS];
    uint32_t other = hash_site(cells_in(lane, *way & 0xffff)->stack);
    if ((*way ^ cells_tag(other)) > 0xffff) return way; /* lost */
    uint32_t *room = find_way(lane, other, 0);
    if (!room) continue;
    *room = *way;
    *way = 0;
    return way;
  }
  return NULL;
}

/* Of the cells next in turn the one that was begun first. */
#define LOOK_AT 4u
static uint32_t victim(struct lane *lane) {
  struct cells *cells = &lane->cells;
  uint32_t first = cells->hand++ % cells->used;
  for (unsigned other = 1; other < LOOK_AT; other++) {
    uint32_t number = cells->hand++ % cells->used;
    if (cells_at(lane, number)->first_ticks < cells_at(lane, first)->first_ticks) first = number;
  }
  return first;
}

/* A cell that is nobody's; UINT32_MAX: none. */
static uint32_t unused(struct lane *lane, uint64_t now) {
  struct cells *cells = &lane->cells;
  uint32_t room = TRACE_LANE_CELLS + cells->more_count * TRACE_MORE_CELLS;
  if (cells->used < room) return cells->used++;
  const uint32_t number = victim(lane);
  const uint32_t stack = cells_at(lane, number)->stack;
  const uint64_t began = cells_at(lane, number)->first_ticks, age = now > began ? now - began : 0;
  const uint64_t due =
      cells->more_count < SLOTS_SOON ? young_limits.flush_ticks : young_limits.keep_ticks;
  if (stack && age <= due && more_room(lane)) return cells->used++;
  if (stack && age <= young_limits.keep_ticks) return UINT32_MAX;
  if (!write_cell(lane, number)) return UINT32_MAX;
  forget_way(lane, stack, number);
  return number;
}

static void take(struct trace_cell *cell, uint32_t stack, uint64_t birth_ticks) {
  cell->first_ticks = birth_ticks;
  cell->last_ticks = birth_ticks;
  __atomic_store_n(&cell->stack, stack, __ATOMIC_RELEASE);
}

static struct trace_cell *make(struct lane *lane, uint32_t stack, uint64_t birth_ticks,
                               uint64_t death_ticks) {
  const uint32_t hash = hash_site(stack);
  uint32_t *way = make_way(lane, hash);
  const uint32_t number = way ? unused(lane, death_ticks) : UINT32_MAX;
  if (number == UINT32_MAX) return NULL;
  struct trace_cell *cell = cells_at(lane, number);
  *way = cells_tag(hash) | place_of(number);
  take(cell, stack, birth_ticks);
  return cell;
}

struct trace_cell *cells_renew(struct lane *lane, uint32_t place, uint32_t stack,
                               uint64_t birth_ticks, uint64_t death_ticks) {
  if (!place) return make(lane, stack, birth_ticks, death_ticks);
  struct trace_cell *cell = cells_in(lane, place);
  if (!write_cell(lane, number_of(place))) return NULL;
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
  for (uint32_t number = 0; number < lane->cells.used; number++) {
    const uint32_t stack = cells_at(lane, number)->stack;
    if (!write_cell(lane, number)) return;
    forget_way(lane, stack, number);
  }
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
