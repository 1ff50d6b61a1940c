/* candidates.h - what is worth a second look: sites, and pools of sites. Pure.
 *
 * A site is a candidate when it has enough blocks and they hold enough. A queue that is filled from
 * very many stacks has sites that are each too small for that, or too many: those are pooled by
 * their place (places.h), and a pool that together has enough is a candidate like a site.
 */
#ifndef DWELL_CANDIDATES_H
#define DWELL_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../profile.h"
#include "pool.h"

/* The tree of stacks, as far as the diagnosis needs it. */
struct stack_tree {
  /* The address of a node's frame, and the node of its caller, always a lower one (0: none). 0:
   * there is no such node. */
  uint64_t (*frame)(const void *of, uint32_t node, uint32_t *caller);
  const void *of;
};

struct candidate {
  size_t site;       /* index into profile->sites: of a pool its biggest */
  struct pool *pool; /* NULL: the site alone */
};

struct candidates {
  struct candidate *of;
  size_t count;
};

/* Most held first, then what may go along with one of those, then pools. Without a tree (NULL)
 * nothing is pooled. Returns 0 or -ENOMEM; candidates_free() in any case. */
int candidates_choose(const struct profile *profile, const struct stack_tree *tree,
                      struct candidates *candidates);
void candidates_free(struct candidates *candidates);

/* ---- what makes one, for places.c ------------------------------------------------------- */

/* Blocks that were written to the trace, and folded ones, and those of a sample that were picked
 * (about; else as written). */
struct candidate_size {
  double written, folded, picked;
  double held_byte_seconds, max_bytes;
};
struct candidate_size candidate_size(const struct profile *profile, const struct site *site);
bool candidate_is_enough(const struct candidate_size *size);
bool candidate_is_big(const struct profile *profile, const struct candidate_size *size);
/* As many blocks, or one to so many: perhaps another part of the messages of `of`. */
bool candidate_may_go_along(const struct candidate_size *size, const struct candidate_size *of);

#endif
