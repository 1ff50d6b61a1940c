/* queue_clock.h - a queue with a bound on a clock that ticks: at each tick everything is looked at.
 *
 * Slow and plain on purpose: what replays are compared with. It also makes the records, being run
 * without a bound.
 */
#ifndef TESTS_QUEUE_CLOCK_H
#define TESTS_QUEUE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "viewer/diagnosis/residences.h"

enum { CLOCK_MESSAGES = 60 };

struct clock_setup {
  size_t count, senders, consumers;
  uint64_t sender[CLOCK_MESSAGES]; /* of each message; each sends its own in order */
  uint64_t think[CLOCK_MESSAGES];  /* at least 1 */
  uint64_t work[CLOCK_MESSAGES];   /* one by one */
  uint64_t batch;                  /* taken at once, at most; 1: one by one */
  uint64_t fixed, each;            /* of batches, instead of work */
};

struct clock_run {
  struct residence messages[CLOCK_MESSAGES]; /* in order of arrival */
  size_t order[CLOCK_MESSAGES];              /* their numbers in the setup */
  size_t peak;
  uint64_t wait, end; /* end: the last departure */
  double batch;       /* taken at once, mean */
};

/* A setup that a seed makes. */
struct clock_setup clock_random(uint64_t seed);
struct clock_run clock_run(const struct clock_setup *setup, uint64_t bound);

#endif
