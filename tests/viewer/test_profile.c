/* test_profile.c - hand-written traces with exact expected figures. A tick is a nanosecond. */
#include <criterion/criterion.h>

#include "profiled.h"

/* A trace with nodes 1..9, one lane, thread 1 "main". */
static struct trace_writer *begin(void) {
  struct trace_writer *writer = writer_new();
  writer_lane(writer);
  writer_thread(writer, 1, 0, 1, 100, "main");
  for (uint32_t id = 1; id < 10; id++)
    writer_node(writer, 1, id, 0, 0, 0x1000 + id);
  return writer;
}

/* A second lane, of another thread. */
static uint32_t second_thread(struct trace_writer *writer, uint32_t thread, const char *name) {
  uint32_t lane = writer_lane(writer);
  writer_thread(writer, lane, 0, thread, 100 + thread, name);
  return lane;
}

Test(profile, a_block_is_held_from_birth_to_death) {
  struct trace_writer *writer = begin();
  writer_birth(writer, 1, 1000, 0xa000, 64, 1);
  writer_death(writer, 1, 3000, 0xa000, 2);
  struct profiled profiled = profiled_end(writer, 5000);
  const struct profile *profile = profiled.profile;
  assert_sound(&profiled);
  cr_assert_eq(profile->births, 1);
  cr_assert_eq(profile->deaths, 1);
  cr_assert_eq(profile->birth_bytes, 64);
  cr_assert_eq(profile->death_bytes, 64);
  cr_assert_eq(profile->events, 2);
  assert_figure(profile->total, 1, 64);
  assert_figure(profile->peak, 1, 64);
  assert_figure(profile->at_end, 0, 0);
  cr_assert_eq(profile->peak_time_ns, 1000);
  cr_assert_eq(profile->duration_ns, 5000);
  cr_assert_float_eq(profile->held_byte_seconds, 64 * 2000e-9, 1e-15);
  cr_assert_eq(profile->site_count, 1);
  const struct site *site = profiled_site(&profiled, 1);
  cr_assert_eq(site->stack, 1);
  cr_assert_eq(site->births, 1);
  cr_assert_eq(site->deaths, 1);
  cr_assert_eq(site->handoffs, 0);
  cr_assert_eq(site->first_birth_ns, 1000);
  cr_assert_eq(site->last_birth_ns, 1000);
  cr_assert_eq(site->lifetimes.count, 1);
  cr_assert_eq(site->lifetime_max_ns, 2000);
  cr_assert_float_eq(site->lifetime_sum_ns, 2000, 1e-6);
  cr_assert_eq(site->birth_threads.count, 1);
  cr_assert_str_eq(trace_file_thread_name(profiled.file, site->birth_threads.of[0].id), "main");
  cr_assert_eq(site->death_stacks.count, 1);
  cr_assert_eq(site->death_stacks.of[0].id, 2);
  profiled_free(&profiled);
}

Test(profile, a_block_never_freed_lives_to_the_end_of_the_run) {
  struct trace_writer *writer = begin();
  writer_birth(writer, 1, 1000, 0xa000, 10, 1);
  struct profiled profiled = profiled_end(writer, 8000);
  const struct site *site = profiled_site(&profiled, 1);
  assert_sound(&profiled);
  assert_figure(profiled.profile->at_end, 1, 10);
  assert_figure(site->at_end, 1, 10);
  cr_assert_eq(site->deaths, 0);
  cr_assert_eq(site->lifetimes.count, 1);
  cr_assert_eq(site->lifetime_max_ns, 7000);
  cr_assert_float_eq(site->held_byte_seconds, 10 * 7000e-9, 1e-15);
  profiled_free(&profiled);
}

Test(profile, a_request_of_nothing_counts_one_byte) {
  struct trace_writer *writer = begin();
  writer_birth(writer, 1, 1000, 0xa000, 0, 1);
  struct profiled profiled = profiled_end(writer, 2000);
  assert_sound(&profiled);
  assert_figure(profiled.profile->total, 1, 1);
  assert_figure(profiled.profile->peak, 1, 1);
  profiled_free(&profiled);
}

