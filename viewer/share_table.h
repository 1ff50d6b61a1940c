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
  struct share *places; /* blocks 0: empty */
  uint32_t count, mask;
};

/* One more block of so many bytes. Returns 0 or -ENOMEM. */
int share_table_add(struct share_table *table, uint32_t id, uint64_t bytes);
/* Moves the counts to `shares`, most blocks first (then bytes, then the lower id). */
void share_table_finish(struct share_table *table, struct shares *shares);

#endif
