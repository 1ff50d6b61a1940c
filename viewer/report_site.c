/* report_site.c - everything about one site: all figures, lifetimes as a histogram, the run as a
 * timeline, every stack. What is drawn is counted from the profile; nothing is smoothed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "report.h"

enum { MARGIN = 17, NAME_SIZE = 512 };

/* ---- figures ---------------------------------------------------------------------------- */

static void put_figure(struct terminal *terminal, const char *label, struct figure figure,
                       struct figure whole, const struct range *range) {
  report_label(terminal, MARGIN, label);
  if (!figure.blocks) {
    terminal_field(terminal, PLAIN, "none");
    terminal_end(terminal);
    return;
  }
  terminal_field(terminal, PLAIN, "%s", format_bytes(figure.bytes).text);
  if (range) report_bytes_range(terminal, *range);
  terminal_field(terminal, PLAIN, "in %s", format_blocks(figure.blocks).text);
  if (whole.bytes)
    terminal_field(terminal, DIM, "%s of the run's bytes",
                   format_share((double)figure.bytes, (double)whole.bytes).text);
  terminal_end(terminal);
}

static void put_figures(struct terminal *terminal, const struct report *report,
                        const struct site *site) {
  const struct profile *profile = report->profile;
  const struct intervals *intervals = report_intervals(report, site);
  report_label(terminal, MARGIN, "held");
  terminal_field(terminal, STRONG, "%s", format_byte_seconds(site->held_byte_seconds).text);
  if (intervals) report_held_range(terminal, intervals->held_byte_seconds);
  terminal_field(terminal, PLAIN, "%s of all held",
                 format_share(site->held_byte_seconds, profile->held_byte_seconds).text);
  terminal_end(terminal);
  report_label(terminal, MARGIN, "events");
  terminal_field(terminal, PLAIN, "%s births", format_count(site->births).text);
  terminal_field(terminal, PLAIN, "%s deaths", format_count(site->deaths).text);
  terminal_field(terminal, PLAIN, "%s reallocations", format_count(site->reallocations).text);
  terminal_end(terminal);
  put_figure(terminal, "total", site->total, profile->total,
             intervals ? &intervals->total_bytes : NULL);
  if (site->folded.blocks) put_figure(terminal, "folded", site->folded, (struct figure){0}, NULL);
  put_figure(terminal, "own maximum", site->max, (struct figure){0}, NULL);
  put_figure(terminal, "at peak", site->at_peak, profile->peak,
             intervals ? &intervals->at_peak_bytes : NULL);
  put_figure(terminal, "never freed", site->at_end, profile->at_end,
             intervals ? &intervals->at_end_bytes : NULL);
  report_label(terminal, MARGIN, "first birth");
  terminal_field(terminal, PLAIN, "%s", format_duration((double)site->first_birth_ns).text);
  terminal_field(terminal, PLAIN, "last birth %s",
                 format_duration((double)site->last_birth_ns).text);
  terminal_end(terminal);
}

static void put_threads(struct terminal *terminal, const struct report *report,
                        const struct site *site) {
  char *births = report_threads(report, &site->birth_threads, 0);
  char *deaths = report_threads(report, &site->death_threads, 0);
  report_label(terminal, MARGIN, "born in");
  terminal_wrap(terminal, PLAIN, births ? births : "?");
  report_label(terminal, MARGIN, "freed in");
  terminal_wrap(terminal, PLAIN, site->deaths ? deaths ? deaths : "?" : "never");
  report_label(terminal, MARGIN, "handed off");
  terminal_field(terminal, PLAIN, "%s: %s freed by another thread than the one that allocated",
                 format_share((double)site->handoffs, (double)site->deaths).text,
                 format_blocks(site->handoffs).text);
  terminal_end(terminal);
  free(births);
  free(deaths);
}

/* ---- lifetimes -------------------------------------------------------------------------- */

/* Rows of one width, a round one, when all lifetimes are of about the same length; else at 1, 2 and
 * 5 of every decade. A bucket of the histogram belongs to the row of its middle. */
enum { ROWS_MAX = 60, LINEAR_ROWS = 8, LINEAR_RANGE = 20 };
struct rows {
  double begin[ROWS_MAX + 1]; /* ns; a row ends where the next begins */
  uint64_t counts[ROWS_MAX];
  int count;
  double low, high; /* the middles of the first and the last bucket in use */
};

static double bucket_middle(uint64_t low, uint64_t high) {
  return (double)low + ((double)high - (double)low) / 2;
}

static void widen_range(void *context, uint64_t low, uint64_t high, uint64_t count) {
  struct rows *rows = context;
  double middle = bucket_middle(low, high);
  if (count && rows->low < 0) rows->low = middle;
  if (count) rows->high = middle;
}

static void add_bucket(void *context, uint64_t low, uint64_t high, uint64_t count) {
  struct rows *rows = context;
  double middle = bucket_middle(low, high);
  int row = 0;
  while (row + 1 < rows->count && rows->begin[row + 1] <= middle)
    row++;
  rows->counts[row] += count;
}

