/* sample.h - which blocks a sampled recording takes, and which addresses it has taken.
 *
 * A Poisson process over the bytes requested (trace.h, SAMPLING): the distance to the next picked
 * byte is drawn from an exponential distribution, once a pick; all other births cost a subtraction.
 * The set of the sampled addresses is shared by all threads and lock-free: a free reads one cache
 * line of it and, unless it finds its block, writes nothing.
 */
#ifndef DWELL_SAMPLE_H
#define DWELL_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash.h"
#include "lane.h"

extern uint64_t sample_mean_bytes; /* between picked bytes; 0: everything is recorded */

/* The slow way of sample_takes(): the lane's next distance. */
void sample_draw(struct lane *lane);

/* Whether one of these bytes is picked. */
static inline bool sample_takes(struct lane *lane, size_t bytes) {
  if (__builtin_expect(bytes >= INT64_MAX, 0)) return false;
  if (__builtin_expect((lane->sample_left -= (int64_t)(bytes ? bytes : 1)) >= 0, 1)) return false;
  sample_draw(lane);
  return true;
}

/* A line of the set. Addresses come and go in its places by one store each; it never moves. */
#define SAMPLE_WAYS 7
struct sample_line {
  uint64_t addresses[SAMPLE_WAYS];
  uint64_t overflowed; /* 1: some of this line's are in the next table */
};
struct sample_table {
  struct sample_table *next;
  uint64_t shift; /* it has 2^(64 - shift) lines */
  uint64_t unused[6];
  struct sample_line lines[];
};
extern struct sample_table *sample_tables; /* NULL: nothing was sampled yet */

/* The place of an address that is in the set; NULL: it is not. */
static inline uint64_t *sample_find(const void *block) {
  uint64_t address = (uint64_t)(uintptr_t)block;
  uint64_t hash = hash_block(block);
  struct sample_table *table = __atomic_load_n(&sample_tables, __ATOMIC_ACQUIRE);
  while (table) {
    struct sample_line *line = &table->lines[hash >> table->shift];
    for (unsigned way = 0; way < SAMPLE_WAYS; way++)
      if (__atomic_load_n(&line->addresses[way], __ATOMIC_RELAXED) == address)
        return &line->addresses[way];
    if (__builtin_expect(!__atomic_load_n(&line->overflowed, __ATOMIC_ACQUIRE), 1)) return NULL;
    table = __atomic_load_n(&table->next, __ATOMIC_ACQUIRE);
  }
  return NULL;
}

/* Takes a block out, before the real free; whether it was in. */
static inline bool sample_remove(const void *block) {
  uint64_t *place = sample_find(block);
  if (__builtin_expect(!place, 1)) return false;
  __atomic_store_n(place, 0, __ATOMIC_RELEASE);
  return true;
}

/* Enters a block. False: no memory for it, so it must not be recorded. */
bool sample_add(const void *block);

/* In a forked child: what the parent sampled is not in its trace. */
void sample_forget(void);

#endif
