/* grouping.h - which sites' blocks travel together, and so are one queue. Pure.
 *
 * Two sites are companions when their blocks are born at the same moments in the same threads and
 * freed at the same moments: payload, struct and list node of one message; also a node that serves
 * many messages, born with the first and freed with the last of them. Two sites fill the same queue
 * when their blocks, born at different moments, are freed as if they stood in one line: at any
 * moment of birth both promise the same moment of death, by the same stack.
 */
#ifndef DWELL_GROUPING_H
#define DWELL_GROUPING_H

#include <stdbool.h>
#include <stddef.h>

#include "../profile.h"
#include "residences.h"

struct group {
  size_t *lists; /* indexes into residences->lists */
  bool *carries; /* one of those that messages are counted by: one a kind of message */
  size_t count;
};

struct grouping {
  struct group *groups;
  size_t count;
};

/* Each list is in exactly one group. Returns 0 or -ENOMEM; grouping_free() in any case. */
int grouping_make(const struct profile *profile, const struct residences *residences,
                  struct grouping *grouping);
void grouping_free(struct grouping *grouping);

#endif
