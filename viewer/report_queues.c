/* report_queues.c - the verdicts of a run, before any table: the queues that matter, worst first,
 * what to do about them, and the worst one drawn; see report_queues.h. */
#include "report_queues.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

enum { INDENT = 4, WIDEST = 100, SHOWN = 8 };
/* What is no queue, or merely might be one, is not worth a word below this. */
enum { LEAST_BYTES = 64 << 10 };

const char *report_kind_title(enum queue_kind kind) {
  static const char *const titles[QUEUE_KINDS] = {
      [QUEUE_UNBOUNDED] = "Unbounded queue",
      [QUEUE_STALLED] = "Stalled queue, growing collection or leak",
      [QUEUE_BOUNDED] = "Bounded queue",
      [QUEUE_BURST] = "Burst",
      [QUEUE_CACHE] = "Cache or pool",
      [QUEUE_STARTUP] = "Startup",
      [QUEUE_CHURN] = "Churn",
      [QUEUE_UNKNOWN] = "Unknown",
  };
  return titles[kind];
}

bool report_queue_matters(const struct report *report, const struct queue *queue) {
  static const double least_shares[QUEUE_KINDS] = {
      [QUEUE_UNBOUNDED] = 0, [QUEUE_STALLED] = 0.1, [QUEUE_BOUNDED] = 0.01,   [QUEUE_BURST] = 0.2,
      [QUEUE_CACHE] = 0.2,   [QUEUE_STARTUP] = 0.2, [QUEUE_CHURN] = INFINITY, [QUEUE_UNKNOWN] = 0.2,
  };
  double peak = (double)report->profile->peak.bytes;
  bool held_back = queue->kind == QUEUE_UNBOUNDED || queue->kind == QUEUE_BOUNDED;
  if (!held_back && queue->peak_bytes < LEAST_BYTES) return false;
  return queue->peak_bytes >= least_shares[queue->kind] * peak;
}

bool report_bound_is_worth_it(const struct queue *queue, uint64_t bound) {
  return bound && (double)bound <= queue->peak_messages / 2;
}

/* What somebody has to do something about, or asked for. */
static bool is_queue(enum queue_kind kind) {
  return kind == QUEUE_UNBOUNDED || kind == QUEUE_STALLED || kind == QUEUE_BOUNDED;
}

/* ---- what is said ----------------------------------------------------------------------- */

/* A title, then words that go on behind it and in the lines below. */
static void put_paragraph(struct terminal *terminal, enum style style, const char *title,
                          const char *text) {
  terminal->indent = INDENT;
  terminal_put(terminal, style, "%s", title);
  terminal_wrap(terminal, PLAIN, text);
}

static void put_verdict(struct terminal *terminal, const struct report *report,
                        const struct queue *queue) {
  char title[120], *text = NULL;
  enum style style = queue->kind == QUEUE_UNBOUNDED ? WARNING
                     : is_queue(queue->kind)        ? STRONG
                                                    : DIM;
  char *verdict = report_queue_verdict(report, queue);
  if (queue->confidence < 0.75)
    snprintf(title, sizeof title, "%s (%.0f%% sure):", report_kind_title(queue->kind),
             100 * queue->confidence);
  else
    snprintf(title, sizeof title, "%s:", report_kind_title(queue->kind));
  if (verdict && asprintf(&text, "%s (--queue=%u)", verdict, queue->id) >= 0)
    put_paragraph(terminal, style, title, text);
  free(verdict);
  free(text);
}

/* Once a kind: for the worst of it. */
static void put_advice(struct terminal *terminal, const struct report *report,
                       const struct queue *const *queues, size_t count) {
  bool said[QUEUE_KINDS] = {false}, any = false;
  char title[40];
  for (size_t i = 0; i < count; i++) {
    if (said[queues[i]->kind]) continue;
    said[queues[i]->kind] = true;
    char *advice = report_queue_advice(report, queues[i]);
    if (advice && *advice) {
      if (!any) terminal_put(terminal, STRONG, "What to do:");
      if (any) terminal_to(terminal, INDENT - 1);
      snprintf(title, sizeof title, " Queue %u:", queues[i]->id);
      put_paragraph(terminal, PLAIN, count > 1 ? title : "", advice);
      any = true;
    }
    free(advice);
  }
}

/* One line: silence must say what it is silent about. */
static void put_nothing(struct terminal *terminal, const struct report *report) {
  size_t kinds[QUEUE_KINDS] = {0}, sites = 0;
  double at_peak = 0;
  const struct diagnosis *diagnosis = report->diagnosis;
  for (size_t i = 0; i < diagnosis->count; i++) {
    kinds[diagnosis->queues[i].kind]++;
    for (size_t j = 0; j < diagnosis->queues[i].site_count; j++)
      sites += 1 + diagnosis->queues[i].sites[j].other_count;
    at_peak += diagnosis->queues[i].at_peak_bytes;
  }
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  if (!out) return;
  if (!diagnosis->count) {
    fputs("no site has blocks enough, or memory enough, to be one.", out);
  } else {
    fprintf(out, "looked at %s of %s sites (%s of the peak):", format_count(sites).text,
            format_count(report->profile->site_count).text,
            format_share(at_peak, (double)report->profile->peak.bytes).text);
    const char *before = " ";
    for (int kind = 0; kind < QUEUE_KINDS; kind++)
      if (kinds[kind]) {
        fprintf(out, "%s%zu %s", before, kinds[kind], queue_kind_name((enum queue_kind)kind));
        before = ", ";
      }
    fputs(".", out);
  }
  fclose(out);
  if (text) put_paragraph(terminal, STRONG, "No queue found:", text);
  free(text);
}

static void put_more(struct terminal *terminal, enum queue_kind worst, size_t hidden) {
  terminal->indent = INDENT;
  if (hidden) terminal_field(terminal, DIM, "%zu more: --json lists them", hidden);
  terminal_field(terminal, DIM, "`dwell summary --queue N` shows all about one");
  if (worst != QUEUE_STALLED) terminal_field(terminal, DIM, "`dwell whatif` tries bounds");
  terminal_end(terminal);
}

void report_verdicts(struct terminal *terminal, const struct report *report) {
  const struct diagnosis *diagnosis = report->diagnosis;
  if (!diagnosis) return;
  const struct queue *shown[SHOWN];
  size_t count = 0, matter = 0;
  bool found = false;
  for (size_t i = 0; i < diagnosis->count; i++) {
    const struct queue *queue = &diagnosis->queues[i];
    if (!report_queue_matters(report, queue)) continue;
    found |= is_queue(queue->kind) || queue->kind == QUEUE_BURST;
    if (matter++ < SHOWN) shown[count++] = queue;
  }
  int width = terminal->width;
  if (width > WIDEST) terminal->width = WIDEST;
  if (!found) put_nothing(terminal, report);
  for (size_t i = 0; i < count; i++)
    put_verdict(terminal, report, shown[i]);
  put_advice(terminal, report, shown, count);
  bool draw = count && is_queue(shown[0]->kind);
  if (draw) {
    put_more(terminal, shown[0]->kind, matter - count);
    terminal_end(terminal);
    report_queue_pictures(terminal, report, shown[0], false);
  }
  terminal->width = width;
  terminal_end(terminal);
}
