/* sets.h - disjoint sets of the numbers below n: parents[i] = i at first, joined by giving the root
 * of one the other as parent. Source: R. E. Tarjan and J. van Leeuwen, Worst-case analysis of set
 * union algorithms, 1984 (path halving).
 */
#ifndef DWELL_SETS_H
#define DWELL_SETS_H

#include <stddef.h>

/* The root of a number's set: the same for all of its members. */
static inline size_t sets_find(size_t *parents, size_t i) {
  while (parents[i] != i)
    i = parents[i] = parents[parents[i]];
  return i;
}

#endif
