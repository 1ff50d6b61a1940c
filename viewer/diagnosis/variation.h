/* variation.h - the spread of values about their mean, while they are added up. */
#ifndef DWELL_VARIATION_H
#define DWELL_VARIATION_H

/* All zero is of no value. */
struct variation {
  double n, sum, squares;
};

static inline void variation_add(struct variation *variation, double value) {
  variation->n++;
  variation->sum += value;
  variation->squares += value * value;
}
/* The squared coefficient of variation: variance over the mean's square. 0 of less than two, or
 * when the mean is 0. */
static inline double variation_squared(const struct variation *variation) {
  if (variation->n < 2 || variation->sum <= 0) return 0;
  double mean = variation->sum / variation->n;
  double variance = variation->squares / variation->n - mean * mean;
  return variance > 0 ? variance / (mean * mean) : 0;
}

#endif
