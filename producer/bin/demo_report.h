/* demo_report.h - what the demo says at the end, as text or as JSON, on stdout. */
#ifndef PRODUCER_DEMO_REPORT_H
#define PRODUCER_DEMO_REPORT_H

#include "demo_options.h"

struct demo_result {
  const uint64_t *producer_ids; /* options->producers of them */
  struct producer_stats *stats; /* and their final figures */
  uint64_t not_sent;            /* messages left over when a delivery failed */
  uint64_t sending_ns;          /* from the first send's begin to the last one's end */
  uint64_t duration_ns;         /* to the last message's outcome */
};

void demo_report_text(const struct demo_options *options, const struct demo_result *result);
void demo_report_json(const struct demo_options *options, const struct demo_result *result);

/* All producers' counts together; the deepest queue of any. Spans are left 0. */
struct producer_stats demo_report_total(const struct demo_options *options,
                                        const struct demo_result *result);

#endif
