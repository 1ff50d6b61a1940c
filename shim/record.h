/* record.h - encodes records of trace.h into a lane. One function a record; each commits one
 * record. */
#ifndef DWELL_RECORD_H
#define DWELL_RECORD_H

#include <string.h>

#include "lane.h"

/* Length code of a value: 0..6 bytes as they are, 7 and 8 bytes as code 7. */
static inline unsigned field_code(uint64_t value) {
  unsigned bytes = value ? (unsigned)(71 - __builtin_clzll(value)) / 8 : 0;
  return bytes > 6 ? 7 : bytes;
}

/* Stores a field, up to 7 bytes beyond it, and its code into *head at `shift`; the end of the
 * field. */
static inline unsigned char *field_put(unsigned char *at, uint64_t value, uint32_t *head,
                                       unsigned shift) {
  unsigned code = field_code(value);
  memcpy(at, &value, 8);
  *head |= code << shift;
  return at + trace_field_bytes[code];
}

static inline uint64_t ticks_delta(struct lane *lane, uint64_t ticks) {
  uint64_t delta = trace_zigzag((int64_t)(ticks - lane->ticks));
  lane->ticks = ticks;
  if (ticks > lane->last_ticks) lane->last_ticks = ticks;
  return delta;
}

static inline uint64_t address_delta(struct lane *lane, const void *address) {
  uint64_t delta = trace_zigzag((int64_t)((uint64_t)(uintptr_t)address - lane->address));
  lane->address = (uint64_t)(uintptr_t)address;
  return delta;
}

#define SHORT_RECORD_MAX (2 + TRACE_SHORT_FIELDS * 8)
#define LONG_RECORD_MAX (4 + TRACE_LONG_FIELDS * 8)

static inline unsigned char *encode_short(const struct lane *lane, uint32_t type, uint64_t a,
                                          uint64_t b, uint64_t c, uint64_t d) {
  unsigned char *begin = lane->records + lane->used, *at = begin + 2;
  uint32_t head = type;
  at = field_put(at, a, &head, 4);
  at = field_put(at, b, &head, 7);
  at = field_put(at, c, &head, 10);
  at = field_put(at, d, &head, 13);
  uint16_t word = (uint16_t)head;
  memcpy(begin, &word, sizeof word);
  return at;
}

static inline void record_short(struct lane *lane, uint32_t type, uint64_t a, uint64_t b,
                                uint64_t c, uint64_t d) {
  lane_commit(lane, encode_short(lane, type, a, b, c, d));
}

static inline void record_birth(struct lane *lane, uint64_t ticks, const void *block, size_t size,
                                uint32_t stack) {
  if (lane_reserve(lane, SHORT_RECORD_MAX)) {
    uint64_t delta = ticks_delta(lane, ticks);
    record_short(lane, TRACE_BIRTH, delta, address_delta(lane, block), size, stack);
  }
}

static inline void record_death(struct lane *lane, uint64_t ticks, const void *block,
                                uint32_t stack) {
  if (lane_reserve(lane, SHORT_RECORD_MAX)) {
    uint64_t delta = ticks_delta(lane, ticks);
    record_short(lane, TRACE_DEATH, delta, address_delta(lane, block), stack, 0);
  }
}

/* A node must be in a lane before its id is: see stack_tree.c. */
static inline void record_node(struct lane *lane, uint32_t id, uint32_t parent, uint32_t module,
                               uint64_t pc_in_module) {
  if (lane_reserve(lane, SHORT_RECORD_MAX)) {
    lane->meta = true;
    record_short(lane, TRACE_NODE, id, id - parent, module, trace_zigzag((int64_t)pc_in_module));
  }
}

/* Bytes at the end of a long record. */
struct piece {
  const void *bytes;
  size_t size;
};
/* A long record: seven fields, then two pieces of bytes. The caller has made room. */
void record_long(struct lane *lane, uint32_t type, const uint64_t fields[7], struct piece first,
                 struct piece second);

void record_realloc(struct lane *lane, uint64_t before, uint64_t after, const void *old_block,
                    const void *new_block, size_t size, uint32_t stack);
void record_thread(struct lane *lane, uint64_t ticks, uint32_t thread, int tid, const char *name);
void record_thread_name(struct lane *lane, uint64_t ticks, uint32_t thread, const char *name);
void record_thread_end(struct lane *lane, uint64_t ticks, uint32_t thread);
/* The build id and the path make up the bytes; both are cut to what a record can hold. */
void record_module(struct lane *lane, uint64_t ticks, uint32_t module, uint64_t base,
                   uint64_t start, uint64_t size, const void *build_id, size_t build_id_bytes,
                   const char *path);
void record_module_gone(struct lane *lane, uint64_t ticks, uint32_t module);
/* One folded block. The caller has made room. */
void record_life(struct lane *lane, uint64_t birth_ticks, uint64_t death_ticks, uint64_t bytes,
                 uint32_t stack);
/* The figures of cell `number` of the lane; from the commit on the cell is void. False: no room. */
bool record_fold(struct lane *lane, const struct trace_cell *cell, const struct trace_sum *sum,
                 uint32_t number, const unsigned char *histogram, size_t histogram_bytes);

#endif
