/* cells.h - a lane's cells: the blocks that were folded, site by site, until they are written.
 *
 * A fold is one commit: the sum that is not valid is made from the one that is, and its commit word
 * is stored last. Killed at any moment, a reader finds the block in the table of young blocks or in
 * its cell, or in both, and can tell (trace.h).
 */
#ifndef DWELL_CELLS_H
#define DWELL_CELLS_H

#include <stdbool.h>
#include <stdint.h>

#include "lane.h"
#include "young.h"

static inline struct trace_cell *cells_at(const struct lane *lane, uint32_t number) {
  if (number < TRACE_LANE_CELLS)
    return (struct trace_cell *)((char *)lane->window + TRACE_PAGE) + number;
  number -= TRACE_LANE_CELLS;
  return lane->cells.more[number / TRACE_MORE_CELLS] + number % TRACE_MORE_CELLS;
}

/* A site's cells are found in sets: its hash_site() says which, and 16 bits of it tell the ways
 * apart. */
static inline uint32_t *cells_set(struct lane *lane, uint32_t hash) {
  return lane->cells.places[hash >> (32 - CELL_SET_BITS)];
}

/* The slow ways of cells_of(): NULL when no room can be had, or when the site's block is to be
 * written alone. */
struct trace_cell *cells_make(struct lane *lane, uint32_t stack, uint64_t birth_ticks);
struct trace_cell *cells_renew(struct lane *lane, uint32_t number, uint64_t birth_ticks);

/* The cell for a block of this site that was born and dies now; a full one is written first. */
static inline struct trace_cell *cells_of(struct lane *lane, uint32_t stack, uint64_t birth_ticks,
                                          uint64_t death_ticks) {
  uint32_t hash = hash_site(stack), *set = cells_set(lane, hash);
  for (unsigned way = 0; way < CELL_WAYS; way++) {
    uint32_t number = set[way] & 0xffff;
    if (set[way] >> 16 != (hash & 0xffff) || number == 0) continue;
    struct trace_cell *cell = cells_at(lane, number - 1);
    if (cell->stack != stack) continue;
    /* the second: a sum must not run over (a block adds at most 2^20 bytes x 2^33 ticks) */
    if (__builtin_expect(death_ticks - cell->first_ticks > young_limits.flush_ticks, 0) ||
        __builtin_expect((cell->sums[0].byte_ticks | cell->sums[1].byte_ticks) >> 62 != 0, 0))
      return cells_renew(lane, number - 1, birth_ticks);
    return cell;
  }
  return cells_make(lane, stack, birth_ticks);
}

/* The slow way of cells_fold(): without a cell. */
bool cells_write_alone(struct lane *lane, struct trace_young *young, uint64_t ticks);

/* Counts the young block, which dies now, in its cell. False: nothing was done; it must be written.
 */
static inline bool cells_fold(struct lane *lane, struct trace_young *young, uint64_t ticks) {
  struct trace_cell *cell = cells_of(lane, young->stack, young->ticks, ticks);
  if (__builtin_expect(!cell || young->address == 0, 0)) /* 0: written on the way */
    return cells_write_alone(lane, young, ticks);
  const struct trace_sum *from = trace_valid_sum(cell);
  struct trace_sum *to = &cell->sums[from == &cell->sums[0]];
  uint64_t lifetime = ticks - young->ticks, bytes = young_worth(young->size);
  uint32_t bucket = trace_bucket(lifetime);
  young_note_folded(lane, young->stack);
  lane->touched = young;
  to->bytes = from->bytes + bytes;
  to->lifetime_ticks = from->lifetime_ticks + lifetime;
  to->byte_ticks = from->byte_ticks + bytes * lifetime;
  __atomic_store_n(&to->commit, TRACE_SUM(TRACE_SUM_BLOCKS(from->commit) + 1, bucket, young->ticks),
                   __ATOMIC_RELEASE);
  cell->counts[bucket]++;
  cell->last_ticks = ticks;
  young_clear(lane, young);
  return true;
}

/* Writes the figures of all cells; they are empty then, and nobody's. */
void cells_write_all(struct lane *lane);

/* When a block last died that is in a cell; 0: none. */
uint64_t cells_latest(const struct lane *lane);

/* After a hook was left by longjmp: finishes what it was doing with a cell. Returns whether the
 * young block had been counted. */
bool cells_recover(struct lane *lane, const struct trace_young *young);

#endif
