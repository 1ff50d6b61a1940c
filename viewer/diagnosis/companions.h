/* companions.h - whether two sites' blocks are parts of the same messages, or wait in one line.
 * Pure.
 */
#ifndef DWELL_COMPANIONS_H
#define DWELL_COMPANIONS_H

#include <stdbool.h>

#include "../profile.h"
#include "trait.h"

enum relation {
  UNRELATED,
  PARTS,         /* of the same messages: born at the same moments in the same threads, and freed
                    together; or a node that serves many messages, born with the first and freed
                    with the last of them */
  PERHAPS_PARTS, /* born a while apart; in a sample: they go the same way, and are too few to be
                    found side by side */
  NO_PARTS,      /* parts would be born or freed side by side more often */
};
/* `a` is the one that messages would be counted by: with as many blocks, or more. */
enum relation companions_relate(const struct profile *profile, const struct trait *a,
                                const struct trait *b);
/* Messages of two kinds (from two senders' stacks) in one line: at any moment of birth both promise
 * the same moment of death, by the same stack. */
bool companions_queue_up(const struct profile *profile, const struct trait *a,
                         const struct trait *b);

#endif
