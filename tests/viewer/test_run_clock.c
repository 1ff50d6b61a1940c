/* test_run_clock.c - ticks to nanoseconds. */
#include <criterion/criterion.h>

#include "viewer/run_clock.h"

Test(run_clock, nanosecond_ticks_stay_what_they_are) {
  struct run_clock clock = run_clock_begin(1000, 5000, true);
  cr_assert_eq(run_clock_ns(&clock, 1234), 234);
  cr_assert_eq(run_clock_ns(&clock, 999), 0);
  cr_assert_eq(run_clock_ticks(&clock, 234), 1234);
  cr_assert(run_clock_calibrated(&clock));
}

Test(run_clock, both_pairs_are_met_exactly) {
  struct run_clock clock = run_clock_begin(1000, 5000, false);
  cr_assert_not(run_clock_calibrated(&clock));
  cr_assert(run_clock_pair(&clock, 1000 + 3000000001u, 5000 + 1000000007u));
  cr_assert(run_clock_calibrated(&clock));
  cr_assert_eq(run_clock_ns(&clock, 1000), 0);
  cr_assert_eq(run_clock_ns(&clock, 1000 + 3000000001u), 1000000007u);
}

Test(run_clock, whole_ratios_are_exact_everywhere) {
  struct run_clock clock = run_clock_begin(0, 0, false);
  cr_assert(run_clock_pair(&clock, 3000, 1000));
  for (uint64_t ns = 0; ns < 100000; ns++)
    cr_assert_eq(run_clock_ns(&clock, 3 * ns), ns);
}

Test(run_clock, the_pair_furthest_from_the_start_counts) {
  struct run_clock clock = run_clock_begin(0, 0, false);
  cr_assert(run_clock_pair(&clock, 1000, 900));
  cr_assert(run_clock_pair(&clock, 4000, 2000));
  cr_assert(run_clock_pair(&clock, 500, 500));
  cr_assert_eq(run_clock_ns(&clock, 4000), 2000);
}

Test(run_clock, a_pair_of_no_machine_is_refused) {
  struct run_clock clock = run_clock_begin(100, 100, false);
  cr_assert_not(run_clock_pair(&clock, 100, 200));
  cr_assert_not(run_clock_pair(&clock, 0, 0));
  cr_assert_not(run_clock_pair(&clock, 200, 100));
  cr_assert_not(run_clock_pair(&clock, 101, 1u << 30));
  cr_assert_not(run_clock_pair(&clock, UINT64_MAX, 101));
  cr_assert_not(run_clock_calibrated(&clock));
  cr_assert_eq(run_clock_ns(&clock, 300), 100); /* a guess: 2 GHz */
}

Test(run_clock, a_span_that_would_not_fit_stops_at_the_greatest) {
  struct run_clock clock = run_clock_begin(0, 0, false);
  cr_assert(run_clock_pair(&clock, 100, 1000));
  cr_assert_eq(run_clock_span(&clock, UINT64_MAX), UINT64_MAX);
  cr_assert_eq(run_clock_ticks(&clock, 1000), 100);
}

Test(run_clock, held_is_exact_for_sums_beyond_64_bits) {
  struct run_clock clock = run_clock_begin(0, 0, true);
  unsigned __int128 sum = (unsigned __int128)1000000000u * 1000000000u * 1000000000u;
  cr_assert_float_eq(run_clock_held(&clock, sum), 1e18, 1);
}
