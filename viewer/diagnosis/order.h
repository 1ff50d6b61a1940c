/* order.h - whether messages depart in the order in which they arrived. Pure. */
#ifndef DWELL_ORDER_H
#define DWELL_ORDER_H

#include <stddef.h>

#include "residences.h"

struct order {
  size_t departed;
  double in_order;    /* share of the departures that overtook no more than `slack` others */
  double by_consumer; /* share of the departures that overtook none of those that the same thread
                         took out */
  double rank_correlation; /* Spearman's, of the orders of arrival and departure; NAN below 3 */
  double left_behind; /* of those that arrived before the last that departed did: share that never
                         departed */
};

/* `messages` by birth. A departure overtakes those that arrived earlier and departed later; with
 * several consumers each at work on one, a few always do: `slack` of them don't count. Source:
 * C. Spearman, The proof and measurement of association between two things, 1904. Returns 0 or
 * -ENOMEM. */
int order_measure(const struct residence *messages, size_t count, size_t slack,
                  struct order *order);

#endif
