/* departures.h - how messages leave: one by one or many at once, by how many threads, and whether
 * because others come. Pure.
 */
#ifndef DWELL_DEPARTURES_H
#define DWELL_DEPARTURES_H

#include <stddef.h>
#include <stdint.h>

#include "residences.h"

struct departures {
  double batch;             /* that leave at once, mean: 1 is one by one */
  uint32_t producers;       /* threads by which messages come, at most at a time */
  uint32_t consumers;       /* threads by which they leave */
  double coupled_share;     /* of the departures: directly beside an arrival by the same thread */
  double following_share;   /* of the departures: the same, and after it */
  double after_share;       /* of the departures: after the last arrival */
  double tight_share;       /* of those: with no work between it and the one before */
  uint64_t last_ns;         /* of the last departure */
  double own_share;         /* of the departures: by threads that fill it too */
  double same_thread_share; /* of the departures: by the thread that the message came from */
};

/* `messages` by birth; `blocks` a message has; each stands for `each` messages. Batches: gaps
 * between the departures of a thread are split in two by Otsu's threshold (N. Otsu 1979) on their
 * logarithm, and count as two kinds only when they stand 20 times apart and by Ashman's D > 2
 * (Ashman, Bird and Zepf 1994). Returns 0 or -ENOMEM. */
int departures_measure(const struct residence *messages, size_t count, double blocks, double each,
                       struct departures *departures);

#endif
