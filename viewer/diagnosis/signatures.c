/* signatures.c - see signatures.h. Thresholds stand beside the question. */
#include "signatures.h"

#include <math.h>

/* ---- order -------------------------------------------------------------------------------- */

bool signature_in_order(const struct measured *measured) {
  return measured->order.in_order >= 0.9 && measured->order.left_behind <= 0.05;
}

/* Each consumer takes from a line of its own, first in first out: queues that share their code. */
bool signature_in_lines(const struct measured *measured) {
  return measured->departures.consumers > 1 && measured->order.in_order < 0.9 &&
         measured->order.by_consumer >= 0.98 && measured->departures.same_thread_share <= 0.05;
}

/* What departs does so in order, but some of all times stay behind for good. */
bool signature_leaks(const struct measured *measured) {
  double kept = (double)(measured->count - measured->departed) / (double)measured->count;
  return measured->order.in_order >= 0.995 && kept >= 0.05 && measured->lingering >= 0.05;
}

/* ---- what never leaves -------------------------------------------------------------------- */

/* What departs after the last arrival does so about as fast as before: somebody goes on taking it
 * out, though it be many at a time. Who frees all in one go does nothing else. */
static bool leaves_as_before(const struct measured *measured, double after) {
  const struct level *level = &measured->level;
  size_t before = level_departed(level, measured->last_ns);
  if (before < 20 || measured->departures.last_ns <= measured->last_ns) return false;
  double since = (double)(measured->last_ns - level->deaths[0]);
  double rest = (double)(measured->departures.last_ns - measured->last_ns);
  return after / rest <= 4 * (double)before / (since + 1);
}

/* Messages that nobody took out one by one: still there, or freed in one go at the very end. */
double signature_never_left(const struct measured *measured) {
  const struct departures *departures = &measured->departures;
  double kept = (double)(measured->count - measured->departed);
  double after = departures->after_share * (double)measured->departed;
  if (departures->tight_share >= 0.7 && after >= 0.4 * (double)measured->top &&
      !leaves_as_before(measured, after))
    kept += after;
  return kept / (double)measured->count;
}

/* It was given up while the program went on: not at its exit. */
bool signature_freed_long_before_the_end(const struct measured *measured) {
  return measured->departed == measured->count &&
         (double)measured->departures.last_ns < 0.9 * (double)measured->duration_ns;
}

bool signature_born_early(const struct measured *measured) {
  size_t most = (size_t)(0.95 * (double)(measured->count - 1));
  return (double)measured->level.messages[most].birth_ns < 0.2 * (double)measured->duration_ns;
}

/* What came at the start is there, and some more. */
bool signature_grew_little_since(const struct measured *measured) {
  size_t most = (size_t)(0.8 * (double)(measured->count - 1));
  return (double)measured->level.messages[most].birth_ns < 0.05 * (double)measured->duration_ns;
}

/* Nothing has come for most of the run. */
bool signature_has_ended(const struct measured *measured) {
  return (double)measured->last_ns < 0.35 * (double)measured->duration_ns;
}

/* ---- a level that is pinned --------------------------------------------------------------- */

/* Of a sample the level looks as if it were drawn anew all the time: a constant one then spreads as
 * a Poisson variable does, and no more. */
static bool stays_at_top(const struct measured *measured) {
  const struct level_moments *plateau = &measured->plateau;
  if (!measured->estimated) return plateau->share_above >= 0.8;
  return plateau->mean >= 4 && plateau->deviation <= 1.4 * sqrt(plateau->mean);
}

/* Its level is the top level nearly all the time once it is reached, and much passes through. */
bool signature_pinned(const struct measured *measured) {
  double top = (double)measured->top;
  double span = (double)(measured->last_ns - measured->first_ns);
  double there = (double)measured->last_ns - (double)measured->reached_ns;
  if (there < 0.15 * span || top < 4) return false;
  size_t through = level_departed(&measured->level, measured->last_ns) -
                   level_departed(&measured->level, measured->reached_ns);
  return stays_at_top(measured) && (double)through >= top && through >= 20;
}

