/* report_whatif.h - outlooks for people, and for programs. */
#ifndef DWELL_REPORT_WHATIF_H
#define DWELL_REPORT_WHATIF_H

#include <jansson.h>

#include "outlook.h"
#include "report.h"

/* Head line of the report. */
void report_whatif_head(struct terminal *terminal, const struct report *report);
/* One queue's. */
void report_whatif(struct terminal *terminal, const struct report *report,
                   const struct outlook *outlook);
/* When there is no unbounded queue: says so, and which others can be asked for. */
void report_whatif_none(struct terminal *terminal, const struct report *report);

/* One element of `queues` in docs/summary-json.md, dwell whatif. */
json_t *report_whatif_json(const struct outlook *outlook);

/* Doubts by number, from 0: the bit, and NULL behind the last. A name as in JSON. */
const char *report_doubt_name(int number, unsigned *bit);
/* In a sentence or two. Malloc'ed; NULL: no memory. */
char *report_doubt_words(const struct queue *queue, unsigned bit);

#endif
