/* describe.h - measures a group, has it judged, and writes its figures down. Pure. */
#ifndef DWELL_DESCRIBE_H
#define DWELL_DESCRIBE_H

#include "diagnosis.h"
#include "grouping.h"

/* `queue` has its messages, `every` and `estimated`; the rest is filled in. Returns 0 or -ENOMEM;
 * what was filled in is the caller's to free in any case. */
int describe_group(const struct profile *profile, const struct residences *residences,
                   const struct group *group, struct queue *queue);

#endif
