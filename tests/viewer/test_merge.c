/* test_merge.c - lanes in one order of time: late births, early deaths, borrowed addresses. */
#include <criterion/criterion.h>

#include "profiled.h"
#include "viewer/lane_events.h"

static struct trace_writer *lanes(uint32_t count) {
  struct trace_writer *writer = writer_new();
  for (uint32_t lane = 1; lane <= count; lane++) {
    writer_lane(writer);
    writer_thread(writer, lane, 0, lane, lane, "thread");
    for (uint32_t id = 1; lane == 1 && id < 5; id++)
      writer_node(writer, 1, id, 0, 0, id);
  }
  return writer;
}

static void assert_all_paired(const struct profiled *profiled, uint64_t births) {
  cr_assert_eq(profiled->profile->births, births);
  cr_assert_eq(profiled->profile->deaths, births);
  cr_assert_eq(profiled->profile->unmatched_deaths, 0);
  cr_assert_eq(profiled->profile->order_violations, 0);
  cr_assert_eq(profiled->info->missing.late_events, 0);
  cr_assert(profiled->profile->check.agree);
  cr_assert(profiled->info->complete);
}

Test(merge, a_death_stands_before_its_birth_in_the_file) {
  struct trace_writer *writer = lanes(2);
  writer_death(writer, 1, 5000, 0xa000, 1);
  writer_seal(writer, 1);
  writer_birth(writer, 2, 2000, 0xa000, 64, 1);
  writer_seal(writer, 2);
  writer_exit(writer, 9000, 0);
  struct profiled profiled = profiled_trace(writer);
  assert_all_paired(&profiled, 1);
  cr_assert_eq(profiled_site(&profiled, 1)->lifetime_max_ns, 3000);
  cr_assert_eq(profiled_site(&profiled, 1)->handoffs, 1);
  profiled_free(&profiled);
}

Test(merge, an_idle_lanes_birth_comes_at_the_very_end) {
  struct trace_writer *writer = lanes(2);
  writer_birth(writer, 2, 100, 0x9000, 8, 2); /* never sealed */
  for (uint64_t i = 0; i < 20000; i++) {
    writer_birth(writer, 1, 1000 + 10 * i, 0xa000, 64, 1);
    writer_death(writer, 1, 1005 + 10 * i, 0xa000, 1);
  }
  writer_death(writer, 1, 300000, 0x9000, 1);
  writer_exit(writer, 400000, 0);
  struct profiled profiled = profiled_trace(writer);
  cr_assert_gt(writer_chunk_offset(writer, 1, 3), 0, "several chunks are meant");
  assert_all_paired(&profiled, 20001);
  cr_assert_eq(profiled_site(&profiled, 2)->lifetime_max_ns, 299900);
  cr_assert_eq(profiled.profile->peak.bytes, 72);
  profiled_free(&profiled);
}

Test(merge, an_address_is_reused_by_a_third_thread) {
  struct trace_writer *writer = lanes(3);
  writer_birth(writer, 1, 1000, 0xa000, 10, 1);
  writer_birth(writer, 1, 5000, 0xa000, 40, 1);
  writer_death(writer, 2, 2000, 0xa000, 2);
  writer_death(writer, 2, 6000, 0xa000, 2);
  writer_birth(writer, 3, 3000, 0xa000, 20, 3);
  writer_death(writer, 3, 4000, 0xa000, 3);
  writer_exit(writer, 9000, 0);
  struct profiled profiled = profiled_trace(writer);
  assert_all_paired(&profiled, 3);
  cr_assert_eq(profiled_site(&profiled, 1)->handoffs, 2);
  cr_assert_eq(profiled_site(&profiled, 3)->handoffs, 0);
  cr_assert_float_eq(profiled.profile->held_byte_seconds, (10 + 20 + 40) * 1000e-9, 1e-15);
  profiled_free(&profiled);
}

Test(merge, at_one_moment_an_address_is_given_back_before_it_is_given_out) {
  struct trace_writer *writer = lanes(2);
  writer_birth(writer, 1, 1000, 0xa000, 10, 1); /* lane 1 sorts first, but its birth must wait */
  writer_birth(writer, 1, 2000, 0xa000, 20, 1);
  writer_death(writer, 2, 2000, 0xa000, 2);
  writer_death(writer, 2, 3000, 0xa000, 2);
  writer_exit(writer, 9000, 0);
  struct profiled profiled = profiled_trace(writer);
  assert_all_paired(&profiled, 2);
  profiled_free(&profiled);
}

