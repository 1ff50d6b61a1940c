/* run_clock.h - from the recorder's ticks to nanoseconds since the start of the recording.
 *
 * Pure arithmetic: two pairs of (ticks, CLOCK_MONOTONIC) give the rate; the start pair is one, and
 * of the others the one furthest from it counts. Conversion is monotone and exact at both pairs.
 */
#ifndef DWELL_RUN_CLOCK_H
#define DWELL_RUN_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct run_clock {
  uint64_t start_ticks, start_monotonic_ns;
  uint64_t multiplier; /* ns = ticks since the start * multiplier / 2^shift */
  unsigned shift;      /* 0: a tick is a nanosecond */
  uint64_t pair_ticks; /* ticks since the start of the second pair that is in use; 0 none */
};

/* `nanoseconds`: ticks are those of CLOCK_MONOTONIC, and no further pair is wanted. */
struct run_clock run_clock_begin(uint64_t start_ticks, uint64_t start_monotonic_ns,
                                 bool nanoseconds);
/* Offers another pair; it is taken when it is further from the start than those before, and the
 * rate that it gives is that of some machine (50 MHz to 20 GHz). Returns whether it was sound. */
bool run_clock_pair(struct run_clock *clock, uint64_t ticks, uint64_t monotonic_ns);
/* Whether the rate is known; when not, it is taken to be 2 GHz. */
bool run_clock_calibrated(const struct run_clock *clock);

/* Nanoseconds of so many ticks. */
static inline uint64_t run_clock_span(const struct run_clock *clock, uint64_t ticks) {
  if (clock->shift == 0) return ticks;
  unsigned __int128 ns = (unsigned __int128)ticks * clock->multiplier >> clock->shift;
  return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}
/* Nanoseconds since the start; 0 for what is older. */
static inline uint64_t run_clock_ns(const struct run_clock *clock, uint64_t ticks) {
  return ticks > clock->start_ticks ? run_clock_span(clock, ticks - clock->start_ticks) : 0;
}
/* The ticks at so many nanoseconds since the start. */
uint64_t run_clock_ticks(const struct run_clock *clock, uint64_t ns);
/* Byte-seconds (or block-seconds) of an exact sum of bytes x ticks. */
double run_clock_held(const struct run_clock *clock, unsigned __int128 byte_ticks);

#endif
