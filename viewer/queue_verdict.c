/* queue_verdict.c - what is said of a queue, in sentences that stand by themselves.
 *
 * The tone follows what births and deaths can tell: a queue is called one only where the diagnosis
 * does; of what is merely never freed it is said that nobody can know.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diagnosis/whatif.h"
#include "format.h"
#include "queue_place.h"
#include "report_queues.h"
#include "report_whatif.h"

enum { THREADS_SIZE = 200 };

static struct human bytes(double value) {
  return format_bytes((uint64_t)(value + 0.5));
}

static struct human messages(double value) {
  struct human human = format_count((uint64_t)(value + 0.5)), text;
  snprintf(text.text, sizeof text.text, "%.30s %s", human.text,
           value >= 0.5 && value < 1.5 ? "message" : "messages");
  return text;
}

/* ---- sentences that several kinds share ------------------------------------------------- */

static void say_size(FILE *out, const struct report *report, const struct queue *queue) {
  double peak = (double)report->profile->peak.bytes;
  if (queue->at_peak_bytes >= 0.9 * queue->peak_bytes)
    fprintf(out, "%s at peak (%s)", bytes(queue->at_peak_bytes).text,
            format_share(queue->at_peak_bytes, peak).text);
  else
    fprintf(out, "%s at its own peak (%s at the process', %s)", bytes(queue->peak_bytes).text,
            bytes(queue->at_peak_bytes).text, format_share(queue->at_peak_bytes, peak).text);
}

static void say_place(FILE *out, struct queue_place place) {
  if (*place.text) fprintf(out, " at %s", place.text);
}

static void say_other_stacks(FILE *out, const struct queue *queue) {
  size_t others = queue_place_other_stacks(queue);
  if (others)
    fprintf(out, " and %s other %s", format_count(others).text, others == 1 ? "stack" : "stacks");
}

static void say_filled(FILE *out, const struct report *report, const struct queue *queue) {
  say_place(out, queue_place_filled(report, queue));
  say_other_stacks(out, queue);
}

static void say_parties(FILE *out, const struct report *report, const struct queue *queue) {
  char filler[THREADS_SIZE], drainer[THREADS_SIZE];
  bool fillers = queue_place_threads(report, &queue->filled_by_threads, filler, sizeof filler);
  bool drainers = queue_place_threads(report, &queue->drained_by_threads, drainer, sizeof drainer);
  fprintf(out, "%s %s it", filler, fillers ? "fill" : "fills");
  say_filled(out, report, queue);
  fprintf(out, ", %s", format_rate(queue->arrival_rate).text);
  if (!queue->drained_by_threads.count) {
    fputs("; nobody drains it", out);
    return;
  }
  if (queue_place_one_thread(queue))
    fputs(", and drains it itself", out);
  else
    fprintf(out, "; %s %s it", drainer, drainers ? "drain" : "drains");
  say_place(out, queue_place_drained(report, queue));
  if (queue->batch < 1.5)
    fputs(", one at a time", out);
  else if (!isnan(queue->batch))
    fprintf(out, ", about %s at a time", format_factor(queue->batch).text);
  if (queue->departure_rate > 0)
    fprintf(out, ", %s", format_rate(queue->departure_rate).text);
  else
    fputs(", not while it filled", out);
}

/* What one message costs, and of what. */
static void say_message(FILE *out, const struct report *report, const struct queue *queue) {
  enum { SHOWN = 3 };
  if (queue->blocks_per_message < 0.75 && queue->blocks_per_message > 0) {
    fprintf(out, " A block of %s holds about %s messages.",
            bytes(queue->bytes_per_message / queue->blocks_per_message).text,
            format_factor(1 / queue->blocks_per_message).text);
    return;
  }
  size_t carriers = 0;
  for (size_t i = 0; i < queue->site_count; i++)
    carriers += queue->sites[i].carries;
  if (carriers == queue->site_count) { /* one block, wherever it came from */
    fprintf(out, " A message is %s.", bytes(queue->bytes_per_message).text);
    return;
  }
  double blocks = queue->blocks_per_message;
  bool whole = fabs(blocks - round(blocks)) < 0.005;
  fprintf(out, " A message is %.*f block%s, %s:", whole ? 0 : 2, blocks,
          whole && blocks < 1.5 ? "" : "s", bytes(queue->bytes_per_message).text);
  size_t shown = queue->site_count > SHOWN ? SHOWN : queue->site_count;
  struct queue_place places[SHOWN];
  bool alike = false; /* then only the site tells them apart */
  for (size_t i = 0; i < shown; i++) {
    places[i] = queue_place_of(report, report->profile->sites[queue->sites[i].site].stack);
    for (size_t j = 0; j < i; j++)
      alike |= strcmp(places[i].function, places[j].function) == 0;
  }
  for (size_t i = 0; i < shown; i++) {
    fprintf(out, "%s %s by %s", i ? "," : "", bytes(queue->sites[i].bytes_per_message).text,
            *places[i].function ? places[i].function : "an unknown function");
    if (alike) fprintf(out, " (site %u)", report->profile->sites[queue->sites[i].site].stack);
  }
  if (queue->site_count > shown) fprintf(out, ", the rest by %zu more", queue->site_count - shown);
  fputs(".", out);
}

