/* report_whatif.c - outlooks as text: the sentence first, then the table, then the doubts. */
#include "report_whatif.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

enum { MARGIN = 4 };

void report_whatif_head(struct terminal *terminal, const struct report *report) {
  terminal_put(terminal, STRONG, "dwell whatif  %s", report->info->path);
  terminal_end(terminal);
}

/* ---- the table -------------------------------------------------------------------------- */

/* As many columns as fit: what matters most is on the left. */
struct column {
  const char *head;
  int cells;
};
static const struct column columns[] = {{"bound", 9},          {"peak", 11}, {"less", 9},
                                        {"finish", 12},        {"later", 8}, {"sender waits", 14},
                                        {"residence p50", 15}, {"p99", 11}};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void put_row(struct terminal *terminal, enum style style, const char *const *cells) {
  int end = MARGIN - 2;
  for (int i = 0; i < COLUMNS; i++) {
    end += columns[i].cells;
    if (end > terminal->width) break;
    terminal_to(terminal, end - terminal_columns(cells[i]));
    terminal_put(terminal, i == 0 ? STRONG : style, "%s", cells[i]);
  }
  terminal_end(terminal);
}

static void put_head(struct terminal *terminal) {
  const char *cells[COLUMNS];
  for (int i = 0; i < COLUMNS; i++)
    cells[i] = columns[i].head;
  put_row(terminal, DIM, cells);
}

static double less(const struct outlook *outlook, const struct prediction *prediction) {
  return outlook->recorded.peak_bytes / prediction->peak_bytes;
}

static void put_prediction(struct terminal *terminal, const struct outlook *outlook,
                           const struct prediction *prediction, const char *name) {
  const struct prediction *recorded = &outlook->recorded;
  bool is_recorded = prediction == recorded;
  struct human peak = format_bytes((uint64_t)(prediction->peak_bytes + 0.5));
  struct human ratio = format_ratio(prediction->peak_bytes, recorded->peak_bytes);
  struct human finish = format_duration(prediction->finish_ns);
  double ratio_of_ends = prediction->finish_ns / recorded->finish_ns;
  struct human later =
      ratio_of_ends < 2 ? format_share(ratio_of_ends - 1, 1) : format_ratio(1, ratio_of_ends);
  bool is_later = ratio_of_ends >= 1.0005;
  struct human wait = format_duration(prediction->sender_wait_ns);
  struct human p50 = format_duration(prediction->residence_p50_ns);
  struct human p99 = format_duration(prediction->residence_p99_ns);
  const char *cells[COLUMNS] = {name,
                                peak.text,
                                is_recorded || less(outlook, prediction) < 1.005 ? "-" : ratio.text,
                                finish.text,
                                is_later ? later.text : "-",
                                prediction->sender_wait_ns > 0 ? wait.text : "-",
                                p50.text,
                                p99.text};
  bool recommended = !(outlook->doubts & WHATIF_CYCLE) && outlook->recommended.bound &&
                     prediction->bound == outlook->recommended.bound;
  put_row(terminal, recommended ? STRONG : PLAIN, cells);
}

static void put_table(struct terminal *terminal, const struct outlook *outlook) {
  put_head(terminal);
  put_prediction(terminal, outlook, &outlook->recorded,
                 outlook->queue->bound > 0 ? "as it is" : "none");
  for (size_t i = 0; i < outlook->bound_count; i++)
    put_prediction(terminal, outlook, &outlook->bounds[i],
                   format_count(outlook->bounds[i].bound).text);
}

/* ---- sentences -------------------------------------------------------------------------- */

static void put_text(struct terminal *terminal, enum style style, const char *lead,
                     const char *text) {
  terminal->indent = MARGIN;
  terminal_to(terminal, MARGIN);
  terminal_put(terminal, style, "%s", lead);
  terminal_wrap(terminal, style, text);
}

__attribute__((format(printf, 3, 4))) static void
put_sentence(struct terminal *terminal, enum style style, const char *format, ...) {
  char *text;
  va_list arguments;
  va_start(arguments, format);
  int length = vasprintf(&text, format, arguments);
  va_end(arguments);
  if (length < 0) return;
  put_text(terminal, style, "", text);
  free(text);
}

static const char *first_thread(const struct report *report, const struct queue_parties *threads) {
  return threads->count ? trace_file_thread_name(report->file, threads->of[0].id) : "nobody";
}

static void put_queue(struct terminal *terminal, const struct report *report,
                      const struct queue *queue) {
  terminal_put(terminal, STRONG, "%2u  %s", queue->id, queue_kind_name(queue->kind));
  terminal->indent = MARGIN;
  terminal_field(terminal, DIM, "%s messages of %s",
                 format_count((uint64_t)(queue->arrivals + 0.5)).text,
                 format_bytes((uint64_t)(queue->bytes_per_message + 0.5)).text);
  terminal_field(terminal, DIM, "filled by %s", first_thread(report, &queue->filled_by_threads));
  terminal_field(terminal, DIM, "drained by %s", first_thread(report, &queue->drained_by_threads));
  terminal_field(terminal, DIM, "--queue %u", queue->id);
  terminal_end(terminal);
}

