/* verdict.c - the order of decision. Each question is a function of its own; thresholds stand
 * beside the question. What is not clearly one thing is QUEUE_UNKNOWN.
 */
#include "verdict.h"

#include <math.h>

/* A rise of so many standard deviations is no chance: the least level must rise as well. */
#define CHANCE 1.5

/* Below so many messages a level says nothing. */
#define FEW 32.0

/* ---- questions -------------------------------------------------------------------------- */

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
static double never_left(const struct measured *measured) {
  const struct departures *departures = &measured->departures;
  double kept = (double)(measured->count - measured->departed);
  double after = departures->after_share * (double)measured->departed;
  if (departures->tight_share >= 0.7 && after >= 0.4 * (double)measured->top &&
      !leaves_as_before(measured, after))
    kept += after;
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

/* Each consumer takes from a line of its own, first in first out: queues that share their code. */
static bool in_lines(const struct measured *measured) {
  return measured->departures.consumers > 1 && measured->order.in_order < 0.9 &&
         measured->order.by_consumer >= 0.98 && measured->departures.same_thread_share <= 0.05;
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
  double span = (double)(measured->last_ns - measured->first_ns);
  double there = (double)measured->last_ns - (double)measured->reached_ns;
  if (there < 0.15 * span || top < 4) return false;
  size_t through = level_departed(&measured->level, measured->last_ns) -
                   level_departed(&measured->level, measured->reached_ns);
  return stays_at_top(measured) && (double)through >= top && through >= 20;
}

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
         ((double)measured->risen >= CHANCE * measured->rise_noise || rises_evenly(measured));
}

/* Many came before any left, and then, not too long after, they left one by one, with work in
 * between. */
static bool drained_afterwards(const struct measured *measured) {
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
  return 4 * measured->departed_rising <= measured->risen && drained_afterwards(measured);
}

/* It is full when the last one comes, and has not been half as full before and empty again (or
 * once, before it began to rise for good). */
static bool is_rising(const struct measured *measured) {
  double span = (double)(measured->last_ns - measured->first_ns);
  bool for_long = (double)(measured->last_ns - measured->rising_ns) >= 0.5 * span;
  return (measured->emptied == 0 || (measured->emptied == 1 && for_long)) &&
         (double)measured->at_last >= 0.6 * (double)measured->top &&
         (double)measured->risen * measured->weight >= 16 &&
         (is_ramp(measured) || level_rises(measured) || was_filled_first(measured));
}

/* A moment: what is made in less, and then walked through by who made it, is a list as all programs
 * have them, and not a queue that waits for anybody. */
#define MOMENT_NS 1e8

static bool is_walked_list(const struct measured *measured) {
  return measured->departures.same_thread_share >= 0.95 && measured->departed_rising < 8 &&
         (double)(measured->last_ns - measured->rising_ns) < MOMENT_NS;
}

/* One thread made all of it before it took out any: what is collected and then worked off. (Or a
 * queue in an event loop whose reader came late: that looks the same.) */
