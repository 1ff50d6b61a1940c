/* test_slots.c - chunks found, checked, kept once, and missed when they are gone. */
#include <criterion/criterion.h>

#include "profiled.h"

enum { CHUNKS = 4, EACH = 10 };

/* `lanes` lanes; lane n makes EACH blocks of n bytes a chunk, CHUNKS chunks, the last one open. */
static struct trace_writer *busy_lanes(uint32_t lanes) {
  struct trace_writer *writer = writer_new();
  for (uint32_t lane = 1; lane <= lanes; lane++) {
    writer_lane(writer);
    writer_thread(writer, lane, 0, lane, lane, "thread");
    writer_node(writer, lane, lane, 0, 0, lane);
  }
  for (uint32_t chunk = 0; chunk < CHUNKS; chunk++) {
    for (uint32_t lane = 1; lane <= lanes; lane++) {
      for (uint64_t i = 0; i < EACH; i++) {
        uint64_t ticks = 1000 * (chunk + 1) + 10 * i + lane;
        writer_birth(writer, lane, ticks, lane << 24 | chunk << 16 | i << 4, lane, lane);
      }
      if (chunk + 1 < CHUNKS) writer_seal(writer, lane);
    }
  }
  writer_exit(writer, 10000, 0);
  return writer;
}

static void assert_lost(const struct profiled *profiled, uint64_t births, uint64_t bad_slots,
                        uint64_t lost_chunks) {
  const struct run_missing *missing = &profiled->info->missing;
  cr_assert_eq(profiled->profile->births, births, "%lu births", profiled->profile->births);
  cr_assert_eq(missing->bad_slots, bad_slots, "%lu bad slots", missing->bad_slots);
  cr_assert_eq(missing->lost_chunks, lost_chunks, "%lu lost chunks", missing->lost_chunks);
  cr_assert_eq(profiled->info->complete, bad_slots + lost_chunks == 0);
  cr_assert(profiled->profile->check.agree);
}

Test(slots, sealed_and_open_chunks_are_all_read) {
  struct profiled profiled = profiled_trace(busy_lanes(3));
  assert_lost(&profiled, 3 * CHUNKS * EACH, 0, 0);
  profiled_free(&profiled);
}

Test(slots, a_chunk_sealed_but_still_open_counts_once) {
  struct trace_writer *writer = busy_lanes(2);
  writer_seal_killed(writer, 1);
  struct profiled profiled = profiled_trace(writer);
  assert_lost(&profiled, 2 * CHUNKS * EACH, 0, 0);
  profiled_free(&profiled);
}

Test(slots, a_damaged_sealed_chunk_is_left_out_and_missed) {
  for (unsigned at = 0; at < 80; at += 4) { /* its header, and the first of its records */
    struct trace_writer *writer = busy_lanes(2);
    writer_finish(writer);
    writer_flip(writer, writer_chunk_offset(writer, 2, 2) + at, 0x40);
    struct profiled profiled = profiled_as_is(writer);
    assert_lost(&profiled, (2 * CHUNKS - 1) * EACH, 1, 1);
    profiled_free(&profiled);
  }
}

Test(slots, a_chunk_of_which_nothing_is_left_is_missed_by_its_sequence) {
  struct trace_writer *writer = busy_lanes(2);
  writer_finish(writer);
  writer_zero(writer, writer_chunk_offset(writer, 1, 3), TRACE_SLOT);
  struct profiled profiled = profiled_as_is(writer);
  assert_lost(&profiled, (2 * CHUNKS - 1) * EACH, 0, 1);
  profiled_free(&profiled);
}

Test(slots, a_lane_of_which_nothing_is_left_is_missed_by_its_number) {
  struct trace_writer *writer = busy_lanes(3);
  writer_finish(writer);
  writer_zero(writer, writer_window_offset(writer, 2), TRACE_LANE_SLOTS * TRACE_SLOT);
  for (uint32_t sequence = 1; sequence < CHUNKS; sequence++)
    writer_zero(writer, writer_chunk_offset(writer, 2, sequence), TRACE_SLOT);
  struct profiled profiled = profiled_as_is(writer);
  assert_lost(&profiled, 2 * CHUNKS * EACH, 0, 1);
  profiled_free(&profiled);
}