/* The k-th of ..., 1, 2, 5, 10, 20, 50, ... with step 0 = 1. */
static double round_number(int k) {
  static const double steps[] = {1, 2, 5};
  int decade = k / 3;
  return steps[k % 3] * pow(10, decade);
}

static struct rows count_lifetimes(const struct site *site) {
  struct rows rows = {.low = -1};
  histogram_each(&site->lifetimes, widen_range, &rows);
  double low = rows.low < 0 ? 0 : rows.low;
  int k = 0;
  if (low > 0 && rows.high / low < LINEAR_RANGE) {
    while (round_number(k) * LINEAR_ROWS < rows.high - low || round_number(k) < low / 50)
      k++;
    double step = round_number(k), first = floor(low / step) * step;
    do
      rows.begin[rows.count] = first + rows.count * step;
    while (rows.begin[rows.count++] + step <= rows.high && rows.count < ROWS_MAX);
    rows.begin[rows.count] = first + rows.count * step;
  } else {
    while (round_number(k + 1) <= low)
      k++;
    rows.begin[0] = low < 1 ? 0 : round_number(k++);
    rows.count = 1;
    while (round_number(k) <= rows.high && rows.count < ROWS_MAX)
      rows.begin[rows.count++] = round_number(k++);
    rows.begin[rows.count] = round_number(k);
  }
  histogram_each(&site->lifetimes, add_bucket, &rows);
  return rows;
}

static void put_lifetimes(struct terminal *terminal, const struct report *report,
                          const struct site *site) {
  static const double percentiles[] = {0.01, 0.1, 0.5, 0.9, 0.99};
  double mean = select_mean_lifetime_ns(site);
  report_label(terminal, MARGIN, "lifetime");
  terminal_field(terminal, STRONG, "mean %s", format_duration(mean).text);
  terminal_field(terminal, PLAIN, "%s of the run",
                 format_share(mean, (double)report->profile->duration_ns).text);
  for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles; i++)
    terminal_field(terminal, PLAIN, "p%.0f %s", 100 * percentiles[i],
                   format_duration((double)report_percentile_ns(site, percentiles[i])).text);
  terminal_field(terminal, PLAIN, "max %s", format_duration((double)site->lifetime_max_ns).text);
  terminal_end(terminal);

  struct rows rows = count_lifetimes(site);
  uint64_t most = 1;
  for (int row = 0; row < rows.count; row++)
    most = rows.counts[row] > most ? rows.counts[row] : most;
  int cells = terminal->width - MARGIN - 40;
  cells = cells > 50 ? 50 : cells < 0 ? 0 : cells;
  for (int row = 0; row < rows.count; row++) {
    char begin[48], end[48];
    snprintf(begin, sizeof begin, "%s", format_duration(rows.begin[row]).text);
    snprintf(end, sizeof end, "%s", format_duration(rows.begin[row + 1]).text);
    terminal_to(terminal, MARGIN);
    terminal_to(terminal, MARGIN + 8 - terminal_columns(begin));
    terminal_put(terminal, DIM, "%s – ", begin);
    terminal_to(terminal, MARGIN + 19 - terminal_columns(end));
    terminal_put(terminal, DIM, "%s ", end);
    if (rows.counts[row]) terminal_bar(terminal, (double)rows.counts[row] / (double)most, cells);
    terminal_to(terminal, MARGIN + 21 + cells);
    if (rows.counts[row])
      terminal_put(terminal, PLAIN, "%10s %6s", format_count(rows.counts[row]).text,
                   format_share((double)rows.counts[row], (double)site->lifetimes.count).text);
    terminal_end(terminal);
  }
  if (site->at_end.blocks) {
    terminal_to(terminal, MARGIN);
    terminal->indent = MARGIN;
    char *text;
    if (asprintf(&text, "%s never freed: counted to the end of the run",
                 format_blocks(site->at_end.blocks).text) >= 0) {
      terminal_wrap(terminal, DIM, text);
      free(text);
    }
  }
}

/* ---- timeline --------------------------------------------------------------------------- */

enum { HEIGHT = 6, AXIS = 11 };

/* As many columns as fit and as divide the buckets. */
static int timeline_columns(const struct terminal *terminal) {
  int columns = TIMELINE_BUCKETS;
  while (columns > 16 && MARGIN + AXIS + columns > terminal->width)
    columns /= 2;
  return columns;
}

