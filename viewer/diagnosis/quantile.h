/* quantile.h - the value below which a share of the values lies, without sorting them all. */
#ifndef DWELL_QUANTILE_H
#define DWELL_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

/* The least value that a share p (0..1) of them doesn't pass. `count` at least 1. Moves the values
 * about. O(count). */
uint64_t quantile_find(uint64_t *values, size_t count, double p);
/* The value that would stand at this place (0..count - 1), were they sorted; the same otherwise. */
uint64_t quantile_at_rank(uint64_t *values, size_t count, size_t rank);

#endif