Test(slots, a_torn_open_chunk_is_left_out) {
  struct trace_writer *writer = busy_lanes(2);
  writer_finish(writer);
  writer_flip(writer, writer_chunk_offset(writer, 1, CHUNKS) + sizeof(struct trace_chunk) + 5, 1);
  struct profiled profiled = profiled_as_is(writer);
  assert_lost(&profiled, (2 * CHUNKS - 1) * EACH, 1, 0);
  profiled_free(&profiled);
}

Test(slots, a_damaged_state_word_is_not_believed) {
  for (unsigned byte = 0; byte < 8; byte++) {
    struct trace_writer *writer = busy_lanes(1);
    writer_finish(writer);
    writer_flip(writer, writer_window_offset(writer, 1) + offsetof(struct trace_lane, state) + byte,
                0x10);
    struct profiled profiled = profiled_as_is(writer);
    assert_lost(&profiled, (CHUNKS - 1) * EACH, 1, 0);
    profiled_free(&profiled);
  }
}

Test(slots, a_lane_without_a_window_is_whole_when_the_recorder_says_so) {
  struct trace_writer *writer = writer_new();
  writer_lane(writer);
  uint32_t lane = writer_lane_without_window(writer);
  writer_birth(writer, lane, 10, 0xa000, 1, 0);
  writer_seal(writer, lane);
  writer_control(writer)->unprotected_lanes = 1;
  struct profiled profiled = profiled_trace(writer);
  cr_assert_eq(profiled.profile->births, 1);
  cr_assert_eq(profiled.info->missing.lost_chunks, 0);
  cr_assert_eq(profiled.info->missing.unprotected_lanes, 1);
  profiled_free(&profiled);
}

Test(slots, a_window_that_is_gone_is_missed) {
  struct trace_writer *writer = busy_lanes(1);
  writer_finish(writer);
  writer_zero(writer, writer_window_offset(writer, 1), TRACE_LANE_SLOTS * TRACE_SLOT);
  struct profiled profiled = profiled_as_is(writer);
  assert_lost(&profiled, (CHUNKS - 1) * EACH, 0, 1);
  profiled_free(&profiled);
}

Test(slots, events_that_the_recorder_dropped_make_a_trace_incomplete) {
  struct trace_writer *writer = busy_lanes(2);
  writer_lane_counts(writer, 1, 3, 5);
  writer_control(writer)->dropped = 40;
  writer_control(writer)->skipped = 200;
  struct profiled profiled = profiled_trace(writer);
  cr_assert_eq(profiled.info->missing.dropped_events, 43);
  cr_assert_eq(profiled.info->missing.skipped_events, 205);
  cr_assert_not(profiled.info->complete);
  profiled_free(&profiled);
}

Test(slots, holes_are_no_damage) {
  struct trace_writer *writer = busy_lanes(1);
  writer_finish(writer);
  writer_cut(writer, writer_size(writer) + 5 * TRACE_SLOT); /* grows it by nothing but zeros */
  struct profiled profiled = profiled_as_is(writer);
  assert_lost(&profiled, CHUNKS * EACH, 0, 0);
  profiled_free(&profiled);
}

Test(slots, a_file_cut_anywhere_is_known_to_be_cut) {
  uint64_t size, cuts = 0;
  struct trace_writer *whole = busy_lanes(2);
  writer_finish(whole);
  size = writer_size(whole);
  writer_free(whole);
  for (uint64_t at = TRACE_SLOT; at < size; at += at % TRACE_SLOT ? TRACE_SLOT - 1000 : 1000) {
    struct trace_writer *writer = busy_lanes(2);
    writer_finish(writer);
    writer_cut(writer, at);
    struct profiled profiled = profiled_as_is(writer);
    cr_assert_not(profiled.info->complete, "cut at %lu", at);
    cr_assert_gt(profiled.info->missing.lost_chunks, 0, "cut at %lu", at);
    cr_assert_eq(profiled.info->missing.cut_bytes, at % TRACE_SLOT);
    cr_assert(profiled.profile->check.agree);
    profiled_free(&profiled);
    cuts++;
  }
  cr_assert_geq(cuts, 2 * (size / TRACE_SLOT) - 3);
}
