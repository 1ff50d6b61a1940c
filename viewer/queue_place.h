/* queue_place.h - where in its code a program fills and drains a queue, and who does it, in words.
 *
 * A matter of presentation only: no figure depends on it.
 */
#ifndef DWELL_QUEUE_PLACE_H
#define DWELL_QUEUE_PLACE_H

#include "report.h"

/* "producer_send_message (ffi.c:293) via payload_clone". Empty: nothing is known. */
struct queue_place {
  char function[160]; /* alone */
  char text[420];
};

/* The function that fills it: of what its blocks have in common, the innermost own frame that does
 * more than make a block. */
struct queue_place queue_place_filled(const struct report *report, const struct queue *queue);
/* Of a queue with pools: how many stacks fill it besides the one that this names; else 0. */
size_t queue_place_other_stacks(const struct queue *queue);
/* The one that drains it: the same of where they are freed. */
struct queue_place queue_place_drained(const struct report *report, const struct queue *queue);
/* Of one stack, without regard to others. */
struct queue_place queue_place_of(const struct report *report, uint32_t stack);

/* "`a`", "`a` and `b`", "`a`, `b` and 3 more"; "a thread" when it has no name. Returns
 * whether it's more than one. */
bool queue_place_threads(const struct report *report, const struct queue_parties *threads,
                         char *text, size_t size);

/* Whether one thread both fills and drains it, as in an event loop. */
bool queue_place_one_thread(const struct queue *queue);

#endif
