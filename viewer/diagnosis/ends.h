/* ends.h - which of some sites have one end: where their blocks die. Pure. */
#ifndef DWELL_ENDS_H
#define DWELL_ENDS_H

#include "candidates.h"

/* Says of each of some sites which end it has: `ends` are numbers below `count`, the same for the
 * same end. An end is the place of a stack of death, or never; those that a good part of the blocks
 * of both have in common, in sites that have both, are one; and what is no older than what dies at
 * the usual end goes with that. Returns 0 or -ENOMEM. */
int ends_divide(const struct profile *profile, const struct stack_tree *tree, const size_t *sites,
                size_t count, size_t *ends);

#endif