/* How much of it was looked at. */
static void say_basis(FILE *out, const struct report *report, const struct queue *queue) {
  if (queue->estimated)
    fprintf(out, " Estimated from a sample, one byte in %s.",
            format_bytes(report->profile->sample_bytes).text);
  if (queue->every > 1)
    fprintf(out, " One message in %s was looked at.", format_count(queue->every).text);
}

/* ---- what a bound would do -------------------------------------------------------------- */

static void say_doubts(FILE *out, const struct queue *queue, unsigned doubts) {
  unsigned doubt;
  for (int i = 0; report_doubt_name(i, &doubt); i++) {
    char *words = doubts & doubt ? report_doubt_words(queue, doubt) : NULL;
    if (words) fprintf(out, " But: %s", words);
    free(words);
  }
}

static void say_finish(FILE *out, double finish_ns, double duration_ns) {
  double change = duration_ns > 0 ? finish_ns / duration_ns - 1 : 0;
  if (fabs(change) < 0.01)
    fputs("same finishing time", out);
  else
    fprintf(out, "done %.1f%% %s", 100 * fabs(change), change > 0 ? "later" : "earlier");
}

/* The bound that sells itself: the recommended one. When the run ended with the queue full, any
 * bound that is worth the name makes it longer: then what a common one would have cost. */
static bool predict(const struct report *report, const struct queue *queue,
                    struct prediction *prediction) {
  enum { COMMON = 64 };
  uint64_t bound = report_recommended_bound(report, queue);
  if (!report_bound_is_worth_it(queue, bound) && queue->bound == 0 &&
      queue->peak_messages > 2 * COMMON)
    bound = COMMON;
  return bound && whatif_predict(queue, report->diagnosis->duration_ns, bound, prediction) == 0;
}

/* Queues that share their code, as one for each consumer thread, are one group here. */
static void say_lines(FILE *out, const struct queue *queue) {
  const struct queue_evidence *evidence = &queue->evidence;
  if (evidence->in_order < 0.9 && queue->consumers > 1 && evidence->in_order_by_consumer >= 0.98)
    fputs(" Each of these threads takes from a line of its own: the figures are of all lines "
          "together.",
          out);
}

static void say_unpredictable(FILE *out, const struct report *report, const struct queue *queue) {
  bool differs = report_doubts(report, queue) & WHATIF_NOT_REPRODUCED;
  char *words = differs ? report_doubt_words(queue, WHATIF_NOT_REPRODUCED) : NULL;
  fprintf(out, " %s", words ? words : "What a bound would do can't be told from what departed.");
  free(words);
}

static void say_bound(FILE *out, const struct report *report, const struct queue *queue) {
  struct prediction prediction;
  if (queue->turned_away + queue->thrown_away > 0) return; /* the replay makes senders wait */
  if (!predict(report, queue, &prediction)) {
    if (queue->bound == 0) say_unpredictable(out, report, queue);
    return;
  }
  if (queue->bound > 0 && !report_bound_is_worth_it(queue, prediction.bound)) return;
  fprintf(out, " Bound %s%s: peak %s, ", format_count(prediction.bound).text,
          queue->bound > 0 ? " instead" : "", bytes(prediction.peak_bytes).text);
  say_finish(out, prediction.finish_ns, (double)report->diagnosis->duration_ns);
  bool senders = queue->filled_by_threads.count > 1;
  if (prediction.sender_wait_ns < 1e6)
    fputs(", next to no waiting.", out);
  else
    fprintf(out, ", %s %s.", senders ? "senders wait" : "sender waits",
            format_duration(prediction.sender_wait_ns).text);
  say_doubts(out, queue, report_doubts(report, queue));
}

/* ---- kind by kind ----------------------------------------------------------------------- */

