/* comparison.h - the sites of two runs, matched by what their stacks say: functions and files.
 *
 * Addresses and lines don't count, so that a rebuilt program still matches; inlining neither, as
 * inline frames are expanded. Sites of one run whose stacks say the same are one here.
 */
#ifndef DWELL_COMPARISON_H
#define DWELL_COMPARISON_H

#include <stddef.h>
#include <stdint.h>

#include "report.h"

enum comparison_key { COMPARE_HELD, COMPARE_PEAK, COMPARE_TOTAL, COMPARE_LIFETIME };

/* The figures of a run, or of what matches in it. */
struct compared {
  double held_byte_seconds;
  uint64_t peak_bytes; /* when the whole heap was largest */
  uint64_t total_bytes, births, at_end_bytes;
  double lifetime_sum_ns;
  uint64_t lives; /* how many lifetimes that sums up: births, but for a sample */
  size_t sites;   /* how many were merged; 0: not in this run */
};

struct compared_site {
  char *stack;              /* one line a frame, "function (file)", leaf first */
  const struct frame *lead; /* in the run that has it, B if both; NULL: no stack */
  struct compared runs[2];  /* A and B */
};

struct comparison {
  struct compared runs[2];
  struct compared_site *sites; /* the most changed first */
  size_t count;
};

/* Returns 0, or -ENOMEM. Symbolises all stacks of both runs. To be freed by comparison_free(). */
int comparison_make(struct report runs[2], enum comparison_key key, struct comparison *comparison);
void comparison_free(struct comparison *comparison);

double comparison_figure(const struct compared *compared, enum comparison_key key);

#endif