/* Again and again it comes up to the same level, and no further, and never far down: senders wait
 * until it has been drained by a part (a low watermark), or are let go on by credits. */
bool signature_sawtooth(const struct measured *measured) {
  double top = (double)measured->top, slack = fmax(0.02 * top, 2);
  if (measured->estimated || top < 16 || measured->departures.own_share > 0.05) return false;
  for (int i = 0; i < 5; i++)
    if ((double)measured->ceilings[i] < top - slack ||
        (i > 0 && (double)measured->fifths[i] < 0.25 * top))
      return false;
  return signature_in_order(measured) && (double)measured->departed >= 3 * top &&
         !signature_leaves_by_a_clock(measured);
}

/* Since it is full what comes is freed at once, and was not before: it is turned away. */
bool signature_turned_away(const struct measured *measured) {
  double all = (double)measured->count * measured->weight;
  return measured->folded_after >= 0.1 * all && measured->folded_before <= 0.05 * all;
}

/* Each leaves as long after it came as any other, far more evenly than the level stays: a clock
 * lets it go, not a consumer. (Of a full queue the level is what is constant. A sample's level is
 * noisy.)
 */
bool signature_leaves_by_a_clock(const struct measured *measured) {
  return measured->stay_variation < 0.01 &&
         (measured->estimated ? measured->stay_variation < 0.005
                              : measured->stay_variation < 0.3 * measured->level_variation);
}

/* ---- a level that rises ------------------------------------------------------------------- */

/* Residence lengthens in step with the time of arrival, and the level has not come to rest. */
static bool is_ramp(const struct measured *measured) {
  const double *means = measured->means;
  bool higher = fmax(means[3], means[4]) >= 1.3 * means[1];
  return (measured->ramp >= 0.93 && higher) ||
         (measured->ramp >= 0.8 && means[4] >= 1.08 * means[3]);
}

/* From fifth to fifth of the time the level rises by about as much: Student's t of the four steps.
 */
static bool rises_evenly(const struct measured *measured) {
  double sum = 0, squares = 0;
  for (int i = 1; i < 5; i++) {
    double step = measured->means[i] - measured->means[i - 1];
    sum += step;
    squares += step * step;
  }
  double mean = sum / 4, variance = (squares - 4 * mean * mean) / 3;
  return mean > 0 && mean >= 4 * sqrt(fmax(variance, 0) / 4);
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
         ((double)measured->risen >= SIGNATURE_CHANCE * measured->rise_noise ||
          rises_evenly(measured));
}

/* Many came before any left, and then, not too long after, they left one by one, with work in
 * between. */
bool signature_drained_afterwards(const struct measured *measured) {
  const struct level *level = &measured->level;
  size_t gone = level_departed(level, measured->last_ns);
  if (gone >= level->death_count) return false;
  double pause = (double)(level->deaths[gone] - measured->last_ns);
  double fill = (double)(measured->last_ns - measured->first_ns);
  double between = (double)(measured->departures.last_ns - level->deaths[gone]) /
                   (double)(level->death_count - gone);
  return (double)measured->departed >= 0.25 * (double)measured->count &&
         measured->departures.tight_share < 0.5 && pause <= fmax(3 * fill, 20 * between) &&
         (double)measured->at_last >= 0.9 * (double)measured->top;
}

/* Few left before all had come; in what steps they came, and with what pauses, says
 * nothing then. */
static bool was_filled_first(const struct measured *measured) {
  return 4 * measured->departed_rising <= measured->risen && signature_drained_afterwards(measured);
}

/* It is full when the last one comes, and has not been half as full before and empty again (or
 * once, before it began to rise for good). */
