/* verdict.c - the order of decision. Each question is a function of its own; thresholds stand
 * beside the question. What is not clearly one thing is QUEUE_UNKNOWN.
 */
#include "verdict.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* A rise of so many standard deviations is no chance: the least level must rise as well. */
#define CHANCE 1.5

/* Below so many messages a level says nothing. */
#define FEW 32.0

/* ---- measures --------------------------------------------------------------------------- */

/* Squared coefficient of variation of the gaps between times[from..to). */
struct variation {
  double n, sum, squares;
};

static void add_gap(struct variation *variation, uint64_t before, uint64_t now) {
  double gap = (double)(now - before);
  variation->n++;
  variation->sum += gap;
  variation->squares += gap * gap;
}

static double squared_variation(const struct variation *variation) {
  if (variation->n < 2 || variation->sum <= 0) return 0;
  double mean = variation->sum / variation->n;
  double variance = variation->squares / variation->n - mean * mean;
  return variance > 0 ? variance / (mean * mean) : 0;
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
  return sqrt(arrivals.n * squared_variation(&arrivals) +
              departures.n * squared_variation(&departures));
}

/* The last moment before `until` at which there were at most so many. */
static uint64_t last_at_most(const struct level *level, size_t messages, uint64_t until_ns) {
  uint64_t found = level->count ? level->messages[0].birth_ns : 0;
  for (struct level_walk walk = {0}; level_next(level, &walk) && walk.begin_ns < until_ns;)
    if (walk.messages <= messages) found = walk.end_ns < until_ns ? walk.end_ns : until_ns;
  return found;
}

/* Pearson's correlation. In a queue first in, first out that is overloaded residence is a line over
 * time of arrival, whatever is left out of the sample. */
static double ramp(const struct measured *measured) {
  const struct level *level = &measured->level;
  uint64_t from = measured->first_ns + (measured->last_ns - measured->first_ns) / 3;
  double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  for (size_t i = level_arrived(level, from); i < level->count; i++) {
    const struct residence *message = &level->messages[i];
    if (message->death_ns == RESIDENCE_LIVE) continue;
    double born = (double)(message->birth_ns - from),
           stayed = (double)(message->death_ns - message->birth_ns);
    n++, x += born, y += stayed, xx += born * born, yy += stayed * stayed, xy += born * stayed;
  }
  double spread = (xx - x * x / n) * (yy - y * y / n);
  return n >= 8 && spread > 0 ? (xy - x * y / n) / sqrt(spread) : NAN;
}

double verdict_slope(const struct level *level, uint64_t from_ns, uint64_t to_ns,
                     uint64_t until_ns) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (size_t i = 0; i < level->count; i++) {
    const struct residence *message = &level->messages[i];
    if (message->birth_ns < from_ns || message->birth_ns > to_ns || message->death_ns > until_ns)
      continue;
    double born = (double)(message->birth_ns - from_ns),
           stayed = (double)(message->death_ns - message->birth_ns);
    n++;
    x += born;
    y += stayed;
    xx += born * born;
    xy += born * stayed;
  }
  double spread = xx - x * x / n;
  return n >= 8 && spread > 0 ? (xy - x * y / n) / spread : NAN;
}

static double lingering(const struct measured *measured) {
  const struct level *level = &measured->level;
  uint64_t half = measured->first_ns + (measured->last_ns - measured->first_ns) / 2;
  size_t early = level_arrived(level, half), there = 0;
  for (size_t i = 0; i < early; i++)
    there += level->messages[i].death_ns > measured->last_ns;
  return early ? (double)there / (double)early : 0;
}

static uint64_t stay_until(const struct residence *message, uint64_t until_ns) {
  uint64_t end = message->death_ns < until_ns ? message->death_ns : until_ns;
  return end > message->birth_ns ? end - message->birth_ns : 0;
}