Test(merge, at_one_moment_a_lane_keeps_its_own_order) {
  struct trace_writer *writer = lanes(1);
  writer_birth(writer, 1, 1000, 0xa000, 10, 1);
  writer_death(writer, 1, 1000, 0xa000, 1);
  writer_birth(writer, 1, 1000, 0xa000, 20, 1);
  writer_death(writer, 1, 1000, 0xa000, 1);
  writer_exit(writer, 9000, 0);
  struct profiled profiled = profiled_trace(writer);
  assert_all_paired(&profiled, 2);
  cr_assert_eq(profiled.profile->peak.bytes, 20);
  profiled_free(&profiled);
}

/* As a recorder that folds writes: deaths at once, births up to 1000 ticks late, in the next chunk
 * too; each chunk's floor says so. */
Test(merge, births_written_late_are_put_right_over_chunk_borders) {
  enum { BLOCKS = 30000, LATE = 90 };
  struct trace_writer *writer = lanes(2);
  for (uint64_t i = 0; i < BLOCKS + LATE; i++) {
    if (i < BLOCKS) writer_death(writer, 2, 10 * i + 8, 0x1000 + 16 * i, 2);
    if (i >= LATE) writer_birth(writer, 1, 10 * (i - LATE) + 3, 0x1000 + 16 * (i - LATE), 32, 1);
    if (i < BLOCKS) writer_death(writer, 1, 10 * i + 9, 0x80000000 + 16 * i, 2);
    if (i < BLOCKS) writer_birth(writer, 2, 10 * i + 4, 0x80000000 + 16 * i, 32, 3);
    if (i % 500 == 0 && i > LATE) writer_seal_with_floor(writer, 1, 10 * (i - LATE) + 3);
    if (i % 700 == 0 && i > LATE) writer_seal_with_floor(writer, 2, 10 * i);
  }
  writer_exit(writer, 10 * BLOCKS, 0);
  struct profiled profiled = profiled_trace(writer);
  assert_all_paired(&profiled, 2 * BLOCKS);
  cr_assert_eq(profiled.profile->peak.blocks, 2);
  cr_assert_eq(profiled_site(&profiled, 1)->lifetime_max_ns, 5);
  cr_assert_eq(profiled_site(&profiled, 1)->handoffs, BLOCKS);
  cr_assert_float_eq(profiled.profile->held_byte_seconds, BLOCKS * 32 * (5 + 5) * 1e-9, 1e-12);
  profiled_free(&profiled);
}

Test(merge, an_event_older_than_promised_is_taken_as_of_now_and_counted) {
  struct trace_writer *writer = lanes(2);
  writer_birth(writer, 1, 1000, 0xa000, 10, 1);
  writer_death(writer, 1, 5000, 0xa000, 1);
  writer_seal_with_floor(writer, 1, 5000);
  writer_birth(writer, 1, 2000, 0xb000, 10, 1); /* 3000 older than the floor */
  writer_death(writer, 1, 7000, 0xb000, 1);
  writer_exit(writer, 9000, 0);
  struct profiled profiled = profiled_trace(writer);
  cr_assert_eq(profiled.info->missing.late_events, 1);
  cr_assert_not(profiled.info->complete);
  cr_assert(profiled.profile->check.agree);
  cr_assert_float_eq(profiled.profile->held_byte_seconds, 10 * (4000 + 2000) * 1e-9, 1e-15);
  profiled_free(&profiled);
}

Test(merge, a_floor_that_promises_nothing_costs_no_order) {
  struct trace_writer *writer = lanes(2);
  for (uint64_t i = 0; i < 3000; i++) {
    writer_birth(writer, 1, 10 * i, 0x1000 + 16 * i, 32, 1);
    writer_death(writer, 2, 10 * i + 5, 0x1000 + 16 * i, 2);
    if (i % 100 == 99) writer_seal_with_floor(writer, 1, 0);
  }
  writer_exit(writer, 30000, 0);
  struct profiled profiled = profiled_trace(writer);
  assert_all_paired(&profiled, 3000);
  cr_assert_eq(profiled.profile->peak.blocks, 1);
  profiled_free(&profiled);
}

Test(merge, sorting_keeps_the_order_of_equals) {
  enum { COUNT = 5000 };
  static struct event events[COUNT], scratch[COUNT];
  uint32_t state = 1;
  for (uint32_t i = 0; i < COUNT; i++) {
    state = state * 1664525 + 1013904223;
    events[i] = (struct event){.ticks = state >> 24, .address = i};
  }
  events_sort(events, COUNT, scratch);
  for (uint32_t i = 1; i < COUNT; i++) {
    cr_assert_leq(events[i - 1].ticks, events[i].ticks);
    if (events[i - 1].ticks == events[i].ticks)
      cr_assert_lt(events[i - 1].address, events[i].address);
  }
}
