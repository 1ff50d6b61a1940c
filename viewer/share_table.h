/* share_table.h - counts of blocks by a small id, while they are being gathered.
 *
 * A site has one or two birth threads and perhaps hundreds of death stacks: so a table of two
 * places at first, that grows.
 */
#ifndef DWELL_SHARE_TABLE_H
#define DWELL_SHARE_TABLE_H

#include "profile.h"

/* All zero is an empty table. */
struct share_table {
  struct share first;
  struct share *places; /* the others; blocks 0: empty */
  uint32_t count, mask; /* of the others */
};

static inline uint32_t share_table_home(const struct share_table *table, uint32_t id) {
  return id * 0x9e3779b1u >> 7 & table->mask;
}
/* always_inline: see blocks_prefetch() */
static inline __attribute__((always_inline)) void
share_table_prefetch(const struct share_table *table, uint32_t id) {
  if (table->places) __builtin_prefetch(&table->places[share_table_home(table, id)], 1);
}
int share_table_add_other(struct share_table *table, uint32_t id, uint64_t blocks, uint64_t bytes);
/* So many blocks more, of so many bytes together. Returns 0 or -ENOMEM. */
static inline int share_table_add(struct share_table *table, uint32_t id, uint64_t blocks,
                                  uint64_t bytes) {
  struct share *first = &table->first;
  if (first->blocks == 0) first->id = id;
  if (first->id != id) return share_table_add_other(table, id, blocks, bytes);
  first->blocks += blocks;
  first->bytes += bytes;
  return 0;
}
/* Moves the counts to `shares`, most blocks first (then bytes, then the lower id). Returns 0 or
 * -ENOMEM. */
int share_table_finish(struct share_table *table, struct shares *shares);

#endif
