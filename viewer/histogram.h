/* histogram.h - counts of lifetimes, log-linear: 32 buckets an octave, so that a percentile is
 * within 1/64 (1.6 %) of the true one. The scheme of HdrHistogram (Gil Tene); memory only for
 * octaves in use.
 */
#ifndef DWELL_HISTOGRAM_H
#define DWELL_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_OCTAVES 60 /* the first holds 0..31, each other one [2^n, 2^(n+1)), n from 5 */
#define HISTOGRAM_SUB 32

/* All zero is an empty histogram. */
struct histogram {
  uint64_t **octaves; /* `span` pointers from octave `first` on: HISTOGRAM_SUB counts, or NULL */
  uint64_t count;
  uint8_t first, span;
};

/* Ask for the memory that histogram_add() of this value will touch: first the one, later the other.
 */
void histogram_prefetch_octave(const struct histogram *histogram, uint64_t value);
void histogram_prefetch_count(const struct histogram *histogram, uint64_t value);
/* Adds one value (or `count` equal ones). Returns 0, or -ENOMEM. */
int histogram_add(struct histogram *histogram, uint64_t value, uint64_t count);
/* The value below or at which a share p (0..1) of the values lies: the middle of its bucket; values
 * below 32 are exact. 0 when empty. */
uint64_t histogram_percentile(const struct histogram *histogram, double p);
/* Visits used buckets in order: [low, high] inclusive, and the count. */
void histogram_each(const struct histogram *histogram,
                    void (*visit)(void *context, uint64_t low, uint64_t high, uint64_t count),
                    void *context);
/* Divides all counts, rounding each. */
void histogram_divide(struct histogram *histogram, uint64_t by);
/* Frees what it holds; it is empty then. */
void histogram_free(struct histogram *histogram);

#endif
