/* life.h - what becomes of a birth, a death, a realloc: folded, written, or not sampled.
 *
 *   birth --> table of young blocks --free by the same thread, young--> cell    (folded)
 *         \          '--older, displaced, resized, freed elsewhere--> record
 *          '--too big, --exact, sampled--> record
 *
 * Called by the hooks with the thread marked busy. A death is dealt with before the real free, so
 * that its address cannot have been given out again.
 */
#ifndef DWELL_LIFE_H
#define DWELL_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cells.h"
#include "clock.h"
#include "record.h"
#include "sample.h"
#include "stack.h"
#include "young.h"

/* The slow ways: sampled blocks. */
void life_birth_sampled(struct lane *lane, void *block, size_t size);
void life_death_sampled(struct lane *lane, void *block);
/* The slow way of a death: it is written, and first its birth if `young` is not NULL. */
void life_death_written(struct lane *lane, uint64_t ticks, void *block, struct trace_young *young);
/* A free or realloc that is not recorded. */
void life_unseen(const void *block);

static inline void life_birth(struct lane *lane, void *block, size_t size) {
  if (__builtin_expect(sample_mean_bytes != 0, 0)) {
    if (sample_takes(lane, size)) life_birth_sampled(lane, block, size);
    return;
  }
  if (young_limits.bytes_end == 0) {
    uint64_t ticks = lane_ticks(lane);
    record_birth(lane, ticks, block, size, stack_here(lane));
    return;
  }
  uint64_t hash = hash_block(block), guard = __atomic_load_n(young_guard(hash), __ATOMIC_ACQUIRE);
  __builtin_prefetch(young_set(lane, hash), 1);
  uint64_t ticks = young_birth_ticks(lane, guard);
  uint32_t stack = stack_here(lane);
  __builtin_prefetch(cells_set(lane, hash_site(stack), 0));
  if (__builtin_expect(size < young_limits.bytes_end && stack, 1) && young_expected(lane, stack))
    young_add(lane, hash, guard, ticks, block, (uint32_t)size, stack);
  else
    record_birth(lane, ticks, block, size, stack);
}

static inline void life_death(struct lane *lane, void *block) {
  if (__builtin_expect(sample_mean_bytes != 0, 0)) {
    if (sample_remove(block)) life_death_sampled(lane, block);
    return;
  }
  uint64_t hash = hash_block(block);
  struct trace_young *young = young_find(lane, block, hash);
  if (young && __builtin_expect(young_is_ours(young, hash), 1)) {
    uint32_t place = cells_find(lane, young->stack); /* its lines come while the clock is read */
    uint64_t ticks = clock_ticks_early();
    if (ticks < young->ticks) ticks = young->ticks;
    if (__builtin_expect(ticks - young->ticks <= young_limits.age_ticks, 1) &&
        cells_fold(lane, place, young, ticks))
      return;
    life_death_written(lane, ticks, block, young);
    return;
  }
  life_death_written(lane, lane_ticks(lane), block, young);
}

/* What a realloc has to remember over the real call. */
struct life_resize {
  uint64_t before;
  size_t old_bytes; /* sampling: that it could use */
  bool sampled;
};
struct life_resize life_resize_begin(struct lane *lane, void *block);
/* `other` NULL: it failed, or freed the block when size is 0. */
void life_resize_end(struct lane *lane, struct life_resize resize, void *block, void *other,
                     size_t size);

#endif
