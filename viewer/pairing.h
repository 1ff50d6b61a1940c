/* pairing.h - builds a profile: pairs each death with its birth and books it on the birth's site.
 *
 * Pure: takes events in order of time, as the merge gives them, and counts of folded blocks, and
 * nothing else. All sums are kept in exact integers of byte-ticks and turned into seconds at the
 * end; in a sample those that estimate are in units of 1/SAMPLING_UNIT.
 */
#ifndef DWELL_PAIRING_H
#define DWELL_PAIRING_H

#include <stddef.h>
#include <stdint.h>

#include "blocks.h"
#include "event.h"
#include "fold.h"
#include "ledger.h"
#include "profile.h"
#include "run_clock.h"
#include "timeline.h"

struct site_account;
struct folded_account;
struct sampling;

struct pairing {
  struct profile *profile;
  struct site_account *accounts; /* beside profile->sites: what the reports don't see */
  size_t site_capacity;
  struct folded_account *folded; /* the same, as far as sites have folded blocks */
  size_t folded_count;
  struct sampling *sampling; /* NULL: every block is there, and counts once */
  uint32_t *site_of_stack;   /* index + 1; 0: none yet */
  size_t stack_capacity;
  struct blocks blocks;
  struct block *in_flight; /* by lane: the block that a realloc is moving; site 0: none */
  size_t lane_count;

  const struct run_clock *clock;
  const uint32_t *thread_names; /* name index by thread number */
  struct timeline_fill timeline;

  struct figure curr;
  uint64_t ticks; /* of the last event */
  uint64_t peak_epoch, peak_ticks;
  unsigned __int128 held; /* of the blocks that events are about, each counted once */
  uint64_t last_fold_ticks;
};

/* `clock` and `thread_names` (for all threads that events name) must outlive the pairing.
 * `timeline` may be NULL; `duration_ns` is for it alone. Returns 0 or -ENOMEM; pairing_free() in
 * any case. */
int pairing_begin(struct pairing *pairing, const struct run_clock *clock,
                  const uint32_t *thread_names, size_t lane_count, struct timeline *timeline,
                  uint64_t duration_ns);
/* Before the first event: the events are those of a sample, one byte in so many. Returns 0 or
 * -ENOMEM. */
int pairing_sampled(struct pairing *pairing, uint64_t mean_bytes);
/* Folded blocks, at any time; a lane_events_fold with a struct pairing. */
int pairing_fold(void *pairing, const struct fold *fold);
/* Events in the order of the merge. Returns 0 or -ENOMEM. */
int pairing_take(struct pairing *pairing, const struct event_batch *batch);
/* The run ends at `end_ticks`: what lives is counted up to there. `ledger` must have been given the
 * same events; it is closed and compared. The profile is the caller's. Returns 0 or -ENOMEM. */
int pairing_finish(struct pairing *pairing, uint64_t end_ticks, struct ledger *ledger,
                   struct profile **profile);
void pairing_free(struct pairing *pairing);

#endif
