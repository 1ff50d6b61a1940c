/* test_folding.c - blocks that died young: from records, cells and tables of young blocks to exact
 * figures; and each thing once, wherever the recorder was killed. A tick is a nanosecond. */
#include <criterion/criterion.h>

#include "profiled.h"

/* A folding trace with nodes 1..9 and one lane, of thread 1 "main". */
static struct trace_writer *begin(void) {
  struct trace_writer *writer = writer_new();
  writer_head(writer)->flags = 0;
  writer_head(writer)->fold_age_ticks = 1000000;
  writer_head(writer)->fold_bytes = 4096;
  writer_lane(writer);
  writer_thread(writer, 1, 0, 1, 100, "main");
  for (uint32_t id = 1; id < 10; id++)
    writer_node(writer, 1, id, 0, 0, 0x1000 + id);
  return writer;
}

/* Two blocks of site 1: 10 bytes for 100 ticks, none (1 byte) for 300. */
static struct writer_fold two_blocks(void) {
  struct writer_fold fold = {.stack = 1};
  writer_fold_life(&fold, 1000, 1100, 10);
  writer_fold_life(&fold, 1200, 1500, 0);
  return fold;
}

/* `longest`: what is certain of the longest life, of 256 to 319 if it was counted with others. */
static void assert_two_blocks(const struct profiled *profiled, uint64_t longest) {
  const struct profile *profile = profiled->profile;
  const struct site *site = profiled_site(profiled, 1);
  assert_sound(profiled);
  assert_figure(profile->folded, 2, 11);
  assert_figure(profile->total, 2, 11);
  assert_figure(profile->at_end, 0, 0);
  assert_figure(profile->peak, 0, 0);
  cr_assert_eq(profile->births, 2);
  cr_assert_eq(profile->deaths, 2);
  cr_assert_eq(profile->birth_bytes, 11);
  cr_assert_eq(profile->death_bytes, 11);
  cr_assert_float_eq(profile->held_byte_seconds, 1300e-9, 1e-15);
  cr_assert_float_eq(profile->check.held_by_curve, 1300e-9, 1e-15);
  assert_figure(site->folded, 2, 11);
  cr_assert_eq(site->births, 2);
  cr_assert_eq(site->deaths, 2);
  cr_assert_eq(site->handoffs, 0);
  assert_figure(site->total, 2, 11);
  assert_figure(site->at_peak, 0, 0);
  assert_figure(site->max, 0, 0);
  cr_assert_float_eq(site->held_byte_seconds, 1300e-9, 1e-15);
  cr_assert_float_eq(site->lifetime_sum_ns, 400, 1e-6);
  cr_assert_eq(site->lifetime_max_ns, longest);
  cr_assert_eq(site->lifetimes.count, 2);
  cr_assert_eq(site->first_birth_ns, 1000);
  cr_assert_eq(site->last_birth_ns, 1500);
  cr_assert_eq(site->birth_threads.count, 1);
  cr_assert_eq(site->birth_threads.of[0].blocks, 2);
  cr_assert_eq(site->death_threads.of[0].bytes, 11);
  cr_assert_str_eq(trace_file_thread_name(profiled->file, site->death_threads.of[0].id), "main");
  cr_assert_eq(site->death_stacks.count, 0);
}

Test(folding, a_record_of_folded_blocks_adds_to_its_site_and_to_the_whole) {
  struct trace_writer *writer = begin();
  struct writer_fold fold = two_blocks();
  writer_fold(writer, 1, &fold);
  struct profiled profiled = profiled_end(writer, 5000);
  assert_two_blocks(&profiled, 256);
  profiled_free(&profiled);
}

Test(folding, lives_one_by_one_say_the_same_as_a_record_of_several) {
  struct trace_writer *writer = begin();
  writer_life(writer, 1, 1000, 1100, 10, 1);
  writer_life(writer, 1, 1200, 1500, 0, 1);
  struct profiled profiled = profiled_end(writer, 5000);
  assert_two_blocks(&profiled, 300); /* each is known to the tick */
  profiled_free(&profiled);
}

