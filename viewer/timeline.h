/* timeline.h - fills a struct timeline as the site's blocks come and go. */
#ifndef DWELL_TIMELINE_H
#define DWELL_TIMELINE_H

#include "profile.h"

struct timeline_fill {
  struct timeline *timeline; /* NULL: none is wanted */
  uint64_t duration_ns;
  uint64_t ns; /* filled up to here */
  uint64_t bytes, blocks;
  double unit; /* of what is given in blocks and bytes: 1, or a sample's */
};

void timeline_begin(struct timeline_fill *fill, struct timeline *timeline, uint64_t duration_ns,
                    double unit);
/* From `ns` on the site has so many bytes and blocks. Times must not run backwards; what is later
 * than the duration counts as at its end. */
void timeline_change(struct timeline_fill *fill, uint64_t ns, uint64_t bytes, uint64_t blocks);
void timeline_birth(struct timeline_fill *fill, uint64_t ns, uint64_t blocks);
void timeline_death(struct timeline_fill *fill, uint64_t ns, uint64_t blocks);
/* So many blocks were born and have died between the two times, evenly, as far as is known. */
void timeline_spread(struct timeline_fill *fill, uint64_t begin_ns, uint64_t end_ns,
                     uint64_t blocks, double byte_ns, double block_ns);
/* Turns the sums into means. */
void timeline_finish(struct timeline_fill *fill);

#endif
