/* parties.h - who fills a queue and who drains it, from the shares of its carriers' sites. Pure. */
#ifndef DWELL_PARTIES_H
#define DWELL_PARTIES_H

#include "diagnosis.h"
#include "grouping.h"

/* Fills in queue->filled_by_* and drained_by_*. A pool fills by its biggest stack. Folded blocks
 * count with their threads; where they died is not known. Returns 0 or -ENOMEM. */
int parties_count(const struct profile *profile, const struct residences *residences,
                  const struct group *group, struct queue *queue);

#endif
