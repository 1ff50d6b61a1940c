/* check_rules.c - see check_rules.h. A line is one line: it is made for logs and for grep. */
#include "check_rules.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "format.h"
#include "queue_place.h"

bool check_rules_any(const struct check_rules *rules) {
  return rules->no_unbounded_queue || rules->limit_peak || rules->limit_end || rules->limit_growth;
}

static void put_place(FILE *out, const char *before, struct queue_place place) {
  if (*place.text) fprintf(out, "%s%s", before, place.text);
}

static void put_end(FILE *out, const struct report *report, size_t others) {
  if (others) fprintf(out, "; and %zu more", others);
  if (report->profile->sample_bytes) fputs("; estimated from a sample", out);
}

/* ---- queues ----------------------------------------------------------------------------- */

static bool check_unbounded(const struct report *report, FILE *out) {
  const struct queue *worst = NULL;
  size_t count = 0;
  for (size_t i = 0; i < report->diagnosis->count; i++) {
    const struct queue *queue = &report->diagnosis->queues[i];
    if (queue->kind != QUEUE_UNBOUNDED) continue;
    if (count++ == 0) worst = queue;
  }
  if (!worst) return true;
  fprintf(out, "no-unbounded-queue: queue %u has no bound: %s", worst->id,
          format_bytes((uint64_t)(worst->peak_bytes + 0.5)).text);
  if (isfinite(worst->rho)) fprintf(out, ", rho %s", format_factor(worst->rho).text);
  put_place(out, "; filled at ", queue_place_filled(report, worst));
  put_place(out, ", drained at ", queue_place_drained(report, worst));
  put_end(out, report, count - 1);
  return false;
}

/* Only what is a queue: of a collection that is freed at the end, lifetimes shrink or say nothing.
 */
static bool is_line(const struct queue *queue) {
  return queue->kind == QUEUE_UNBOUNDED || queue->kind == QUEUE_BOUNDED ||
         queue->kind == QUEUE_BURST;
}

static bool check_growth(const struct report *report, double limit, FILE *out) {
  const struct queue *worst = NULL;
  size_t count = 0;
  for (size_t i = 0; i < report->diagnosis->count; i++) {
    const struct queue *queue = &report->diagnosis->queues[i];
    if (!is_line(queue) || !(queue->residence_slope > limit)) continue;
    count++;
    if (!worst || queue->residence_slope > worst->residence_slope) worst = queue;
  }
  if (!worst) return true;
  fprintf(out,
          "max-lifetime-growth: in queue %u (%s) a message stays %s longer for each second of "
          "running, more than %s",
          worst->id, queue_kind_name(worst->kind),
          format_duration(worst->residence_slope * 1e9).text, format_duration(limit * 1e9).text);
  put_place(out, "; filled at ", queue_place_filled(report, worst));
  put_place(out, ", drained at ", queue_place_drained(report, worst));
  put_end(out, report, count - 1);
  return false;
}

/* ---- levels ----------------------------------------------------------------------------- */

static uint64_t peak_of(const struct site *site) {
  return site->at_peak.bytes;
}
static uint64_t end_of(const struct site *site) {
  return site->at_end.bytes;
}

/* Whether no more than `limit` was live at that moment; most of it was of one site. */
static bool check_level(const struct report *report, const char *rule, const char *when,
                        uint64_t bytes, uint64_t limit, uint64_t (*of)(const struct site *),
                        FILE *out) {
  if (bytes <= limit) return true;
  const struct site *most = NULL;
  for (size_t i = 0; i < report->profile->site_count; i++) {
    const struct site *site = &report->profile->sites[i];
    if (!most || of(site) > of(most)) most = site;
  }
  fprintf(out, "%s: %s %s, more than %s", rule, format_bytes(bytes).text, when,
          format_bytes(limit).text);
  if (most && of(most))
    fprintf(out, "; %s of it from %s (--site %u)",
            format_share((double)of(most), (double)bytes).text,
            queue_place_of(report, most->stack).text, most->stack);
  put_end(out, report, 0);
  return false;
}

/* ---- all of them ------------------------------------------------------------------------ */

static bool check_rule(const struct check_rules *rules, int rule, const struct report *report,
                       FILE *out) {
  const struct profile *profile = report->profile;
  switch (rule) {
  case 0:
    return !rules->no_unbounded_queue || check_unbounded(report, out);
  case 1:
    return !rules->limit_peak || check_level(report, "max-peak", "at the peak", profile->peak.bytes,
                                             rules->peak_bytes, peak_of, out);
  case 2:
    return !rules->limit_end || check_level(report, "max-end", "never freed", profile->at_end.bytes,
                                            rules->end_bytes, end_of, out);
  default:
    return !rules->limit_growth || check_growth(report, rules->growth, out);
  }
}

int check_rules_hold_against(const struct check_rules *rules, const struct report *report,
                             struct terminal *terminal, size_t *broken) {
  *broken = 0;
  for (int rule = 0; rule < 4; rule++) {
    char *line = NULL;
    size_t size;
    FILE *out = open_memstream(&line, &size);
    if (!out) return -ENOMEM;
    bool holds = check_rule(rules, rule, report, out);
    fclose(out);
    if (!holds) {
      (*broken)++;
      terminal_put(terminal, PLAIN, "%s", line);
      terminal_end(terminal);
    }
    free(line);
  }
  return 0;
}
