/* quantile.c - C. A. R. Hoare's Find, 1961. */
#include "quantile.h"

#include <math.h>

uint64_t quantile_at_rank(uint64_t *values, size_t count, size_t rank) {
  size_t low = 0, high = count - 1;
  while (low < high) {
    uint64_t middle = values[low + (high - low) / 2];
    size_t i = low, j = high;
    for (;; i++, j--) {
      while (values[i] < middle)
        i++;
      while (values[j] > middle)
        j--;
      if (i >= j) break;
      uint64_t other = values[i];
      values[i] = values[j];
      values[j] = other;
    }
    if (rank <= j)
      high = j;
    else
      low = j + 1;
  }
  return values[rank];
}

uint64_t quantile_find(uint64_t *values, size_t count, double p) {
  size_t rank = (size_t)ceil(p * (double)count);
  return quantile_at_rank(values, count, rank ? rank - 1 : 0);
}
