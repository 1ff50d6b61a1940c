/* report_doubts.c - in words, why a prediction may not hold; see whatif.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "report_whatif.h"

static const struct {
  unsigned bit;
  const char *name;
} doubts[] = {
    {WHATIF_NOT_REPRODUCED, "not-reproduced"},
    {WHATIF_CYCLE, "cycle"},
    {WHATIF_OPEN_LOOP, "open-loop"},
    {WHATIF_SHARED_CPU, "shared-cpu"},
    {WHATIF_NOT_FIFO, "not-fifo"},
    {WHATIF_BATCHES, "batches"},
    {WHATIF_LIVE, "live"},
    {WHATIF_THINNED, "thinned"},
};
enum { DOUBTS = sizeof doubts / sizeof *doubts };

const char *report_doubt_name(int number, unsigned *bit) {
  if (number >= DOUBTS) return NULL;
  *bit = doubts[number].bit;
  return doubts[number].name;
}

static char *live_words(const struct queue *queue) {
  size_t live = 0;
  for (size_t i = 0; i < queue->message_count; i++)
    live += queue->messages[i].death_ns == RESIDENCE_LIVE;
  char *text;
  int length =
      asprintf(&text, "%s of the messages never departed: their service is taken as the others'.",
               format_share((double)live, (double)queue->message_count).text);
  return length < 0 ? NULL : text;
}

static char *thinned_words(const struct queue *queue) {
  char *text;
  int length;
  if (queue->estimated)
    length = asprintf(&text,
                      "The trace is a sample, and %s messages of %s are in it: small bounds "
                      "can't be told apart.",
                      format_count(queue->message_count).text,
                      format_count((uint64_t)(queue->arrivals + 0.5)).text);
  else
    length = asprintf(&text,
                      "One message in %s was looked at: bounds below that can't be told "
                      "apart.",
                      format_count(queue->every).text);
  return length < 0 ? NULL : text;
}

static char *reproduction_words(const struct queue *queue) {
  char *text;
  struct reproduction found = {0};
  (void)whatif_reproduce(queue, &found);
  int length = asprintf(&text,
                        "Replayed as it was, it holds %s messages at most instead of %s, so "
                        "the model, one line from which any free consumer takes, is not of this "
                        "queue. What a bound would do can't be told.",
                        format_count((uint64_t)(found.replayed_messages + 0.5)).text,
                        format_count((uint64_t)(found.recorded_messages + 0.5)).text);
  return length < 0 ? NULL : text;
}

char *report_doubt_words(const struct queue *queue, unsigned bit) {
  switch (bit) {
  case WHATIF_CYCLE:
    return strdup("A thread that drains this queue also fills it, or others that lead back to who "
                  "fills it: with a bound they could wait for each other for ever.");
  case WHATIF_OPEN_LOOP:
    return strdup("Messages come by a clock. If that is the world's, their source can't be held "
                  "back: with a bound it would lose some, or fill something else.");
  case WHATIF_SHARED_CPU:
    return strdup("The consumer is a tenth slower, or more, while the senders run. With a bound "
                  "both go on together, so that the run may end later than predicted.");
  case WHATIF_NOT_FIFO:
    return strdup("Messages don't leave in the order in which they came; the replay takes them in "
                  "that order.");
  case WHATIF_BATCHES:
    return strdup("Messages leave in batches, and the trace can't tell how long smaller ones would "
                  "take: as long as whole ones is assumed, the worst case.");
  case WHATIF_LIVE:
    return live_words(queue);
  case WHATIF_NOT_REPRODUCED:
    return reproduction_words(queue);
  default:
    return thinned_words(queue);
  }
}
