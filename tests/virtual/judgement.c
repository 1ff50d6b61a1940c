/* judgement.c - what is asked of a verdict. Shares that a sample gives are known less well. */
#include "judgement.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* In all of a sample. */
#define SAMPLED_BLOCKS 4000.0

static void wrong(struct judgement *judgement, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void wrong(struct judgement *judgement, const char *format, ...) {
  size_t used = strlen(judgement->errors);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(judgement->errors + used, sizeof(judgement->errors) - used, format, arguments);
  va_end(arguments);
  used = strlen(judgement->errors);
  if (used + 2 < sizeof(judgement->errors)) strcpy(judgement->errors + used, "\n");
}

const char *judgement_kind_name(unsigned kind) {
  return kind < QUEUE_KINDS ? queue_kind_name(kind) : "silent";
}

unsigned judgement_row(const struct truth *truth, unsigned said) {
  if (truth->kinds & KIND(said)) return said;
  return (unsigned)__builtin_ctz(truth->kinds);
}

static bool has_site(const struct profile *profile, const struct queue *queue, uint32_t stack) {
  for (size_t i = 0; i < queue->site_count; i++) {
    const struct queue_site *site = &queue->sites[i];
    if (profile->sites[site->site].stack == stack) return true;
    for (size_t j = 0; j < site->other_count; j++)
      if (profile->sites[site->others[j]].stack == stack) return true;
  }
  return false;
}

/* Of those that are scattered any that ends in the same frame will do. */
static bool has_place(const struct run *run, const struct truth *truth,
                      const struct profile *profile, const struct queue *queue, uint32_t stack) {
  if (!truth->scattered) return has_site(profile, queue, stack);
  for (size_t i = 0; i < queue->site_count; i++)
    if (!strcmp(run->history.stacks[profile->sites[queue->sites[i].site].stack],
                run->history.stacks[stack]))
      return true;
  return false;
}

static const struct queue *queue_of(const struct run *run, const struct truth *truth,
                                    const struct profile *profile,
                                    const struct diagnosis *diagnosis) {
  for (size_t i = 0; i < diagnosis->count; i++)
    if (has_place(run, truth, profile, &diagnosis->queues[i], truth->sites[0]))
      return &diagnosis->queues[i];
  return NULL;
}

const struct queue *judgement_queue(const struct profile *profile,
                                    const struct diagnosis *diagnosis, uint32_t stack) {
  for (size_t i = 0; i < diagnosis->count; i++)
    if (has_site(profile, &diagnosis->queues[i], stack)) return &diagnosis->queues[i];
  return NULL;
}

static void wrong_kind(struct judgement *judgement, const struct truth *truth,
                       const struct queue *queue, unsigned said) {
  wrong(judgement, "%s: %s instead of %s (rho %.3f, slope %.3f, %.0f messages, at most %.0f)",
        truth->label, judgement_kind_name(said), judgement_kind_name(judgement_row(truth, said)),
        truth->rho, truth->slope, truth->arrived, truth->most);
  if (!queue) return;
  const struct queue_evidence *evidence = &queue->evidence;
  wrong(judgement,
        "  evidence: rho %.3f, slope %.3f, in order %.3f, correlation %.3f, handoff %.2f, "
        "departed %.3f, at top %.2f, low %.0f, top %.0f, growth %.2f, coupled %.2f, "
        "residence varies %.2f, level %.2f",
        queue->rho, queue->residence_slope, evidence->in_order, evidence->rank_correlation,
        evidence->handoff_share, evidence->departed_share, evidence->at_top_share,
        evidence->low_messages, evidence->top_messages, evidence->growth, evidence->coupled_share,
        evidence->residence_variation, evidence->level_variation);
}

static bool within(double said, double is, double share, double amount) {
  return fabs(said - is) <= share * fabs(is) + amount;
}

static unsigned set_of(struct queue_parties parties) {
  unsigned set = 0;
  for (size_t i = 0; i < parties.count; i++)
    if (parties.of[i].share > 0.01) set |= 1u << parties.of[i].id;
  return set;
}

/* Sites whose blocks can be told to be the messages'. Not the nodes of messages that were turned
 * away in between: they come by no count; and in a sample not nodes that are freed while the
 * payload leaks. */
static unsigned sites_to_find(const struct truth *truth, const struct queue *queue,
                              enum recording recording) {
  bool counted = truth->site_count == 2 && truth->turned_away > 0;
  bool parted = recording == RECORDING_SAMPLED && queue->kind == QUEUE_STALLED;
  return counted ? 1 : parted && truth->site_count == 3 ? 2 : truth->site_count;
}

static void judge_grouping(struct judgement *judgement, const struct run *run,
                           const struct truth *truth, const struct profile *profile,
                           const struct queue *queue, enum recording recording) {
  for (unsigned i = 1; i < sites_to_find(truth, queue, recording); i++)
    if (!has_place(run, truth, profile, queue, truth->sites[i]))
      wrong(judgement, "site %u of %u is not in the queue", i + 1, truth->site_count);
  bool grown = truth->grown && recording == RECORDING_SAMPLED;
  if (!truth->scattered && queue->site_count > truth->site_count + (grown ? 1 : 0))
    wrong(judgement, "%zu sites instead of %u", queue->site_count, truth->site_count);
}

/* What chance may add to a count of messages that is estimated from a sample: three standard
 * deviations of a binomial count over its share. 0 when it's no sample. */
static double chance_in(double messages, const struct truth *truth, const struct queue *queue,
                        enum recording recording) {
  if (recording != RECORDING_SAMPLED) return 0;
  double per_block = truth->messages_per_block, blocks = messages / per_block;
  double share = (double)queue->message_count * per_block / truth->arrived;
  return share < 1 ? 3 * per_block * sqrt(blocks * (1 - share) / share) : 0;
}

/* Messages in hand, and in a node that is begun. */
static double in_hand(const struct truth *truth) {
  return truth->in_hand + (truth->messages_per_block > 1 ? 2 * truth->messages_per_block : 0);
}

static void judge_count(struct judgement *judgement, const char *what, double said, double is,
                        double off) {
  if (!within(said, is, 0.02, off)) wrong(judgement, "%.0f %s instead of %.0f", said, what, is);
}

static void judge_size(struct judgement *judgement, const struct truth *truth,
                       const struct queue *queue, enum recording recording) {
  double per_block = truth->messages_per_block, blocks = 1;
  double left = truth->arrived - truth->departed, arrived = truth->arrived;
  arrived -= truth->turned_away; /* they didn't get in */
  unsigned sites = sites_to_find(truth, queue, recording);
  bool whole = sites == truth->site_count;
  if (truth->site_count == 3) blocks = 3;
  if (truth->site_count == 2) blocks += 1.0 / NODE_MESSAGES;
  /* a message that is tried again has another node: that is 3.07 */
  if (whole &&
      !within(queue->blocks_per_message, blocks, recording == RECORDING_SAMPLED ? 0.15 : 0.03, 0))
    wrong(judgement, "%.2f blocks a message instead of %.2f", queue->blocks_per_message, blocks);
  judge_count(judgement, "arrivals", queue->arrivals * per_block, arrived,
              per_block + chance_in(arrived, truth, queue, recording));
  /* the highest of many estimates */
  judge_count(judgement, "messages at peak", queue->peak_messages * per_block, truth->most,
              in_hand(truth) + 1.5 * chance_in(truth->most, truth, queue, recording));
  judge_count(judgement, "messages at the end", queue->at_end_messages * per_block, left,
              in_hand(truth) + chance_in(left, truth, queue, recording));
}

static void judge_threads(struct judgement *judgement, const struct truth *truth,
                          const struct queue *queue) {
  unsigned fillers = set_of(queue->filled_by_threads), drainers = set_of(queue->drained_by_threads);
  if (truth->passers ? !fillers || fillers & ~(truth->fillers | truth->passers)
                     : fillers != truth->fillers)
    wrong(judgement, "filled by threads %#x instead of %#x", fillers, truth->fillers);
  if (drainers != truth->drainers)
    wrong(judgement, "drained by threads %#x instead of %#x", drainers, truth->drainers);
}

static void judge_rates(struct judgement *judgement, const struct truth *truth,
                        const struct queue *queue, enum recording recording) {
  double per_block = truth->messages_per_block, rate = queue->arrival_rate * per_block;
  double messages = (double)queue->message_count, batch = 1;
  bool sampled = recording == RECORDING_SAMPLED;
  /* two standard deviations of a count of departures among so many arrivals */
  double chance = sampled ? 2 * sqrt((truth->rho - 1) / messages) : 0;
  if (!within(queue->rho, truth->rho, 0.05 + chance, 0))
    wrong(judgement, "rho %.3f instead of %.3f", queue->rho, truth->rho);
  /* where some overtake, a line through all is a matter of who is in the sample */
  bool lined = !sampled || queue->evidence.in_order > 0.99;
  if (lined && !within(queue->residence_slope, truth->slope, 0.1, 0.02))
    wrong(judgement, "residence slope %.3f instead of %.3f", queue->residence_slope, truth->slope);
  if (!within(rate, truth->arrival_rate, 0.05 + (sampled ? 3 / sqrt(messages) : 0), 0))
    wrong(judgement, "%.0f arrivals a second instead of %.0f", rate, truth->arrival_rate);
  if (truth->batches > 0) batch = truth->batched / truth->batches;
  /* of messages in nodes nothing is known, and a sample doesn't have all of a batch */
  if (!sampled && per_block <= 1 && !within(queue->batch, batch, 0.1, 0))
    wrong(judgement, "batches of %.2f instead of %.2f", queue->batch, batch);
}

static void judge_bound(struct judgement *judgement, const struct truth *truth,
                        const struct queue *queue, enum recording recording) {
  double per_block = truth->messages_per_block;
  judge_count(judgement, "as bound", queue->bound * per_block, truth->bound,
              in_hand(truth) + chance_in(truth->bound, truth, queue, recording));
  if (per_block <= 1) {
    judge_count(judgement, "turned away", queue->turned_away, truth->turned_away,
                chance_in(truth->turned_away, truth, queue, recording));
    /* in a sample a departure may have a neighbour by chance */
    double beside = recording == RECORDING_SAMPLED ? 0.25 * truth->thrown_away : 0;
    judge_count(judgement, "thrown away", queue->thrown_away, truth->thrown_away,
                beside + chance_in(truth->thrown_away, truth, queue, recording));
  }
  /* what is turned away never was in a node */
  if (queue->policy != truth->policy && (per_block <= 1 || truth->policy == POLICY_BLOCKING)) {
    const char *name = queue_policy_name(queue->policy);
    wrong(judgement, "policy %s instead of %s", name ? name : "none",
          queue_policy_name(truth->policy));
  }
}

static bool is_truths(const struct run *run, const struct profile *profile,
                      const struct queue *queue) {
  for (unsigned i = 0; i < run->truth_count; i++)
    for (unsigned site = 0; site < run->truths[i].site_count; site++)
      if (has_place(run, &run->truths[i], profile, queue, run->truths[i].sites[site])) return true;
  return false;
}

/* Those of a truth are judged with it. */
static void judge_others(struct judgement *judgement, const struct run *run,
                         const struct profile *profile, const struct diagnosis *diagnosis) {
  for (size_t i = 0; i < diagnosis->count; i++) {
    const struct queue *queue = &diagnosis->queues[i];
    if (queue->kind != QUEUE_UNBOUNDED || is_truths(run, profile, queue)) continue;
    judgement->alarms++;
    wrong(judgement, "an unbounded queue alleged at %s",
          run->history.stacks[profile->sites[queue->sites[0].site].stack]);
  }
}

/* A level of a few sampled blocks can't be told from a healthy queue's. */
static bool bound_shows(const struct truth *truth, enum recording recording) {
  double blocks = truth->bound / truth->messages_per_block;
  return recording != RECORDING_SAMPLED || truth->bound <= 0 || blocks >= 16;
}

static unsigned kinds_of(const struct truth *truth, enum recording recording) {
  const unsigned healthy = KIND(QUEUE_CHURN) | KIND(QUEUE_BURST) | KIND(QUEUE_UNKNOWN);
  unsigned kinds = truth->kinds;
  if (recording == RECORDING_SAMPLED) kinds |= truth->kinds_sampled;
  return bound_shows(truth, recording) ? kinds : kinds | healthy;
}

struct judgement judge(const struct run *run, enum recording recording,
                       const struct profile *profile, const struct diagnosis *diagnosis) {
  struct judgement judgement = {0};
  for (unsigned i = 0; i < run->truth_count; i++) {
    const struct truth *truth = &run->truths[i];
    const struct queue *queue = queue_of(run, truth, profile, diagnosis);
    unsigned said = queue ? queue->kind : QUEUE_KINDS;
    judgement.said[i] = said;
    judgement.kind_right[i] = kinds_of(truth, recording) & KIND(said);
    if (!judgement.kind_right[i]) wrong_kind(&judgement, truth, queue, said);
    if (said == QUEUE_UNBOUNDED && !judgement.kind_right[i]) judgement.alarms++;
    if (!queue || !judgement.kind_right[i] || truth->unrelated) continue;
    if (said == QUEUE_UNBOUNDED || said == QUEUE_BOUNDED || said == QUEUE_STALLED) {
      judge_grouping(&judgement, run, truth, profile, queue, recording);
      judge_size(&judgement, truth, queue, recording);
    }
    if (said == QUEUE_UNBOUNDED && truth->rates) {
      judge_rates(&judgement, truth, queue, recording);
      judge_threads(&judgement, truth, queue);
    }
    if (said == QUEUE_BOUNDED && truth->bound > 0) judge_bound(&judgement, truth, queue, recording);
  }
  judge_others(&judgement, run, profile, diagnosis);
  return judgement;
}

/* So that there are about SAMPLED_BLOCKS. */
static uint64_t mean_bytes_for(const struct history *history) {
  double bytes = 0;
  for (size_t i = 0; i < history->count; i++)
    if (history->events[i].kind == EVENT_BIRTH) bytes += (double)history->events[i].size;
  return (uint64_t)(bytes / SAMPLED_BLOCKS) + 1;
}

struct judgement judge_run(const struct run *run, enum recording recording) {
  struct recorded recorded =
      recording_make(&run->history, recording, mean_bytes_for(&run->history), 1);
  struct diagnosis diagnosis;
  struct profile *profile = recorded_diagnose(&recorded, &diagnosis);
  struct judgement judgement = judge(run, recording, profile, &diagnosis);
  diagnosis_free(&diagnosis);
  profile_free(profile);
  recorded_free(&recorded);
  return judgement;
}