Test(folding, a_cell_says_the_same_as_a_record, .timeout = 60) {
  static const uint32_t numbers[] = {0, TRACE_LANE_CELLS - 1, TRACE_LANE_CELLS,
                                     TRACE_LANE_CELLS + TRACE_MORE_CELLS - 1,
                                     TRACE_LANE_CELLS + 3 * TRACE_MORE_CELLS + 5};
  for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
    struct trace_writer *writer = begin();
    struct writer_fold fold = two_blocks();
    writer_cell(writer, 1, numbers[i], &fold);
    struct profiled profiled = profiled_end(writer, 5000);
    assert_two_blocks(&profiled, 256);
    profiled_free(&profiled);
  }
}

Test(folding, folds_join_with_each_other_and_with_blocks_that_were_written) {
  struct trace_writer *writer = begin();
  struct writer_fold fold = two_blocks(), other = {.stack = 1}, elsewhere = {.stack = 4};
  writer_fold_life(&other, 1600, 1605, 7);
  writer_fold_life(&elsewhere, 1700, 1800, 3);
  writer_fold(writer, 1, &fold);
  writer_birth(writer, 1, 500, 0xa000, 64, 1);
  writer_seal(writer, 1);
  writer_fold(writer, 1, &other);
  writer_death(writer, 1, 4000, 0xa000, 2);
  writer_cell(writer, 1, 3, &elsewhere);
  struct profiled profiled = profiled_end(writer, 5000);
  const struct profile *profile = profiled.profile;
  const struct site *site = profiled_site(&profiled, 1);
  assert_sound(&profiled);
  cr_assert_eq(profile->site_count, 2);
  assert_figure(profile->folded, 4, 21);
  assert_figure(profile->total, 5, 85);
  assert_figure(profile->peak, 1, 64);
  cr_assert_eq(profile->events, 2);
  assert_figure(site->folded, 3, 18);
  cr_assert_eq(site->births, 4);
  cr_assert_eq(site->deaths, 4);
  cr_assert_eq(site->lifetimes.count, 4);
  cr_assert_eq(site->lifetime_max_ns, 3500);
  cr_assert_eq(site->first_birth_ns, 500);
  cr_assert_float_eq(site->held_byte_seconds, (64 * 3500 + 1300 + 35) * 1e-9, 1e-15);
  cr_assert_eq(site->death_stacks.count, 1);
  cr_assert_eq(site->death_stacks.of[0].blocks, 1);
  cr_assert_eq(profiled_site(&profiled, 4)->folded.blocks, 1);
  profiled_free(&profiled);
}

Test(folding, the_thread_is_the_one_that_the_lane_served_then) {
  struct trace_writer *writer = begin();
  struct writer_fold fold = two_blocks(), later = {.stack = 2};
  writer_fold(writer, 1, &fold);
  writer_thread(writer, 1, 2000, 2, 101, "second");
  writer_fold_life(&later, 2500, 2600, 5);
  writer_cell(writer, 1, 0, &later);
  writer_young(writer, 1, 0, 2700, 0xa000, 8, 3);
  struct profiled profiled = profiled_end(writer, 5000);
  static const char *const names[] = {"main", "second", "second"};
  for (uint32_t stack = 1; stack <= 3; stack++) {
    const struct shares *threads = &profiled_site(&profiled, stack)->birth_threads;
    cr_assert_eq(threads->count, 1);
    cr_assert_str_eq(trace_file_thread_name(profiled.file, threads->of[0].id), names[stack - 1]);
  }
  profiled_free(&profiled);
}

Test(folding, a_histogram_puts_folded_lives_in_the_middle_of_their_bucket) {
  struct trace_writer *writer = begin();
  struct writer_fold fold = {.stack = 1};
  for (uint64_t i = 0; i < 99; i++)
    writer_fold_life(&fold, 1000 + i, 2100 + i, 8); /* 1100: of 1024 to 1279 */
  writer_fold_life(&fold, 3000, 3010, 8);           /* of 0 to 63 */
  writer_fold(writer, 1, &fold);
  struct profiled profiled = profiled_end(writer, 5000);
  const struct site *site = profiled_site(&profiled, 1);
  uint64_t p50 = histogram_percentile(&site->lifetimes, 0.5);
  cr_assert(p50 >= 1130 && p50 <= 1170, "%lu", p50);
  cr_assert_leq(histogram_percentile(&site->lifetimes, 0.01), 40);
  cr_assert_eq(site->lifetime_max_ns, 1089); /* the mean: longer than 1024, and certain */
  profiled_free(&profiled);
}

