/* test_stages.c - the span histograms: exact counts, percentiles within a 64th. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "producer/stages.h"

static struct span_histogram histogram;

Test(stages, an_empty_histogram_says_nothing) {
  cr_assert_eq(span_histogram_percentile(&histogram, 0.5), 0);
}

Test(stages, one_value_is_every_percentile) {
  span_histogram_add(&histogram, 17);
  cr_assert_eq(span_histogram_percentile(&histogram, 0), 17);
  cr_assert_eq(span_histogram_percentile(&histogram, 0.5), 17);
  cr_assert_eq(span_histogram_percentile(&histogram, 1), 17);
}

Test(stages, small_values_are_exact) {
  for (uint64_t i = 1; i <= 20; i++)
    span_histogram_add(&histogram, i);
  cr_assert_eq(span_histogram_percentile(&histogram, 0.5), 10);
  cr_assert_eq(span_histogram_percentile(&histogram, 0.95), 19);
  cr_assert_eq(span_histogram_percentile(&histogram, 1), 20);
}

Test(stages, a_percentile_is_within_a_64th_at_every_magnitude) {
  for (uint64_t value = 1; value < 1ull << 43; value = value * 5 / 4 + 1) {
    histogram = (struct span_histogram){0};
    span_histogram_add(&histogram, value);
    span_histogram_add(&histogram, UINT64_MAX); /* or the maximum would bound it */
    uint64_t found = span_histogram_percentile(&histogram, 0.5);
    uint64_t error = found > value ? found - value : value - found;
    cr_assert_leq(error * 64, value, "%llu became %llu", (unsigned long long)value,
                  (unsigned long long)found);
  }
}

Test(stages, values_beyond_the_last_bucket_are_counted_in_it) {
  span_histogram_add(&histogram, UINT64_MAX / 2);
  cr_assert_eq(histogram.count, 1);
  cr_assert_eq(histogram.max_ns, UINT64_MAX / 2);
  cr_assert_gt(span_histogram_percentile(&histogram, 1), 1ull << 43);
}

Test(stages, a_message_counts_in_each_span) {
  static struct stages stages;
  const uint64_t times[PRODUCER_STAGES] = {100, 101, 103, 106, 110, 115, 121};
  stages_record(&stages, times);
  stages_record(&stages, times);
  for (int span = 0; span < PRODUCER_SPAN_TOTAL; span++) {
    struct producer_span_figures figures = stages_figures(&stages, span);
    uint64_t expected = (uint64_t)span + 1;
    cr_assert_eq(figures.count, 2);
    cr_assert_eq(figures.mean_ns, expected);
    cr_assert_eq(figures.p50_ns, expected);
    cr_assert_eq(figures.p99_ns, expected);
    cr_assert_eq(figures.max_ns, expected);
  }
  cr_assert_eq(stages_figures(&stages, PRODUCER_SPAN_TOTAL).mean_ns, 21);
}

Test(stages, each_span_has_a_name) {
  for (int span = 0; span < PRODUCER_SPANS; span++)
    cr_assert_not_null(producer_span_name(span));
  cr_assert_null(producer_span_name(-1));
  cr_assert_null(producer_span_name(PRODUCER_SPANS));
}
