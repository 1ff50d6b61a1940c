/* report_queue.c - everything about one queue: what is said of it, its figures, pictures, phases,
 * the evidence for its kind, its sites and stacks; see report_queues.h. */
#include <math.h>
#include <stdlib.h>

#include "format.h"
#include "queue_place.h"
#include "report_queues.h"

enum { MARGIN = 17 };

static struct human bytes(double value) {
  return format_bytes((uint64_t)(value + 0.5));
}
static struct human count(double value) {
  return format_count((uint64_t)(value + 0.5));
}
/* A percentile that most of those that wait have yet to reach is not a number. */
static struct human duration(double ns) {
  struct human unknown = {"not reached"};
  return isfinite(ns) ? format_duration(ns) : unknown;
}
static struct human blocks(double value) {
  struct human human;
  snprintf(human.text, sizeof human.text, "%.3g %s", value, value == 1 ? "block" : "blocks");
  return human;
}
static struct human factor(double value) {
  struct human unknown = {"-"}, infinite = {"inf"};
  if (isfinite(value)) return format_factor(value);
  return isnan(value) ? unknown : infinite;
}

/* ---- figures ---------------------------------------------------------------------------- */

static void put_messages(struct terminal *terminal, const struct queue *queue) {
  report_label(terminal, MARGIN, "messages");
  terminal_field(terminal, PLAIN, "%s arrived", count(queue->arrivals).text);
  terminal_field(terminal, PLAIN, "%s departed", count(queue->departures).text);
  terminal_field(terminal, PLAIN, "%s at the end", count(queue->at_end_messages).text);
  terminal_field(terminal, STRONG, "%s at most, at %s", count(queue->peak_messages).text,
                 format_duration((double)queue->peak_ns).text);
  terminal_end(terminal);
}

static void put_memory(struct terminal *terminal, const struct report *report,
                       const struct queue *queue) {
  report_label(terminal, MARGIN, "memory");
  terminal_field(terminal, STRONG, "%s at most", bytes(queue->peak_bytes).text);
  terminal_field(terminal, PLAIN, "%s at the process' peak (%s)", bytes(queue->at_peak_bytes).text,
                 format_share(queue->at_peak_bytes, (double)report->profile->peak.bytes).text);
  terminal_field(terminal, PLAIN, "%s at the end", bytes(queue->at_end_bytes).text);
  terminal_field(terminal, PLAIN, "held %s", format_byte_seconds(queue->held_byte_seconds).text);
  terminal_end(terminal);
  if (queue->bound > 0) {
    report_label(terminal, MARGIN, "bound");
    terminal_field(terminal, STRONG, "%s messages, %s", count(queue->bound).text,
                   bytes(queue->bound_bytes).text);
    if (queue_policy_name(queue->policy))
      terminal_field(terminal, PLAIN, "%s", queue_policy_name(queue->policy));
    if (queue->turned_away + queue->thrown_away >= 1)
      terminal_field(terminal, WARNING, "%s lost",
                     count(queue->turned_away + queue->thrown_away).text);
    terminal_end(terminal);
  }
  report_label(terminal, MARGIN, "standing");
  terminal_field(terminal, PLAIN, "%s messages, %s", count(queue->standing_messages).text,
                 bytes(queue->standing_bytes).text);
  terminal_field(terminal, DIM,
                 queue->kind == QUEUE_BOUNDED ? "the least since it was full"
                                              : "the least since it was half full");
  terminal_end(terminal);
}

static void put_rates(struct terminal *terminal, const struct queue *queue) {
  report_label(terminal, MARGIN, "rates");
  terminal_field(terminal, PLAIN, "%s arrive", format_rate(queue->arrival_rate).text);
  terminal_field(terminal, PLAIN, "%s depart", format_rate(queue->departure_rate).text);
  terminal_field(terminal, STRONG, "rho %s", factor(queue->rho).text);
  terminal_field(terminal, DIM, "from %s to %s",
                 format_duration((double)queue->measured_from_ns).text,
                 format_duration((double)queue->measured_to_ns).text);
  terminal_end(terminal);
  report_label(terminal, MARGIN, "residence");
  if (isfinite(queue->residence_slope))
    terminal_field(terminal, STRONG, "%s%s a second of running",
                   queue->residence_slope < 0 ? "-" : "+",
                   format_duration(fabs(queue->residence_slope) * 1e9).text);
  terminal_field(terminal, PLAIN, "last %s", duration(queue->residence_now_ns).text);
  terminal_field(terminal, PLAIN, "p50 %s", duration(queue->residence_p50_ns).text);
  terminal_field(terminal, PLAIN, "p99 %s", duration(queue->residence_p99_ns).text);
  terminal_field(terminal, PLAIN, "max %s", duration(queue->residence_max_ns).text);
  terminal_end(terminal);
}

