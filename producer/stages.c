/* stages.c - buckets of the span histograms and the figures drawn from them. */
#include "stages.h"

#include <stddef.h>

static const struct {
  enum producer_stage from, to;
} span_ends[PRODUCER_SPANS] = {
    [PRODUCER_SPAN_ENQUEUE] = {PRODUCER_CREATED, PRODUCER_ENQUEUED},
    [PRODUCER_SPAN_QUEUE] = {PRODUCER_ENQUEUED, PRODUCER_DEQUEUED},
    [PRODUCER_SPAN_MAIL] = {PRODUCER_DEQUEUED, PRODUCER_MAILED},
    [PRODUCER_SPAN_ENCODE] = {PRODUCER_MAILED, PRODUCER_ENCODED},
    [PRODUCER_SPAN_SEND] = {PRODUCER_ENCODED, PRODUCER_SENT},
    [PRODUCER_SPAN_ACKNOWLEDGE] = {PRODUCER_SENT, PRODUCER_ACKNOWLEDGED},
    [PRODUCER_SPAN_TOTAL] = {PRODUCER_CREATED, PRODUCER_ACKNOWLEDGED},
};

/* Octave 0 holds 0..31 one by one; octave k > 0 holds 32 << (k-1) and up in steps of 1 << (k-1). */
static unsigned bucket_of(uint64_t ns) {
  if (ns < STAGES_SUB) return (unsigned)ns;
  unsigned shift = 63u - (unsigned)__builtin_clzll(ns) - 5u;
  unsigned bucket = (shift + 1) * STAGES_SUB + (unsigned)(ns >> shift) - STAGES_SUB;
  unsigned last = STAGES_OCTAVES * STAGES_SUB - 1;
  return bucket < last ? bucket : last;
}

static uint64_t bucket_middle(unsigned bucket) {
  if (bucket < STAGES_SUB) return bucket;
  unsigned shift = bucket / STAGES_SUB - 1;
  uint64_t low = (uint64_t)(STAGES_SUB + bucket % STAGES_SUB) << shift;
  return low + ((1ull << shift) >> 1);
}

void span_histogram_add(struct span_histogram *histogram, uint64_t ns) {
  histogram->count++;
  histogram->sum_ns += ns;
  if (ns > histogram->max_ns) histogram->max_ns = ns;
  histogram->buckets[bucket_of(ns)]++;
}

uint64_t span_histogram_percentile(const struct span_histogram *histogram, double p) {
  if (histogram->count == 0) return 0;
  double rank = p * (double)histogram->count;
  unsigned bucket = 0;
  uint64_t seen = histogram->buckets[0];
  while ((seen == 0 || (double)seen < rank) && seen < histogram->count)
    seen += histogram->buckets[++bucket];
  uint64_t middle = bucket_middle(bucket);
  return middle < histogram->max_ns ? middle : histogram->max_ns;
}

void stages_record(struct stages *stages, const uint64_t times_ns[PRODUCER_STAGES]) {
  for (int i = 0; i < PRODUCER_SPANS; i++)
    span_histogram_add(&stages->spans[i], times_ns[span_ends[i].to] - times_ns[span_ends[i].from]);
}

struct producer_span_figures stages_figures(const struct stages *stages, enum producer_span span) {
  const struct span_histogram *histogram = &stages->spans[span];
  return (struct producer_span_figures){
      .count = histogram->count,
      .mean_ns = histogram->count ? histogram->sum_ns / histogram->count : 0,
      .p50_ns = span_histogram_percentile(histogram, 0.50),
      .p99_ns = span_histogram_percentile(histogram, 0.99),
      .max_ns = histogram->max_ns};
}

const char *producer_span_name(int span) {
  static const char *const names[PRODUCER_SPANS] = {"enqueue", "queue",       "mail", "encode",
                                                    "send",    "acknowledge", "total"};
  return span >= 0 && span < PRODUCER_SPANS ? names[span] : NULL;
}