static int compare_ns(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* How long nine tenths stay at most of those that came in [from, to], as far as is known at
 * `until`. */
static int nine_tenths(const struct level *level, uint64_t from_ns, uint64_t to_ns,
                       uint64_t until_ns, double *ns) {
  size_t begin = level_arrived(level, from_ns), end = level_arrived(level, to_ns);
  uint64_t *stays = calloc(end - begin + 1, sizeof(*stays));
  if (!stays) return -ENOMEM;
  for (size_t i = begin; i < end; i++)
    stays[i - begin] = stay_until(&level->messages[i], until_ns);
  qsort(stays, end - begin, sizeof(*stays), compare_ns);
  *ns = end - begin >= 8 ? (double)stays[(end - begin) * 9 / 10] : NAN;
  free(stays);
  return 0;
}

static int lengthening(struct measured *measured) {
  uint64_t third = (measured->last_ns - measured->first_ns) / 3, one = measured->first_ns + third;
  double before, then;
  int error = nine_tenths(&measured->level, measured->first_ns, one, measured->last_ns, &before);
  if (!error) error = nine_tenths(&measured->level, one, one + third, measured->last_ns, &then);
  if (!error) measured->lengthening = before > 0 ? then / before : NAN;
  return error;
}

static double stay_variation(const struct measured *measured) {
  const struct level *level = &measured->level;
  double n = 0, sum = 0, squares = 0;
  for (size_t i = level_arrived(level, measured->reached_ns); i < level->count; i++) {
    if (level->messages[i].death_ns == RESIDENCE_LIVE) continue;
    double stayed = (double)stay_until(&level->messages[i], RESIDENCE_LIVE);
    n++, sum += stayed, squares += stayed * stayed;
  }
  if (n < 8 || sum <= 0) return NAN;
  double mean = sum / n, variance = squares / n - mean * mean;
  return variance > 0 ? sqrt(variance) / mean : 0;
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

int verdict_measure(struct measured *measured) {
  const struct level *level = &measured->level;
  measured->top = level_top(level, &measured->top_ns);
  measured->noise = measured->estimated && measured->top ? 1 / sqrt((double)measured->top) : 0;
  size_t nearly_last = (size_t)(0.97 * (double)(measured->count - 1));
  measured->at_last = level_at(level, level->messages[nearly_last].birth_ns);
  double top = (double)measured->top, low = (0.05 + measured->noise / 4) * top;
  if (low < 2) low = 2;
  measured->emptied = level_emptied(level, 0.5 * top, low, measured->last_ns);
  uint64_t span = measured->last_ns - measured->first_ns;
  for (uint64_t i = 0; i < 5; i++) {
    uint64_t from = measured->first_ns + span * i / 5, to = measured->first_ns + span * (i + 1) / 5;
    measured->fifths[i] = level_least(level, from, to);
    measured->means[i] = level_moments(level, from, to, 0).mean;
  }
  double near = top - top_slack(measured);
  measured->reached_ns = level_reached(level, near < 1 ? 1 : (size_t)ceil(near));
  measured->plateau = level_moments(level, measured->reached_ns, measured->last_ns, near);
  measured->rising_ns = last_at_most(level, (size_t)(low / 2), measured->last_ns);
  size_t before = level_at(level, measured->rising_ns);
  measured->risen = measured->at_last > before ? measured->at_last - before : 0;
  measured->ramp = ramp(measured);
  measured->lingering = lingering(measured);
  measured->slope = verdict_slope(level, measured->rising_ns, measured->last_ns, measured->last_ns);
  measured->rise_noise = wander(level, measured->rising_ns, measured->last_ns);
  measured->departed_rising =
      level_departed(level, measured->last_ns) - level_departed(level, measured->rising_ns);
  measured->stay_variation = stay_variation(measured);
  return lengthening(measured);
}

/* ---- questions -------------------------------------------------------------------------- */

/* Messages that nobody took out one by one: still there, or freed in one go at the very end. */
static double never_left(const struct measured *measured) {
  const struct departures *departures = &measured->departures;
  double kept = (double)(measured->count - measured->departed);
  double after = departures->after_share * (double)measured->departed;
  if (departures->tight_share >= 0.7 && after >= 0.4 * (double)measured->top) kept += after;
  return kept / (double)measured->count;
}

/* It was given up while the program went on: not at its exit. */
static bool freed_long_before_the_end(const struct measured *measured) {
  return measured->departed == measured->count &&
         (double)measured->departures.last_ns < 0.9 * (double)measured->duration_ns;
}

static bool born_early(const struct measured *measured) {
  size_t most = (size_t)(0.95 * (double)(measured->count - 1));
  return (double)measured->level.messages[most].birth_ns < 0.2 * (double)measured->duration_ns;
}

static bool in_order(const struct measured *measured) {
  return measured->order.in_order >= 0.9 && measured->order.left_behind <= 0.05;
}

/* Of a sample the level looks as if it were drawn anew all the time: a constant one then spreads as
 * a Poisson variable does, and no more. */
static bool stays_at_top(const struct measured *measured) {
  const struct level_moments *plateau = &measured->plateau;
  if (!measured->estimated) return plateau->share_above >= 0.8;
  return plateau->mean >= 4 && plateau->deviation <= 1.4 * sqrt(plateau->mean);
}

/* Its level is the top level nearly all the time once it is reached, and much passes through. */
static bool is_pinned(const struct measured *measured) {
  double top = (double)measured->top;
  if (measured->reached_ns >= measured->last_ns || top < 4) return false;
  size_t through = level_departed(&measured->level, measured->last_ns) -
                   level_departed(&measured->level, measured->reached_ns);
  return stays_at_top(measured) && (double)through >= (measured->estimated ? 1.5 : 2) * top &&
         through >= 20;
}

/* Residence lengthens in step with the time of arrival, and the level has not come to rest. */
static bool is_ramp(const struct measured *measured) {
  return measured->ramp >= 0.93 ||
         (measured->ramp >= 0.8 && measured->means[4] >= 1.08 * measured->means[3]);
}

/* The level rises in the last fifths of the time, the least and the mean one, to the end, further
 * than chance would take it. */
static bool level_rises(const struct measured *measured) {
  const size_t *least = measured->fifths;
  const double *means = measured->means;
  bool steadily = means[3] >= 1.08 * means[2] && means[2] >= 1.08 * means[1];
  return (double)least[4] >= 0.3 * (double)measured->top && least[4] > least[3] &&
         (double)least[4] >= 1.25 * (double)least[2] && means[4] >= 1.08 * means[3] &&
         (!measured->estimated || steadily) &&
         (double)measured->risen >= CHANCE * measured->rise_noise;
}

/* It is full when the last one comes, and has not been half as full before and empty again. */
static bool is_rising(const struct measured *measured) {
  return measured->emptied == 0 && (double)measured->at_last >= 0.6 * (double)measured->top &&
         (double)measured->risen * measured->weight >= 16 &&
         (is_ramp(measured) || level_rises(measured));
}

/* Many came before any left, and then, not too long after, they left one by one, with work in
 * between. */
static bool drained_afterwards(const struct measured *measured) {
  const struct level *level = &measured->level;
  size_t gone = level_departed(level, measured->last_ns);
  if (gone >= level->death_count) return false;
  double pause = (double)(level->deaths[gone] - measured->last_ns);
  double fill = (double)(measured->last_ns - measured->first_ns);
  return (double)measured->departed >= 0.5 * (double)measured->count &&
         measured->departures.tight_share < 0.5 && pause <= 3 * fill &&
         (double)measured->at_last >= 0.9 * (double)measured->top;
}

/* By Little's law: mean residence = mean level / rate of arrivals. */
static bool is_short_lived(const struct measured *measured) {
  double span = (double)(measured->last_ns - measured->first_ns);
  struct level_moments whole =
      level_moments(&measured->level, measured->first_ns, measured->last_ns, 0);
  return whole.mean * span / (double)measured->count < 0.005 * span;
}

static struct verdict unclear(double confidence) {
  return (struct verdict){QUEUE_UNKNOWN, confidence};
}

/* 0.5 at the threshold, towards 1 far above it. */
static double certainty(double value, double threshold) {
  if (!(value > threshold)) return 0.5;
  return 1 - 0.5 * exp(-(value - threshold) / (fabs(threshold) + 1e-9));
}

static double enough(const struct measured *measured) {
  return 1 - exp(-(double)measured->count / 40);
}

/* ---- kinds ------------------------------------------------------------------------------ */

/* Nothing has come for most of the run. */
static bool has_ended(const struct measured *measured) {
  return (double)measured->last_ns < 0.35 * (double)measured->duration_ns;
}

static struct verdict judge_kept(const struct measured *measured) {
  double confidence = 0.95 * enough(measured);
  if (born_early(measured)) return (struct verdict){QUEUE_STARTUP, confidence};
  if (has_ended(measured)) return (struct verdict){QUEUE_CACHE, 0.5 * confidence};
  if (freed_long_before_the_end(measured)) return (struct verdict){QUEUE_BURST, 0.8 * confidence};
  return (struct verdict){QUEUE_STALLED, confidence};
}

/* Each leaves as long after it came as any other: a clock lets it go, not a consumer. */
static bool leaves_by_a_clock(const struct measured *measured) {
  return measured->estimated && measured->stay_variation < 0.005;
}

static struct verdict judge_pinned(const struct measured *measured) {
  double confidence = enough(measured) * certainty(measured->plateau.share_above, 0.5);
  /* in a sample those that come and those that make room for them are not both there to be seen */
  const struct departures *departures = &measured->departures;
  if (leaves_by_a_clock(measured)) return unclear(0.5);
  bool pushed_out =
      measured->estimated ? departures->own_share >= 0.9 : departures->coupled_share >= 0.9;
  if (in_order(measured) && !pushed_out) return (struct verdict){QUEUE_BOUNDED, confidence};
  if ((double)measured->top * measured->weight < 8)
    return (struct verdict){QUEUE_CHURN, 0.8 * confidence};
  return (struct verdict){QUEUE_CACHE, (pushed_out ? 0.8 : 1) * confidence};
}

/* In an overloaded queue residence lengthens by rho - 1 a second: here by next to nothing of it. */
static bool stays_as_long_as_ever(const struct measured *measured) {
  if (isnan(measured->slope) || measured->departed_rising < 20) return false;
  double gone = (double)measured->departed_rising;
  double rho = (gone + (double)measured->risen) / gone;
  return measured->slope < 0.2 * (rho - 1);
}

static struct verdict judge_rising(const struct measured *measured) {
  double significance = (double)measured->risen / (CHANCE * measured->rise_noise + 1);
  double confidence = enough(measured) * certainty(significance, 1);
  if (in_order(measured)) {
    /* more are there because more come, and each stays as long as ever */
    if (stays_as_long_as_ever(measured)) return (struct verdict){QUEUE_BURST, 0.6 * confidence};
    if (measured->departed_rising >= 8 || drained_afterwards(measured))
      return (struct verdict){QUEUE_UNBOUNDED, confidence};
    /* it was drained once, and then no more */
    if (level_departed(&measured->level, measured->last_ns) >= 20)
      return (struct verdict){QUEUE_UNBOUNDED, 0.7 * confidence};
    return unclear(0.5);
  }
  double kept = (double)(measured->count - measured->departed) / (double)measured->count;
  /* what departs does so in order, but some stay behind */
  bool leaks = measured->order.in_order >= 0.995 && kept >= 0.05;
  /* a queue that hands over, in another order: by priority */
  if (!leaks && measured->departures.same_thread_share <= 0.05)
    return measured->lingering >= 0.1 || measured->lengthening >= 1.3
               ? (struct verdict){QUEUE_UNBOUNDED, 0.5 * confidence}
               : (struct verdict){QUEUE_BURST, 0.5 * confidence};
  if (kept >= 0.05) return (struct verdict){QUEUE_STALLED, 0.7 * confidence};
  return unclear(0.5);
}

static struct verdict judge_level(const struct measured *measured) {
  double top = (double)measured->top * measured->weight;
  bool small = top < 4 || (top < FEW && is_short_lived(measured));
  double low = (double)level_least(&measured->level, measured->reached_ns, measured->last_ns);
  bool came_down = measured->emptied >= 1 || low <= 0.25 * (double)measured->top;
  if (came_down)
    return (struct verdict){small ? QUEUE_CHURN : QUEUE_BURST,
                            enough(measured) * (measured->emptied >= 2 ? 0.9 : 0.7)};
  if (small) return (struct verdict){QUEUE_CHURN, 0.6 * enough(measured)};
  if (!in_order(measured) && measured->order.left_behind <= 0.3)
    return (struct verdict){QUEUE_CACHE, 0.7 * enough(measured)};
  return unclear(0.5);
}

struct verdict verdict_of(const struct measured *measured) {
  if (never_left(measured) >= 0.9) return judge_kept(measured);
  if (is_rising(measured)) return judge_rising(measured);
  if (is_pinned(measured)) return judge_pinned(measured);
  if (born_early(measured) && (double)measured->at_last >= 0.8 * (double)measured->top &&
      never_left(measured) >= 0.5)
    return (struct verdict){QUEUE_STARTUP, 0.7 * enough(measured)};
  return judge_level(measured);
}