static void put_parties(struct terminal *terminal, const struct report *report, const char *label,
                        const struct queue_parties *threads) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  if (!out) return;
  for (size_t i = 0; i < threads->count; i++) {
    const char *name = trace_file_thread_name(report->file, threads->of[i].id);
    fprintf(out, "%s%s %s", i ? ", " : "", *name ? name : "(unnamed)",
            format_share(threads->of[i].share, 1).text);
  }
  fclose(out);
  report_label(terminal, MARGIN, label);
  terminal_wrap(terminal, PLAIN, text && *text ? text : "nobody");
  free(text);
}

static void put_departures(struct terminal *terminal, const struct report *report,
                           const struct queue *queue) {
  put_parties(terminal, report, "filled by", &queue->filled_by_threads);
  put_parties(terminal, report, "drained by", &queue->drained_by_threads);
  if (!queue->drained_by_threads.count) return;
  terminal_to(terminal, MARGIN);
  if (isfinite(queue->batch))
    terminal_field(terminal, PLAIN,
                   queue->batch < 1.5 ? "one at a time" : "about %s at a time, on average",
                   format_factor(queue->batch).text);
  terminal_field(terminal, PLAIN, "%u %s at a time, at most", queue->consumers,
                 queue->consumers == 1 ? "thread" : "threads");
  terminal_end(terminal);
}

/* ---- phases ----------------------------------------------------------------------------- */

static void put_phase_cells(struct terminal *terminal, enum style style,
                            const char *const cells[6]) {
  static const int widths[] = {9, 10, 10, 10, 8, 9};
  int end = MARGIN - 5;
  /* one begins where the last ended: what can be spared on a narrow terminal */
  for (int i = terminal->width < 75; i < 6; i++) {
    end += widths[i];
    terminal_to(terminal, end - terminal_columns(cells[i]));
    terminal_put(terminal, style, "%s", cells[i]);
  }
  terminal_end(terminal);
}

static void put_phases(struct terminal *terminal, const struct queue *queue) {
  if (!queue->phase_count) return;
  terminal_end(terminal);
  terminal_put(terminal, STRONG, "phases");
  put_phase_cells(terminal, DIM,
                  (const char *[]){"begin", "end", "arrive", "depart", "rho", "level"});
  for (size_t i = 0; i < queue->phase_count; i++) {
    const struct phase *phase = &queue->phases[i];
    struct human begin = format_duration((double)phase->begin_ns);
    struct human end = format_duration((double)phase->end_ns);
    struct human level = count(fmax(phase->end_messages, 0)), rho = factor(phase->rho);
    struct human arrive = format_rate(phase->arrival_rate);
    struct human depart = format_rate(phase->departure_rate);
    terminal_to(terminal, 4);
    terminal_put(terminal, PLAIN, "%s", phase_kind_name(phase->kind));
    put_phase_cells(
        terminal, PLAIN,
        (const char *[]){begin.text, end.text, arrive.text, depart.text, rho.text, level.text});
  }
}

/* ---- evidence --------------------------------------------------------------------------- */

enum unit { SHARE, FACTOR, COUNT };

static void put_evidence_of(struct terminal *terminal, const char *label, enum unit unit,
                            double value, const char *meaning) {
  struct human text = factor(value);
  if (unit == SHARE && isfinite(value)) text = format_share(value, 1);
  if (unit == COUNT && isfinite(value)) text = count(fmax(value, 0));
  terminal_to(terminal, 4);
  terminal_put(terminal, DIM, "%s", label);
  terminal_to(terminal, MARGIN + 16 - terminal_columns(text.text));
  terminal_put(terminal, PLAIN, "%s", text.text);
  terminal_to(terminal, MARGIN + 18);
  terminal->indent = MARGIN + 18;
  terminal_wrap(terminal, DIM, meaning);
}

