/* pool.h - several sites that are looked at as one. Pure. */
#ifndef DWELL_POOL_H
#define DWELL_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "../profile.h"

struct pool {
  struct site sum; /* of its members' figures, with `stack` of the first; without the lifetimes.
                      `max` is the sum of theirs, which are of different moments. */
  size_t *members; /* indexes into profile->sites, most blocks first */
  size_t count;
  bool goes_along; /* holds little: perhaps a part of another pool's messages, else nothing */
};

/* `members` are copied. Returns 0 or -ENOMEM; pool_free() in any case. */
int pool_new(const struct profile *profile, const size_t *members, size_t count,
             struct pool **pool);
void pool_free(struct pool *pool); /* NULL is allowed */

#endif
