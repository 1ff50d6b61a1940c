/* whatif_replay.h - the recursion: a series run with a bound, event by event.
 *
 * Pure, deterministic, O(n log(senders + consumers)). At equal times departures come first, then
 * arrivals by their order in the record.
 */
#ifndef DWELL_WHATIF_REPLAY_H
#define DWELL_WHATIF_REPLAY_H

#include "whatif_series.h"

struct replay {
  double peak_messages;   /* real ones: what waits counts `scale` times */
  uint64_t last_ns;       /* the last admission, or departure of as many as had departed */
  uint64_t held_back;     /* sends that had to wait */
  double wait_ns;         /* sum over sends, of the series */
  uint64_t *residence_ns; /* of as many as had departed, in order of admission. Owned */
  size_t residence_count;
};

/* `bound` in messages of the series, `real_bound` in real ones. `residences` false: without them.
 * Returns 0 or -ENOMEM; replay_free() in any case. */
int replay_run(const struct whatif_series *series, uint64_t bound, uint64_t real_bound,
               bool residences, struct replay *replay);
void replay_free(struct replay *replay);

#endif
