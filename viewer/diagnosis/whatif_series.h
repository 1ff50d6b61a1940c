/* whatif_series.h - what a replay takes from the record of a queue: senders with their think times,
 * messages with the work that each makes, consumers.
 *
 * Pure: the record in, a series out that no bound has touched. Messages are named by their place in
 * the order of arrival.
 */
#ifndef DWELL_WHATIF_SERIES_H
#define DWELL_WHATIF_SERIES_H

#include "diagnosis.h"

#define SERIES_NONE UINT32_MAX
#define SERIES_UNBOUNDED UINT64_MAX

/* Service of a batch: fixed x the work of its first message + each x the work of all. Fitted, works
 * are about 1: by how much its batch was slower than others of its size. One by one, or where the
 * record does not tell how service depends on the size, fixed is 1 and each 0: then work is the
 * service itself. */
struct service {
  double fixed, each;
};

struct whatif_series {
  size_t count;       /* messages */
  size_t departed;    /* of them, in the record */
  uint64_t *think_ns; /* from the end of its sender's last send; of the sender's first message:
                         from the start of the recording */
  uint32_t *next;     /* the message that its sender sends next */
  uint32_t *first;    /* of each sender */
  size_t sender_count;
  double *work;           /* of each message; negative: it is no part of the queue, later ones
                             overtook it and it was never freed */
  struct service service; /* how it depends on the size of a batch */
  size_t consumers;       /* at work at a time, at most */
  size_t batch_limit;     /* messages that a consumer takes at once, at most */
  double scale;           /* real messages for each one that was looked at */
  uint64_t bound;     /* that the record was made with, without those in hand; SERIES_UNBOUNDED */
  double wait_ns;     /* of its senders then, by the model */
  uint64_t *death_ns; /* of those that departed, in order of time */
  uint64_t last_ns;   /* the last arrival or departure */
};

/* Returns 0; -ENODATA when nothing departs, or -ENOMEM. series_free() in any case. */
int series_make(const struct queue *queue, struct whatif_series *series);
void series_free(struct whatif_series *series);

#endif
