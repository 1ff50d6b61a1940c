/* blocks.h - the live blocks by address.
 *
 * Open addressing with linear probing and backward-shift deletion, 32 bytes a place, at most 3/4
 * full: the hot spot of a pass. Hand-written because it was measured: see blocks.c.
 */
#ifndef DWELL_BLOCKS_H
#define DWELL_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

struct block {
  uint64_t address;
  uint64_t birth_ticks;
  uint64_t bytes;  /* now; at least 1 */
  uint32_t site;   /* index + 1; 0: this place is empty */
  uint32_t thread; /* of its birth */
};

/* All zero is an empty table. */
struct blocks {
  struct block *places;
  size_t count, mask; /* places - 1 */
};

/* A place for a block at this address: the one that has it, or an empty one with the address filled
 * in (then `site` is 0 and the caller fills in the rest). NULL without memory. Pointers into the
 * table are valid until the next insertion or removal. */
struct block *blocks_place(struct blocks *blocks, uint64_t address);
/* NULL when there is none. */
struct block *blocks_find(const struct blocks *blocks, uint64_t address);
void blocks_remove(struct blocks *blocks, struct block *block);
void blocks_free(struct blocks *blocks);

static inline size_t blocks_home(const struct blocks *blocks, uint64_t address) {
  /* Fibonacci hashing; the low 4 bits of an address say nothing */
  return (size_t)((address >> 4) * 0x9e3779b97f4a7c15u >> 24) & blocks->mask;
}
/* always_inline: gcc takes a function that only prefetches for one without effect, and drops calls
 */
static inline __attribute__((always_inline)) void blocks_prefetch(const struct blocks *blocks,
                                                                  uint64_t address) {
  if (!blocks->places) return;
  const struct block *home = &blocks->places[blocks_home(blocks, address)];
  __builtin_prefetch(home, 1);
  __builtin_prefetch(home + 2, 1); /* a search, and a removal, often look at the next line too */
}

#endif
