/* test_histogram.c - buckets and percentiles. */
#include <criterion/criterion.h>

#include "viewer/histogram.h"

static void add(struct histogram *histogram, uint64_t value, uint64_t count) {
  cr_assert_eq(histogram_add(histogram, value, count), 0);
}

Test(histogram, an_empty_one_has_no_percentile) {
  struct histogram histogram = {0};
  cr_assert_eq(histogram_percentile(&histogram, 0.5), 0);
  histogram_free(&histogram);
}

Test(histogram, small_values_are_exact) {
  struct histogram histogram = {0};
  for (uint64_t value = 1; value <= 20; value++)
    add(&histogram, value, 1);
  cr_assert_eq(histogram.count, 20);
  cr_assert_eq(histogram_percentile(&histogram, 0.5), 10);
  cr_assert_eq(histogram_percentile(&histogram, 0.95), 19);
  cr_assert_eq(histogram_percentile(&histogram, 1), 20);
  cr_assert_eq(histogram_percentile(&histogram, 0), 1);
  histogram_free(&histogram);
}

Test(histogram, a_percentile_is_within_a_64th) {
  for (uint64_t value = 1; value < UINT64_MAX / 3; value = value * 3 + 1) {
    struct histogram histogram = {0};
    add(&histogram, value, 7);
    uint64_t found = histogram_percentile(&histogram, 0.99);
    uint64_t off = found > value ? found - value : value - found;
    cr_assert_leq(off, value / 64, "%lu for %lu", found, value);
    histogram_free(&histogram);
  }
}

Test(histogram, the_greatest_value_has_a_bucket) {
  struct histogram histogram = {0};
  add(&histogram, UINT64_MAX, 1);
  cr_assert_geq(histogram_percentile(&histogram, 1), UINT64_MAX - UINT64_MAX / 64);
  histogram_free(&histogram);
}

struct visit {
  uint64_t low[8], high[8], count[8];
  unsigned buckets;
};

static void visit(void *context, uint64_t low, uint64_t high, uint64_t count) {
  struct visit *visited = context;
  cr_assert_lt(visited->buckets, 8);
  visited->low[visited->buckets] = low;
  visited->high[visited->buckets] = high;
  visited->count[visited->buckets++] = count;
}

Test(histogram, used_buckets_are_visited_in_order_whatever_the_order_of_adding) {
  struct histogram histogram = {0};
  struct visit visited = {0};
  add(&histogram, 1000000, 1);
  add(&histogram, 5, 2);
  add(&histogram, 64, 3);
  add(&histogram, 65, 1);
  add(&histogram, 1000, 1);
  histogram_each(&histogram, visit, &visited);
  cr_assert_eq(visited.buckets, 4);
  cr_assert(visited.low[0] == 5 && visited.high[0] == 5 && visited.count[0] == 2);
  cr_assert(visited.low[1] == 64 && visited.high[1] == 65 && visited.count[1] == 4);
  cr_assert(visited.low[2] == 992 && visited.high[2] == 1007 && visited.count[2] == 1);
  cr_assert(visited.low[3] <= 1000000 && visited.high[3] >= 1000000);
  cr_assert_eq(histogram.count, 8);
  histogram_free(&histogram);
}

Test(histogram, buckets_leave_no_gap_and_do_not_overlap) {
  struct histogram histogram = {0};
  for (uint64_t value = 0; value < 5000; value++)
    add(&histogram, value, 1);
  uint64_t seen = 0;
  for (double p = 1.0 / 5000; p <= 1; p += 1.0 / 5000) {
    uint64_t value = histogram_percentile(&histogram, p);
    cr_assert_geq(value, seen);
    seen = value;
  }
  cr_assert_gt(seen, 4900);
  histogram_free(&histogram);
}
