/* ledger.h - the self-check: the integral of live bytes over time, straight from the events.
 *
 * A second book, kept without the first: it knows only which address is worth how many bytes, and
 * adds live bytes x time from event to event. No pairs, no sites, no tables shared with the
 * profile. Sum of size x lifetime over all pairs must come out equal, to the last byte-tick.
 */
#ifndef DWELL_LEDGER_H
#define DWELL_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "event.h"

struct ledger_entry {
  uint64_t address, bytes; /* bytes 0: empty */
};

struct ledger {
  struct ledger_entry *entries;
  size_t count, mask;
  uint64_t *in_flight;          /* by lane: bytes of the block that a realloc is moving, 0 none */
  unsigned __int128 live_bytes; /* so wide that sizes from a damaged file can't wrap it */
  uint64_t ticks;               /* up to here */
  unsigned __int128 byte_ticks;
};

/* Begins at `ticks` with nothing alive. Returns 0 or -ENOMEM; ledger_free() in any case. */
int ledger_begin(struct ledger *ledger, size_t lane_count, uint64_t ticks);
/* Events in the order of the merge. Returns 0 or -ENOMEM. */
int ledger_enter(struct ledger *ledger, const struct event_batch *batch);
/* Counts what is alive up to `ticks`. */
void ledger_close(struct ledger *ledger, uint64_t ticks);
void ledger_free(struct ledger *ledger);

#endif
