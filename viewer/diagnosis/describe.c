/* describe.c - the figures of one group; see describe.h. Times in ns, rates a second; counts are of
 * messages, scaled by what each one looked at stands for.
 */
#include "describe.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "parties.h"
#include "phases.h"
#include "survival.h"
#include "variation.h"
#include "verdict.h"

/* ---- what a message is made of ---------------------------------------------------------- */

/* What a block of a site costs: as those that were live together at its maximum did. */
static double block_bytes(const struct site *site) {
  if (site->max.blocks) return (double)site->max.bytes / (double)site->max.blocks;
  return site->total.blocks ? (double)site->total.bytes / (double)site->total.blocks : 0;
}

static int carriers_first(const void *a, const void *b) {
  const struct queue_site *x = a, *y = b;
  if (x->carries != y->carries) return x->carries ? -1 : 1;
  if (x->bytes_per_message != y->bytes_per_message)
    return x->bytes_per_message > y->bytes_per_message ? -1 : 1;
  return (x->site > y->site) - (x->site < y->site);
}

static double messages_of(const struct profile *profile, const struct residence_list *list) {
  return residences_kept(list) *
         (double)profile_written_blocks(profile, residences_site(profile, list));
}

static int name_others(const struct pool *pool, struct queue_site *site) {
  if (!pool) return 0;
  site->others = calloc(pool->count, sizeof(*site->others));
  if (!site->others) return -ENOMEM;
  for (size_t i = 1; i < pool->count; i++)
    site->others[site->other_count++] = pool->members[i];
  return 0;
}

static int describe_sites(const struct profile *profile, const struct residences *residences,
                          const struct group *group, struct queue *queue) {
  queue->sites = calloc(group->count, sizeof(*queue->sites));
  if (!queue->sites) return -ENOMEM;
  queue->site_count = group->count;
  int error = 0;
  for (size_t i = 0; i < group->count; i++)
    if (group->carries[i])
      queue->arrivals += messages_of(profile, &residences->lists[group->lists[i]]);
  for (size_t i = 0; i < group->count && !error; i++) {
    const struct residence_list *list = &residences->lists[group->lists[i]];
    const struct site *site = residences_site(profile, list);
    double written = (double)profile_written_blocks(profile, site);
    double blocks = messages_of(profile, list) / queue->arrivals;
    queue->sites[i] = (struct queue_site){.site = list->site,
                                          .carries = group->carries[i],
                                          .folded = (double)site->folded.blocks,
                                          .taken_out = (1 - residences_kept(list)) * written,
                                          .temporaries = list->temporaries,
                                          .when_full = list->when_full,
                                          .blocks_per_message = blocks,
                                          .bytes_per_message = blocks * block_bytes(site)};
    queue->blocks_per_message += blocks;
    queue->bytes_per_message += queue->sites[i].bytes_per_message;
    queue->at_peak_bytes += (double)site->at_peak.bytes;
    queue->at_end_bytes += (double)site->at_end.bytes;
    queue->held_byte_seconds += site->held_byte_seconds;
    error = name_others(list->pool, &queue->sites[i]);
  }
  qsort(queue->sites, queue->site_count, sizeof(*queue->sites), carriers_first);
  return error;
}

/* Nodes are made for those only that were let in. */
static void leave_out_turned_away(struct queue *queue, double turned_away) {
  double all = queue->arrivals, let_in = all - turned_away;
  queue->arrivals = let_in;
  if (turned_away <= 0 || let_in <= 0) return;
  for (size_t i = 0; i < queue->site_count; i++) {
    struct queue_site *site = &queue->sites[i];
    if (site->carries || site->blocks_per_message > 0.98) continue;
    double blocks = site->blocks_per_message * all / let_in, bytes = site->bytes_per_message;
    queue->blocks_per_message += blocks - site->blocks_per_message;
    site->bytes_per_message *= all / let_in;
    queue->bytes_per_message += site->bytes_per_message - bytes;
    site->blocks_per_message = blocks;
  }
}

/* ---- rates ------------------------------------------------------------------------------ */

