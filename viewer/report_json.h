/* report_json.h - what the writers of JSON share: docs/summary-json.md says what each key means. */
#ifndef DWELL_REPORT_JSON_H
#define DWELL_REPORT_JSON_H

#include <jansson.h>

#include "report.h"

/* Bytes that are not UTF-8 are replaced. null for NULL. */
json_t *report_json_text(const char *value);
/* null for what is not known (NAN), and for INFINITY, which JSON has no word for. */
json_t *report_json_real(double value);
/* The frames of a stack, leaf first; the leaf-most `report->depth` nodes. */
json_t *report_json_stack(const struct report *report, uint32_t stack);
/* One queue, whole: report_queues_json.c. */
json_t *report_json_queue(const struct report *report, const struct queue *queue);

#endif
