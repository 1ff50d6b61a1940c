/* whatif_series.c - see whatif_series.h. */
#include "whatif_series.h"

#include <errno.h>
#include <stdlib.h>

#include "whatif_batches.h"

enum { THREADS = 1 << 16 };

/* ---- senders ---------------------------------------------------------------------------- */

/* When a message was let into a queue that was bounded already: when it came, or when the one that
 * stood so many places before it was taken. */
static uint64_t admission_ns(const struct queue *queue, const struct batches *batches,
                             const struct whatif_series *series, size_t message) {
  uint64_t birth_ns = queue->messages[message].birth_ns;
  if (message < series->bound) return birth_ns;
  const struct residence *before = &queue->messages[message - series->bound];
  if (before->death_ns == RESIDENCE_LIVE) return birth_ns;
  uint64_t service_ns = batches->served[batches->of[message - series->bound]].service_ns;
  uint64_t taken_ns = before->death_ns - service_ns;
  return taken_ns > birth_ns ? taken_ns : birth_ns;
}

/* What a sender does between two sends takes as long as it did. */
static int find_thoughts(const struct queue *queue, const struct batches *batches,
                         struct whatif_series *series) {
  uint32_t *last = malloc(THREADS * sizeof(*last)); /* by thread */
  if (!last) return -ENOMEM;
  for (size_t i = 0; i < THREADS; i++)
    last[i] = SERIES_NONE;
  for (size_t i = 0; i < series->count; i++) {
    uint64_t birth_ns = queue->messages[i].birth_ns;
    uint32_t *before = &last[queue->messages[i].birth_thread];
    series->next[i] = SERIES_NONE;
    series->think_ns[i] = birth_ns;
    series->wait_ns += (double)(admission_ns(queue, batches, series, i) - birth_ns);
    if (*before == SERIES_NONE) {
      series->first[series->sender_count++] = (uint32_t)i;
    } else {
      uint64_t sent_ns = admission_ns(queue, batches, series, *before);
      series->next[*before] = (uint32_t)i;
      series->think_ns[i] = birth_ns > sent_ns ? birth_ns - sent_ns : 0;
    }
    *before = (uint32_t)i;
  }
  free(last);
  return 0;
}

/* The level that a queue is pinned at has in it what is in hand: of each sender one, of each
 * consumer a batch, but no more than can wait. With as many senders that can't be told: they come
 * and go. */
static uint64_t bound_of(const struct queue *queue, const struct batches *batches) {
  bool blocks = queue->bound > 0 && queue->policy == POLICY_BLOCKING;
  if (!blocks || queue->every > 1 || queue->estimated) return SERIES_UNBOUNDED;
  double consumers = (double)batches_consumers(queue), largest = batches->largest;
  double level = queue->bound - (double)batches->senders;
  bool full = level >= largest * (1 + consumers);
  double bound = full ? level - consumers * largest : level / (1 + consumers);
  return bound >= 0.5 ? (uint64_t)(bound + 0.5) : SERIES_UNBOUNDED;
}

/* ---- work ------------------------------------------------------------------------------- */

static double work_of(const struct whatif_series *series, double messages, double service_ns) {
  double unit = series->service.fixed + series->service.each * messages;
  return unit > 0 ? service_ns / unit : 0;
}

/* Where messages leave in order, one that was never freed while later ones were is no part of the
 * queue. */
static bool leaves_some_behind(const struct queue *queue) {
  return queue->evidence.in_order >= 0.95;
}

/* Since its last departure the consumer has stood still: what it then had in hand takes as long as
 * the record shows, at least. */
static double stood_still_ns(const struct batches *batches, const struct queue *queue) {
  uint64_t last_ns = queue->messages[batches->by_death[batches->departed - 1]].death_ns;
  uint64_t arrival_ns = queue->messages[queue->message_count - 1].birth_ns;
  return arrival_ns > last_ns ? (double)(arrival_ns - last_ns) : 0;
}