static void describe_rates(const struct measured *measured, struct queue *queue) {
  const struct level *level = &measured->level;
  uint64_t from = measured->first_ns, to = measured->last_ns;
  /* what was before it last began to fill is another story, unless that is next to nothing */
  bool filled = queue->kind == QUEUE_UNBOUNDED;
  if (filled && (double)(measured->rising_ns - from) > 0.04 * (double)(to - from))
    from = measured->rising_ns;
  if (queue->kind == QUEUE_BOUNDED) from = measured->reached_ns;
  double seconds = (double)(to - from) / 1e9;
  double arrived = (double)(level_arrived(level, to) - level_arrived(level, from));
  double departed = (double)(level_departed(level, to) - level_departed(level, from));
  queue->measured_from_ns = from;
  queue->measured_to_ns = to;
  if (seconds > 0) {
    queue->arrival_rate = arrived * measured->weight / seconds;
    queue->departure_rate = departed * measured->weight / seconds;
  }
  queue->rho = departed > 0 ? arrived / departed : arrived > 0 ? INFINITY : NAN;
  /* what is freed in one go at the end says nothing of what it would have waited */
  struct level_line line = level_line(level, from, to, to);
  queue->residence_slope = line.slope;
  if (isnan(queue->residence_slope))
    queue->residence_slope = level_line(level, from, to, measured->duration_ns).slope;
  if (!measured->estimated || !filled) return;
  /* Counts of a sample are noisy: which of those that came have departed is chance. The slope of
   * what came and went meanwhile, rho - 1, is not, but it is that of steady rates: so it's taken
   * when the counts are too few, and don't contradict it. */
  double chance = departed > 0 ? sqrt(fmax(1 - departed / arrived, 0) / departed) : INFINITY;
  double slopes = 1 + queue->residence_slope;
  double allowed =
      (line.correlation >= 0.998 ? 4 : 2) * chance; /* a straight line is trusted more */
  if (2 * chance > 0.05 && slopes > 1 && measured->order.in_order >= 0.95 &&
      !(fabs(log(slopes / queue->rho)) > allowed))
    queue->rho = slopes;
}

/* ---- residence -------------------------------------------------------------------------- */

static int describe_residence(const struct measured *measured, struct queue *queue) {
  static const double shares[] = {0.5, 0.99};
  double ns[2];
  int error = survival_quantiles(queue->messages, queue->message_count, measured->duration_ns,
                                 shares, 2, ns);
  queue->residence_p50_ns = ns[0];
  queue->residence_p99_ns = ns[1];
  double now = 0, oldest = 0, longest = 0;
  uint64_t last = 0;
  for (size_t i = 0; i < queue->message_count; i++) {
    const struct residence *message = &queue->messages[i];
    bool live = message->death_ns == RESIDENCE_LIVE;
    double stayed = (double)residence_ns(message, measured->duration_ns);
    if (stayed > longest) longest = stayed;
    if (live && stayed > oldest) oldest = stayed;
    if (!live && message->death_ns >= last) {
      last = message->death_ns;
      now = stayed;
    }
  }
  queue->residence_now_ns = oldest > now ? oldest : now;
  queue->residence_max_ns = longest;
  return error;
}

/* ---- levels ----------------------------------------------------------------------------- */

/* What stands there all the time bought no throughput: the least level over a time, as CoDel takes
 * the least sojourn (K. Nichols and V. Jacobson, RFC 8289, section 3.2; here of messages and
 * bytes). */
static int describe_levels(const struct measured *measured, struct queue *queue) {
  const struct level *level = &measured->level;
  double weight = measured->weight;
  queue->peak_messages = (double)measured->top * weight;
  queue->peak_bytes = queue->peak_messages * queue->bytes_per_message;
  queue->peak_ns = measured->top_ns;
  queue->departures = (double)measured->departed * weight;
  queue->at_end_messages = (double)(measured->count - measured->departed) * weight;
  uint64_t begun = queue->kind == QUEUE_BOUNDED ? measured->reached_ns
                                                : level_reached(level, (measured->top + 1) / 2);
  queue->standing_messages =
      begun < measured->last_ns
          ? (double)level_range(level, begun, measured->last_ns).least * weight
          : 0;
  queue->standing_bytes = queue->standing_messages * queue->bytes_per_message;
  if (queue->kind != QUEUE_BOUNDED) return 0;
  size_t usual;
  int error = level_quantile(level, measured->reached_ns, measured->last_ns, 0.5, &usual);
  /* where it goes up and down below its bound, that is as far as it comes */
  if (!measured->estimated && measured->plateau.share_above < 0.8) usual = measured->top;
  queue->bound = (double)usual * weight;
  queue->bound_bytes = queue->bound * queue->bytes_per_message;
  return error;
}