static void put_spark(struct terminal *terminal, const char *label,
                      const double counts[TIMELINE_BUCKETS], int columns) {
  double sums[TIMELINE_BUCKETS] = {0}, most = 0;
  for (int i = 0; i < TIMELINE_BUCKETS; i++)
    sums[i * columns / TIMELINE_BUCKETS] += counts[i];
  for (int i = 0; i < columns; i++)
    most = sums[i] > most ? sums[i] : most;
  struct human top = format_count((uint64_t)(most + 0.5));
  report_label(terminal, MARGIN, label);
  terminal_to(terminal, MARGIN + AXIS - 2 - terminal_columns(top.text));
  terminal_put(terminal, DIM, "%s", top.text);
  terminal_to(terminal, MARGIN + AXIS - 1);
  terminal_put(terminal, DIM, "│");
  for (int i = 0; i < columns; i++) {
    int eighths = most > 0 ? (int)ceil(8.0 * sums[i] / most) : 0;
    terminal_put(terminal, PLAIN, "%s", terminal_block(eighths));
  }
  terminal_end(terminal);
}

static void put_timeline(struct terminal *terminal, const struct report *report,
                         const struct timeline *timeline) {
  int columns = timeline_columns(terminal), part = TIMELINE_BUCKETS / columns;
  double means[TIMELINE_BUCKETS] = {0}, most = 0;
  for (int i = 0; i < TIMELINE_BUCKETS; i++)
    means[i / part] += timeline->mean_bytes[i] / part;
  for (int i = 0; i < columns; i++)
    most = means[i] > most ? means[i] : most;
  double each_ns = (double)report->profile->duration_ns / columns;
  report_label(terminal, MARGIN, "over time");
  terminal_put(terminal, PLAIN, "live bytes, mean over %s a column", format_duration(each_ns).text);
  terminal_end(terminal);
  for (int row = HEIGHT - 1; row >= 0; row--) {
    terminal_to(terminal, MARGIN);
    if (row == HEIGHT - 1)
      terminal_put(terminal, DIM, "%9s", format_bytes((uint64_t)(most + 0.5)).text);
    terminal_to(terminal, MARGIN + AXIS - 1);
    terminal_put(terminal, DIM, "│");
    for (int i = 0; i < columns; i++) {
      double eighths = most > 0 ? means[i] / most * HEIGHT * 8 : 0;
      if (means[i] > 0 && eighths < 1) eighths = 1; /* something is not nothing */
      int here = (int)eighths - row * 8;
      terminal_put(terminal, ACCENT, "%s", terminal_block(here));
    }
    terminal_end(terminal);
  }
  terminal_to(terminal, MARGIN + AXIS - 1);
  terminal_put(terminal, DIM, "└");
  for (int i = 0; i < columns; i++)
    terminal_put(terminal, DIM, "─");
  terminal_end(terminal);
  struct human end = format_duration((double)report->profile->duration_ns);
  terminal_to(terminal, MARGIN + AXIS);
  terminal_put(terminal, DIM, "0");
  terminal_to(terminal, MARGIN + AXIS + columns - terminal_columns(end.text));
  terminal_put(terminal, DIM, "%s", end.text);
  terminal_end(terminal);
  put_spark(terminal, "births", timeline->births, columns);
  put_spark(terminal, "deaths", timeline->deaths, columns);
}

/* ---- stacks ----------------------------------------------------------------------------- */

static void put_stacks(struct terminal *terminal, const struct report *report, const char *what,
                       const struct shares *stacks) {
  uint64_t all = 0;
  for (size_t i = 0; i < stacks->count; i++)
    all += stacks->of[i].blocks;
  for (size_t i = 0; i < stacks->count; i++) {
    const struct share *share = &stacks->of[i];
    terminal_end(terminal);
    terminal_put(terminal, STRONG, "%s", what);
    terminal_put(terminal, PLAIN, "   %s   %s   %s",
                 format_share((double)share->blocks, (double)all).text,
                 format_blocks(share->blocks).text, format_bytes(share->bytes).text);
    terminal_end(terminal);
    report_whole_stack(terminal, report, 4, share->id);
  }
}

void report_site(struct terminal *terminal, const struct report *report, const struct site *site,
                 const struct timeline *timeline) {
  const struct frame *frames;
  size_t count = symbols_stack(report->symbols, site->stack, 0, &frames);
  const struct frame *lead = report_lead(frames, count);
  char name[NAME_SIZE] = "no stack", place[NAME_SIZE] = "";
  if (lead) {
    report_frame_name(lead, name, sizeof name);
    report_frame_place(lead, place, sizeof place);
  }
  terminal_put(terminal, STRONG, "site %u  %s", site->stack, name);
  terminal_put(terminal, DIM, "  %s", place);
  terminal_end(terminal);
  put_figures(terminal, report, site);
  put_threads(terminal, report, site);
  put_lifetimes(terminal, report, site);
  put_timeline(terminal, report, timeline);
  terminal_end(terminal);
  terminal_put(terminal, STRONG, "born");
  terminal_end(terminal);
  report_whole_stack(terminal, report, 4, site->stack);
  put_stacks(terminal, report, "resized", &site->resize_stacks);
  put_stacks(terminal, report, "freed", &site->death_stacks);
  if (site->folded.blocks) terminal_end(terminal);
  report_folded(terminal, 0, "", site);
}