Test(folding, a_timeline_spreads_folded_blocks_over_their_span) {
  struct trace_writer *writer = begin();
  struct writer_fold fold = {.stack = 1};
  struct timeline timeline = {.stack = 1};
  for (uint64_t i = 0; i < 40; i++) /* 4 parts of 100 ns, 10 blocks each, one alive at a time */
    writer_fold_life(&fold, 1000 + 10 * i, 1010 + 10 * i, 6);
  writer_fold(writer, 1, &fold);
  writer_exit(writer, 6400, 0);
  writer_finish(writer);
  struct trace_file *file;
  struct profile *profile;
  char message[512];
  cr_assert_eq(trace_file_open(writer_path(writer), &file, message), 0);
  cr_assert_eq(trace_file_profile(file, &profile, &timeline, NULL, NULL), 0);
  for (int part = 0; part < TIMELINE_BUCKETS; part++) {
    bool in = part >= 10 && part < 14;
    cr_assert_float_eq(timeline.births[part], in ? 10 : 0, 1e-9, "%d", part);
    cr_assert_float_eq(timeline.deaths[part], in ? 10 : 0, 1e-9);
    cr_assert_float_eq(timeline.mean_bytes[part], in ? 6 : 0, 1e-9);
    cr_assert_float_eq(timeline.mean_blocks[part], in ? 1 : 0, 1e-9);
  }
  profile_free(profile);
  trace_file_close(file);
  writer_free(writer);
}

Test(folding, what_folding_hides_of_the_peak_is_bounded) {
  struct trace_writer *writer = begin();
  struct writer_fold fold = {.stack = 1};
  for (uint64_t i = 0; i < 100; i++)
    writer_fold_life(&fold, 1000 + i, 1500 + i, 10);
  writer_fold(writer, 1, &fold);
  uint32_t other = writer_lane(writer);
  for (uint32_t lane = 1; lane <= other; lane++) {
    writer_lane_control(writer, lane)->young_bytes_max = 300 * lane;
    writer_lane_control(writer, lane)->young_blocks_max = 30 * lane;
  }
  struct profiled profiled = profiled_end(writer, 5000);
  assert_figure(profiled.profile->peak_uncertainty, 90, 900);
  profiled_free(&profiled);

  writer = begin(); /* nothing was folded: all is certain */
  writer_lane_control(writer, 1)->young_bytes_max = 300;
  profiled = profiled_end(writer, 5000);
  assert_figure(profiled.profile->peak_uncertainty, 0, 0);
  profiled_free(&profiled);
}

/* ---- young blocks ----------------------------------------------------------------------- */

Test(folding, young_blocks_are_births_of_their_own_time) {
  struct trace_writer *writer = begin();
  writer_death(writer, 1, 3000, 0xb000,
               2); /* freed by another thread's word, before it was written */
  writer_more_young(writer, 1, 2);
  writer_young(writer, 1, 0, 1000, 0xa000, 0, 1);
  writer_young(writer, 1, TRACE_LANE_YOUNG - 1, 1500, 0xb000, 20, 1);
  writer_young(writer, 1, TRACE_LANE_YOUNG, 1600, 0xc000, 30, 2);
  writer_young(writer, 1, 3 * TRACE_LANE_YOUNG - 3, 1700, 0xd000, 40, 2); /* the very last place */
  struct profiled profiled = profiled_end(writer, 5000);
  const struct profile *profile = profiled.profile;
  assert_sound(&profiled);
  cr_assert_eq(profile->births, 4);
  cr_assert_eq(profile->deaths, 1);
  cr_assert_eq(profile->unmatched_deaths, 0);
  assert_figure(profile->at_end, 3, 71);
  assert_figure(profile->peak, 4, 91);
  cr_assert_eq(profile->peak_time_ns, 1700);
  cr_assert_eq(profiled_site(&profiled, 1)->lifetime_max_ns, 4000);
  cr_assert_float_eq(profile->held_byte_seconds,
                     (1 * 4000 + 20 * 1500 + 30 * 3400 + 40 * 3300) * 1e-9, 1e-15);
  profiled_free(&profiled);
}