/* Nodes are made for those only that are let in; what is turned away has the other parts. */
static double parts_turned_away(const struct queue *queue) {
  double most = 0;
  for (size_t i = 0; i < queue->site_count; i++)
    if (queue->sites[i].blocks_per_message > 0.9) most = fmax(most, queue->sites[i].when_full);
  return most;
}

static double folded_messages(const struct queue *queue) {
  double folded = 0;
  for (size_t i = 0; i < queue->site_count; i++)
    if (queue->sites[i].carries && !queue->sites[i].temporaries) folded += queue->sites[i].folded;
  return folded;
}

/* Of a bounded queue: what it does with what it has no room for. */
static void describe_policy(const struct measured *measured, double young, struct queue *queue) {
  if (queue->kind != QUEUE_BOUNDED) return;
  double folded = folded_messages(queue);
  double turned_away = fmax(young * measured->weight + folded, parts_turned_away(queue));
  /* in a sample an arrival that pushed another out is seen as often as any */
  double seen = measured->estimated ? 1 / measured->weight : 1;
  double pushed_out = fmin(measured->departures.coupled_share / seen, 1);
  bool other_thread = measured->departures.same_thread_share < 0.95;
  queue->policy = POLICY_BLOCKING;
  if (turned_away >= 0.01 * (queue->arrivals + folded)) {
    queue->policy = POLICY_DROP_NEWEST;
    queue->turned_away = turned_away;
  } else if (measured->departures.coupled_share >= (other_thread ? 0.02 : 0.3)) {
    queue->policy = POLICY_DROP_OLDEST;
    queue->thrown_away = pushed_out * queue->departures;
  }
}

/* ---- evidence and pictures -------------------------------------------------------------- */

static void describe_evidence(const struct measured *measured, struct queue *queue) {
  struct queue_evidence *evidence = &queue->evidence;
  const struct level *level = &measured->level;
  double weight = measured->weight;
  evidence->in_order = measured->order.in_order;
  evidence->in_order_by_consumer = measured->order.by_consumer;
  evidence->rank_correlation = measured->order.rank_correlation;
  evidence->handoff_share = measured->departed ? 1 - measured->departures.same_thread_share : NAN;
  evidence->departed_share = (double)measured->departed / (double)measured->count;
  evidence->at_top_share = measured->plateau.share_above;
  evidence->low_messages = queue->standing_messages;
  evidence->top_messages = (double)measured->top * weight;
  evidence->growth = (double)measured->at_last / (double)measured->top;
  evidence->coupled_share = measured->departures.coupled_share;
  struct level_moments whole = level_moments(level, measured->first_ns, measured->duration_ns, 0);
  struct level_moments filled = level_moments(level, measured->reached_ns, measured->last_ns, 0);
  evidence->level_variation = filled.mean > 0 ? filled.deviation / filled.mean : NAN;
  struct variation stays = {0};
  for (size_t i = 0; i < measured->count; i++)
    variation_add(&stays, (double)residence_ns(&queue->messages[i], measured->duration_ns));
  evidence->residence_variation = sqrt(variation_squared(&stays));
  /* J. D. C. Little, A proof for the queueing formula L = lambda W, 1961: exact on a window that
   * begins empty and counts what is still there up to its end */
  double window = (double)(measured->duration_ns - measured->first_ns);
  evidence->littles_law = stays.sum > 0 ? whole.mean * window / stays.sum : NAN;
}

static void describe_pictures(const struct measured *measured, struct queue *queue) {
  const struct level *level = &measured->level;
  double weight = measured->weight;
  size_t before = 0;
  for (uint64_t i = 0; i < QUEUE_PICTURE; i++) {
    unsigned __int128 end = (unsigned __int128)measured->duration_ns * (i + 1) / QUEUE_PICTURE;
    size_t arrived = level_arrived(level, (uint64_t)end), live = 0;
    double sum = 0;
    for (size_t j = before; j < arrived; j++) {
      const struct residence *message = &queue->messages[j];
      live += message->death_ns == RESIDENCE_LIVE;
      sum += (double)residence_ns(message, measured->duration_ns);
    }
    queue->arrived[i] = (double)arrived * weight;
    queue->departed[i] = (double)level_departed(level, (uint64_t)end) * weight;
    queue->residence[i] = arrived > before ? sum / (double)(arrived - before) : NAN;
    queue->residence_cut[i] = 2 * live > arrived - before;
    before = arrived;
  }
}

/* ---- all of it -------------------------------------------------------------------------- */

