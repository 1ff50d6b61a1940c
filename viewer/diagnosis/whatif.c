/* whatif.c - predictions from replays; see whatif.h. */
#include "whatif.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "quantile.h"
#include "whatif_batches.h"
#include "whatif_replay.h"

#define LATE_SHARE 0.01 /* of the run: what a bound may cost for whatif_recommend() */

/* ---- figures ---------------------------------------------------------------------------- */

static void fill(const struct queue *queue, struct replay *replay, double finish_ns,
                 struct prediction *prediction) {
  uint64_t *residences = replay->residence_ns;
  size_t count = replay->residence_count;
  *prediction =
      (struct prediction){.peak_messages = replay->peak_messages,
                          .peak_bytes = replay->peak_messages * queue->bytes_per_message,
                          .finish_ns = finish_ns,
                          .sender_wait_ns = replay->wait_ns,
                          .residence_p50_ns = (double)quantile_find(residences, count, 0.5),
                          .residence_p99_ns = (double)quantile_find(residences, count, 0.99)};
}

static double recorded_peak(const struct queue *queue, const struct whatif_series *series) {
  size_t departed = 0, alive, peak = 0;
  for (size_t i = 0; i < series->count; i++) {
    uint64_t birth_ns = queue->messages[i].birth_ns;
    while (departed < series->departed && series->death_ns[departed] <= birth_ns)
      departed++;
    if ((alive = i + 1 - departed) > peak) peak = alive;
  }
  return (double)peak * series->scale;
}

/* What the record itself shows: a bound that holds nobody back changes nothing. */
static void take_record(const struct queue *queue, const struct whatif_series *series,
                        struct replay *replay) {
  replay->peak_messages = recorded_peak(queue, series);
  for (size_t i = 0, k = 0; i < series->count; i++)
    if (queue->messages[i].death_ns != RESIDENCE_LIVE)
      replay->residence_ns[k++] = queue->messages[i].death_ns - queue->messages[i].birth_ns;
}

/* ---- replays ---------------------------------------------------------------------------- */

static uint64_t scaled_bound(const struct whatif_series *series, uint64_t bound) {
  double scaled = (double)bound / series->scale;
  return series->scale <= 1 ? bound : scaled < 1 ? 1 : (uint64_t)llround(scaled);
}

/* Within a third; of few messages, within what may be in hands. */
static bool is_close(const struct whatif_series *series, double recorded, double replayed) {
  double hands = (double)(series->sender_count + series->consumers * series->batch_limit) + 8;
  return fabs(replayed - recorded) <= fmax(recorded / 3, hands * series->scale);
}

/* The replay with the record's own bound, or none: when the last message is through by it.
 * Predictions are compared with that and not with the record: what the model doesn't know of is in
 * both. -ENODATA when it doesn't fill as the record did, without a bound: then the model is not of
 * this queue. */
static int replay_as_recorded(const struct queue *queue, const struct whatif_series *series,
                              struct reproduction *reproduction) {
  struct replay replay;
  int error = replay_run(series, series->bound, series->bound, false, &replay);
  *reproduction = (struct reproduction){.recorded_messages = recorded_peak(queue, series),
                                        .replayed_messages = replay.peak_messages,
                                        .last_ns = replay.last_ns};
  replay_free(&replay);
  if (error || series->bound != SERIES_UNBOUNDED) return error;
  bool close = is_close(series, reproduction->recorded_messages, reproduction->replayed_messages);
  return close ? 0 : -ENODATA;
}

/* The series by which the record can be replayed. Batches are taken to be as large as what waits
 * allows; where that is not so (a broker sends as many as its subscriber has room for) messages are
 * replayed one by one, each with the time that passed before it. series_free() in any case. */
static int make_series(const struct queue *queue, struct whatif_series *series,
                       struct reproduction *reproduction) {
  int error = series_make(queue, series);
  if (error) return error;
  error = replay_as_recorded(queue, series, reproduction);
  if (error != -ENODATA || series->batch_limit == 1) return error;
  series_free(series);
  struct queue one_by_one = *queue;
  one_by_one.batch = 1;
  error = series_make(&one_by_one, series);
  return error ? error : replay_as_recorded(queue, series, reproduction);
}

int whatif_reproduce(const struct queue *queue, struct reproduction *reproduction) {
  struct whatif_series series;
  int error = make_series(queue, &series, reproduction);
  series_free(&series);
  return error;
}

static int predict(const struct queue *queue, const struct whatif_series *series,
                   uint64_t duration_ns, uint64_t bound, uint64_t last_ns,
                   struct prediction *prediction) {
  struct replay replay;
  int error = replay_run(series, scaled_bound(series, bound), bound, true, &replay);
  bool as_recorded = series->bound == SERIES_UNBOUNDED && bound != SERIES_UNBOUNDED;
  if (!error && !replay.held_back && as_recorded) take_record(queue, series, &replay);
  double later_ns = (double)replay.last_ns - (double)last_ns;
  if (!error) fill(queue, &replay, (double)duration_ns + later_ns, prediction);
  prediction->bound = bound;
  replay_free(&replay);
  return error;
}