Test(folding, young_blocks_of_a_lane_without_records_count) {
  struct trace_writer *writer = begin();
  uint32_t idle = writer_lane(writer);
  struct writer_fold fold = two_blocks();
  writer_young(writer, idle, 8, 1000, 0xa000, 5, 1);
  writer_cell(writer, idle, 8, &fold);
  writer_seal(writer, 1);
  writer_young(writer, 1, 8, 2000, 0xb000, 6, 1);
  struct profiled profiled = profiled_end(writer, 5000);
  assert_sound(&profiled);
  assert_figure(profiled.profile->at_end, 2, 11);
  assert_figure(profiled.profile->folded, 2, 11);
  profiled_free(&profiled);
}

Test(folding, young_blocks_wait_for_their_time_behind_sealed_chunks) {
  struct trace_writer *writer = begin();
  writer_birth(writer, 1, 1000, 0xa000, 10, 1);
  writer_death(writer, 1, 4000, 0xa000, 1);
  writer_seal_with_floor(writer, 1, 1500); /* allows for the young block */
  writer_young(writer, 1, 0, 2000, 0xb000, 100, 2);
  struct profiled profiled = profiled_end(writer, 5000);
  assert_sound(&profiled);
  cr_assert_eq(profiled.info->missing.late_events, 0);
  assert_figure(profiled.profile->peak, 2, 110);
  cr_assert_eq(profiled.profile->peak_time_ns, 2000);
  profiled_free(&profiled);
}

/* ---- killed between two stores ----------------------------------------------------------- */

Test(folding, a_young_block_that_was_just_written_counts_once) {
  for (int sealed = 0; sealed < 2; sealed++) {
    struct trace_writer *writer = begin();
    writer_birth(writer, 1, 1000, 0xa000, 10, 1);
    writer_birth(writer, 1, 2000, 0xb000, 20, 1);
    if (sealed) writer_seal_with_floor(writer, 1, 0);
    writer_young(writer, 1, 3, 2000, 0xb000, 20, 1); /* the last record */
    writer_young(writer, 1, 4, 2100, 0xc000, 40, 1);
    struct profiled profiled = profiled_end(writer, 5000);
    assert_sound(&profiled);
    cr_assert_eq(profiled.profile->order_violations, 0);
    assert_figure(profiled.profile->at_end, 3, 70);
    profiled_free(&profiled);
  }
}

Test(folding, an_address_born_again_is_not_the_block_that_was_written) {
  struct trace_writer *writer = begin();
  uint32_t other = writer_lane(writer);
  writer_birth(writer, 1, 1000, 0xa000, 10, 1);
  writer_death(writer, other, 1500, 0xa000, 1);
  writer_young(writer, 1, 3, 2000, 0xa000, 20, 1); /* the address of the last record, later */
  struct profiled profiled = profiled_end(writer, 5000);
  assert_sound(&profiled);
  cr_assert_eq(profiled.profile->births, 2);
  assert_figure(profiled.profile->at_end, 1, 20);
  profiled_free(&profiled);
}

Test(folding, a_block_in_both_tables_counts_once) {
  struct trace_writer *writer = begin();
  writer_more_young(writer, 1, 1);
  writer_young(writer, 1, 3, 2000, 0xb000, 20, 1);
  writer_young(writer, 1, TRACE_LANE_YOUNG + 9, 2000, 0xb000, 20, 1);
  struct profiled profiled = profiled_end(writer, 5000);
  assert_sound(&profiled);
  assert_figure(profiled.profile->at_end, 1, 20);
  profiled_free(&profiled);
}

