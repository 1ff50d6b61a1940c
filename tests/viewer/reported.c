/* reported.c - see reported.h. */
#include "reported.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

struct reported report_of(struct trace_writer *writer) {
  setlocale(LC_CTYPE, "C.UTF-8");
  setenv("TZ", "UTC", 1);
  struct reported reported = {.profiled = profiled_trace(writer)};
  reported.report = (struct report){.file = reported.profiled.file,
                                    .info = reported.profiled.info,
                                    .profile = reported.profiled.profile,
                                    .symbols = symbols_open(reported.profiled.file),
                                    .depth = 8};
  return reported;
}

void free_reported(struct reported *reported) {
  symbols_close(reported->report.symbols);
  profiled_free(&reported->profiled);
}

void page_open(struct page *page, int width, bool colour, bool unicode) {
  *page = (struct page){0};
  page->terminal = (struct terminal){.out = open_memstream(&page->text, &page->size),
                                     .width = width,
                                     .colour = colour,
                                     .unicode = unicode};
}

const char *page_text(struct page *page) {
  fflush(page->terminal.out);
  return page->text;
}

void page_close(struct page *page) {
  fclose(page->terminal.out);
  free(page->text);
}

size_t widest_line(const char *text) {
  size_t widest = 0;
  while (*text) {
    size_t length = strcspn(text, "\n");
    char *line = strndup(text, length);
    size_t columns = (size_t)terminal_columns(line);
    widest = columns > widest ? columns : widest;
    free(line);
    text += length + (text[length] == '\n');
  }
  return widest;
}

json_t *json_of(struct report *report, struct selection_options options,
                const struct queue *queue) {
  struct selection selection;
  cr_assert_eq(select_sites(report->file, report->profile, report->symbols, &options, &selection),
               0);
  char *text;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  report->depth = 0;
  cr_assert_eq(report_json(out, report, &selection, queue), 0);
  fclose(out);
  json_error_t error;
  json_t *json = json_loads(text, 0, &error);
  cr_assert(json, "%s: %s", error.text, text);
  select_free(&selection);
  free(text);
  return json;
}

json_int_t integer_at(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  cr_assert(json_is_integer(value), "%s is no integer", key);
  return json_integer_value(value);
}
