/* places.h - sites that are one place, pooled. Pure.
 *
 * The place of a stack is its innermost frames. How many of them is a matter of what is there: with
 * one, all that a program gets by its own wrapper of malloc is one place; with many, each of a
 * hundred callers of push() is one. So they are taken one by one, up to four, as long as the next
 * one divides the blocks into a few parts only (payload and node, made by one wrapper), and not
 * among many callers. Of a recursion each address counts once: its depth does not matter.
 *
 * What is born in one place need not be of one kind: everybody calls the wrapper. But what waits in
 * a queue is taken out at its end. So a place is divided again by where its blocks die (the
 * innermost four frames of that, never is one such end), except that ends that many of the sites
 * have in common are one: the consumer, and who frees the rest at exit.
 */
#ifndef DWELL_PLACES_H
#define DWELL_PLACES_H

#include "candidates.h"

struct places {
  struct pool **of; /* most held first */
  size_t count;
};

/* What is to become of a site. */
enum standing {
  STANDS_NOWHERE,  /* a pool's, or nothing */
  STANDS_SMALL,    /* a candidate, but better in a pool of which it is a small part */
  STANDS_BY_ITSELF /* no pool's */
};

/* `standing`: of each of profile->sites. A pool has enough blocks, none of its members most of
 * them, and holds enough, or may go along with one that does. Returns 0 or -ENOMEM; places_free()
 * in any case. */
int places_find(const struct profile *profile, const struct stack_tree *tree,
                const enum standing *standing, struct places *places);
void places_free(struct places *places);

#endif
