/* clock_generic.h - machines without a counter that we know to be constant: the system's clock. */
#ifndef DWELL_CLOCK_GENERIC_H
#define DWELL_CLOCK_GENERIC_H

static inline enum trace_clock clock_choose(void) {
  return TRACE_CLOCK_MONOTONIC;
}
static inline uint64_t clock_ticks(void) {
  return clock_monotonic_ns();
}
static inline uint64_t clock_ticks_early(void) {
  return clock_monotonic_ns();
}

#endif