Test(folding, a_young_block_that_was_just_folded_counts_once) {
  struct trace_writer *writer = begin();
  struct writer_fold fold = two_blocks();
  writer_cell(writer, 1, 9, &fold);
  writer_young(writer, 1, 3, fold.last_birth, 0xb000, 0, 1); /* the cell's last block */
  struct profiled profiled = profiled_end(writer, 5000);
  assert_two_blocks(&profiled, 256);
  profiled_free(&profiled);
}

Test(folding, a_young_block_whose_life_was_just_written_counts_once) {
  struct trace_writer *writer = begin();
  writer_life(writer, 1, 1000, 1100, 10, 1);
  writer_life(writer, 1, 1200, 1500, 0, 1);
  writer_young(writer, 1, 3, 1200, 0xb000, 0, 1); /* the last record's */
  struct profiled profiled = profiled_end(writer, 5000);
  assert_two_blocks(&profiled, 300);
  profiled_free(&profiled);

  writer = begin();
  writer_life(writer, 1, 1000, 1100, 10, 1);
  writer_life(writer, 1, 1200, 1500, 0, 1);
  writer_young(writer, 1, 3, 1200, 0xb000, 3, 2); /* of another site */
  writer_young(writer, 1, 4, 1000, 0xc000, 4, 1); /* not the last record's */
  profiled = profiled_end(writer, 5000);
  assert_figure(profiled.profile->folded, 2, 11);
  assert_figure(profiled.profile->at_end, 2, 7);
  profiled_free(&profiled);
}

Test(folding, only_its_own_sites_cell_tells_that_a_young_block_was_folded) {
  struct trace_writer *writer = begin();
  struct writer_fold fold = two_blocks();
  writer_cell(writer, 1, 9, &fold);
  writer_young(writer, 1, 3, fold.last_birth, 0xb000, 5, 2); /* of another site, at that time */
  writer_young(writer, 1, 4, 1000, 0xc000, 6, 1);            /* as old as the cell's first block */
  struct profiled profiled = profiled_end(writer, 5000);
  assert_sound(&profiled);
  assert_figure(profiled.profile->folded, 2, 11);
  assert_figure(profiled.profile->at_end, 2, 11);
  profiled_free(&profiled);
}

Test(folding, of_two_sums_the_one_committed_last_is_valid) {
  struct trace_writer *writer = begin();
  struct writer_fold fold = two_blocks();
  struct trace_cell *cell = writer_cell(writer, 1, 9, &fold);
  /* the sum of one block, and one of three that was not committed yet: its commit is an old one */
  cell->sums[1] = (struct trace_sum){TRACE_SUM(1, 7, 5), 999, 999, 999};
  struct profiled profiled = profiled_end(writer, 5000);
  assert_two_blocks(&profiled, 256);
  profiled_free(&profiled);
}

Test(folding, a_histogram_one_short_gets_the_last_bucket) {
  struct trace_writer *writer = begin();
  struct writer_fold fold = two_blocks();
  struct trace_cell *cell = writer_cell(writer, 1, 9, &fold);
  cell->counts[fold.last_bucket]--;
  struct profiled profiled = profiled_end(writer, 5000);
  assert_two_blocks(&profiled, 256);
  cr_assert_geq(histogram_percentile(&profiled_site(&profiled, 1)->lifetimes, 1), 256);
  profiled_free(&profiled);
}

Test(folding, a_cell_that_was_just_written_counts_once) {
  for (int more = 0; more < 2; more++) {
    struct trace_writer *writer = begin();
    struct writer_fold fold = two_blocks();
    uint32_t number = more ? TRACE_LANE_CELLS + 4 : 6;
    writer_fold(writer, 1, &fold);
    writer_cell(writer, 1, number, &fold);
    writer_lane_control(writer, 1)->flushing =
        TRACE_FLUSHING(number, writer_lane_sequence(writer, 1), writer_lane_used(writer, 1));
    struct profiled profiled = profiled_end(writer, 5000);
    assert_two_blocks(&profiled, 256);
    profiled_free(&profiled);
  }
}

Test(folding, a_cell_whose_record_was_not_committed_counts) {
  struct trace_writer *writer = begin();
  struct writer_fold fold = two_blocks();
  writer_cell(writer, 1, 6, &fold);
  writer_lane_control(writer, 1)->flushing =
      TRACE_FLUSHING(6, writer_lane_sequence(writer, 1), writer_lane_used(writer, 1) + 20);
  struct profiled profiled = profiled_end(writer, 5000);
  assert_two_blocks(&profiled, 256);
  profiled_free(&profiled);
}

