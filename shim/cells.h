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

/* By its number in the lane, as the trace has it. */
static inline struct trace_cell *cells_at(const struct lane *lane, uint32_t number) {
  if (number < TRACE_LANE_CELLS) return lane->cells.slots[0] + number;
  number -= TRACE_LANE_CELLS;
  return lane->cells.slots[1 + number / TRACE_MORE_CELLS] + number % TRACE_MORE_CELLS;
}

/* A site has two sets of places (as a skewed-associative cache has: Seznec, ISCA 1993), by its
 * hash_site(): the second is for when the first is full. */
static inline uint32_t *cells_set(struct lane *lane, uint32_t hash, unsigned choice) {
  if (choice) hash = (hash ^ hash >> 15) * 0x85ebca6bu;
  return lane->cells.places[hash >> (32 - CELL_SET_BITS)];
}

/* What a site's place holds is 0 for no place, and else at most 16 bits with this taken off. */
static inline uint32_t cells_tag(uint32_t hash) {
  return hash << 16;
}
static inline struct trace_cell *cells_in(const struct lane *lane, uint32_t place) {
  return lane->cells.slots[(place - 1) >> 7] + ((place - 1) & 0x7f);
}

/* The place of the site's cell, without its tag; 0: it has none. */
static inline uint32_t cells_find(struct lane *lane, uint32_t stack) {
  const uint32_t hash = hash_site(stack);
  for (unsigned choice = 0; choice < 2; choice++) {
    const uint32_t *set = cells_set(lane, hash, choice);
    for (unsigned way = 0; way < CELL_WAYS; way++) {
      uint32_t place = set[way] ^ cells_tag(hash);
      if (place - 1 < 0xffff && __builtin_expect(cells_in(lane, place)->stack == stack, 1))
        return place;
    }
  }
  return 0;
}

/* The slow way of cells_fold(): the cell for a block of this site that was born and dies then.
 * `place`: of the cell that it has, which is written first; 0: it has none. NULL: no room can be
 * had, the block is to be written alone. */
struct trace_cell *cells_renew(struct lane *lane, uint32_t place, uint32_t stack,
                               uint64_t birth_ticks, uint64_t death_ticks);
/* Then: writes it, without a cell. */
bool cells_write_alone(struct lane *lane, struct trace_young *young, uint64_t ticks);

/* A cell is to be written that spans so much; or a sum might run over (a block adds at most 2^20
 * bytes x 2^33 ticks). */
static inline bool cells_is_due(const struct trace_cell *cell, uint64_t death_ticks) {
  return __builtin_expect(death_ticks - cell->first_ticks > young_limits.flush_ticks, 0) ||
         __builtin_expect((cell->sums[0].byte_ticks | cell->sums[1].byte_ticks) >> 62 != 0, 0);
}

/* Counts the young block, which dies now, in its site's cell: `place` is what cells_find() has
 * found. False: nothing was done; it must be written. */
static inline bool cells_fold(struct lane *lane, uint32_t place, struct trace_young *young,
                              uint64_t ticks) {
  struct trace_cell *cell = place ? cells_in(lane, place) : NULL;
  if (__builtin_expect(!cell || cells_is_due(cell, ticks), 0)) {
    cell = cells_renew(lane, place, young->stack, young->ticks, ticks);
    if (!cell || young->address == 0) /* 0: written on the way */
      return cells_write_alone(lane, young, ticks);
  }
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

/* In a forked child: no slots are taken. */
void cells_forget(void);

/* Writes the figures of all cells; they are empty then, and nobody's. */
void cells_write_all(struct lane *lane);

/* When a block last died that is in a cell; 0: none. */
uint64_t cells_latest(const struct lane *lane);

/* After a hook was left by longjmp: finishes what it was doing with a cell. Returns whether the
 * young block had been counted. */
bool cells_recover(struct lane *lane, const struct trace_young *young);

#endif
