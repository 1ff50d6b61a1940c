/* report_diff.c - see report_diff.h. First the answer in a sentence, then the runs, then the sites
 * that changed most. */
#include "report_diff.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "utf8.h"

enum { NAME_SIZE = 512, MARGIN = 18 };

/* ---- text ------------------------------------------------------------------------------- */

static void put_command(struct terminal *terminal, char letter, const struct report *report) {
  terminal_put(terminal, STRONG, "  %c  ", letter);
  terminal_put(terminal, STRONG, "%s", report->info->path);
  terminal_put(terminal, DIM, "  ");
  for (size_t i = 0; i < report->info->argc; i++)
    terminal_put(terminal, DIM, " %s", report->info->argv[i]);
  terminal_end(terminal);
}

/* Three columns, right-aligned, that fit in the width. */
static void put_row(struct terminal *terminal, const char *label, const char *a, const char *b,
                    double figure_a, double figure_b) {
  int cell = (terminal->width - MARGIN) / 3;
  cell = cell > 16 ? 16 : cell;
  struct human ratio = format_ratio(figure_a, figure_b);
  const char *cells[] = {a, b, ratio.text};
  terminal_to(terminal, 4);
  terminal_put(terminal, DIM, "%s", label);
  for (int i = 0; i < 3; i++) {
    terminal_to(terminal, MARGIN + (i + 1) * cell - terminal_columns(cells[i]));
    terminal_put(terminal, i == 2 && figure_a != figure_b ? STRONG : PLAIN, "%s", cells[i]);
  }
  terminal_end(terminal);
}

static void put_bytes(struct terminal *terminal, const char *label, uint64_t a, uint64_t b) {
  put_row(terminal, label, format_bytes(a).text, format_bytes(b).text, (double)a, (double)b);
}

static void put_held(struct terminal *terminal, const struct compared runs[2]) {
  put_row(terminal, "held", format_byte_seconds(runs[0].held_byte_seconds).text,
          format_byte_seconds(runs[1].held_byte_seconds).text, runs[0].held_byte_seconds,
          runs[1].held_byte_seconds);
}

static void put_lifetime(struct terminal *terminal, const struct compared runs[2]) {
  double a = comparison_figure(&runs[0], COMPARE_LIFETIME);
  double b = comparison_figure(&runs[1], COMPARE_LIFETIME);
  put_row(terminal, "mean lifetime", runs[0].lives ? format_duration(a).text : "-",
          runs[1].lives ? format_duration(b).text : "-", a, b);
}

static void put_heading(struct terminal *terminal) {
  int cell = (terminal->width - MARGIN) / 3;
  cell = cell > 16 ? 16 : cell;
  static const char *const heads[] = {"A", "B", "B/A"};
  for (int i = 0; i < 3; i++) {
    terminal_to(terminal, MARGIN + (i + 1) * cell - (int)strlen(heads[i]));
    terminal_put(terminal, STRONG, "%s", heads[i]);
  }
  terminal_end(terminal);
}

static void put_sentences(struct terminal *terminal, const struct report runs[2],
                          const struct comparison *comparison) {
  const struct compared *a = &comparison->runs[0], *b = &comparison->runs[1];
  char *text;
  int length = asprintf(
      &text, "B against A: peak %s, held %s, requested in all %s; duration %s.",
      format_comparison((double)a->peak_bytes, (double)b->peak_bytes).text,
      format_comparison(a->held_byte_seconds, b->held_byte_seconds).text,
      format_comparison((double)a->total_bytes, (double)b->total_bytes).text,
      format_comparison((double)runs[0].profile->duration_ns, (double)runs[1].profile->duration_ns)
          .text);
  if (length < 0) return;
  terminal->indent = 0;
  terminal_wrap(terminal, STRONG, text);
  free(text);
}

