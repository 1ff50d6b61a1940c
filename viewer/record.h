/* record.h - reads the records of one chunk, whoever wrote them.
 *
 * Never reads beyond the given bytes and their padding, and never loops: each step consumes at
 * least two bytes or ends. Knows the delta state; gives absolute ticks and addresses.
 */
#ifndef DWELL_RECORD_H
#define DWELL_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "../shim/trace.h"

/* Readable bytes that must follow the records in memory; their values don't matter. */
#define RECORD_PADDING 8

struct record_cursor {
  const uint8_t *at, *end;
  uint64_t ticks, address; /* the delta state */
};

struct record {
  unsigned type;        /* enum trace_type, or a type that this version does not know */
  uint32_t stack;       /* births, deaths, reallocs, folds; UINT32_MAX: no valid node id */
  uint64_t ticks;       /* all but nodes; a realloc: before the call */
  uint64_t ticks_after; /* realloc: when it returned */
  uint64_t address;     /* births, deaths; a realloc: the old one */
  uint64_t new_address; /* realloc */
  uint64_t size;        /* births, reallocs: bytes requested */
  uint64_t field[TRACE_LONG_FIELDS]; /* as stored, for the other types */
  const uint8_t *bytes;              /* payload of long records, `byte_count` of them */
  size_t byte_count;
};

enum record_result {
  RECORD_OK,
  RECORD_UNKNOWN, /* of a type that this version does not know; skipped by its length */
  RECORD_END,     /* no more */
  RECORD_BAD,     /* these bytes are not a record: the rest of the chunk can't be read */
};

/* `count` bytes of records at `records`, RECORD_PADDING more readable. */
struct record_cursor record_begin(const struct trace_chunk *chunk, const uint8_t *records,
                                  size_t count);
enum record_result record_next(struct record_cursor *cursor, struct record *record);

#endif
