/* truth.c - the log of a queue, and what follows from it. */
#include "truth.h"

#include <math.h>
#include <stdlib.h>

size_t truth_arrive(struct truth *truth, const struct world *world) {
  if (truth->count == truth->capacity) {
    truth->capacity = truth->capacity ? 2 * truth->capacity : 1024;
    truth->stays = reallocarray(truth->stays, truth->capacity, sizeof(*truth->stays));
    if (!truth->stays) abort();
  }
  truth->stays[truth->count] = (struct stay){.arrival_ns = world_now(world),
                                             .departure_ns = WORLD_NEVER,
                                             .from = (uint8_t)world_self(world)};
  return truth->count++;
}

void truth_depart(struct truth *truth, const struct world *world, size_t message) {
  truth->stays[message].departure_ns = world_now(world);
  truth->stays[message].to = (uint8_t)world_self(world);
}

static int departure_order(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
  return (a > b) - (a < b);
}

static double highest_level(const struct truth *truth) {
  uint64_t *departures = calloc(truth->count + 1, sizeof(*departures));
  size_t gone = 0, most = 0;
  if (!departures) abort();
  for (size_t i = 0; i < truth->count; i++)
    departures[i] = truth->stays[i].departure_ns;
  qsort(departures, truth->count, sizeof(*departures), departure_order);
  for (size_t i = 0; i < truth->count; i++) {
    while (gone < truth->count && departures[gone] < truth->stays[i].arrival_ns)
      gone++;
    if (i + 1 - gone > most) most = i + 1 - gone;
  }
  free(departures);
  return (double)most;
}

/* Least squares. */
static double slope_of(const struct truth *truth, uint64_t last_ns) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (size_t i = 0; i < truth->count; i++) {
    const struct stay *stay = &truth->stays[i];
    if (stay->departure_ns > last_ns || stay->arrival_ns < truth->fill_from_ns) continue;
    double at = (double)stay->arrival_ns, lasted = (double)(stay->departure_ns - stay->arrival_ns);
    n++, x += at, y += lasted, xx += at * at, xy += at * lasted;
  }
  double spread = xx - x * x / n;
  return spread > 0 ? (xy - x * y / n) / spread : NAN;
}

static void count_all(struct truth *truth) {
  for (size_t i = 0; i < truth->count; i++) {
    const struct stay *stay = &truth->stays[i];
    truth->arrived++;
    truth->fillers |= 1u << stay->from;
    if (stay->departure_ns == WORLD_NEVER) continue;
    truth->departed++;
    truth->drainers |= 1u << stay->to;
    if (stay->departure_ns > truth->finish_ns) truth->finish_ns = stay->departure_ns;
  }
}

static void measure_fill(struct truth *truth) {
  uint64_t last = 0;
  double arrivals = 0, departures = 0;
  if (!truth->fill_from_ns) truth->fill_from_ns = truth->stays[0].arrival_ns;
  for (size_t i = 0; i < truth->count; i++)
    if (truth->stays[i].arrival_ns > last) last = truth->stays[i].arrival_ns;
  for (size_t i = 0; i < truth->count; i++) {
    const struct stay *stay = &truth->stays[i];
    arrivals += stay->arrival_ns >= truth->fill_from_ns;
    departures += stay->departure_ns >= truth->fill_from_ns && stay->departure_ns <= last;
  }
  double seconds = (double)(last - truth->fill_from_ns) * 1e-9;
  truth->arrival_rate = arrivals / seconds;
  truth->departure_rate = departures / seconds;
  truth->rho = departures > 0 ? arrivals / departures : INFINITY;
  truth->slope = slope_of(truth, last);
}

void truth_finish(struct truth *truth) {
  if (!truth->count) return;
  count_all(truth);
  measure_fill(truth);
  truth->most = highest_level(truth);
  /* a few blocks at a time: what happens to the messages in them can't be seen */
  if (truth->most < 20 * truth->messages_per_block && truth->messages_per_block > 1)
    truth->kinds |= KIND(QUEUE_CHURN);
}