static void put_runs(struct terminal *terminal, const struct report runs[2],
                     const struct comparison *comparison) {
  const struct profile *a = runs[0].profile, *b = runs[1].profile;
  put_heading(terminal);
  put_row(terminal, "duration", format_duration((double)a->duration_ns).text,
          format_duration((double)b->duration_ns).text, (double)a->duration_ns,
          (double)b->duration_ns);
  put_held(terminal, comparison->runs);
  put_bytes(terminal, "peak", a->peak.bytes, b->peak.bytes);
  put_bytes(terminal, "total", a->total.bytes, b->total.bytes);
  put_bytes(terminal, "at the end", a->at_end.bytes, b->at_end.bytes);
  put_row(terminal, "allocations", format_count(a->births).text, format_count(b->births).text,
          (double)a->births, (double)b->births);
  put_lifetime(terminal, comparison->runs);
  uint64_t rss_a = runs[0].info->max_rss_bytes, rss_b = runs[1].info->max_rss_bytes;
  if (rss_a && rss_b) put_bytes(terminal, "largest RSS", rss_a, rss_b);
  for (int run = 0; run < 2; run++) {
    if (!report_is_partial(&runs[run]) && !runs[run].info->duration_at_least) continue;
    terminal_put(terminal, WARNING, "    %c: %s", 'A' + run,
                 report_is_partial(&runs[run])
                     ? "events are missing, so that its figures are too low"
                     : "its end is not recorded; the last event is taken for it");
    terminal_end(terminal);
  }
}

/* What tells a difference of the runs from one of how they were recorded. */
static void put_kinds(struct terminal *terminal, const struct report runs[2]) {
  char *text = NULL;
  uint64_t a = runs[0].profile->sample_bytes, b = runs[1].profile->sample_bytes;
  for (int run = 0; run < 2; run++) {
    const struct profile *profile = runs[run].profile;
    struct human bytes = format_bytes(profile->sample_bytes);
    if (!profile->sample_bytes) continue;
    terminal_put(terminal, ACCENT, "    %c: estimates from a sample, one byte in %s", 'A' + run,
                 bytes.text);
    terminal_end(terminal);
  }
  terminal->indent = 4;
  if (a || b) {
    terminal_put(terminal, PLAIN, "    ");
    terminal_wrap(terminal, WARNING,
                  a && b ? "both are estimates: small differences may be chance; the summaries say "
                           "how sure they are"
                         : "one is an estimate and the other is not: record both alike to compare "
                           "small differences");
    return;
  }
  uint64_t hidden_a = runs[0].profile->peak_uncertainty.bytes;
  uint64_t hidden_b = runs[1].profile->peak_uncertainty.bytes;
  bool kinds_differ = !runs[0].profile->folded.blocks != !runs[1].profile->folded.blocks;
  uint64_t hidden = hidden_a > hidden_b ? hidden_a : hidden_b;
  if (!kinds_differ || hidden == 0) return;
  if (asprintf(
          &text,
          "in %c blocks that died young are folded: its peak may be up to %s higher; the other "
          "figures compare",
          runs[0].profile->folded.blocks ? 'A' : 'B', format_bytes(hidden).text) < 0)
    return;
  terminal_put(terminal, PLAIN, "    ");
  terminal_wrap(terminal, DIM, text);
  free(text);
}

static void put_site(struct terminal *terminal, const struct compared_site *site, size_t rank) {
  char name[NAME_SIZE] = "no stack", place[NAME_SIZE] = "";
  if (site->lead) {
    report_frame_name(site->lead, name, sizeof name);
    report_frame_place(site->lead, place, sizeof place);
  }
  terminal_put(terminal, STRONG, "%2zu  %s", rank, name);
  terminal_put(terminal, DIM, "  %s", place);
  if (!site->runs[0].sites || !site->runs[1].sites)
    terminal_put(terminal, ACCENT, "  only in %c", site->runs[0].sites ? 'A' : 'B');
  terminal_end(terminal);
  put_held(terminal, site->runs);
  put_bytes(terminal, "at peak", site->runs[0].peak_bytes, site->runs[1].peak_bytes);
  put_bytes(terminal, "total", site->runs[0].total_bytes, site->runs[1].total_bytes);
  put_lifetime(terminal, site->runs);
}

