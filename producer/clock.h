/* clock.h - the library's only clock, CLOCK_MONOTONIC in nanoseconds, and waiting by it.
 *
 * Condition variables are made for this clock, so that a set wall clock moves no deadline.
 */
#ifndef PRODUCER_CLOCK_H
#define PRODUCER_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#define CLOCK_SECOND_NS 1000000000ull
#define CLOCK_NEVER UINT64_MAX /* a deadline that does not come */

static inline uint64_t clock_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * CLOCK_SECOND_NS + (uint64_t)now.tv_nsec;
}

static inline struct timespec clock_timespec(uint64_t ns) {
  return (struct timespec){.tv_sec = (time_t)(ns / CLOCK_SECOND_NS),
                           .tv_nsec = (long)(ns % CLOCK_SECOND_NS)};
}

/* now + timeout, CLOCK_NEVER when that is beyond all time. */
static inline uint64_t clock_deadline(uint64_t now_ns, uint64_t timeout_ns) {
  return timeout_ns < CLOCK_NEVER - now_ns ? now_ns + timeout_ns : CLOCK_NEVER;
}

/* Returns 0 or -errno. */
static inline int clock_condition_init(pthread_cond_t *condition) {
  pthread_condattr_t attributes;
  int error = pthread_condattr_init(&attributes);
  if (error) return -error;
  error = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  if (!error) error = pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
  return -error;
}

/* Waits for a signal until the deadline. Returns 0, or -ETIMEDOUT. */
static inline int clock_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                       uint64_t deadline_ns) {
  if (deadline_ns == CLOCK_NEVER) return -pthread_cond_wait(condition, mutex);
  struct timespec until = clock_timespec(deadline_ns);
  return -pthread_cond_timedwait(condition, mutex, &until);
}

#endif
