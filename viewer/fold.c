/* fold.c - decodes counts of folded blocks and judges them. */
#include "fold.h"

#include <string.h>

/* A byte of what a histogram in a record says; the count may take several (ULEB128). */
static bool take_count(const uint8_t **at, const uint8_t *end, uint64_t *count) {
  *count = 0;
  for (unsigned shift = 0; *at < end && shift < 63; shift += 7) {
    uint8_t byte = *(*at)++;
    *count |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80)) return true;
  }
  return false;
}

/* What lifetimes of these counts can add up to, the sizes being at least a byte. */
static bool possible(struct fold *fold) {
  unsigned __int128 blocks = 0, least = 0, most = 0;
  for (uint32_t bucket = 0; bucket < TRACE_BUCKETS; bucket++) {
    uint64_t count = fold->counts[bucket];
    if (!count) continue;
    fold->highest = bucket;
    blocks += count;
    least += (unsigned __int128)count * trace_bucket_low(bucket);
    most += bucket + 1 < TRACE_BUCKETS
                ? (unsigned __int128)count * (trace_bucket_low(bucket + 1) - 1)
                : (unsigned __int128)count * UINT64_MAX;
  }
  if (fold->blocks == 0 || fold->blocks > UINT32_MAX || blocks != fold->blocks ||
      fold->bytes < fold->blocks)
    return false; /* a cell counts to 2^24 */
  if (fold->span > fold->ticks || fold->lifetime_ticks < least || fold->lifetime_ticks > most)
    return false;
  /* none lived longer than all together */
  uint64_t longest = fold->lifetime_ticks;
  if (fold->highest + 1 < TRACE_BUCKETS && longest >= trace_bucket_low(fold->highest + 1))
    longest = trace_bucket_low(fold->highest + 1) - 1;
  return fold->byte_ticks >= fold->lifetime_ticks &&
         fold->byte_ticks <= (unsigned __int128)fold->bytes * longest;
}

static bool fold_of_life(const struct record *record, struct fold *fold) {
  uint64_t lifetime = record->field[1], bytes = record->field[2] ? record->field[2] : 1;
  *fold = (struct fold){
      .ticks = record->ticks,
      .span = lifetime,
      .stack = record->stack,
      .blocks = 1,
      .bytes = bytes,
      .lifetime_ticks = lifetime,
  };
  fold->counts[trace_bucket(lifetime)] = 1;
  return !__builtin_mul_overflow(bytes, lifetime, &fold->byte_ticks) && possible(fold);
}

bool fold_of_record(const struct record *record, struct fold *fold) {
  if (record->type == TRACE_LIFE) return fold_of_life(record, fold);
  *fold = (struct fold){
      .ticks = record->ticks,
      .span = record->field[1],
      .stack = record->stack,
      .blocks = record->field[3],
      .bytes = record->field[4],
      .lifetime_ticks = record->field[5],
      .byte_ticks = record->field[6],
  };
  const uint8_t *at = record->bytes, *end = at + record->byte_count;
  for (uint32_t bucket = 0; at < end;) {
    bool first = at == record->bytes;
    uint32_t step = *at++;
    if ((step == 0 && !first) || step >= TRACE_BUCKETS - bucket) return false;
    bucket += step;
    if (!take_count(&at, end, &fold->counts[bucket])) return false;
  }
  return possible(fold);
}

bool fold_of_cell(const struct trace_cell *cell, struct fold *fold) {
  const struct trace_sum *sum = trace_valid_sum(cell);
  uint64_t counted = 0;
  *fold = (struct fold){
      .ticks = cell->last_ticks,
      .span = cell->last_ticks > cell->first_ticks ? cell->last_ticks - cell->first_ticks : 0,
      .stack = cell->stack,
      .blocks = TRACE_SUM_BLOCKS(sum->commit),
      .bytes = sum->bytes,
      .lifetime_ticks = sum->lifetime_ticks,
      .byte_ticks = sum->byte_ticks,
  };
  for (uint32_t bucket = 0; bucket < TRACE_BUCKETS; bucket++)
    counted += fold->counts[bucket] = cell->counts[bucket];
  uint32_t last = TRACE_SUM_BUCKET(sum->commit);
  if (counted + 1 == fold->blocks && last < TRACE_BUCKETS) fold->counts[last]++;
  return possible(fold);
}
