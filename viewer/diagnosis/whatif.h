/* whatif.h - what a bound would have done to a queue: its recorded run, replayed with less room.
 *
 * Trace-driven: each sender's think times (between the end of one send and the arrival of its next)
 * and each departure's service time are taken from the record; then the recursion of a queue with
 * blocking and c consumers is run with a bound N:
 *
 *   arrival    a'(i) = a'(previous of that sender) + think, allocated then
 *   admission  when fewer than N wait (until then the sender waits, its message in hand)
 *   departure  the consumer that is free first takes the oldest (or a whole batch, where the record
 *              shows batches) and needs the recorded service time
 *
 * Sources: Lindley's recursion (1952), for c servers Kiefer and Wolfowitz (1955); blocking before
 * admission as in communication queues (Perros, Queueing Networks with Blocking, 1994).
 */
#ifndef DWELL_WHATIF_H
#define DWELL_WHATIF_H

#include "diagnosis.h"

struct prediction {
  uint64_t bound;        /* messages */
  double peak_messages;  /* alive at once, those in hand included */
  double peak_bytes;     /* of this queue */
  double finish_ns;      /* of the run: its duration, moved by what the last departure is */
  double sender_wait_ns; /* sum over all sends */
  double residence_p50_ns, residence_p99_ns;
};

/* Why a prediction may not hold; bits. */
enum whatif_doubt {
  WHATIF_OPEN_LOOP =
      1, /* arrivals follow a clock: such a source can't be held back, it would lose */
  WHATIF_CYCLE =
      2, /* who drains also fills (this or another queue that feeds it): could deadlock */
  WHATIF_SHARED_CPU = 4, /* service slows while the senders run: with a bound both go on together */
  WHATIF_NOT_FIFO = 8,   /* departures are not in order of arrival */
  WHATIF_LIVE = 16,      /* part of it never departed: their service is taken as the others' */
  WHATIF_THINNED = 32,   /* only every so-manieth message was looked at, or it's a sample */
};

/* Returns 0; -ENODATA when nothing departs (there is no service to replay), -EINVAL for a bound of
 * 0, or -ENOMEM. */
int whatif_predict(const struct queue *queue, uint64_t duration_ns, uint64_t bound,
                   struct prediction *prediction);
/* The smallest bound that makes the run finish less than 1% later than without; 0: none found. */
uint64_t whatif_recommend(const struct queue *queue, uint64_t duration_ns);
unsigned whatif_doubts(const struct diagnosis *diagnosis, const struct queue *queue);

/* What taking many at once would bring, when departures are one by one: known only if the record
 * has batches of different sizes. */
struct batching {
  bool known;
  double fixed_ns, each_ns; /* service of a batch of n: fixed + n x each (least squares) */
  double rate;              /* messages a second with batches of `size` */
  uint64_t size;
};
struct batching whatif_batching(const struct queue *queue);

#endif