bool signature_rising(const struct measured *measured) {
  double span = (double)(measured->last_ns - measured->first_ns);
  bool for_long = (double)(measured->last_ns - measured->rising_ns) >= 0.5 * span;
  return (measured->emptied == 0 || (measured->emptied == 1 && for_long)) &&
         (double)measured->at_last >= 0.6 * (double)measured->top &&
         (double)measured->risen * measured->weight >= 16 &&
         (is_ramp(measured) || level_rises(measured) || was_filled_first(measured));
}

/* More are there because more come, and not because they wait. In a queue that began empty the last
 * quarter of those that have come and gone stayed about seven times as long as the first. Where
 * few have gone they tell of the beginning only, and of its pauses. */
bool signature_stays_as_long_as_ever(const struct measured *measured) {
  return measured->departed_rising >= 20 && 4 * measured->departed_rising > measured->risen &&
         measured->lengthened < 1.15;
}

/* ---- who puts in and takes out ------------------------------------------------------------ */

/* A moment: what is made in less, and then walked through by who made it, is a list as all programs
 * have them, and not a queue that waits for anybody. */
#define MOMENT_NS 1e8

bool signature_walked_list(const struct measured *measured) {
  return measured->departures.same_thread_share >= 0.95 && measured->departed_rising < 8 &&
         (double)(measured->last_ns - measured->rising_ns) < MOMENT_NS;
}

/* One thread made all of it before it took out any: what is collected and then worked off. (Or a
 * queue in an event loop whose reader came late: that looks the same.) */
bool signature_worked_off(const struct measured *measured) {
  return measured->departures.same_thread_share >= 0.95 &&
         100 * measured->departed_rising <= measured->risen;
}

/* In a sample, of how many departures the arrival beside them should be in it too, if there is one:
 * 1 in `weight`. Fewer than CHECKABLE can't be told from none. */
static double coincidences(const struct measured *measured) {
  return (double)measured->departed / measured->weight;
}
#define CHECKABLE 9

/* They leave beside an arrival; of a sample: at most two standard deviations fewer than expected.
 */
static bool leave_beside_arrivals(const struct measured *measured) {
  double share = measured->departures.coupled_share;
  if (!measured->estimated) return share >= 0.9;
  double expected = coincidences(measured);
  return expected >= CHECKABLE &&
         share * (double)measured->departed > expected - 2 * sqrt(expected);
}

/* What comes pushes out what leaves, at once: a window that widens. (A loop that serves one between
 * arrivals has a service before each departure.) A sample can't tell most of them from all. */
bool signature_exchanged(const struct measured *measured) {
  return !measured->estimated && measured->departures.same_thread_share >= 0.95 &&
         measured->departures.following_share >= 0.9;
}

/* They leave to make room for others. Where that can't be told, those that a thread takes out which
 * puts some in as well may have been pushed out. */
bool signature_pushed_out(const struct measured *measured) {
  if (measured->estimated && coincidences(measured) < CHECKABLE)
    return measured->departures.own_share >= 0.9;
  return leave_beside_arrivals(measured);
}

/* By other threads than those that fill it, in any order: requests in flight, or a cache that
 * somebody else clears. */
bool signature_out_of_order_to_others(const struct measured *measured) {
  return !signature_in_order(measured) && measured->departures.own_share <= 0.05;
}

/* ---- short lives -------------------------------------------------------------------------- */

/* By Little's law: mean residence = mean level / rate of arrivals. */
bool signature_short_lived(const struct measured *measured) {
  double span = (double)(measured->last_ns - measured->first_ns);
  struct level_moments whole =
      level_moments(&measured->level, measured->first_ns, measured->last_ns, 0);
  return whole.mean * span / (double)measured->count < 0.005 * span;
}

/* In each fifth of the time. */
bool signature_empty_again_and_again(const struct measured *measured) {
  size_t most = 0;
  for (int i = 0; i < 5; i++)
    most = measured->fifths[i] > most ? measured->fifths[i] : most;
  return (double)most <= 2 + 0.02 * (double)measured->top;
}