Test(folding, a_cell_written_before_its_chunk_was_sealed_is_void_still) {
  struct trace_writer *writer = begin();
  struct writer_fold fold = two_blocks();
  writer_fold(writer, 1, &fold);
  writer_cell(writer, 1, 6, &fold);
  writer_lane_control(writer, 1)->flushing =
      TRACE_FLUSHING(6, writer_lane_sequence(writer, 1), writer_lane_used(writer, 1));
  writer_seal(writer, 1);
  struct profiled profiled = profiled_end(writer, 5000);
  assert_two_blocks(&profiled, 256);
  profiled_free(&profiled);
}

Test(folding, another_cell_than_the_one_just_written_counts) {
  struct trace_writer *writer = begin();
  struct writer_fold fold = two_blocks(), other = {.stack = 2};
  writer_fold(writer, 1, &fold);
  writer_fold_life(&other, 2000, 2010, 3);
  writer_cell(writer, 1, 7, &other);
  writer_lane_control(writer, 1)->flushing =
      TRACE_FLUSHING(6, writer_lane_sequence(writer, 1), writer_lane_used(writer, 1));
  struct profiled profiled = profiled_end(writer, 5000);
  assert_figure(profiled.profile->folded, 3, 14);
  profiled_free(&profiled);
}

/* ---- what can't be true ------------------------------------------------------------------ */

enum { LIES = 9 };
static void lie(struct trace_cell *cell, int which) {
  struct trace_sum *sum = &cell->sums[0]; /* of two blocks */
  switch (which) {
  case 0:
    cell->counts[0]++;
    break;
  case 1:
    cell->counts[trace_bucket(100)]--, cell->counts[trace_bucket(300)]--;
    break;
  case 2:
    cell->stack = 0x7fffffff;
    break;
  case 3:
    sum->bytes = 1;
    break;
  case 4:
    sum->lifetime_ticks = 96 + 256 - 1;
    break;
  case 5:
    sum->lifetime_ticks = 111 + 319 + 1;
    break;
  case 6:
    sum->byte_ticks = 11 * 319 + 1;
    break;
  case 7:
    sum->byte_ticks = 399;
    break;
  case 8:
    sum->commit = TRACE_SUM(2, 200, 0);
    cell->counts[trace_bucket(100)]--;
    break;
  }
}

Test(folding, a_cell_that_cannot_be_true_is_refused_and_missed) {
  for (int which = 0; which < LIES; which++) {
    struct trace_writer *writer = begin();
    struct writer_fold fold = two_blocks(), sound = {.stack = 5};
    lie(writer_cell(writer, 1, 9, &fold), which);
    writer_fold_life(&sound, 1000, 1100, 10);
    writer_cell(writer, 1, 10, &sound);
    struct profiled profiled = profiled_end(writer, 5000);
    cr_assert_eq(profiled.info->missing.bad_folds, 1, "lie %d", which);
    cr_assert_not(profiled.info->complete);
    cr_assert_not(profiled.profile->check.agree);
    assert_figure(profiled.profile->folded, 1, 10);
    profiled_free(&profiled);
  }
}

