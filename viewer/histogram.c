/* histogram.c - log-linear counts.
 *
 * A bucket is found by shifts alone. A site has few octaves, and they lie together: so pointers are
 * kept for the range of octaves in use, and counts only for those used.
 */
#include "histogram.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct bucket {
  unsigned octave, sub;
};

static struct bucket bucket_of(uint64_t value) {
  if (value < HISTOGRAM_SUB) return (struct bucket){0, (unsigned)value};
  unsigned exponent = 63 - (unsigned)__builtin_clzll(value);
  return (struct bucket){exponent - 4, (unsigned)(value >> (exponent - 5)) & (HISTOGRAM_SUB - 1)};
}

static uint64_t bucket_low(struct bucket bucket) {
  if (bucket.octave == 0) return bucket.sub;
  return (uint64_t)(HISTOGRAM_SUB + bucket.sub) << (bucket.octave - 1);
}

static uint64_t bucket_high(struct bucket bucket) {
  uint64_t width = bucket.octave == 0 ? 1 : (uint64_t)1 << (bucket.octave - 1);
  return bucket_low(bucket) + (width - 1);
}

static __attribute__((noinline)) uint64_t *octave_new(struct histogram *histogram,
                                                      unsigned octave) {
  unsigned first = histogram->first, end = first + histogram->span;
  if (histogram->span == 0) first = end = octave;
  unsigned new_first = octave < first ? octave : first;
  unsigned new_end = octave >= end ? octave + 1 : end;
  if (new_first != first || new_end != end) {
    uint64_t **octaves = calloc(new_end - new_first, sizeof(*octaves));
    if (!octaves) return NULL;
    if (histogram->span)
      memcpy(octaves + (first - new_first), histogram->octaves, histogram->span * sizeof(*octaves));
    free(histogram->octaves);
    histogram->octaves = octaves;
    histogram->first = (uint8_t)new_first;
    histogram->span = (uint8_t)(new_end - new_first);
  }
  return histogram->octaves[octave - new_first] = calloc(HISTOGRAM_SUB, sizeof(uint64_t));
}

void histogram_prefetch_octave(const struct histogram *histogram, uint64_t value) {
  unsigned index = bucket_of(value).octave - histogram->first;
  if (index < histogram->span) __builtin_prefetch(&histogram->octaves[index]);
}

void histogram_prefetch_count(const struct histogram *histogram, uint64_t value) {
  struct bucket bucket = bucket_of(value);
  unsigned index = bucket.octave - histogram->first;
  if (index < histogram->span && histogram->octaves[index])
    __builtin_prefetch(&histogram->octaves[index][bucket.sub], 1);
}

int histogram_add(struct histogram *histogram, uint64_t value, uint64_t count) {
  struct bucket bucket = bucket_of(value);
  unsigned index = bucket.octave - histogram->first; /* wraps above `span` when it is below */
  uint64_t *counts = index < histogram->span ? histogram->octaves[index] : NULL;
  if (!counts && !(counts = octave_new(histogram, bucket.octave))) return -ENOMEM;
  counts[bucket.sub] += count;
  histogram->count += count;
  return 0;
}

void histogram_each(const struct histogram *histogram,
                    void (*visit)(void *context, uint64_t low, uint64_t high, uint64_t count),
                    void *context) {
  for (unsigned i = 0; i < histogram->span; i++) {
    const uint64_t *counts = histogram->octaves[i];
    for (unsigned sub = 0; counts && sub < HISTOGRAM_SUB; sub++) {
      struct bucket bucket = {histogram->first + i, sub};
      if (counts[sub]) visit(context, bucket_low(bucket), bucket_high(bucket), counts[sub]);
    }
  }
}

struct percentile {
  uint64_t rank, seen, value;
};

static void percentile_visit(void *context, uint64_t low, uint64_t high, uint64_t count) {
  struct percentile *percentile = context;
  if (percentile->seen < percentile->rank) percentile->value = low + (high - low) / 2;
  percentile->seen += count;
}

uint64_t histogram_percentile(const struct histogram *histogram, double p) {
  if (histogram->count == 0) return 0;
  double rank = ceil(p * (double)histogram->count);
  struct percentile percentile = {.rank = rank < 1 ? 1 : (uint64_t)rank};
  if (percentile.rank > histogram->count) percentile.rank = histogram->count;
  histogram_each(histogram, percentile_visit, &percentile);
  return percentile.value;
}

void histogram_divide(struct histogram *histogram, uint64_t by) {
  histogram->count = 0;
  for (unsigned i = 0; i < histogram->span; i++)
    for (unsigned sub = 0; histogram->octaves[i] && sub < HISTOGRAM_SUB; sub++) {
      uint64_t *count = &histogram->octaves[i][sub];
      histogram->count += *count = *count / by + (*count % by * 2 >= by);
    }
}

void histogram_free(struct histogram *histogram) {
  for (unsigned i = 0; i < histogram->span; i++)
    free(histogram->octaves[i]);
  free(histogram->octaves);
  *histogram = (struct histogram){0};
}
