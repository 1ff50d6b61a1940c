/* clock.h - the zoo's time: CLOCK_MONOTONIC, and waiting for points of it. */
#ifndef ZOO_CLOCK_H
#define ZOO_CLOCK_H

#include <errno.h>
#include <stdint.h>
#include <time.h>

static inline uint64_t clock_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Returns at once when it has passed: a source that was late catches up, so that mean rates hold on
 * a busy machine. */
static inline void clock_sleep_until(uint64_t when_ns) {
  if (clock_now_ns() >= when_ns) return;
  struct timespec when = {(time_t)(when_ns / 1000000000u), (long)(when_ns % 1000000000u)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) == EINTR) {
  }
}

/* When work is done that takes so long, if what came before was done then. Who was late for long
 * does not catch up: a queue that was full would seem to empty itself. */
static inline uint64_t clock_done(uint64_t before_ns, uint64_t length_ns) {
  uint64_t late_ns = clock_now_ns() - 2000000u;
  return (before_ns > late_ns ? before_ns : late_ns) + length_ns;
}

static inline void clock_work_until(uint64_t when_ns) {
  while (clock_now_ns() < when_ns) {
  }
}

#endif
