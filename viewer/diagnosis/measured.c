/* measured.c - what follows from level, order and departures; see measured.h. */
#include "measured.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "quantile.h"
#include "variation.h"

static void add_gap(struct variation *variation, uint64_t before, uint64_t now) {
  variation_add(variation, (double)(now - before));
}

/* Standard deviation of arrivals less departures over [from, to], were both renewal processes of
 * the variation that is seen: the diffusion limit of queues in heavy traffic (D. Iglehart and
 * W. Whitt, Multiple Channel Queues in Heavy Traffic, 1970). */
static double wander(const struct level *level, uint64_t from_ns, uint64_t to_ns) {
  struct variation arrivals = {0}, departures = {0};
  size_t begin = level_arrived(level, from_ns), end = level_arrived(level, to_ns);
  for (size_t i = begin + 1; i < end; i++)
    add_gap(&arrivals, level->messages[i - 1].birth_ns, level->messages[i].birth_ns);
  begin = level_departed(level, from_ns);
  end = level_departed(level, to_ns);
  for (size_t i = begin + 1; i < end; i++)
    add_gap(&departures, level->deaths[i - 1], level->deaths[i]);
  return sqrt(arrivals.n * variation_squared(&arrivals) +
              departures.n * variation_squared(&departures));
}

static double lingering(const struct measured *measured) {
  const struct level *level = &measured->level;
  uint64_t half = measured->first_ns + (measured->last_ns - measured->first_ns) / 2;
  size_t early = level_arrived(level, half), there = 0;
  for (size_t i = 0; i < early; i++)
    there += level->messages[i].death_ns > measured->last_ns;
  return early ? (double)there / (double)early : 0;
}

/* How long nine tenths stay at most of those that came in [from, to], as far as is known at
 * `until`. */
static int nine_tenths(const struct level *level, uint64_t from_ns, uint64_t to_ns,
                       uint64_t until_ns, double *ns) {
  size_t begin = level_arrived(level, from_ns), end = level_arrived(level, to_ns);
  uint64_t *stays = calloc(end - begin + 1, sizeof(*stays));
  if (!stays) return -ENOMEM;
  for (size_t i = begin; i < end; i++)
    stays[i - begin] = residence_ns(&level->messages[i], until_ns);
  size_t count = end - begin, ninth = count * 9 / 10;
  *ns = count >= 8 ? (double)quantile_at_rank(stays, count, ninth) : NAN;
  free(stays);
  return 0;
}

static int lengthening(struct measured *measured) {
  uint64_t third = (measured->last_ns - measured->first_ns) / 3, one = measured->first_ns + third;
  double before = NAN, then = NAN;
  int error = nine_tenths(&measured->level, measured->first_ns, one, measured->last_ns, &before);
  if (!error) error = nine_tenths(&measured->level, one, one + third, measured->last_ns, &then);
  if (!error) measured->lengthening = before > 0 ? then / before : NAN;
  return error;
}

static double lengthened(const struct measured *measured) {
  const struct level *level = &measured->level;
  const struct residence *messages = level->messages;
  size_t begin = level_arrived(level, measured->rising_ns), gone = 0, seen = 0;
  for (size_t i = begin; i < level->count; i++)
    gone += messages[i].death_ns <= measured->last_ns;
  size_t quarter = gone / 4;
  if (quarter < 2) return NAN;
  double first = 0, last = 0;
  for (size_t i = begin; i < level->count; i++) {
    if (messages[i].death_ns > measured->last_ns) continue;
    double stayed = (double)residence_ns(&messages[i], RESIDENCE_LIVE);
    if (seen < quarter) first += stayed;
    if (seen >= gone - quarter) last += stayed;
    seen++;
  }
  return first > 0 ? last / first : NAN;
}

static double stay_variation(const struct measured *measured) {
  const struct level *level = &measured->level;
  struct variation stays = {0};
  for (size_t i = 0; i < level->count; i++)
    if (level->messages[i].death_ns != RESIDENCE_LIVE)
      variation_add(&stays, (double)residence_ns(&level->messages[i], RESIDENCE_LIVE));
  return stays.n < 8 || stays.sum <= 0 ? NAN : sqrt(variation_squared(&stays));
}

static double level_variation(const struct measured *measured) {
  const struct level *level = &measured->level;
  if (measured->departed == 0) return NAN;
  struct level_moments moments = level_moments(level, level->deaths[0], measured->last_ns, 0);
  return moments.mean > 0 ? moments.deviation / moments.mean : NAN;
}

/* How far below the top still counts as at the top: a tenth, what may be in hands, chance. */
static double top_slack(const struct measured *measured) {
  double slack = 0.1 * (double)measured->top,
         hands = 1 + measured->departures.producers + measured->departures.consumers;
  if (slack < hands) slack = hands;
  double chance = 3 * measured->noise * (double)measured->top;
  if (slack < chance) slack = chance;
  /* with so little room between full and empty, "at the top" would say nothing */
  double most = 0.4 * (double)measured->top;
  return slack < most ? slack : most;
}

int measured_derive(struct measured *measured) {
  const struct level *level = &measured->level;
  measured->noise = measured->estimated && measured->top ? 1 / sqrt((double)measured->top) : 0;
  size_t nearly_last = (size_t)(0.97 * (double)(measured->count - 1));
  measured->at_last = level_at(level, level->messages[nearly_last].birth_ns);
  double top = (double)measured->top, low = (0.05 + measured->noise / 4) * top;
  if (low < 2) low = 2;
  measured->emptied = level_emptied(level, 0.5 * top, low, measured->last_ns);
  uint64_t span = measured->last_ns - measured->first_ns;
  for (uint64_t i = 0; i < 5; i++) {
    uint64_t from = measured->first_ns + span * i / 5, to = measured->first_ns + span * (i + 1) / 5;
    struct level_range range = level_range(level, from, to);
    measured->fifths[i] = range.least;
    measured->ceilings[i] = range.most;
    measured->means[i] = level_moments(level, from, to, 0).mean;
  }
  double near = top - top_slack(measured);
  measured->reached_ns = level_reached(level, near < 1 ? 1 : (size_t)ceil(near));
  measured->plateau = level_moments(level, measured->reached_ns, measured->last_ns, near);
  measured->rising_ns = level_last_at_most(level, (size_t)(low / 2), measured->last_ns);
  size_t before = level_at(level, measured->rising_ns);
  measured->risen = measured->at_last > before ? measured->at_last - before : 0;
  /* of all that came after the first third, and have gone since */
  uint64_t third = measured->first_ns + span / 3;
  measured->ramp = level_line(level, third + 1, measured->last_ns, RESIDENCE_LIVE).correlation;
  measured->lingering = lingering(measured);
  measured->lengthened = lengthened(measured);
  measured->rise_noise = wander(level, measured->rising_ns, measured->last_ns);
  measured->departed_rising =
      level_departed(level, measured->last_ns) - level_departed(level, measured->rising_ns);
  measured->stay_variation = stay_variation(measured);
  measured->level_variation = level_variation(measured);
  return lengthening(measured);
}