static bool is_worked_off(const struct measured *measured) {
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

/* What comes pushes out what leaves: a window that widens. Or a loop that takes one out for each
 * few that it puts in; a sample can't tell most of them from all. */
static bool is_exchanged(const struct measured *measured) {
  return !measured->estimated && measured->departures.same_thread_share >= 0.95 &&
         leave_beside_arrivals(measured);
}

/* They leave to make room for others. Where that can't be told, those that a thread takes out which
 * puts some in as well may have been pushed out. */
static bool are_pushed_out(const struct measured *measured) {
  if (measured->estimated && coincidences(measured) < CHECKABLE)
    return measured->departures.own_share >= 0.9;
  return leave_beside_arrivals(measured);
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

/* Each leaves as long after it came as any other, far more evenly than the level stays: a clock
 * lets it go, not a consumer. (Of a full queue the level is what is constant. A sample's level is
 * noisy.)
 */
static bool leaves_by_a_clock(const struct measured *measured) {
  return measured->stay_variation < 0.01 &&
         (measured->estimated ? measured->stay_variation < 0.005
                              : measured->stay_variation < 0.3 * measured->level_variation);
}

/* By other threads than those that fill it, in any order: requests in flight, or a cache that
 * somebody else clears. */
static bool is_out_of_order_to_others(const struct measured *measured) {
  return !in_order(measured) && measured->departures.own_share <= 0.05;
}

static struct verdict judge_pinned(const struct measured *measured) {
  double confidence = enough(measured) * certainty(measured->plateau.share_above, 0.5);
  /* full, then empty, then full: what is collected and done with all at once, whatever it is */
  if (measured->emptied >= 3 && measured->top >= (measured->estimated ? 64 : 16))
    return (struct verdict){QUEUE_BURST, 0.6 * confidence};
  if (leaves_by_a_clock(measured)) return unclear(0.5);
  bool pushed_out = are_pushed_out(measured);
  /* a thread that has a few in hand at a time has no queue with itself */
  bool in_hand = measured->departures.same_thread_share >= 0.95 &&
                 (double)measured->top * measured->weight < 16;
  bool in_line = in_order(measured) || (!measured->estimated && in_lines(measured));
  if (in_line && !pushed_out && !in_hand) return (struct verdict){QUEUE_BOUNDED, confidence};
  if (in_hand || (double)measured->top * measured->weight < 8)
    return (struct verdict){QUEUE_CHURN, 0.8 * confidence};
  if (is_out_of_order_to_others(measured)) return unclear(0.5);
  return (struct verdict){QUEUE_CACHE, (pushed_out ? 0.8 : 1) * confidence};
}

/* More are there because more come, and not because they wait. In a queue that began empty the last
 * quarter of those that have come and gone stayed about seven times as long as the first. Where
 * few have gone they tell of the beginning only, and of its pauses. */
static bool stays_as_long_as_ever(const struct measured *measured) {
  return measured->departed_rising >= 20 && 4 * measured->departed_rising > measured->risen &&
         measured->lengthened < 1.15;
}

/* What departs does so in order, but some of all times stay behind for good. */
static bool leaks(const struct measured *measured) {
  double kept = (double)(measured->count - measured->departed) / (double)measured->count;
  return measured->order.in_order >= 0.995 && kept >= 0.05 && measured->lingering >= 0.05;
}

static struct verdict judge_rising(const struct measured *measured) {
  double significance = (double)measured->risen / (CHANCE * measured->rise_noise + 1);
  double confidence = enough(measured) * certainty(significance, 1);
  if (in_order(measured)) {
    /* more are there because more come, and each stays as long as ever */
    if (stays_as_long_as_ever(measured)) return (struct verdict){QUEUE_BURST, 0.6 * confidence};
    if (is_walked_list(measured) || is_worked_off(measured))
      return (struct verdict){QUEUE_BURST, 0.6 * confidence};
    if (is_exchanged(measured)) return unclear(0.5);
    if (measured->departed_rising >= 8 || drained_afterwards(measured))
      return (struct verdict){QUEUE_UNBOUNDED, confidence};
    /* it was drained once, and then no more */
    if (level_departed(&measured->level, measured->last_ns) >= 20)
      return (struct verdict){QUEUE_UNBOUNDED, 0.7 * confidence};
    return unclear(0.5);
  }
  if (in_lines(measured) && measured->departed_rising >= 8)
    return (struct verdict){QUEUE_UNBOUNDED, 0.8 * confidence};
  double kept = (double)(measured->count - measured->departed) / (double)measured->count;
  /* a queue that hands over, in another order: by priority */
  if (!leaks(measured) && measured->departures.same_thread_share <= 0.05 &&
      (double)measured->departed_rising >= 0.15 * (double)measured->count)
    return measured->lingering >= 0.1 || measured->lengthening >= 1.3
               ? (struct verdict){QUEUE_UNBOUNDED, 0.5 * confidence}
               : (struct verdict){QUEUE_BURST, 0.5 * confidence};
  /* whatever came in the first half is gone: more are there because more come */
  if (measured->lingering < 0.02) return (struct verdict){QUEUE_BURST, 0.5 * confidence};
  if (kept >= 0.05) return (struct verdict){QUEUE_STALLED, 0.7 * confidence};
  return unclear(0.5);
}

/* Again and again it comes up to the same level, and no further, and never far down: senders wait
 * until it has been drained by a part (a low watermark), or are let go on by credits. */
static bool is_sawtooth(const struct measured *measured) {
  double top = (double)measured->top, slack = fmax(0.02 * top, 2);
  if (measured->estimated || top < 16 || measured->departures.own_share > 0.05) return false;
  for (int i = 0; i < 5; i++)
    if ((double)measured->ceilings[i] < top - slack ||
        (i > 0 && (double)measured->fifths[i] < 0.25 * top))
      return false;
  return in_order(measured) && (double)measured->departed >= 3 * top &&
         !leaves_by_a_clock(measured);
}

/* In each fifth of the time. */
static bool is_empty_again_and_again(const struct measured *measured) {
  size_t most = 0;
  for (int i = 0; i < 5; i++)
    most = measured->fifths[i] > most ? measured->fifths[i] : most;
  return (double)most <= 2 + 0.02 * (double)measured->top;
}

static struct verdict judge_level(const struct measured *measured) {
  double top = (double)measured->top * measured->weight;
  bool small = top < 4 || (top < FEW && is_short_lived(measured));
  double low = (double)level_least(&measured->level, measured->reached_ns, measured->last_ns);
  bool came_down = measured->emptied >= 1 || low <= 0.25 * (double)measured->top ||
                   is_empty_again_and_again(measured);
  if (!came_down && leaks(measured)) return (struct verdict){QUEUE_STALLED, 0.6 * enough(measured)};
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
  if (is_sawtooth(measured)) return (struct verdict){QUEUE_BOUNDED, 0.8 * enough(measured)};
  if (born_early(measured) && (double)measured->at_last >= 0.8 * (double)measured->top &&
      never_left(measured) >= 0.5)
    return (struct verdict){QUEUE_STARTUP, 0.7 * enough(measured)};
  return judge_level(measured);
}
