/* report_queues.h - the diagnosis as text: verdicts in plain sentences, pictures, one queue whole.
 *
 * Reports decide what is worth saying, never what is true: kinds and figures are the diagnosis'.
 */
#ifndef DWELL_REPORT_QUEUES_H
#define DWELL_REPORT_QUEUES_H

#include "report.h"

/* The verdicts that matter, worst first; what to do; the picture of the worst. Or one line: no
 * queue was found, and what was looked at. Nothing when no diagnosis was made. */
void report_verdicts(struct terminal *terminal, const struct report *report);
/* Everything about one queue. */
void report_queue(struct terminal *terminal, const struct report *report,
                  const struct queue *queue);

/* ---- its parts -------------------------------------------------------------------------- */

/* "Unbounded queue", "Cache or pool". */
const char *report_kind_title(enum queue_kind kind);
/* Whether a summary has to mention it: by its kind and its share of the peak. */
bool report_queue_matters(const struct report *report, const struct queue *queue);
/* Whether a bound takes half of its messages away, or more. */
bool report_bound_is_worth_it(const struct queue *queue, uint64_t bound);
/* What is said of it: one paragraph behind its title (queue_verdict.c), and what to do about it, ""
 * for nothing (queue_advice.c). NULL: no memory; to be freed. */
char *report_queue_verdict(const struct report *report, const struct queue *queue);
char *report_queue_advice(const struct report *report, const struct queue *queue);
/* Arrivals and departures over time, and residence over the time of arrival: side by side when the
 * terminal is wide enough and `large` is not asked for (queue_picture.c). */
void report_queue_pictures(struct terminal *terminal, const struct report *report,
                           const struct queue *queue, bool large);

#endif
