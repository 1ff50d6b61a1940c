/* clock_x86_64.h - the time stamp counter where it is constant and nonstop, else the system's
 * clock. */
#ifndef DWELL_CLOCK_X86_64_H
#define DWELL_CLOCK_X86_64_H

#include <cpuid.h>
#include <stdbool.h>

extern bool clock_is_tsc; /* set once by clock_choose() */

/* "Invariant TSC": CPUID 8000_0007h EDX bit 8 (Intel SDM 17.17.1, AMD APM 3). */
static inline enum trace_clock clock_choose(void) {
  unsigned a, b, c, d;
  clock_is_tsc = __get_cpuid(0x80000007u, &a, &b, &c, &d) && (d & (1u << 8));
  return clock_is_tsc ? TRACE_CLOCK_TSC : TRACE_CLOCK_MONOTONIC;
}

/* Plain rdtsc is executed ahead of earlier loads; lfence holds it back. */
static inline uint64_t clock_ticks(void) {
  if (__builtin_expect(!clock_is_tsc, 0)) return clock_monotonic_ns();
  uint32_t low, high;
  __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
  return (uint64_t)high << 32 | low;
}

/* The same without holding it back: for a span within one thread. */
static inline uint64_t clock_ticks_early(void) {
  if (__builtin_expect(!clock_is_tsc, 0)) return clock_monotonic_ns();
  return __builtin_ia32_rdtsc();
}

#endif
