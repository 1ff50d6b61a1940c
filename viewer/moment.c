/* moment.c - reads the monotonic clock and the time stamp counter together.
 *
 * The counter is read before and after the clock and the middle taken, so the pair is as good as
 * half of one clock_gettime. The only machine-dependent line of the viewer is here.
 */
#include "moment.h"

#include <time.h>

#include "../shim/trace.h"

#if defined(__x86_64__) || defined(__i386__)
static uint64_t tsc_read(void) {
  return __builtin_ia32_rdtsc();
}
#else
static uint64_t tsc_read(void) {
  return 0;
}
#endif

struct moment moment_now(void) {
  struct timespec now;
  uint64_t before = tsc_read();
  clock_gettime(CLOCK_MONOTONIC, &now);
  uint64_t after = tsc_read();
  return (struct moment){
      .monotonic_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec,
      .tsc = before + (after - before) / 2,
  };
}

uint64_t moment_ticks(const struct moment *moment, uint32_t clock) {
  switch (clock) {
  case TRACE_CLOCK_TSC:
    return moment->tsc;
  case TRACE_CLOCK_MONOTONIC:
    return moment->monotonic_ns;
  default:
    return 0;
  }
}