void report_diff_text(struct terminal *terminal, const struct report runs[2],
                      const struct comparison *comparison, enum comparison_key key, size_t top) {
  static const char *const keys[] = {"held", "bytes at peak", "total bytes", "mean lifetime"};
  terminal_put(terminal, STRONG, "dwell diff");
  terminal_end(terminal);
  put_command(terminal, 'A', &runs[0]);
  put_command(terminal, 'B', &runs[1]);
  terminal_end(terminal);
  put_sentences(terminal, runs, comparison);
  terminal_end(terminal);
  put_runs(terminal, runs, comparison);
  put_kinds(terminal, runs);
  terminal_end(terminal);
  terminal_put(terminal, DIM, "sites by change of %s; equal stacks of functions are one site",
               keys[key]);
  terminal_end(terminal);
  size_t shown = top && top < comparison->count ? top : comparison->count;
  for (size_t i = 0; i < shown; i++) {
    put_site(terminal, &comparison->sites[i], i + 1);
    terminal_end(terminal);
  }
  size_t only[2] = {0, 0};
  for (size_t i = 0; i < comparison->count; i++)
    for (int run = 0; run < 2; run++)
      only[run] += comparison->sites[i].runs[run].sites && !comparison->sites[i].runs[!run].sites;
  terminal_put(terminal, DIM, "%zu of %s sites shown; %s only in A, %s only in B", shown,
               format_count(comparison->count).text, format_count(only[0]).text,
               format_count(only[1]).text);
  terminal_end(terminal);
  report_problems(terminal, &runs[0], NULL);
  report_problems(terminal, &runs[1], &runs[0]);
}

/* ---- JSON ------------------------------------------------------------------------------- */

static json_t *compared_json(const struct compared *compared) {
  json_t *json = json_object();
  json_object_set_new(json, "sites", json_integer((json_int_t)compared->sites));
  json_object_set_new(json, "births", json_integer((json_int_t)compared->births));
  json_object_set_new(json, "total_bytes", json_integer((json_int_t)compared->total_bytes));
  json_object_set_new(json, "peak_bytes", json_integer((json_int_t)compared->peak_bytes));
  json_object_set_new(json, "end_bytes", json_integer((json_int_t)compared->at_end_bytes));
  json_object_set_new(json, "held_byte_seconds", json_real(compared->held_byte_seconds));
  json_object_set_new(json, "lifetime_mean_ns",
                      json_real(comparison_figure(compared, COMPARE_LIFETIME)));
  return json;
}

static json_t *text_json(const char *text) {
  char *repaired = utf8_repaired(text);
  json_t *json = repaired ? json_string(repaired) : NULL;
  free(repaired);
  return json;
}

static json_t *run_json(const struct report *report, const struct compared *compared) {
  json_t *json = compared_json(compared);
  json_object_set_new(json, "trace", text_json(report->info->path));
  json_object_set_new(json, "duration_ns", json_integer((json_int_t)report->profile->duration_ns));
  json_object_set_new(json, "complete", json_boolean(report->info->complete));
  json_object_set_new(json, "sample_bytes",
                      report->profile->sample_bytes
                          ? json_integer((json_int_t)report->profile->sample_bytes)
                          : json_null());
  json_object_set_new(json, "folded_blocks",
                      json_integer((json_int_t)report->profile->folded.blocks));
  json_object_set_new(json, "peak_uncertainty_bytes",
                      json_integer((json_int_t)report->profile->peak_uncertainty.bytes));
  json_object_set_new(json, "partial", json_boolean(report_is_partial(report)));
  return json;
}

static json_t *site_json(const struct compared_site *site) {
  json_t *json = json_object(), *stack = json_array();
  for (const char *at = site->stack; *at; at += strcspn(at, "\n") + 1) {
    char *line = strndup(at, strcspn(at, "\n"));
    if (line) json_array_append_new(stack, text_json(line));
    free(line);
  }
  json_object_set_new(json, "stack", stack);
  json_object_set_new(json, "a", site->runs[0].sites ? compared_json(&site->runs[0]) : json_null());
  json_object_set_new(json, "b", site->runs[1].sites ? compared_json(&site->runs[1]) : json_null());
  return json;
}

int report_diff_json(FILE *out, const struct report runs[2], const struct comparison *comparison,
                     size_t top) {
  json_t *json = json_object(), *sites = json_array();
  size_t shown = top && top < comparison->count ? top : comparison->count;
  for (size_t i = 0; i < shown; i++)
    json_array_append_new(sites, site_json(&comparison->sites[i]));
  json_object_set_new(json, "dwell_diff_version", json_integer(1));
  json_object_set_new(json, "a", run_json(&runs[0], &comparison->runs[0]));
  json_object_set_new(json, "b", run_json(&runs[1], &comparison->runs[1]));
  json_object_set_new(json, "sites_in_all", json_integer((json_int_t)comparison->count));
  json_object_set_new(json, "sites", sites);
  int result = json ? json_dumpf(json, out, JSON_INDENT(1) | JSON_REAL_PRECISION(15)) : -1;
  json_decref(json);
  fputc('\n', out);
  return result ? -ENOMEM : 0;
}
