/* test_record.c - records from bytes, good and bad. */
#include <criterion/criterion.h>
#include <string.h>

#include "viewer/record.h"

static uint8_t bytes[TRACE_CHUNK_RECORDS + RECORD_PADDING];
static size_t used;

static void put(const void *more, size_t count) {
  memcpy(bytes + used, more, count);
  used += count;
}

static struct record_cursor cursor(uint64_t base_ticks) {
  struct trace_chunk chunk = {.base_ticks = base_ticks};
  return record_begin(&chunk, bytes, used);
}

Test(record, a_birth_moves_ticks_and_address_by_its_deltas) {
  /* birth, fields of 1, 2, 1, 1 bytes: +3 ticks, +0x100, size 40, stack 7 */
  put((uint8_t[]){0x11, 0x25, 6, 0x00, 0x02, 40, 7}, 7);
  put((uint8_t[]){0x92, 0x04, 1, 15, 9}, 5); /* death: -1 tick, -8, stack 9 */
  struct record_cursor at = cursor(1000);
  struct record record;
  cr_assert_eq(record_next(&at, &record), RECORD_OK);
  cr_assert_eq(record.type, TRACE_BIRTH);
  cr_assert_eq(record.ticks, 1003);
  cr_assert_eq(record.address, 0x100);
  cr_assert_eq(record.size, 40);
  cr_assert_eq(record.stack, 7);
  cr_assert_eq(record_next(&at, &record), RECORD_OK);
  cr_assert_eq(record.type, TRACE_DEATH);
  cr_assert_eq(record.ticks, 1002);
  cr_assert_eq(record.address, 0xf8);
  cr_assert_eq(record.stack, 9);
  cr_assert_eq(record_next(&at, &record), RECORD_END);
}

Test(record, fields_of_every_length_are_read) {
  static const uint64_t values[8] = {0,          0xab,         0xabcd,         0xabcdef,
                                     0xabcdef01, 0xabcdef0123, 0xabcdef012345, 0xabcdef0123456789};
  for (unsigned code = 0; code < 8; code++) {
    used = 0;
    uint16_t head = (uint16_t)(TRACE_NODE | code << 13);
    put(&head, 2);
    put(&values[code], trace_field_bytes[code]);
    put((uint8_t[]){0xff}, 1); /* what follows is not part of it */
    struct record_cursor at = cursor(0);
    struct record record;
    cr_assert_eq(record_next(&at, &record), RECORD_OK);
    cr_assert_eq(record.field[3], values[code]);
    cr_assert_eq(at.at, bytes + used - 1);
  }
}

Test(record, unknown_types_are_skipped_by_their_length_and_move_nothing) {
  uint32_t head = 0xf8 | 2u << 8 | 1u << 29;
  put((uint8_t[]){0x17, 0x00, 9}, 3); /* short type 7 with a field of one byte */
  put(&head, 4);                      /* long type 0xf8: a field of 2 bytes, 3 bytes behind */
  put((uint8_t[]){1, 2, 3, 'a', 'b', 'c'}, 6);
  put((uint8_t[]){0x12, 0x00, 2}, 3); /* death: +1 tick */
  struct record_cursor at = cursor(50);
  struct record record;
  cr_assert_eq(record_next(&at, &record), RECORD_UNKNOWN);
  cr_assert_eq(record_next(&at, &record), RECORD_UNKNOWN);
  cr_assert_eq(record.byte_count, 3);
  cr_assert_eq(record_next(&at, &record), RECORD_OK);
  cr_assert_eq(record.ticks, 51);
}

Test(record, type_0_is_not_a_record) {
  put((uint8_t[]){0, 0, 0, 0}, 4);
  struct record_cursor at = cursor(0);
  struct record record;
  cr_assert_eq(record_next(&at, &record), RECORD_BAD);
}

Test(record, a_record_cut_anywhere_is_bad_and_none_of_it_is_believed) {
  uint32_t head = TRACE_THREAD | 1u << 8 | 1u << 11 | 1u << 14 | 1u << 29;
  put(&head, 4);
  put((uint8_t[]){2, 7, 9, 5, 'n', 'a', 'm', 'e', 's'}, 9);
  for (size_t cut = 1; cut < used; cut++) {
    struct trace_chunk chunk = {.base_ticks = 10};
    struct record_cursor at = record_begin(&chunk, bytes, cut);
    struct record record;
    cr_assert_eq(record_next(&at, &record), RECORD_BAD, "cut at %zu", cut);
    cr_assert_eq(at.ticks, 10);
  }
  struct record_cursor at = cursor(10);
  struct record record;
  cr_assert_eq(record_next(&at, &record), RECORD_OK);
  cr_assert_eq(record.byte_count, 5);
  cr_assert_eq(memcmp(record.bytes, "names", 5), 0);
}

Test(record, a_payload_longer_than_the_chunk_is_bad) {
  uint32_t head = TRACE_THREAD | 7u << 29;
  uint64_t count = UINT64_MAX;
  put(&head, 4);
  put(&count, 8);
  struct record_cursor at = cursor(0);
  struct record record;
  cr_assert_eq(record_next(&at, &record), RECORD_BAD);
}

Test(record, any_bytes_end_after_as_many_steps_as_there_are_bytes) {
  uint32_t state = 12345;
  for (int round = 0; round < 200; round++) {
    used = 0;
    for (size_t i = 0; i < 4000; i++) {
      state = state * 1664525 + 1013904223;
      bytes[used++] = (uint8_t)(state >> 24);
    }
    struct record_cursor at = cursor(0);
    struct record record;
    size_t steps = 0;
    enum record_result result;
    while ((result = record_next(&at, &record)) == RECORD_OK || result == RECORD_UNKNOWN)
      cr_assert_leq(++steps, used / 2);
    cr_assert_leq(at.at, at.end);
  }
}