Test(profile, realloc_goes_on_with_the_same_life) {
  struct trace_writer *writer = begin();
  writer_birth(writer, 1, 1000, 0xa000, 100, 1);
  writer_realloc(writer, 1, 2000, 2500, 0xa000, 0xb000, 300, 3);
  writer_death(writer, 1, 4000, 0xb000, 2);
  struct profiled profiled = profiled_end(writer, 5000);
  const struct profile *profile = profiled.profile;
  const struct site *site = profiled_site(&profiled, 1);
  assert_sound(&profiled);
  cr_assert_eq(profile->site_count, 1);
  cr_assert_eq(profile->births, 1);
  cr_assert_eq(profile->reallocations, 1);
  cr_assert_eq(profile->deaths, 1);
  cr_assert_eq(profile->events, 3);
  cr_assert_eq(profile->realloc_bytes_grown, 200);
  cr_assert_eq(profile->realloc_bytes_shrunk, 0);
  cr_assert_eq(profile->death_bytes, 300);
  assert_figure(profile->total, 2, 400);
  assert_figure(profile->peak, 1, 300);
  assert_figure(site->total, 2, 400);
  cr_assert_eq(profile->peak_time_ns, 2500);
  cr_assert_eq(site->lifetimes.count, 1);
  cr_assert_eq(site->lifetime_max_ns, 3000);
  /* the old bytes count until the call returns */
  cr_assert_float_eq(profile->held_byte_seconds, (100 * 1500 + 300 * 1500) * 1e-9, 1e-15);
  cr_assert_eq(site->resize_stacks.count, 1);
  cr_assert_eq(site->resize_stacks.of[0].id, 3);
  cr_assert_eq(site->resize_stacks.of[0].bytes, 300);
  profiled_free(&profiled);
}

Test(profile, a_shrinking_realloc_is_held_by_each_size_for_its_time) {
  struct trace_writer *writer = begin();
  writer_birth(writer, 1, 1000, 0xa000, 300, 1);
  writer_realloc(writer, 1, 2000, 2000, 0xa000, 0xa000, 100, 3);
  struct profiled profiled = profiled_end(writer, 4000);
  assert_sound(&profiled);
  cr_assert_eq(profiled.profile->realloc_bytes_shrunk, 200);
  assert_figure(profiled.profile->total, 2, 400);
  assert_figure(profiled.profile->peak, 1, 300);
  assert_figure(profiled.profile->at_end, 1, 100);
  cr_assert_float_eq(profiled.profile->held_byte_seconds, (300 * 1000 + 100 * 2000) * 1e-9, 1e-15);
  profiled_free(&profiled);
}

Test(profile, while_a_realloc_is_on_its_way_its_old_address_may_be_given_out) {
  struct trace_writer *writer = begin();
  uint32_t other = second_thread(writer, 2, "other");
  writer_birth(writer, 1, 1000, 0xa000, 100, 1);
  writer_realloc(writer, 1, 2000, 4000, 0xa000, 0xb000, 200, 1);
  writer_birth(writer, other, 3000, 0xa000, 50, 2);
  writer_death(writer, other, 6000, 0xa000, 2);
  writer_death(writer, 1, 7000, 0xb000, 1);
  struct profiled profiled = profiled_end(writer, 8000);
  assert_sound(&profiled);
  cr_assert_eq(profiled.profile->order_violations, 0);
  cr_assert_eq(profiled.profile->unmatched_deaths, 0);
  assert_figure(profiled.profile->peak, 2, 250);
  cr_assert_eq(profiled_site(&profiled, 1)->lifetime_max_ns, 6000);
  cr_assert_eq(profiled_site(&profiled, 2)->lifetime_max_ns, 3000);
  cr_assert_float_eq(profiled.profile->held_byte_seconds,
                     (100 * 3000 + 200 * 3000 + 50 * 3000) * 1e-9, 1e-15);
  profiled_free(&profiled);
}

Test(profile, free_in_another_thread_is_a_hand_off) {
  struct trace_writer *writer = begin();
  uint32_t other = second_thread(writer, 2, "background");
  writer_birth(writer, 1, 1000, 0xa000, 64, 1);
  writer_birth(writer, 1, 1100, 0xb000, 64, 1);
  writer_death(writer, other, 3000, 0xa000, 2);
  writer_death(writer, 1, 3000, 0xb000, 2);
  struct profiled profiled = profiled_end(writer, 5000);
  const struct site *site = profiled_site(&profiled, 1);
  assert_sound(&profiled);
  cr_assert_eq(site->handoffs, 1);
  cr_assert_eq(site->death_threads.count, 2);
  const char *names[2] = {trace_file_thread_name(profiled.file, site->death_threads.of[0].id),
                          trace_file_thread_name(profiled.file, site->death_threads.of[1].id)};
  cr_assert(strcmp(names[0], names[1]) != 0);
  profiled_free(&profiled);
}