/* Made and freed by one thread at once, while others waited. */
static bool was_turned_away(const struct residence *message, double usual_ns) {
  return message->death_ns != RESIDENCE_LIVE && message->birth_thread == message->death_thread &&
         (double)(message->death_ns - message->birth_ns) < 0.05 * usual_ns;
}

/* Takes out messages that a full queue turned away: they are no part of the line. Returns how many.
 */
static size_t take_out_turned_away(struct queue *queue, double usual_ns) {
  size_t kept = 0, away = 0;
  for (size_t i = 0; i < queue->message_count; i++)
    away += was_turned_away(&queue->messages[i], usual_ns);
  if (queue->message_count - away < 20) return 0;
  for (size_t i = 0; i < queue->message_count; i++)
    if (!was_turned_away(&queue->messages[i], usual_ns))
      queue->messages[kept++] = queue->messages[i];
  queue->message_count = kept;
  return away;
}

static int measure(const struct profile *profile, struct queue *queue, struct measured *measured) {
  /* blocks that are freed between two of the messages that are looked at */
  double each = fmax(queue->arrivals / (double)queue->message_count, 1);
  *measured = (struct measured){.estimated = queue->estimated,
                                .count = queue->message_count,
                                .first_ns = queue->messages[0].birth_ns,
                                .last_ns = queue->messages[queue->message_count - 1].birth_ns,
                                .duration_ns = profile->duration_ns};
  int error =
      level_begin(&measured->level, queue->messages, queue->message_count, profile->duration_ns);
  measured->departed = measured->level.death_count;
  if (!error)
    error = departures_measure(queue->messages, queue->message_count, queue->blocks_per_message,
                               each, &measured->departures);
  if (error) return error;
  size_t top = measured->top = level_top(&measured->level, &measured->top_ns);
  size_t hands = 2 * (size_t)measured->departures.consumers;
  size_t slack = top / 50 > hands ? top / 50 : hands;
  if (slack > top / 2) slack = top / 2;
  error = order_measure(queue->messages, queue->message_count, slack, &measured->order);
  return error ? error : measured_derive(measured);
}

static int measure_line(const struct profile *profile, struct queue *queue,
                        struct measured *measured, double *young) {
  *young = 0;
  int error = measure(profile, queue, measured);
  if (error || !(measured->order.in_order < 0.95)) return error;
  double longest;
  static const double most = 0.95;
  error = survival_quantiles(queue->messages, queue->message_count, profile->duration_ns, &most, 1,
                             &longest);
  if (error || isnan(longest)) return error;
  size_t taken = take_out_turned_away(queue, longest);
  if (taken == 0) return 0;
  level_free(&measured->level);
  *young = (double)taken;
  return measure(profile, queue, measured);
}

/* What died young, while it filled and after that. */
static void measure_folded(const struct residences *residences, const struct group *group,
                           struct measured *measured) {
  for (size_t i = 0; i < group->count; i++) {
    const struct residence_list *list = &residences->lists[group->lists[i]];
    if (!group->carries[i] || list->temporaries) continue;
    uint64_t last_ns = measured->last_ns, duration_ns = residences->duration_ns;
    measured->folded_before += residences_folded(list, duration_ns, 0, last_ns);
    measured->folded_after += residences_folded(list, duration_ns, last_ns, duration_ns + 1);
  }
}

int describe_group(const struct profile *profile, const struct residences *residences,
                   const struct group *group, struct queue *queue) {
  struct measured measured = {0};
  double young;
  int error = describe_sites(profile, residences, group, queue);
  size_t looked_at = queue->message_count;
  if (!error) error = measure_line(profile, queue, &measured, &young);
  if (!error) {
    measured.weight = queue->arrivals / (double)looked_at;
    measure_folded(residences, group, &measured);
    struct verdict verdict = verdict_of(&measured);
    queue->kind = verdict.kind;
    queue->confidence = verdict.confidence;
    leave_out_turned_away(queue, young * measured.weight);
    queue->batch = queue->estimated || queue->every > 1 ? NAN : measured.departures.batch;
    queue->consumers = measured.departures.consumers;
    describe_rates(&measured, queue);
    error = describe_levels(&measured, queue);
    describe_policy(&measured, young, queue);
    describe_evidence(&measured, queue);
    describe_pictures(&measured, queue);
  }
  if (!error) error = describe_residence(&measured, queue);
  if (!error)
    error = phases_fit(&measured.level, measured.weight, &queue->phases, &queue->phase_count);
  if (!error) error = parties_count(profile, residences, group, queue);
  level_free(&measured.level);
  return error;
}