int whatif_recorded(const struct queue *queue, uint64_t duration_ns,
                    struct prediction *prediction) {
  struct whatif_series series;
  int error = series_make(queue, &series);
  if (error) return error;
  struct replay record = {.wait_ns = series.wait_ns, .residence_count = series.departed};
  record.residence_ns = calloc(series.departed, sizeof(uint64_t));
  if (record.residence_ns) {
    take_record(queue, &series, &record);
    fill(queue, &record, (double)duration_ns, prediction);
  }
  error = record.residence_ns ? 0 : -ENOMEM;
  replay_free(&record);
  series_free(&series);
  return error;
}

int whatif_predict_each(const struct queue *queue, uint64_t duration_ns, const uint64_t *bounds,
                        size_t count, struct prediction *predictions) {
  struct whatif_series series;
  for (size_t i = 0; i < count; i++)
    if (bounds[i] == 0) return -EINVAL;
  struct reproduction reproduction;
  int error = make_series(queue, &series, &reproduction);
  for (size_t i = 0; i < count && !error; i++)
    error = predict(queue, &series, duration_ns, bounds[i], reproduction.last_ns, &predictions[i]);
  series_free(&series);
  return error;
}

int whatif_predict(const struct queue *queue, uint64_t duration_ns, uint64_t bound,
                   struct prediction *prediction) {
  return whatif_predict_each(queue, duration_ns, &bound, 1, prediction);
}

/* ---- the bound to take ------------------------------------------------------------------ */

static int is_cheap(const struct whatif_series *series, uint64_t bound, double latest_ns,
                    bool *cheap) {
  struct replay replay;
  int error = replay_run(series, bound, bound, false, &replay);
  *cheap = (double)replay.last_ns < latest_ns;
  replay_free(&replay);
  return error;
}

/* More room never makes it later, so that halving finds the least: first by powers of two, as the
 * answer is mostly small. */
static uint64_t least_cheap(const struct whatif_series *series, double latest_ns) {
  uint64_t low = 0, high = 1; /* low is not cheap, high is, in the end */
  bool cheap;
  for (;; low = high, high *= 2) {
    if (is_cheap(series, high, latest_ns, &cheap)) return 0;
    if (cheap || high > series->count) break;
  }
  while (high - low > 1) {
    uint64_t middle = low + (high - low) / 2;
    if (is_cheap(series, middle, latest_ns, &cheap)) return 0;
    if (cheap)
      high = middle;
    else
      low = middle;
  }
  return high;
}

uint64_t whatif_recommend(const struct queue *queue, uint64_t duration_ns) {
  struct whatif_series series;
  uint64_t bound = 0;
  struct reproduction reproduction;
  if (!make_series(queue, &series, &reproduction))
    bound = least_cheap(&series, (double)reproduction.last_ns + LATE_SHARE * (double)duration_ns);
  bound = (uint64_t)llround((double)bound * series.scale);
  series_free(&series);
  return bound;
}

/* ---- many at once ----------------------------------------------------------------------- */

struct batching whatif_batching(const struct queue *queue) {
  struct batching batching = {.fixed_ns = NAN, .each_ns = NAN};
  struct batches batches;
  double every = queue->every ? (double)queue->every : 1;
  if (!batches_find(queue, &batches) &&
      batches_fit(&batches, &batching.fixed_ns, &batching.each_ns))
    batching.known = true;
  if (batching.known) {
    batching.each_ns /= every;
    batching.size = (uint64_t)(batches.largest * every);
    double service_ns = batching.fixed_ns + batching.each_ns * (double)batching.size;
    batching.rate = (double)(batching.size * batches_consumers(queue)) * 1e9 / service_ns;
  }
  batches_free(&batches);
  return batching;
}

int whatif_receive(const struct queue *queue, uint64_t duration_ns, uint64_t size,
                   double fixed_share, struct prediction *prediction) {
  struct whatif_series series;
  if (size == 0) return -EINVAL;
  struct reproduction reproduction;
  int error = make_series(queue, &series, &reproduction);
  if (!error) {
    bool one_by_one = series.batch_limit == 1;
    if (one_by_one) series.service = (struct service){fixed_share, 1 - fixed_share};
    series.batch_limit = scaled_bound(&series, size);
    error =
        predict(queue, &series, duration_ns, SERIES_UNBOUNDED, reproduction.last_ns, prediction);
    prediction->bound = 0;
  }
  series_free(&series);
  return error;
}