Test(profile, threads_of_one_name_share_it_but_hand_over_to_each_other) {
  struct trace_writer *writer = begin();
  uint32_t first = second_thread(writer, 2, "worker"), second = second_thread(writer, 3, "worker");
  writer_birth(writer, first, 1000, 0xa000, 64, 1);
  writer_birth(writer, second, 1500, 0xb000, 36, 1);
  writer_death(writer, second, 3000, 0xa000, 2);
  writer_death(writer, second, 3000, 0xb000, 2);
  struct profiled profiled = profiled_end(writer, 5000);
  const struct site *site = profiled_site(&profiled, 1);
  assert_sound(&profiled);
  cr_assert_eq(site->handoffs, 1);
  cr_assert_eq(site->birth_threads.count, 1);
  cr_assert_eq(site->birth_threads.of[0].blocks, 2);
  cr_assert_eq(site->birth_threads.of[0].bytes, 100);
  cr_assert_str_eq(trace_file_thread_name(profiled.file, site->birth_threads.of[0].id), "worker");
  cr_assert_eq(site->death_threads.count, 1);
  profiled_free(&profiled);
}

Test(profile, a_thread_is_known_by_its_last_name_wherever_it_was_set) {
  struct trace_writer *writer = begin();
  uint32_t other = second_thread(writer, 2, "early");
  writer_birth(writer, other, 1000, 0xa000, 64, 1);
  writer_thread_name(writer, other, 1500, 2, "between");
  writer_thread_name(writer, 1, 2000, 2, "last");
  struct profiled profiled = profiled_end(writer, 5000);
  const struct site *site = profiled_site(&profiled, 1);
  cr_assert_str_eq(trace_file_thread_name(profiled.file, site->birth_threads.of[0].id), "last");
  profiled_free(&profiled);
}

Test(profile, a_lane_serves_one_thread_after_another) {
  struct trace_writer *writer = begin();
  writer_birth(writer, 1, 1000, 0xa000, 64, 1);
  writer_thread_end(writer, 1, 2000, 1);
  writer_thread(writer, 1, 3000, 2, 102, "");
  writer_death(writer, 1, 4000, 0xa000, 1);
  writer_seal(writer, 1);
  writer_birth(writer, 1, 5000, 0xb000, 64, 2);
  struct profiled profiled = profiled_end(writer, 9000);
  const struct site *site = profiled_site(&profiled, 1);
  assert_sound(&profiled);
  cr_assert_eq(site->handoffs, 1);
  cr_assert_str_eq(trace_file_thread_name(profiled.file, site->birth_threads.of[0].id), "main");
  cr_assert_str_eq(trace_file_thread_name(profiled.file, site->death_threads.of[0].id), "?");
  const struct site *later = profiled_site(&profiled, 2);
  cr_assert_str_eq(trace_file_thread_name(profiled.file, later->birth_threads.of[0].id), "?");
  profiled_free(&profiled);
}

Test(profile, the_peak_is_that_of_all_sites_together) {
  struct trace_writer *writer = begin();
  writer_birth(writer, 1, 1000, 0xa000, 100, 1); /* site 1 alone has its own maximum here: 150 */
  writer_birth(writer, 1, 1100, 0xb000, 50, 1);
  writer_death(writer, 1, 1200, 0xb000, 9);
  writer_birth(writer, 1, 1300, 0xc000, 70, 2); /* the peak: 100 + 70 */
  writer_death(writer, 1, 1400, 0xa000, 9);
  writer_birth(writer, 1, 1500, 0xd000, 20, 3);
  struct profiled profiled = profiled_end(writer, 2000);
  assert_sound(&profiled);
  assert_figure(profiled.profile->peak, 2, 170);
  cr_assert_eq(profiled.profile->peak_time_ns, 1300);
  assert_figure(profiled_site(&profiled, 1)->max, 2, 150);
  assert_figure(profiled_site(&profiled, 1)->at_peak, 1, 100);
  assert_figure(profiled_site(&profiled, 2)->at_peak, 1, 70);
  assert_figure(profiled_site(&profiled, 3)->at_peak, 0, 0);
  assert_figure(profiled_site(&profiled, 3)->max, 1, 20);
  profiled_free(&profiled);
}

