/* reported.h - a report of a trace that a test has written, and pages to draw it on. */
#ifndef TESTS_REPORTED_H
#define TESTS_REPORTED_H

#include <jansson.h>

#include "profiled.h"
#include "viewer/report.h"

struct reported {
  struct profiled profiled;
  struct report report; /* without a diagnosis */
};

struct reported report_of(struct trace_writer *writer);
void free_reported(struct reported *reported);

/* A terminal in memory. */
struct page {
  struct terminal terminal;
  char *text;
  size_t size;
};
void page_open(struct page *page, int width, bool colour, bool unicode);
const char *page_text(struct page *page);
void page_close(struct page *page);
/* Columns of the widest line. */
size_t widest_line(const char *text);

/* What report_json() wrote, read; fails the test when it can't be. */
json_t *json_of(struct report *report, struct selection_options options, const struct queue *queue);
/* Fails the test when it is no integer. */
json_int_t integer_at(const json_t *object, const char *key);

#endif