/* What sells a bound. */
static void put_offer(struct terminal *terminal, const struct outlook *outlook) {
  const struct prediction *is = &outlook->recommended, *was = &outlook->recorded;
  if (outlook->doubts & WHATIF_CYCLE) {
    put_text(
        terminal, STRONG, "",
        "Who drains this queue also fills it, or others that lead back to who fills it: if they "
        "had to wait for room, they could wait for themselves for ever. A bound must refuse or "
        "drop what comes when it is full. The figures are of one that makes them wait, should "
        "that be safe.");
    return;
  }
  if (is->bound == 0 || less(outlook, is) < 1.005) {
    put_text(terminal, STRONG, "",
             outlook->queue->bound > 0
                 ? "A smaller bound would bring nothing, or make the run longer."
                 : "A bound would bring nothing: it never holds more than it needs.");
    return;
  }
  put_sentence(terminal, STRONG,
               "With a bound of %s: peak %s (%s instead of %s), finishing time %s. Senders would "
               "wait %s in all.",
               format_count(is->bound).text,
               format_comparison(was->peak_bytes, is->peak_bytes).text,
               format_bytes((uint64_t)(is->peak_bytes + 0.5)).text,
               format_bytes((uint64_t)(was->peak_bytes + 0.5)).text,
               format_comparison(was->finish_ns, is->finish_ns).text,
               format_duration(is->sender_wait_ns).text);
  put_text(terminal, DIM, "",
           "It is the smallest that would have made this run less than 1% longer; where runs "
           "differ, take more.");
}

/* All doubts; the one that was said first, or is all there is to say, without a "But". */
static void put_doubts(struct terminal *terminal, const struct outlook *outlook, unsigned first) {
  unsigned bit;
  for (int i = 0; report_doubt_name(i, &bit); i++) {
    if (!(outlook->doubts & bit) || bit == WHATIF_CYCLE) continue;
    char *words = report_doubt_words(outlook->queue, bit);
    if (words && bit == first) put_text(terminal, STRONG, "", words);
    if (words && bit != first) put_text(terminal, WARNING, "But:", words);
    free(words);
  }
}

/* ---- many at once ----------------------------------------------------------------------- */

static void put_fitted(struct terminal *terminal, const struct outlook *outlook) {
  const struct batching *batching = &outlook->batching;
  put_sentence(terminal, PLAIN,
               "A batch of n takes %s + n x %s, as its batches of up to %s tell; with %s at a time "
               "%s a second are served.",
               format_duration(batching->fixed_ns).text, format_duration(batching->each_ns).text,
               format_count(batching->size).text, format_count(batching->size).text,
               format_count((uint64_t)(batching->rate + 0.5)).text);
  put_sentence(terminal, STRONG,
               "Up to %s at once, without a bound: peak %s, the run ends after %s.",
               format_count(outlook->receive).text,
               format_bytes((uint64_t)(outlook->per_batch.peak_bytes + 0.5)).text,
               format_duration(outlook->per_batch.finish_ns).text);
}

static void put_ends(struct terminal *terminal, const struct outlook *outlook) {
  put_text(terminal, PLAIN, "",
           "Messages leave one by one, so the trace can't tell what a batch would take. The two "
           "ends:");
  put_sentence(terminal, PLAIN,
               "If all of a service is the batch's, as a round trip is: up to %s at once, peak %s, "
               "the run ends after %s.",
               format_count(outlook->receive).text,
               format_bytes((uint64_t)(outlook->per_batch.peak_bytes + 0.5)).text,
               format_duration(outlook->per_batch.finish_ns).text);
  put_sentence(terminal, PLAIN,
               "If all of it is each message's: nothing is won, peak %s, the run ends after %s.",
               format_bytes((uint64_t)(outlook->per_message.peak_bytes + 0.5)).text,
               format_duration(outlook->per_message.finish_ns).text);
}

static void put_receive(struct terminal *terminal, const struct outlook *outlook) {
  if (outlook->doubts & ~(unsigned)WHATIF_CYCLE) terminal_end(terminal);
  terminal_to(terminal, MARGIN);
  terminal_put(terminal, STRONG, "taking many at once");
  terminal_end(terminal);
  if (outlook->batching.known)
    put_fitted(terminal, outlook);
  else if (outlook->can_receive)
    put_ends(terminal, outlook);
  else
    put_text(terminal, PLAIN, "",
             "Messages leave in batches already, all of about one size: the trace can't tell what "
             "others would take. Record a run with less load, or with another limit.");
}

/* ---- all of it -------------------------------------------------------------------------- */

void report_whatif(struct terminal *terminal, const struct report *report,
                   const struct outlook *outlook) {
  terminal_end(terminal);
  put_queue(terminal, report, outlook->queue);
  if (!outlook->departs) {
    put_text(terminal, PLAIN, "",
             "Nothing ever left it, so there is no service to replay. With any bound its senders "
             "would wait, or lose messages, from when it is full to the end.");
    return;
  }
  if (outlook->doubts & WHATIF_NOT_REPRODUCED) {
    put_doubts(terminal, outlook, WHATIF_NOT_REPRODUCED);
    return;
  }
  put_offer(terminal, outlook);
  terminal_end(terminal);
  put_table(terminal, outlook);
  if (outlook->doubts & ~(unsigned)WHATIF_CYCLE || outlook->receive) terminal_end(terminal);
  put_doubts(terminal, outlook, 0);
  if (outlook->receive) put_receive(terminal, outlook);
}

void report_whatif_none(struct terminal *terminal, const struct report *report) {
  const struct diagnosis *diagnosis = report->diagnosis;
  terminal_end(terminal);
  terminal->indent = 0;
  terminal_wrap(terminal, STRONG, "No unbounded queue was found: there is nothing to bound.");
  if (diagnosis->count == 0) return;
  terminal_wrap(terminal, DIM, "Others can be asked for with --queue:");
  for (size_t i = 0; i < diagnosis->count; i++)
    put_queue(terminal, report, &diagnosis->queues[i]);
}