static void say_unbounded(FILE *out, const struct report *report, const struct queue *queue) {
  double measured = (double)(queue->measured_to_ns - queue->measured_from_ns);
  say_size(out, report, queue);
  fputs(". ", out);
  say_parties(out, report, queue);
  if (isfinite(queue->rho) && queue->rho > 0)
    fprintf(out, ": rho %s", format_factor(queue->rho).text);
  if (measured < 0.5 * (double)report->diagnosis->duration_ns)
    fprintf(out, " in the %s that it filled", format_duration(measured).text);
  fputs(".", out);
  if (queue->residence_slope > 0) {
    fprintf(out, " A message waits %s longer for each second of running",
            format_duration(queue->residence_slope * 1e9).text);
    if (queue->residence_now_ns > 0)
      fprintf(out, ", %s at last", format_duration(queue->residence_now_ns).text);
    fputs(".", out);
  }
  say_message(out, report, queue);
  say_lines(out, queue);
  say_bound(out, report, queue);
}

static void say_policy(FILE *out, const struct queue *queue) {
  switch (queue->policy) {
  case POLICY_BLOCKING:
    fputs("; when it is full the sender waits", out);
    break;
  case POLICY_DROP_NEWEST:
    fprintf(out, "; when it is full what comes is turned away, %s so far",
            messages(queue->turned_away).text);
    break;
  case POLICY_DROP_OLDEST:
    fprintf(out, "; when it is full what waited longest is thrown away, %s so far",
            messages(queue->thrown_away).text);
    break;
  default:
    break;
  }
}

static void say_bounded(FILE *out, const struct report *report, const struct queue *queue) {
  say_size(out, report, queue);
  fprintf(out, ". It holds %s at most, those in hand included", messages(queue->bound).text);
  say_policy(out, queue);
  fputs(". ", out);
  say_parties(out, report, queue);
  fputs(".", out);
  if (queue->residence_p50_ns > 0) {
    fprintf(out, " A message waits %s", format_duration(queue->residence_p50_ns).text);
    if (queue->residence_p99_ns > 0)
      fprintf(out, ", %s at p99", format_duration(queue->residence_p99_ns).text);
    fputs(".", out);
  }
  if (queue->standing_messages >= 1)
    fprintf(out, " At least %s (%s) always stand in it.", messages(queue->standing_messages).text,
            bytes(queue->standing_bytes).text);
  say_message(out, report, queue);
  say_lines(out, queue);
  say_bound(out, report, queue);
}

/* Neutral words: a collection that grows is no fault. */
static void say_stalled(FILE *out, const struct report *report, const struct queue *queue) {
  char threads[THREADS_SIZE];
  bool several = queue_place_threads(report, &queue->filled_by_threads, threads, sizeof threads);
  say_size(out, report, queue);
  fprintf(out, ". %s %s", threads, several ? "add to it" : "adds to it");
  say_filled(out, report, queue);
  fprintf(out, ", %s of %s each, and ", format_rate(queue->arrival_rate).text,
          bytes(queue->bytes_per_message).text);
  if (queue->departures >= 1)
    fprintf(out, "%s of them were freed.", format_share(queue->departures, queue->arrivals).text);
  else
    fputs("none was ever freed.", out);
  fputs(" Births and deaths can't tell which of the three it is: a consumer that stands still, a "
        "collection that is in use and grows, or memory that nothing refers to any more (a leak "
        "checker would tell).",
        out);
}

/* One line of what is no queue, or a healthy one. */
static void say_short(FILE *out, const struct report *report, const struct queue *queue) {
  struct queue_place place = queue_place_filled(report, queue);
  say_size(out, report, queue);
  if (*place.text) fprintf(out, ", from %s", place.text);
  say_other_stacks(out, queue);
  switch (queue->kind) {
  case QUEUE_BURST:
    fputs(": fills up and empties again", out);
    break;
  case QUEUE_CACHE:
    fputs(": stays at a level, but what leaves is not what came first", out);
    break;
  case QUEUE_STARTUP:
    fputs(": came at the start and stayed", out);
    break;
  case QUEUE_CHURN:
    fputs(": short lives, few at a time", out);
    break;
  default:
    fprintf(out, ": like no kind of queue (in order %s, freed %s)",
            format_share(queue->evidence.in_order > 0 ? queue->evidence.in_order : 0, 1).text,
            format_share(queue->departures, queue->arrivals).text);
    break;
  }
  fputs(".", out);
}

char *report_queue_verdict(const struct report *report, const struct queue *queue) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  if (!out) return NULL;
  switch (queue->kind) {
  case QUEUE_UNBOUNDED:
    say_unbounded(out, report, queue);
    break;
  case QUEUE_STALLED:
    say_stalled(out, report, queue);
    break;
  case QUEUE_BOUNDED:
    say_bounded(out, report, queue);
    break;
  default:
    say_short(out, report, queue);
    break;
  }
  say_basis(out, report, queue);
  if (fclose(out) == 0) return text;
  free(text);
  return NULL;
}
