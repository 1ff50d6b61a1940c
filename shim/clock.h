/* clock.h - the recorder's clock: ticks that are in one order on all cores.
 *
 * ticks() does not run ahead of earlier loads: a death that was seen through another thread's store
 * is never stamped before that block's birth.
 */
#ifndef DWELL_CLOCK_H
#define DWELL_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "trace.h"

static inline uint64_t clock_monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now); /* in the vdso: no system call, no errno */
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
static inline uint64_t clock_realtime_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#if defined(__x86_64__)
#include "clock_x86_64.h"
#else
#include "clock_generic.h"
#endif

#endif
