/* outlook.h - what would become of one queue: all that `dwell whatif` says of it, as figures. */
#ifndef DWELL_OUTLOOK_H
#define DWELL_OUTLOOK_H

#include "diagnosis/whatif.h"

struct outlook_options {
  const uint64_t *bounds; /* that were asked for; else some powers below the peak */
  size_t bound_count;
  uint64_t receive; /* messages taken at once, at most; 0: not asked for */
};

struct outlook {
  const struct queue *queue;
  bool departs;               /* else nothing below is known */
  struct prediction recorded; /* the run as it was */
  struct prediction *bounds;  /* as asked for, else in order and with the recommended one */
  size_t bound_count;
  struct prediction recommended; /* bound 0: none */
  unsigned doubts;               /* bits of enum whatif_doubt */

  /* When `receive` is not 0: */
  uint64_t receive;
  struct batching batching;
  /* Of taking many: by the fit when it is known (then both are the same); else if all of a service
   * were the batch's, and if all of it were each message's. Not set when departures are in batches
   * of which nothing is known. */
  struct prediction per_batch, per_message;
  bool can_receive;
};

/* Returns 0 or -ENOMEM; outlook_free() in any case. `diagnosis` must outlive it. */
int outlook_make(const struct diagnosis *diagnosis, const struct queue *queue,
                 const struct outlook_options *options, struct outlook *outlook);
void outlook_free(struct outlook *outlook);

#endif
