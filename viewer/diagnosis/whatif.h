/* whatif.h - what a bound would have done to a queue: its recorded run, replayed with less room.
 *
 * Trace-driven: each sender's think times (between the end of one send and the arrival of its next)
 * and each departure's service time are taken from the record; then the recursion of a queue with
 * blocking and c consumers is run with a bound N:
 *
 *   arrival    when the sender's last message was admitted, and it has thought; allocated then
 *   admission  when fewer than N wait (until then the sender waits, its message in hand)
 *   departure  the consumer that is free first takes the oldest (or as many as wait, up to the
 *              largest batch of the record) and needs the recorded service time; freed then
 *
 * So at most N messages wait, each consumer has one (or one batch) in hand, and so has each sender
 * that is held back. How long a batch of another size than the recorded one takes is fitted, see
 * struct batching; where it can't be, a smaller one takes as long: the worst case. A message that
 * is never freed although later ones are was not in the queue: it stays, and takes no room.
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
  double finish_ns;      /* of the run: its duration, moved as far as the last departure, or the
                            last admission if that is later */
  double sender_wait_ns; /* sum over all sends */
  double residence_p50_ns, residence_p99_ns; /* of as many as departed in the record */
};

/* Why a prediction may not hold; bits. */
enum whatif_doubt {
  WHATIF_OPEN_LOOP = 1, /* arrivals keep to a clock, late ones are made up for: if it's the world's,
                           such a source can't be held back, it would lose */
  WHATIF_CYCLE = 2,     /* who drains also fills (this, or others that lead back to those who fill
                           this one): could deadlock */
  WHATIF_SHARED_CPU = 4, /* service slows by a tenth or more while the senders run: with a bound
                            both go on together */
  WHATIF_NOT_FIFO = 8,   /* departures are not in order of arrival, not even nearly */
  WHATIF_LIVE = 16,      /* a hundredth or more never departed: their service is taken as the
                            others' */
  WHATIF_THINNED = 32,   /* only every so-manieth message was looked at, or it's a sample */
  WHATIF_BATCHES = 64,   /* they depart in batches, and how long a smaller one would take can't be
                            told */
  WHATIF_NOT_REPRODUCED = 128, /* replayed as it was, it doesn't fill as it did: nothing is
                                  predicted */
};

/* What the record itself shows, in the same words; the bound is 0. Returns as whatif_predict(). */
int whatif_recorded(const struct queue *queue, uint64_t duration_ns, struct prediction *prediction);
/* Messages at most, in the record and when that is replayed without a change. Returns 0; -ENODATA
 * when the two don't agree (as when each consumer has a line of its own), or nothing departs; or
 * -ENOMEM. */
struct reproduction {
  double recorded_messages, replayed_messages;
  uint64_t last_ns; /* when the last message is through, by the replay */
};
int whatif_reproduce(const struct queue *queue, struct reproduction *reproduction);
/* Returns 0; -ENODATA when nothing departs (there is no service to replay) or the record can't be
 * reproduced, -EINVAL for a bound of 0, or -ENOMEM. */
int whatif_predict(const struct queue *queue, uint64_t duration_ns, uint64_t bound,
                   struct prediction *prediction);
/* The same for several, which takes less time. */
int whatif_predict_each(const struct queue *queue, uint64_t duration_ns, const uint64_t *bounds,
                        size_t count, struct prediction *predictions);
/* The smallest bound that makes the run finish less than 1% later than it did; 0: none found. */
uint64_t whatif_recommend(const struct queue *queue, uint64_t duration_ns);
unsigned whatif_doubts(const struct diagnosis *diagnosis, const struct queue *queue);

/* How long a batch takes: known only if the record has batches of different sizes. */
struct batching {
  bool known;
  double fixed_ns, each_ns; /* service of a batch of n: fixed + n x each (least squares) */
  double rate;              /* messages a second with batches of `size`, all consumers together */
  uint64_t size;            /* of the largest batch in the record */
};
struct batching whatif_batching(const struct queue *queue);

/* What taking up to `size` at once would do, without a bound. Where departures are one by one
 * `fixed_share` (0..1) of the recorded service is taken to be the batch's, whatever its size, and
 * the rest each message's. Returns as whatif_predict(); the prediction's bound is 0. */
int whatif_receive(const struct queue *queue, uint64_t duration_ns, uint64_t size,
                   double fixed_share, struct prediction *prediction);

#endif
