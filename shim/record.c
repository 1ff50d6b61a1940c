/* record.c - the longer records, which are rarer than births and deaths. */
#include "record.h"

/* Encodes without committing; the end. */
static const unsigned char *encode(const struct lane *lane, uint32_t type, const uint64_t fields[7],
                                   struct piece first, struct piece second) {
  unsigned char *begin = lane->records + lane->used, *at = begin + 4;
  uint32_t head = type;
  for (unsigned i = 0; i < 7; i++)
    at = field_put(at, fields[i], &head, 8 + 3 * i);
  at = field_put(at, first.size + second.size, &head, 8 + 3 * 7);
  memcpy(begin, &head, sizeof head);
  if (first.size) memcpy(at, first.bytes, first.size);
  if (second.size) memcpy(at + first.size, second.bytes, second.size);
  return at + first.size + second.size;
}

void record_long(struct lane *lane, uint32_t type, const uint64_t fields[7], struct piece first,
                 struct piece second) {
  lane_commit(lane, encode(lane, type, fields, first, second));
}

static const struct piece nothing;

void record_realloc(struct lane *lane, uint64_t before, uint64_t after, const void *old_block,
                    const void *new_block, size_t size, uint32_t stack) {
  if (!lane_reserve(lane, LONG_RECORD_MAX)) return;
  uint64_t delta = ticks_delta(lane, before);
  uint64_t old_address = address_delta(lane, old_block);
  uint64_t new_address = address_delta(lane, new_block);
  (void)ticks_delta(lane, after);
  record_long(lane, TRACE_REALLOC,
              (uint64_t[7]){delta, old_address, new_address, size, after - before, stack, 0},
              nothing, nothing);
}

/* What is not an event may be stamped in the middle of one, later than that event's own time: it
 * does not count for the chunk's floor. */
static uint64_t aside_delta(struct lane *lane, uint64_t ticks) {
  uint64_t last = lane->last_ticks, delta = ticks_delta(lane, ticks);
  lane->last_ticks = last;
  return delta;
}

static void record_named(struct lane *lane, enum trace_type type, uint64_t ticks, uint32_t thread,
                         int tid, const char *name) {
  size_t length = strlen(name);
  if (!lane_reserve(lane, LONG_RECORD_MAX + length)) return;
  lane->meta = true;
  record_long(lane, type,
              (uint64_t[7]){aside_delta(lane, ticks), thread, (uint64_t)tid, 0, 0, 0, 0},
              (struct piece){name, length}, nothing);
}

void record_thread(struct lane *lane, uint64_t ticks, uint32_t thread, int tid, const char *name) {
  record_named(lane, TRACE_THREAD, ticks, thread, tid, name);
}

void record_thread_name(struct lane *lane, uint64_t ticks, uint32_t thread, const char *name) {
  record_named(lane, TRACE_THREAD_NAME, ticks, thread, 0, name);
}

void record_thread_end(struct lane *lane, uint64_t ticks, uint32_t thread) {
  record_named(lane, TRACE_THREAD_END, ticks, thread, 0, "");
}

void record_module(struct lane *lane, uint64_t ticks, uint32_t module, uint64_t base,
                   uint64_t start, uint64_t size, const void *build_id, size_t build_id_bytes,
                   const char *path) {
  static const size_t most = TRACE_RECORD_MAX - LONG_RECORD_MAX;
  size_t path_bytes = strlen(path);
  if (build_id_bytes > 64) build_id_bytes = 64;
  if (path_bytes > most - build_id_bytes) path_bytes = most - build_id_bytes;
  if (!lane_reserve(lane, LONG_RECORD_MAX + build_id_bytes + path_bytes)) return;
  lane->meta = true;
  record_long(lane, TRACE_MODULE,
              (uint64_t[7]){aside_delta(lane, ticks), module, base, start, size, build_id_bytes, 0},
              (struct piece){build_id, build_id_bytes}, (struct piece){path, path_bytes});
}

void record_module_gone(struct lane *lane, uint64_t ticks, uint32_t module) {
  record_named(lane, TRACE_MODULE_GONE, ticks, module, 0, "");
}

static const unsigned char *encode_life(struct lane *lane, uint64_t death_ticks, uint64_t lifetime,
                                        uint64_t bytes, uint32_t stack) {
  return encode_short(lane, TRACE_LIFE, aside_delta(lane, death_ticks), lifetime, bytes, stack);
}

void record_life(struct lane *lane, uint64_t birth_ticks, uint64_t death_ticks, uint64_t bytes,
                 uint32_t stack) {
  lane_commit(lane, encode_life(lane, death_ticks, death_ticks - birth_ticks, bytes, stack));
}

static const unsigned char *encode_fold(struct lane *lane, const struct trace_cell *cell,
                                        const struct trace_sum *sum, struct piece histogram) {
  uint64_t delta = aside_delta(lane, cell->last_ticks);
  return encode(lane, TRACE_FOLD,
                (uint64_t[7]){delta, cell->last_ticks - cell->first_ticks, cell->stack,
                              TRACE_SUM_BLOCKS(sum->commit), sum->bytes, sum->lifetime_ticks,
                              sum->byte_ticks},
                histogram, nothing);
}

bool record_fold(struct lane *lane, const struct trace_cell *cell, const struct trace_sum *sum,
                 uint32_t number, const unsigned char *histogram, size_t histogram_bytes) {
  if (!lane_reserve(lane, LONG_RECORD_MAX + histogram_bytes)) return false;
  const unsigned char *end =
      TRACE_SUM_BLOCKS(sum->commit) == 1
          ? encode_life(lane, cell->last_ticks, sum->lifetime_ticks, sum->bytes, cell->stack)
          : encode_fold(lane, cell, sum, (struct piece){histogram, histogram_bytes});
  __atomic_store_n(&lane->window->flushing,
                   TRACE_FLUSHING(number, lane->sequence, (uint32_t)(end - lane->records)),
                   __ATOMIC_RELEASE);
  lane_commit(lane, end);
  return true;
}
