/* event.h - one moment in a block's life, as the merge hands it on: in order of time.
 *
 * A realloc is two of them: EVENT_RELEASE of the old address when the call began, EVENT_TAKE of the
 * new one when it returned, both from one lane with no other realloc of that lane between them. In
 * between the block is in flight: it is still alive with its old size, but at no address.
 */
#ifndef DWELL_EVENT_H
#define DWELL_EVENT_H

#include <stddef.h>
#include <stdint.h>

enum event_kind { EVENT_DEATH, EVENT_RELEASE, EVENT_BIRTH, EVENT_TAKE };

struct event {
  uint64_t ticks;
  uint64_t address;
  uint64_t size;        /* births and takes: bytes requested */
  uint32_t stack;       /* node id, 0 none */
  uint32_t thread : 30; /* number by catalog_thread(), 0 unknown */
  uint32_t kind : 2;    /* enum event_kind */
};

/* As many as are handed on at a time: enough to look ahead for what will be touched next, few
 * enough to stay in the nearest caches. */
#define EVENT_BATCH 512
struct event_batch {
  size_t count;
  struct event events[EVENT_BATCH];
  uint32_t lanes[EVENT_BATCH]; /* whose event it is: 0..lane_count - 1 of struct slots */
};

/* A request of 0 bytes counts as 1, as DHAT has it. */
static inline uint64_t event_bytes(const struct event *event) {
  return event->size ? event->size : 1;
}

#endif
