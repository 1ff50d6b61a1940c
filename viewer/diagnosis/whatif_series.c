/* whatif_series.c - see whatif_series.h. */
#include "whatif_series.h"

#include <errno.h>
#include <stdlib.h>

#include "whatif_batches.h"

enum { THREADS = 1 << 16 };

/* ---- senders ---------------------------------------------------------------------------- */

/* What a sender does between two sends takes as long as it did: a send that nothing holds back ends
 * with the message's arrival. */
static int find_senders(const struct queue *queue, struct whatif_series *series) {
  uint32_t *last = malloc(THREADS * sizeof(*last)); /* by thread */
  if (!last) return -ENOMEM;
  for (size_t i = 0; i < THREADS; i++)
    last[i] = SERIES_NONE;
  for (size_t i = 0; i < series->count; i++) {
    const struct residence *message = &queue->messages[i];
    uint32_t *before = &last[message->birth_thread];
    series->next[i] = SERIES_NONE;
    series->think_ns[i] = message->birth_ns;
    if (*before == SERIES_NONE) {
      series->first[series->sender_count++] = (uint32_t)i;
    } else {
      series->next[*before] = (uint32_t)i;
      series->think_ns[i] -= queue->messages[*before].birth_ns;
    }
    *before = (uint32_t)i;
  }
  free(last);
  return 0;
}

/* ---- work ------------------------------------------------------------------------------- */

static double work_of(const struct whatif_series *series, double messages, double service_ns) {
  double unit = series->service.fixed + series->service.each * messages;
  return unit > 0 ? service_ns / unit : 0;
}

/* A message makes the work of the batch that it was in. */
static void find_work(const struct queue *queue, const struct batches *batches,
                      struct whatif_series *series) {
  double sum = 0;
  for (size_t i = 0; i < batches->count; i++)
    sum += work_of(series, batches->served[i].messages, (double)batches->served[i].service_ns);
  uint32_t last = 0; /* of those that departed, by arrival */
  for (size_t k = 0; k < batches->departed; k++)
    if (batches->by_death[k] > last) last = batches->by_death[k];
  for (size_t i = 0; i < series->count; i++) {
    if (queue->messages[i].death_ns != RESIDENCE_LIVE) {
      const struct served *served = &batches->served[batches->of[i]];
      series->work[i] = work_of(series, served->messages, (double)served->service_ns);
    } else {
      series->work[i] = i < last ? -1 : sum / (double)batches->count;
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
    series->consumers = batches_consumers(queue);
    series->scale = scale_of(queue);
    series->think_ns = calloc(count, sizeof(uint64_t));
    series->next = calloc(count, sizeof(uint32_t));
    series->first = calloc(THREADS, sizeof(uint32_t));
    series->work = calloc(count, sizeof(double));
    series->death_ns = calloc(count, sizeof(uint64_t));
    bool memory =
        series->think_ns && series->next && series->first && series->work && series->death_ns;
    error = memory ? find_senders(queue, series) : -ENOMEM;
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
