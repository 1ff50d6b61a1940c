/* queue_advice.c - what to do about a queue, in one or two sentences; see report_queues.h. */
#include <stdlib.h>

#include "diagnosis/whatif.h"
#include "format.h"
#include "queue_place.h"
#include "report_queues.h"

static const char *or_else(const struct queue_place *place, const char *otherwise) {
  return *place->function ? place->function : otherwise;
}

/* Only a higher rate of departure makes a queue shorter for good. */
static void advise_many(FILE *out, const struct report *report, const struct queue *queue) {
  struct queue_place drained = queue_place_drained(report, queue);
  if (queue->departure_rate == 0) {
    fprintf(out, " Nothing departed while it filled: find out what %s waited for.",
            or_else(&drained, "who drains it"));
    return;
  }
  if (!(queue->batch < 1.5)) return;
  struct batching batching = whatif_batching(queue);
  fprintf(out, " Then let %s take many at a time", or_else(&drained, "who drains it"));
  if (batching.known && batching.rate > queue->departure_rate)
    fprintf(out, ": %s at once would drain %s instead of %s.", format_count(batching.size).text,
            format_rate(batching.rate).text, format_rate(queue->departure_rate).text);
  else
    fputs(" instead of one, so that what it does for each it does once for many. How much faster "
          "that is the trace can't tell.",
          out);
}

static void advise_unbounded(FILE *out, const struct report *report, const struct queue *queue) {
  struct queue_place filled = queue_place_filled(report, queue);
  const char *filler = or_else(&filled, "who fills it");
  uint64_t bound = report_recommended_bound(report, queue);
  unsigned doubts = report_doubts(report, queue);
  if (queue_place_one_thread(queue))
    fprintf(
        out,
        "Bound it: the thread that fills it also drains it and can't wait for itself, so let %s "
        "refuse what finds no room, and hold back where that comes from.",
        filler);
  else if (doubts & WHATIF_OPEN_LOOP)
    fprintf(out,
            "Bound it: let %s wait while it is full (backpressure); or, if its source follows the "
            "world's clock and can't wait, decide what to lose.",
            filler);
  else
    fprintf(out, "Bound it: let %s wait while it is full (backpressure).", filler);
  if (doubts & WHATIF_CYCLE && !queue_place_one_thread(queue))
    fputs(" Who drains it also fills it, and must not wait for itself.", out);
  if (report_bound_is_worth_it(queue, bound))
    fprintf(out,
            " By this record room for %s is enough; give it some more, for what the record doesn't "
            "show.",
            bound == 1 ? "one message" : format_count(bound).text);
  else if (queue->departure_rate > 0)
    fprintf(out, " That slows it to the consumer's pace, %s.",
            format_rate(queue->departure_rate).text);
  advise_many(out, report, queue);
}

static void advise_bounded(FILE *out, const struct report *report, const struct queue *queue) {
  uint64_t bound = report_recommended_bound(report, queue);
  if (queue->policy == POLICY_DROP_NEWEST || queue->policy == POLICY_DROP_OLDEST) {
    struct queue_place drained = queue_place_drained(report, queue);
    fprintf(out,
            "Messages are lost because it is full: make %s faster, as by taking many at a time, or "
            "send less. A larger bound only helps against bursts.",
            or_else(&drained, "its consumer"));
  } else if (report_bound_is_worth_it(queue, bound)) {
    fprintf(out, "It is bounded, as it should be; a bound of %s would do.",
            format_count(bound).text);
  }
}

static void advise_stalled(FILE *out, const struct report *report, const struct queue *queue) {
  struct queue_place filled = queue_place_filled(report, queue);
  fprintf(out,
          "Find who should take out, or free, what %s makes; if all of it is meant to be kept, "
          "whether it has a limit. A longer run tells whether it goes on.",
          or_else(&filled, "the program"));
}

char *report_queue_advice(const struct report *report, const struct queue *queue) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  if (!out) return NULL;
  switch (queue->kind) {
  case QUEUE_UNBOUNDED:
    advise_unbounded(out, report, queue);
    break;
  case QUEUE_BOUNDED:
    advise_bounded(out, report, queue);
    break;
  case QUEUE_STALLED:
    advise_stalled(out, report, queue);
    break;
  case QUEUE_BURST:
    fputs("Nothing about the burst: it empties by itself.", out);
    break;
  default:
    break;
  }
  if (fclose(out) == 0) return text;
  free(text);
  return NULL;
}