Test(profile, of_equal_peaks_the_latest_counts) {
  struct trace_writer *writer = begin();
  writer_birth(writer, 1, 1000, 0xa000, 100, 1);
  writer_death(writer, 1, 1100, 0xa000, 9);
  writer_birth(writer, 1, 1200, 0xa000, 40, 2);
  writer_birth(writer, 1, 1300, 0xb000, 60, 2);
  writer_death(writer, 1, 1400, 0xa000, 9);
  struct profiled profiled = profiled_end(writer, 2000);
  assert_sound(&profiled);
  assert_figure(profiled.profile->peak, 2, 100);
  cr_assert_eq(profiled.profile->peak_time_ns, 1300);
  assert_figure(profiled_site(&profiled, 1)->at_peak, 0, 0);
  assert_figure(profiled_site(&profiled, 2)->at_peak, 2, 100);
  profiled_free(&profiled);
}

Test(profile, realloc_of_an_unknown_block_begins_a_life_of_its_own) {
  struct trace_writer *writer = begin();
  writer_realloc(writer, 1, 1000, 1500, 0xa000, 0xb000, 30, 4);
  writer_death(writer, 1, 2500, 0xb000, 1);
  writer_death(writer, 1, 2600, 0xc000, 1);
  writer_head(writer)->flags |= TRACE_FORKED;
  struct profiled profiled = profiled_end(writer, 4000);
  const struct profile *profile = profiled.profile;
  assert_sound(&profiled);
  cr_assert_eq(profile->unmatched_deaths, 2);
  cr_assert_eq(profile->births, 1);
  cr_assert_eq(profile->reallocations, 0);
  cr_assert_eq(profile->deaths, 1);
  assert_figure(profile->total, 1, 30);
  cr_assert_eq(profiled_site(&profiled, 4)->lifetime_max_ns, 1000);
  profiled_free(&profiled);
}

Test(profile, a_death_without_a_birth_makes_a_trace_incomplete_unless_it_was_forked) {
  struct trace_writer *writer = begin();
  writer_death(writer, 1, 2600, 0xc000, 1);
  struct profiled profiled = profiled_end(writer, 4000);
  cr_assert_eq(profiled.info->missing.missing_births, 1);
  cr_assert_not(profiled.info->complete);
  profiled_free(&profiled);
}

Test(profile, a_birth_at_a_taken_address_closes_the_old_block) {
  struct trace_writer *writer = begin();
  writer_birth(writer, 1, 1000, 0xa000, 100, 1);
  writer_birth(writer, 1, 3000, 0xa000, 40, 2);
  struct profiled profiled = profiled_end(writer, 4000);
  const struct profile *profile = profiled.profile;
  cr_assert(profile->check.agree);
  cr_assert_not(profiled.info->complete);
  cr_assert_eq(profile->order_violations, 1);
  cr_assert_eq(profile->births,
               profile->deaths + profile->order_violations + profile->at_end.blocks);
  assert_figure(profile->at_end, 1, 40);
  assert_figure(profile->peak, 1, 100);
  cr_assert_eq(profiled_site(&profiled, 1)->lifetime_max_ns, 2000);
  cr_assert_float_eq(profile->held_byte_seconds, (100 * 2000 + 40 * 1000) * 1e-9, 1e-15);
  profiled_free(&profiled);
}

Test(profile, the_run_lasts_to_its_last_event_even_if_the_end_was_told_earlier) {
  struct trace_writer *writer = begin();
  uint32_t other = second_thread(writer, 2, "other");
  writer_birth(writer, 1, 1000, 0xa000, 100, 1);
  writer_realloc(writer, 1, 2000, 9000, 0xa000, 0xb000, 200, 1);
  writer_birth(writer, other, 3000, 0xa000, 50, 2);
  struct profiled profiled = profiled_end(writer, 4000); /* the last event is later than the end */
  assert_sound(&profiled);
  cr_assert_eq(profiled.profile->duration_ns, 9000);
  assert_figure(profiled.profile->at_end, 2, 250);
  profiled_free(&profiled);
}

Test(profile, a_site_that_is_not_there_is_not_found) {
  struct trace_writer *writer = begin();
  writer_birth(writer, 1, 1000, 0xa000, 100, 1);
  struct profiled profiled = profiled_end(writer, 4000);
  cr_assert_eq(profile_find_site(profiled.profile, 2), SIZE_MAX);
  cr_assert_eq(profile_find_site(profiled.profile, UINT32_MAX), SIZE_MAX);
  cr_assert_eq(profile_find_site(profiled.profile, 1), 0);
  profiled_free(&profiled);
}
