/* trace_writer_folds.c - what trace_writer.c writes for blocks that die young: the tables of young
 * blocks, cells, and the records of folds. */
#include <stdlib.h>
#include <string.h>

#include "trace_writer_parts.h"

void writer_young(struct trace_writer *writer, uint32_t number, uint32_t place, uint64_t ticks,
                  uint64_t address, uint32_t size, uint32_t stack) {
  struct writer_lane *lane = writer->lanes[number];
  if (!lane->young) lane->young = calloc(YOUNG_MAX, sizeof(*lane->young));
  writer_check(lane->young && place < YOUNG_MAX, "trace_writer: young");
  lane->young[place] = (struct trace_young){
      .address = address,
      .ticks = writer->head.start_ticks + ticks,
      .size = size,
      .stack = stack,
      .guard = 0x1234567890abcdef,
  };
}

void writer_more_young(struct trace_writer *writer, uint32_t number, uint32_t slots) {
  struct writer_lane *lane = writer->lanes[number];
  writer_check(slots && slots <= TRACE_MORE_SLOTS && !lane->more_young, "trace_writer: more young");
  lane->more_young = writer->slots * TRACE_SLOT;
  lane->more_young_slots = slots;
  writer_extend(writer, slots);
}

void writer_fold_life(struct writer_fold *fold, uint64_t birth, uint64_t death, uint64_t size) {
  uint64_t lifetime = death - birth, bytes = size ? size : 1;
  if (fold->blocks == 0) fold->first = birth;
  fold->last = death;
  fold->blocks++;
  fold->bytes += bytes;
  fold->lifetime_ticks += lifetime;
  fold->byte_ticks += bytes * lifetime;
  fold->last_birth = birth;
  fold->last_bucket = trace_bucket(lifetime);
  fold->counts[fold->last_bucket]++;
}

static size_t put_leb128(uint8_t *to, uint64_t value) {
  size_t used = 0;
  do {
    to[used] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value >>= 7;
  } while (to[used++] & 0x80);
  return used;
}

void writer_fold(struct trace_writer *writer, uint32_t number, const struct writer_fold *fold) {
  uint8_t bytes[TRACE_BUCKETS * 11];
  size_t used = 0;
  for (uint32_t bucket = 0, before = 0; bucket < TRACE_BUCKETS; bucket++) {
    if (!fold->counts[bucket]) continue;
    bytes[used++] = (uint8_t)(bucket - before);
    before = bucket;
    used += put_leb128(bytes + used, fold->counts[bucket]);
  }
  struct writer_lane *lane = writer_lane_for(writer, number, used);
  uint64_t fields[7] = {writer_ticks_field(writer, lane, fold->last),
                        fold->last - fold->first,
                        fold->stack,
                        fold->blocks,
                        fold->bytes,
                        fold->lifetime_ticks,
                        fold->byte_ticks};
  writer_record(writer, number, TRACE_FOLD, fields, bytes, used);
}

void writer_life(struct trace_writer *writer, uint32_t number, uint64_t birth, uint64_t death,
                 uint64_t size, uint32_t stack) {
  struct writer_lane *lane = writer_lane_for(writer, number, 0);
  uint64_t fields[4] = {writer_ticks_field(writer, lane, death), death - birth, size, stack};
  writer_record(writer, number, TRACE_LIFE, fields, NULL, 0);
}

struct trace_cell *writer_cell(struct trace_writer *writer, uint32_t number, uint32_t place,
                               const struct writer_fold *fold) {
  struct writer_lane *lane = writer->lanes[number];
  if (!lane->cells) lane->cells = calloc(CELLS_MAX, sizeof(*lane->cells));
  writer_check(lane->cells && place < CELLS_MAX, "trace_writer: cell");
  while (place >= TRACE_LANE_CELLS + lane->more_cell_slots * TRACE_MORE_CELLS) {
    lane->more_cells[lane->more_cell_slots++] = writer->slots * TRACE_SLOT;
    writer_extend(writer, 1);
  }
  struct trace_cell *cell = &lane->cells[place];
  *cell = (struct trace_cell){
      .first_ticks = writer->head.start_ticks + fold->first,
      .last_ticks = writer->head.start_ticks + fold->last,
      .stack = fold->stack,
  };
  cell->sums[fold->blocks & 1] = (struct trace_sum){
      .commit =
          TRACE_SUM(fold->blocks, fold->last_bucket, writer->head.start_ticks + fold->last_birth),
      .bytes = fold->bytes,
      .lifetime_ticks = fold->lifetime_ticks,
      .byte_ticks = fold->byte_ticks,
  };
  for (uint32_t bucket = 0; bucket < TRACE_BUCKETS; bucket++)
    cell->counts[bucket] = (uint32_t)fold->counts[bucket];
  return cell;
}

void writer_put_young(const struct trace_writer *writer, const struct writer_lane *lane) {
  if (lane->more_young) {
    struct trace_more more = {
        .magic = TRACE_YOUNG_MAGIC, .lane = lane->control.lane, .slots = lane->more_young_slots};
    writer_put(writer, lane->more_young, &more, sizeof(more));
  }
  if (!lane->young) return;
  writer_put(writer, lane->window + 2 * (uint64_t)TRACE_SLOT, lane->young,
             TRACE_LANE_YOUNG * sizeof(*lane->young));
  if (lane->more_young)
    writer_put(writer, lane->more_young + sizeof(struct trace_more), lane->young + TRACE_LANE_YOUNG,
               (lane->more_young_slots * TRACE_LANE_YOUNG - 2) * sizeof(*lane->young));
}

void writer_put_cells(const struct trace_writer *writer, const struct writer_lane *lane) {
  if (!lane->cells) return;
  writer_put(writer, lane->window + TRACE_PAGE, lane->cells,
             TRACE_LANE_CELLS * sizeof(*lane->cells));
  for (uint32_t index = 0; index < lane->more_cell_slots; index++) {
    struct trace_more more = {
        .magic = TRACE_CELLS_MAGIC, .lane = lane->control.lane, .index = index, .slots = 1};
    writer_put(writer, lane->more_cells[index], &more, sizeof(more));
    writer_put(writer, lane->more_cells[index] + sizeof(struct trace_cell),
               lane->cells + TRACE_LANE_CELLS + index * TRACE_MORE_CELLS,
               TRACE_MORE_CELLS * sizeof(*lane->cells));
  }
}
