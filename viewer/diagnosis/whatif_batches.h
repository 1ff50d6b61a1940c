/* whatif_batches.h - what each consumer took at a time, and how long it was at work on that.
 *
 * Pure. Consumers take messages in the order of arrival; each is known by its thread. While it is
 * at work its messages are alive, and it frees them at the end: departures of one thread that
 * follow each other far closer than its batches do are one batch. One that was interrupted while it
 * freed a batch is told from one that took two by what waited: a consumer leaves nothing that it
 * may take.
 */
#ifndef DWELL_WHATIF_BATCHES_H
#define DWELL_WHATIF_BATCHES_H

#include "diagnosis.h"

struct served {
  uint32_t messages;
  uint64_t service_ns;
};

struct batches {
  uint32_t *by_death; /* messages that departed, in order of that */
  size_t departed;
  uint32_t *of; /* by message: its batch; not set for one that never departed */
  struct served *served;
  size_t count;
  uint32_t largest; /* messages */
  size_t senders;
};

/* Returns 0 or -ENOMEM; batches_free() in any case. */
int batches_find(const struct queue *queue, struct batches *batches);
void batches_free(struct batches *batches);

/* Consumers that are at work at a time, at most. */
size_t batches_consumers(const struct queue *queue);

/* Service against size, by least squares (Gauss, 1809), neither part below 0. False when sizes are
 * too few or too alike to tell the parts apart: the standard error of `fixed_ns` is more than a
 * fifth of a mean service. */
bool batches_fit(const struct batches *batches, double *fixed_ns, double *each_ns);

#endif
