/* record.c - decodes records.
 *
 * On the hot path of the reader: a field is one unaligned load and a mask, which is why the records
 * must be followed by padding in memory.
 */
#include "record.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "traces are read where they are written");

static const uint64_t field_mask[8] = {0,          0xff,         0xffff,         0xffffff,
                                       0xffffffff, 0xffffffffff, 0xffffffffffff, UINT64_MAX};

static inline uint64_t field_take(const uint8_t **at, unsigned code) {
  uint64_t value;
  memcpy(&value, *at, sizeof(value));
  *at += trace_field_bytes[code];
  return value & field_mask[code];
}

/* How many bytes the fields of these length codes take, `fields` of them. */
static inline size_t fields_size(uint32_t codes, unsigned fields) {
  size_t size = 0;
  for (unsigned i = 0; i < fields; i++)
    size += trace_field_bytes[codes >> (3 * i) & 7];
  return size;
}

static inline uint32_t stack_of(uint64_t field) {
  return field < UINT32_MAX ? (uint32_t)field : UINT32_MAX;
}

struct record_cursor record_begin(const struct trace_chunk *chunk, const uint8_t *records,
                                  size_t count) {
  return (struct record_cursor){records, records + count, chunk->base_ticks, 0};
}

static enum record_result short_record(struct record_cursor *cursor, struct record *record) {
  uint32_t codes = (uint32_t)(cursor->at[0] | cursor->at[1] << 8) >> 4;
  const uint8_t *at = cursor->at + 2;
  if (fields_size(codes, TRACE_SHORT_FIELDS) > (size_t)(cursor->end - at)) return RECORD_BAD;
  for (unsigned i = 0; i < TRACE_SHORT_FIELDS; i++)
    record->field[i] = field_take(&at, codes >> (3 * i) & 7);
  cursor->at = at;
  switch (record->type) {
  case TRACE_BIRTH:
  case TRACE_DEATH:
    record->ticks = cursor->ticks += (uint64_t)trace_unzigzag(record->field[0]);
    record->address = cursor->address += (uint64_t)trace_unzigzag(record->field[1]);
    record->size = record->type == TRACE_BIRTH ? record->field[2] : 0;
    record->stack = stack_of(record->field[record->type == TRACE_BIRTH ? 3 : 2]);
    return RECORD_OK;
  case TRACE_NODE:
    return RECORD_OK;
  case TRACE_LIFE:
    record->ticks = cursor->ticks += (uint64_t)trace_unzigzag(record->field[0]);
    record->stack = stack_of(record->field[3]);
    return RECORD_OK;
  case 0:
    return RECORD_BAD;
  default:
    return RECORD_UNKNOWN;
  }
}

static enum record_result long_record(struct record_cursor *cursor, struct record *record) {
  uint32_t head;
  if (cursor->end - cursor->at < 4) return RECORD_BAD;
  memcpy(&head, cursor->at, sizeof(head));
  uint32_t codes = head >> 8;
  const uint8_t *at = cursor->at + 4;
  if (fields_size(codes, TRACE_LONG_FIELDS) > (size_t)(cursor->end - at)) return RECORD_BAD;
  for (unsigned i = 0; i < TRACE_LONG_FIELDS; i++)
    record->field[i] = field_take(&at, codes >> (3 * i) & 7);
  record->bytes = at;
  if (record->field[TRACE_LONG_FIELDS - 1] > (size_t)(cursor->end - at)) return RECORD_BAD;
  record->byte_count = record->field[TRACE_LONG_FIELDS - 1];
  cursor->at = at + record->byte_count;
  switch (record->type) {
  case TRACE_REALLOC:
    record->ticks = cursor->ticks + (uint64_t)trace_unzigzag(record->field[0]);
    record->address = cursor->address + (uint64_t)trace_unzigzag(record->field[1]);
    record->new_address = record->address + (uint64_t)trace_unzigzag(record->field[2]);
    record->size = record->field[3];
    record->ticks_after = record->ticks + record->field[4];
    record->stack = stack_of(record->field[5]);
    cursor->ticks = record->ticks_after;
    cursor->address = record->new_address;
    return RECORD_OK;
  case TRACE_THREAD:
  case TRACE_THREAD_NAME:
  case TRACE_THREAD_END:
  case TRACE_MODULE:
  case TRACE_MODULE_GONE:
  case TRACE_FOLD:
    record->ticks = cursor->ticks += (uint64_t)trace_unzigzag(record->field[0]);
    if (record->type == TRACE_FOLD) record->stack = stack_of(record->field[2]);
    return RECORD_OK;
  default:
    return RECORD_UNKNOWN;
  }
}

enum record_result record_next(struct record_cursor *cursor, struct record *record) {
  if (cursor->at == cursor->end) return RECORD_END;
  if (cursor->end - cursor->at < 2) return RECORD_BAD;
  uint8_t first = *cursor->at;
  if (TRACE_TYPE_IS_LONG(first)) {
    record->type = first;
    return long_record(cursor, record);
  }
  record->type = first & 15;
  return short_record(cursor, record);
}
