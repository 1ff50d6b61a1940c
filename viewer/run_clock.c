/* run_clock.c - fixed-point conversion: one 128-bit product and a shift.
 *
 * The multiplier is rounded up, so that whole ratios come out exact: truncation would turn 3 ticks
 * of a third of a nanosecond into 0.99.
 */
#include "run_clock.h"

#include <math.h>

#define GUESSED_TICKS_PER_NS 2

static void rate_set(struct run_clock *clock, uint64_t ticks, uint64_t ns) {
  unsigned shift = 64;
  unsigned __int128 scaled;
  do {
    shift--;
    scaled = (((unsigned __int128)ns << shift) + ticks - 1) / ticks;
  } while (scaled > UINT64_MAX);
  clock->multiplier = (uint64_t)scaled;
  clock->shift = shift;
}

struct run_clock run_clock_begin(uint64_t start_ticks, uint64_t start_monotonic_ns,
                                 bool nanoseconds) {
  struct run_clock clock = {.start_ticks = start_ticks, .start_monotonic_ns = start_monotonic_ns};
  if (!nanoseconds) rate_set(&clock, GUESSED_TICKS_PER_NS, 1);
  return clock;
}

bool run_clock_pair(struct run_clock *clock, uint64_t ticks, uint64_t monotonic_ns) {
  if (ticks <= clock->start_ticks || monotonic_ns <= clock->start_monotonic_ns) return false;
  ticks -= clock->start_ticks;
  uint64_t ns = monotonic_ns - clock->start_monotonic_ns;
  unsigned __int128 scaled = ticks;
  if (ns / 20 > ticks || scaled > (unsigned __int128)ns * 20) return false;
  if (clock->shift == 0 || ticks <= clock->pair_ticks) return true;
  clock->pair_ticks = ticks;
  rate_set(clock, ticks, ns);
  return true;
}

bool run_clock_calibrated(const struct run_clock *clock) {
  return clock->shift == 0 || clock->pair_ticks != 0;
}

uint64_t run_clock_ticks(const struct run_clock *clock, uint64_t ns) {
  if (clock->shift == 0) return clock->start_ticks + ns;
  unsigned __int128 ticks = ((unsigned __int128)ns << clock->shift) / clock->multiplier;
  return ticks > UINT64_MAX - clock->start_ticks ? UINT64_MAX
                                                 : clock->start_ticks + (uint64_t)ticks;
}

double run_clock_held(const struct run_clock *clock, unsigned __int128 byte_ticks) {
  long double ns = (long double)byte_ticks;
  if (clock->shift) ns *= ldexpl((long double)clock->multiplier, -(int)clock->shift);
  return (double)(ns / 1e9L);
}