static void put_evidence(struct terminal *terminal, const struct queue *queue) {
  const struct queue_evidence *evidence = &queue->evidence;
  terminal_end(terminal);
  terminal_put(terminal, STRONG, "evidence");
  terminal_put(terminal, PLAIN, "   %s: %.0f%% sure", queue_kind_name(queue->kind),
               100 * queue->confidence);
  terminal_end(terminal);
  put_evidence_of(terminal, "in order", SHARE, evidence->in_order,
                  "of the departures overtook nobody: 100% is first in, first out");
  if (evidence->in_order < 0.9 && queue->consumers > 1)
    put_evidence_of(terminal, "by consumer", SHARE, evidence->in_order_by_consumer,
                    "overtook none of those that the same thread took: 100% is a line for each");
  put_evidence_of(terminal, "order of both", FACTOR, evidence->rank_correlation,
                  "rank correlation of arrival and departure, -1 to 1");
  put_evidence_of(terminal, "departed", SHARE, evidence->departed_share, "of the arrivals");
  put_evidence_of(terminal, "handed off", SHARE, evidence->handoff_share,
                  "freed by another thread than the one that made it");
  put_evidence_of(terminal, "in exchange", SHARE, evidence->coupled_share,
                  "of the departures: an arrival by the same thread right beside it");
  put_evidence_of(terminal, "at the top", SHARE, evidence->at_top_share,
                  "of the time since the top was reached: pinned there when near 100%");
  put_evidence_of(terminal, "least level", COUNT, evidence->low_messages,
                  "messages, since it was half full (bounded: full)");
  put_evidence_of(terminal, "highest level", COUNT, evidence->top_messages, "messages");
  put_evidence_of(terminal, "growth", SHARE, evidence->growth,
                  "level at the last arrival, of the highest: 100% still grows");
  put_evidence_of(terminal, "residence varies", FACTOR, evidence->residence_variation,
                  "standard deviation over mean");
  put_evidence_of(terminal, "level varies", FACTOR, evidence->level_variation,
                  "standard deviation over mean");
  put_evidence_of(terminal, "Little's law", FACTOR, evidence->littles_law,
                  "mean level over arrival rate x mean residence: must be 1");
}

/* ---- sites and stacks ------------------------------------------------------------------- */

static void put_sites(struct terminal *terminal, const struct report *report,
                      const struct queue *queue) {
  terminal_end(terminal);
  terminal_put(terminal, STRONG, "a message");
  terminal_put(terminal, PLAIN, "   %s in %s", bytes(queue->bytes_per_message).text,
               blocks(queue->blocks_per_message).text);
  terminal_end(terminal);
  for (size_t i = 0; i < queue->site_count; i++) {
    const struct queue_site *site = &queue->sites[i];
    uint32_t stack = report->profile->sites[site->site].stack;
    terminal_to(terminal, 4);
    terminal->indent = MARGIN;
    struct human size = bytes(site->bytes_per_message);
    terminal_to(terminal, MARGIN - 3 - terminal_columns(size.text));
    terminal_put(terminal, PLAIN, "%s", size.text);
    terminal_to(terminal, MARGIN);
    terminal_put(terminal, PLAIN, "%s", queue_place_of(report, stack).text);
    terminal_field(terminal, DIM, "%s", blocks(site->blocks_per_message).text);
    if (site->other_count)
      terminal_field(terminal, PLAIN, "and %s other %s", format_count(site->other_count).text,
                     site->other_count == 1 ? "stack" : "stacks");
    if (site->carries) terminal_field(terminal, DIM, "messages are counted by it");
    terminal_field(terminal, DIM, "--site %u", stack);
    terminal_end(terminal);
  }
}

static void put_stacks(struct terminal *terminal, const struct report *report, const char *what,
                       const struct queue_parties *stacks) {
  for (size_t i = 0; i < stacks->count; i++) {
    terminal_end(terminal);
    terminal_put(terminal, STRONG, "%s", what);
    terminal_put(terminal, PLAIN, "   %s", format_share(stacks->of[i].share, 1).text);
    if (stacks->of[i].others)
      terminal_put(terminal, PLAIN, " from this and %s other %s",
                   format_count(stacks->of[i].others).text,
                   stacks->of[i].others == 1 ? "stack" : "stacks");
    terminal_end(terminal);
    report_whole_stack(terminal, report, 4, stacks->of[i].id);
  }
}

/* ---- the whole -------------------------------------------------------------------------- */

static void put_words(struct terminal *terminal, const struct report *report,
                      const struct queue *queue) {
  char *verdict = report_queue_verdict(report, queue), *advice = report_queue_advice(report, queue);
  terminal->indent = 4;
  terminal_to(terminal, 4);
  terminal_wrap(terminal, PLAIN, verdict ? verdict : "");
  if (advice && *advice) {
    terminal_to(terminal, 4);
    terminal_put(terminal, STRONG, "What to do:");
    terminal_wrap(terminal, PLAIN, advice);
  }
  free(verdict);
  free(advice);
  terminal_end(terminal);
}

void report_queue(struct terminal *terminal, const struct report *report,
                  const struct queue *queue) {
  terminal_put(terminal, STRONG, "queue %u  %s", queue->id, report_kind_title(queue->kind));
  terminal_end(terminal);
  put_words(terminal, report, queue);
  put_messages(terminal, queue);
  put_memory(terminal, report, queue);
  put_rates(terminal, queue);
  put_departures(terminal, report, queue);
  terminal_end(terminal);
  report_queue_pictures(terminal, report, queue, true);
  put_phases(terminal, queue);
  put_evidence(terminal, queue);
  put_sites(terminal, report, queue);
  put_stacks(terminal, report, "filled", &queue->filled_by_stacks);
  put_stacks(terminal, report, "drained", &queue->drained_by_stacks);
}