/* A message makes the work of the batch that it was in; one that never departed that of the others,
 * and the first of them, one a consumer, as much as it has been at. */
static void find_work(const struct queue *queue, const struct batches *batches,
                      struct whatif_series *series) {
  double sum = 0;
  for (size_t i = 0; i < batches->count; i++)
    sum += work_of(series, batches->served[i].messages, (double)batches->served[i].service_ns);
  double usual = sum / (double)batches->count;
  double still = work_of(series, 1, stood_still_ns(batches, queue));
  uint32_t last = 0; /* of those that departed, by arrival */
  for (size_t k = 0; k < batches->departed; k++)
    if (batches->by_death[k] > last) last = batches->by_death[k];
  size_t in_hand = series->consumers;
  for (size_t i = 0; i < series->count; i++) {
    if (queue->messages[i].death_ns != RESIDENCE_LIVE) {
      const struct served *served = &batches->served[batches->of[i]];
      series->work[i] = work_of(series, served->messages, (double)served->service_ns);
    } else if (i < last && leaves_some_behind(queue)) {
      series->work[i] = -1;
    } else {
      series->work[i] = in_hand > 0 && still > usual ? still : usual;
      if (in_hand > 0) in_hand--;
    }
  }
}

/* With nothing to tell how service depends on the size of a batch, a smaller one is taken to need
 * as long as a whole one: the worst that a bound can do. */
static void find_service(const struct batches *batches, struct whatif_series *series) {
  series->service = (struct service){.fixed = 1};
  series->batch_limit = batches->largest;
  struct service fitted;
  if (batches->largest > 1 && batches_fit(batches, &fitted.fixed, &fitted.each))
    series->service = fitted;
}

static double scale_of(const struct queue *queue) {
  double every = queue->every ? (double)queue->every : 1;
  double sampled = queue->arrivals / (double)queue->message_count;
  return queue->estimated && sampled > every ? sampled : every;
}

/* ---- both ------------------------------------------------------------------------------- */

static void note_times(const struct queue *queue, const struct batches *batches,
                       struct whatif_series *series) {
  for (size_t k = 0; k < batches->departed; k++)
    series->death_ns[k] = queue->messages[batches->by_death[k]].death_ns;
  uint64_t arrival_ns = queue->messages[series->count - 1].birth_ns;
  uint64_t death_ns = series->death_ns[batches->departed - 1];
  series->last_ns = arrival_ns > death_ns ? arrival_ns : death_ns;
}

int series_make(const struct queue *queue, struct whatif_series *series) {
  size_t count = queue->message_count;
  *series = (struct whatif_series){.count = count};
  struct batches batches;
  int error = batches_find(queue, &batches);
  if (!error && batches.departed == 0) error = -ENODATA;
  if (!error) {
    series->departed = batches.departed;
    series->bound = bound_of(queue, &batches);
    series->consumers = batches_consumers(queue);
    series->scale = scale_of(queue);
    series->think_ns = calloc(count, sizeof(uint64_t));
    series->next = calloc(count, sizeof(uint32_t));
    series->first = calloc(THREADS, sizeof(uint32_t));
    series->work = calloc(count, sizeof(double));
    series->death_ns = calloc(count, sizeof(uint64_t));
    bool memory =
        series->think_ns && series->next && series->first && series->work && series->death_ns;
    error = memory ? find_thoughts(queue, &batches, series) : -ENOMEM;
  }
  if (!error) {
    find_service(&batches, series);
    find_work(queue, &batches, series);
    note_times(queue, &batches, series);
  }
  batches_free(&batches);
  if (error) series_free(series);
  return error;
}

void series_free(struct whatif_series *series) {
  free(series->think_ns);
  free(series->next);
  free(series->first);
  free(series->work);
  free(series->death_ns);
  *series = (struct whatif_series){0};
}
