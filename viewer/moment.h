/* moment.h - one moment read on both clocks that a trace may have been recorded with. */
#ifndef DWELL_MOMENT_H
#define DWELL_MOMENT_H

#include <stdint.h>

struct moment {
  uint64_t monotonic_ns; /* CLOCK_MONOTONIC */
  uint64_t tsc;          /* time stamp counter at the same moment; 0: this machine has none */
};

struct moment moment_now(void);
/* The moment in ticks of `clock` (enum trace_clock); 0: unknown. */
uint64_t moment_ticks(const struct moment *moment, uint32_t clock);

#endif
