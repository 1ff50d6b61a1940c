/* life.c - the ways of a block that is not simply folded. */
#include "life.h"

#include "next.h"

void life_birth_sampled(struct lane *lane, void *block, size_t size) {
  uint64_t ticks = lane_ticks(lane);
  uint32_t stack = stack_here(lane);
  if (sample_add(block)) record_birth(lane, ticks, block, size, stack);
}

void life_death_sampled(struct lane *lane, void *block) {
  uint64_t ticks = lane_ticks(lane);
  record_death(lane, ticks, block, stack_here(lane));
}

void life_death_written(struct lane *lane, uint64_t ticks, void *block, struct trace_young *young) {
  if (young) young_write(lane, young);
  if (young_limits.bytes_end) young_warn(hash_block(block), ticks, lane);
  record_death(lane, ticks, block, stack_here(lane));
}

void life_unseen(const void *block) {
  if (young_limits.bytes_end)
    young_warn_unseen(hash_block(block));
  else if (sample_mean_bytes)
    sample_remove(block);
}

struct life_resize life_resize_begin(struct lane *lane, void *block) {
  struct life_resize resize = {.before = lane_ticks(lane)};
  if (sample_mean_bytes) {
    resize.sampled = sample_remove(block);
    if (!resize.sampled) resize.old_bytes = next.malloc_usable_size(block);
  } else if (young_limits.bytes_end) {
    uint64_t hash = hash_block(block);
    struct trace_young *young = young_find(lane, block, hash);
    if (young) young_write(lane, young);
    young_warn(hash, resize.before, lane);
  }
  return resize;
}

/* What an unsampled block had been asked for is not known, only what it had. Both counts are of
 * that, so many small steps add up to the whole: counted from what it had to what it was asked for,
 * a buffer that grows byte by byte would grow once in 16 steps, and then by one. */
static bool sample_takes_growth(struct lane *lane, size_t old_bytes, void *block) {
  size_t bytes = next.malloc_usable_size(block);
  return bytes > old_bytes && sample_takes(lane, bytes - old_bytes);
}

void life_resize_end(struct lane *lane, struct life_resize resize, void *block, void *other,
                     size_t size) {
  void *now = other ? other : size == 0 ? NULL : block; /* where it is */
  if (sample_mean_bytes) {
    if (!resize.sampled && !(other && sample_takes_growth(lane, resize.old_bytes, other))) return;
    if (now && !sample_add(now)) return;
  }
  const uint64_t after = lane_ticks(lane); /* before the walk */
  if (other)
    record_realloc(lane, resize.before, after, block, other, size, stack_here(lane));
  else if (!now)
    record_death(lane, resize.before, block, stack_here(lane));
}
