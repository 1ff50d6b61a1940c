/* stages.h - how long messages take from stage to stage: one log-linear histogram for each span.
 *
 * 32 buckets an octave (the scheme of HdrHistogram): a percentile is within 1/64 of the true one.
 * Fixed memory, nothing is allocated on the way; the caller locks.
 */
#ifndef PRODUCER_STAGES_H
#define PRODUCER_STAGES_H

#include <stdint.h>

#include "producer.h"

#define STAGES_SUB 32
#define STAGES_OCTAVES 40 /* 32 ns << 39: five hours; beyond that the last bucket */

struct span_histogram {
  uint64_t count, sum_ns, max_ns;
  uint64_t buckets[STAGES_OCTAVES * STAGES_SUB];
};

struct stages {
  struct span_histogram spans[PRODUCER_SPANS];
};

/* Counts a delivered message by its moments. */
void stages_record(struct stages *stages, const uint64_t times_ns[PRODUCER_STAGES]);
struct producer_span_figures stages_figures(const struct stages *stages, enum producer_span span);

/* One histogram by itself. */
void span_histogram_add(struct span_histogram *histogram, uint64_t ns);
/* The middle of the bucket at or below which a share p (0..1) of the values lies, but no more than
 * the maximum; 0 when empty. */
uint64_t span_histogram_percentile(const struct span_histogram *histogram, double p);

#endif
