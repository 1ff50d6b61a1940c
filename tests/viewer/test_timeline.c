/* test_timeline.c - a site's live bytes and blocks over the run. */
#include <criterion/criterion.h>

#include "viewer/timeline.h"

Test(timeline, means_are_over_equal_parts_of_the_run) {
  struct timeline timeline = {.stack = 3};
  struct timeline_fill fill;
  timeline_begin(&fill, &timeline, 6400, 1); /* parts of 100 ns */
  timeline_birth(&fill, 150, 1);
  timeline_change(&fill, 150, 1000, 1);
  timeline_birth(&fill, 400, 1);
  timeline_change(&fill, 400, 3000, 2);
  timeline_death(&fill, 475, 1);
  timeline_change(&fill, 475, 0, 0);
  timeline_finish(&fill);
  double bytes[6] = {0, 500, 1000, 1000, 2250, 0}, blocks[6] = {0, 0.5, 1, 1, 1.5, 0};
  for (int part = 0; part < 6; part++) {
    cr_assert_float_eq(timeline.mean_bytes[part], bytes[part], 1e-9);
    cr_assert_float_eq(timeline.mean_blocks[part], blocks[part], 1e-9);
  }
  cr_assert_eq(timeline.stack, 3);
  cr_assert_eq(timeline.births[1], 1);
  cr_assert_eq(timeline.births[4], 1);
  cr_assert_eq(timeline.deaths[4], 1);
}

Test(timeline, what_is_never_freed_lasts_to_the_last_part) {
  struct timeline timeline = {0};
  struct timeline_fill fill;
  timeline_begin(&fill, &timeline, 1000003, 1); /* not a multiple of the parts */
  timeline_change(&fill, 500001, 8, 1);
  timeline_finish(&fill);
  cr_assert_eq(timeline.mean_bytes[31], 0);
  for (int part = 33; part < TIMELINE_BUCKETS; part++)
    cr_assert_float_eq(timeline.mean_bytes[part], 8, 1e-9);
}

Test(timeline, events_at_or_after_the_end_count_in_the_last_part) {
  struct timeline timeline = {0};
  struct timeline_fill fill;
  timeline_begin(&fill, &timeline, 6400, 1);
  timeline_birth(&fill, 6400, 1);
  timeline_change(&fill, 6400, 8, 1);
  timeline_death(&fill, 99999, 1);
  timeline_change(&fill, 99999, 0, 0);
  timeline_finish(&fill);
  cr_assert_eq(timeline.births[TIMELINE_BUCKETS - 1], 1);
  cr_assert_eq(timeline.deaths[TIMELINE_BUCKETS - 1], 1);
  cr_assert_eq(timeline.mean_bytes[TIMELINE_BUCKETS - 1], 0);
}

Test(timeline, a_run_of_no_length_has_no_means) {
  struct timeline timeline = {0};
  struct timeline_fill fill;
  timeline_begin(&fill, &timeline, 0, 1);
  timeline_birth(&fill, 0, 1);
  timeline_change(&fill, 0, 8, 1);
  timeline_finish(&fill);
  for (int part = 0; part < TIMELINE_BUCKETS; part++)
    cr_assert_eq(timeline.mean_bytes[part], 0);
  cr_assert_eq(timeline.births[TIMELINE_BUCKETS - 1], 1);
}

Test(timeline, a_run_shorter_than_its_parts_comes_to_an_end, .timeout = 10) {
  for (uint64_t duration = 1; duration < 200; duration++) {
    struct timeline timeline = {0};
    struct timeline_fill fill;
    timeline_begin(&fill, &timeline, duration, 1);
    timeline_change(&fill, 0, 64, 1);
    timeline_finish(&fill);
    double used = 0;
    for (int part = 0; part < TIMELINE_BUCKETS; part++)
      used += timeline.mean_bytes[part] > 0;
    cr_assert_eq(used, duration < TIMELINE_BUCKETS ? duration : TIMELINE_BUCKETS);
  }
}