Test(folding, a_record_that_cannot_be_true_is_refused_and_missed) {
  static const struct {
    uint64_t stack, blocks, bytes, lifetimes, byte_ticks;
    const char *histogram;
    size_t histogram_bytes;
  } records[] = {
      {1, 2, 20, 40, 400, "\0\2", 2},          /* sound */
      {1, 2, 20, 40, 400, "\0\3", 2},          /* another count */
      {1, 2, 20, 40, 400, "\0\1\0\1", 4},      /* the same bucket twice */
      {1, 2, 20, 40, 400, "\0", 1},            /* cut */
      {1, 2, 20, 40, 400, "\0\x82", 2},        /* cut in its count */
      {1, 2, 20, 40, 400, "\x6b\2", 2},        /* bucket 107 */
      {1, 2, 20, 40, 400, "", 0},              /* none */
      {1, 0, 0, 0, 0, "", 0},                  /* nothing */
      {1, 2, 20, 127, 400, "\0\2", 2},         /* lives too long */
      {UINT64_MAX, 2, 20, 40, 400, "\0\2", 2}, /* a stack that can't be */
      {1, 1ull << 40, 1ull << 41, 40, 400, "\0\x80\x80\x80\x80\x80\x20", 7}, /* too many */
  };
  for (size_t i = 0; i < sizeof(records) / sizeof(*records); i++) {
    struct trace_writer *writer = begin();
    uint64_t fields[7] = {trace_zigzag(3000),   100,
                          records[i].stack,     records[i].blocks,
                          records[i].bytes,     records[i].lifetimes,
                          records[i].byte_ticks};
    writer_record(writer, 1, TRACE_FOLD, fields, records[i].histogram, records[i].histogram_bytes);
    struct profiled profiled = profiled_end(writer, 5000);
    cr_assert_eq(profiled.info->missing.bad_folds, i > 0, "record %zu", i);
    cr_assert_eq(profiled.profile->births, i > 0 ? 0 : 2, "record %zu", i);
    profiled_free(&profiled);
  }
}

Test(folding, a_life_that_cannot_be_true_is_refused_and_missed) {
  struct trace_writer *writer = begin();
  writer_life(writer, 1, 0, 3000, UINT64_MAX, 1); /* more byte-ticks than there can be */
  writer_life(writer, 1, 2000, 3000, 1, 0x7fffffff);
  writer_life(writer, 1, 2000, 3000, 5, 1);
  struct profiled profiled = profiled_end(writer, 5000);
  cr_assert_eq(profiled.info->missing.bad_folds, 2);
  assert_figure(profiled.profile->folded, 1, 5);
  profiled_free(&profiled);
}

Test(folding, folds_in_a_sample_cannot_be_true) {
  struct trace_writer *writer = begin();
  struct writer_fold fold = two_blocks();
  writer_fold(writer, 1, &fold);
  writer_head(writer)->sample_bytes = 1000;
  struct profiled profiled = profiled_end(writer, 5000);
  cr_assert_eq(profiled.info->missing.bad_folds, 1);
  cr_assert_eq(profiled.profile->births, 0);
  profiled_free(&profiled);
}

Test(folding, tables_of_a_lane_that_is_not_there_are_missed) {
  struct trace_writer *writer = begin();
  struct writer_fold fold = two_blocks();
  writer_cell(writer, 1, TRACE_LANE_CELLS, &fold);
  writer_more_young(writer, 1, 1);
  writer_finish(writer);
  writer_flip(writer, writer_more_cells_offset(writer, 1, 0) + 4, 8); /* lane 9 */
  writer_flip(writer, writer_more_young_offset(writer, 1) + 4, 8);
  struct profiled profiled = profiled_as_is(writer);
  cr_assert_eq(profiled.info->missing.bad_slots, 2);
  cr_assert_eq(profiled.profile->births, 0);
  profiled_free(&profiled);
}

/* ---- what the head and the control page say ----------------------------------------------- */

Test(folding, the_fold_ages_of_a_run_are_told_with_their_times) {
  struct trace_writer *writer = begin();
  writer_control(writer)->grown_ticks[0] = WRITER_START_TICKS + 2000;
  writer_control(writer)->age_ticks[0] = 10000000;
  writer_head(writer)->max_file_bytes = 1 << 20;
  struct profiled profiled = profiled_end(writer, 5000);
  const struct run_info *info = profiled.info;
  cr_assert_eq(info->fold_age_count, 2);
  cr_assert_eq(info->fold_ages[0].since_ns, 0);
  cr_assert_eq(info->fold_ages[0].age_ns, 1000000);
  cr_assert_eq(info->fold_ages[1].since_ns, 2000);
  cr_assert_eq(info->fold_ages[1].age_ns, 10000000);
  cr_assert_eq(info->fold_bytes, 4096);
  cr_assert_eq(info->max_file_bytes, 1 << 20);
  profiled_free(&profiled);
}
