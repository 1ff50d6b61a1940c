/* verdict.c - the order of decision: which signature makes which kind, and how sure that is. What
 * is not clearly one thing is QUEUE_UNKNOWN.
 */
#include "verdict.h"

#include <math.h>

#include "signatures.h"

/* Below so many messages a level says nothing. */
#define FEW 32.0

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

static struct verdict judge_kept(const struct measured *measured) {
  double confidence = 0.95 * enough(measured);
  if (signature_born_early(measured) || signature_grew_little_since(measured))
    return (struct verdict){QUEUE_STARTUP, confidence};
  if (signature_has_ended(measured)) return (struct verdict){QUEUE_CACHE, 0.5 * confidence};
  if (signature_freed_long_before_the_end(measured))
    return (struct verdict){QUEUE_BURST, 0.8 * confidence};
  return (struct verdict){QUEUE_STALLED, confidence};
}

static struct verdict judge_pinned(const struct measured *measured) {
  double confidence = enough(measured) * certainty(measured->plateau.share_above, 0.5);
  /* full, then empty, then full: what is collected and done with all at once, whatever it is */
  if (measured->emptied >= 3 && measured->top >= (measured->estimated ? 64 : 16))
    return (struct verdict){QUEUE_BURST, 0.6 * confidence};
  if (signature_leaves_by_a_clock(measured)) return unclear(0.5);
  bool pushed_out = signature_pushed_out(measured);
  /* a thread that has a few in hand at a time has no queue with itself */
  bool in_hand = measured->departures.same_thread_share >= 0.95 &&
                 (double)measured->top * measured->weight < 16;
  bool in_line =
      signature_in_order(measured) || (!measured->estimated && signature_in_lines(measured));
  if (in_line && !pushed_out && !in_hand) return (struct verdict){QUEUE_BOUNDED, confidence};
  if (in_hand || (double)measured->top * measured->weight < 8)
    return (struct verdict){QUEUE_CHURN, 0.8 * confidence};
  if (signature_out_of_order_to_others(measured)) return unclear(0.5);
  return (struct verdict){QUEUE_CACHE, (pushed_out ? 0.8 : 1) * confidence};
}

static struct verdict judge_rising(const struct measured *measured) {
  double significance = (double)measured->risen / (SIGNATURE_CHANCE * measured->rise_noise + 1);
  double confidence = enough(measured) * certainty(significance, 1);
  if (signature_in_order(measured)) {
    /* more are there because more come, and each stays as long as ever */
    if (signature_stays_as_long_as_ever(measured))
      return (struct verdict){QUEUE_BURST, 0.6 * confidence};
    if (signature_walked_list(measured) || signature_worked_off(measured))
      return (struct verdict){QUEUE_BURST, 0.6 * confidence};
    if (signature_exchanged(measured)) return unclear(0.5);
    if (signature_turned_away(measured)) return (struct verdict){QUEUE_BOUNDED, 0.6 * confidence};
    if (measured->departed_rising >= 8 || signature_drained_afterwards(measured))
      return (struct verdict){QUEUE_UNBOUNDED, confidence};
    /* it was drained once, and then no more */
    if (level_departed(&measured->level, measured->last_ns) >= 20)
      return (struct verdict){QUEUE_UNBOUNDED, 0.7 * confidence};
    return unclear(0.5);
  }
  if (signature_in_lines(measured) && measured->departed_rising >= 8)
    return (struct verdict){QUEUE_UNBOUNDED, 0.8 * confidence};
  double kept = (double)(measured->count - measured->departed) / (double)measured->count;
  /* a queue that hands over, in another order: by priority */
  if (!signature_leaks(measured) && measured->departures.same_thread_share <= 0.05 &&
      (double)measured->departed_rising >= 0.15 * (double)measured->count)
    return measured->lingering >= 0.1 || measured->lengthening >= 1.3
               ? (struct verdict){QUEUE_UNBOUNDED, 0.5 * confidence}
               : (struct verdict){QUEUE_BURST, 0.5 * confidence};
  /* whatever came in the first half is gone: more are there because more come */
  if (measured->lingering < 0.02) return (struct verdict){QUEUE_BURST, 0.5 * confidence};
  if (kept >= 0.05) return (struct verdict){QUEUE_STALLED, 0.7 * confidence};
  return unclear(0.5);
}

static struct verdict judge_level(const struct measured *measured) {
  double top = (double)measured->top * measured->weight;
  bool small = top < 4 || (top < FEW && signature_short_lived(measured));
  double low = (double)level_range(&measured->level, measured->reached_ns, measured->last_ns).least;
  bool came_down = measured->emptied >= 1 || low <= 0.25 * (double)measured->top ||
                   signature_empty_again_and_again(measured);
  if (!came_down && signature_leaks(measured))
    return (struct verdict){QUEUE_STALLED, 0.6 * enough(measured)};
  if (came_down)
    return (struct verdict){small ? QUEUE_CHURN : QUEUE_BURST,
                            enough(measured) * (measured->emptied >= 2 ? 0.9 : 0.7)};
  if (small) return (struct verdict){QUEUE_CHURN, 0.6 * enough(measured)};
  if (!signature_in_order(measured) && measured->order.left_behind <= 0.3)
    return (struct verdict){QUEUE_CACHE, 0.7 * enough(measured)};
  return unclear(0.5);
}

struct verdict verdict_of(const struct measured *measured) {
  if (signature_never_left(measured) >= 0.9) return judge_kept(measured);
  if (signature_rising(measured)) return judge_rising(measured);
  if (signature_pinned(measured)) return judge_pinned(measured);
  if (signature_sawtooth(measured)) return (struct verdict){QUEUE_BOUNDED, 0.8 * enough(measured)};
  if (signature_born_early(measured) && (double)measured->at_last >= 0.8 * (double)measured->top &&
      signature_never_left(measured) >= 0.5)
    return (struct verdict){QUEUE_STARTUP, 0.7 * enough(measured)};
  return judge_level(measured);
}