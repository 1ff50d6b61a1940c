/* queues.c - see queues.h. A second of a queue whose messages are of 9,000 bytes in two blocks: 400
 * come in the first 0.8 s, 500 a second; 100 a second go. */
#include "queues.h"

#include <math.h>

#include "story.h"

enum { MS = 1000000, ARRIVALS = 400, SECOND = 1000 * MS };

static struct queue made[QUEUE_KINDS];
static struct queue_site sites[2];
static struct queue_party sender[1], worker[1], fill_stack[1], drain_stack[1];
static struct phase phases[2];
static struct residence messages[ARRIVALS];
static struct diagnosis diagnosis;
static struct profile profile;

static void set_level(struct queue *queue, double last_arrival, double arrivals, double rate) {
  for (int i = 0; i < QUEUE_PICTURE; i++) {
    double now = (double)(i + 1) / QUEUE_PICTURE;
    queue->arrived[i] = arrivals * fmin(now / last_arrival, 1);
    queue->departed[i] = fmin(rate * now, queue->arrived[i]);
  }
}

static void set_messages(struct queue *queue) {
  for (int i = 0; i < ARRIVALS; i++)
    messages[i] = (struct residence){
        .birth_ns = (uint64_t)(i + 1) * 2 * MS,
        .death_ns = i < 100 ? (uint64_t)(i + 1) * 10 * MS : RESIDENCE_LIVE,
    };
  queue->messages = messages;
  queue->message_count = ARRIVALS;
}

static void set_parties(struct queue *queue, const struct report *report) {
  size_t copy = profile_find_site(report->profile, STORY_COPY);
  const struct site *site = &report->profile->sites[copy];
  sites[0] = (struct queue_site){copy, true, 1, 8000};
  sites[1] = (struct queue_site){profile_find_site(report->profile, STORY_SCRATCH), false, 1, 1000};
  sender[0] = (struct queue_party){site->birth_threads.of[0].id, 1};
  worker[0] = (struct queue_party){site->death_threads.of[0].id, 1};
  fill_stack[0] = (struct queue_party){STORY_COPY, 1};
  drain_stack[0] = (struct queue_party){site->death_stacks.of[0].id, 1};
  queue->sites = sites;
  queue->site_count = 2;
  queue->filled_by_threads = (struct queue_parties){sender, 1};
  queue->filled_by_stacks = (struct queue_parties){fill_stack, 1};
  queue->drained_by_threads = (struct queue_parties){worker, 1};
  queue->drained_by_stacks = (struct queue_parties){drain_stack, 1};
}

static struct queue unbounded(const struct report *report) {
  struct queue queue = {
      .kind = QUEUE_UNBOUNDED,
      .confidence = 0.95,
      .every = 1,
      .bytes_per_message = 9000,
      .blocks_per_message = 2,
      .arrivals = ARRIVALS,
      .departures = 100,
      .at_end_messages = 300,
      .peak_messages = 320,
      .peak_bytes = 2880000,
      .peak_ns = 800 * MS,
      .at_peak_bytes = 2880000,
      .at_end_bytes = 2700000,
      .held_byte_seconds = 1692000,
      .measured_to_ns = 800 * MS,
      .arrival_rate = 500,
      .departure_rate = 100,
      .rho = 5,
      .residence_slope = 4,
      .residence_now_ns = 800 * MS,
      .residence_p50_ns = NAN,
      .residence_p99_ns = NAN,
      .residence_max_ns = 800 * MS,
      .batch = 1,
      .consumers = 1,
      .phases = phases,
      .phase_count = 2,
      .evidence = {.in_order = 1,
                   .rank_correlation = 1,
                   .handoff_share = 1,
                   .departed_share = 0.25,
                   .at_top_share = 0.1,
                   .low_messages = 0,
                   .top_messages = 320,
                   .growth = 1,
                   .residence_variation = 0.58,
                   .level_variation = 0.4,
                   .littles_law = 1},
  };
  phases[0] = (struct phase){PHASE_FILL, 0, 800 * MS, 0, 320, 400, 80, 500, 100, 5, 4};
  phases[1] = (struct phase){PHASE_DRAIN, 800 * MS, 1000 * MS, 320, 300, 0, 20, 0, 100, 0, NAN};
  set_parties(&queue, report);
  set_level(&queue, 0.8, ARRIVALS, 100);
  set_messages(&queue);
  return queue;
}

/* Eight wait, one is in hand, one is being made. */
static void make_bounded(struct queue *queue) {
  queue->departures = ARRIVALS;
  queue->at_end_messages = queue->at_end_bytes = 0;
  queue->bound = queue->peak_messages = 10;
  queue->bound_bytes = queue->peak_bytes = queue->at_peak_bytes = 90000;
  queue->policy = POLICY_BLOCKING;
  queue->arrival_rate = queue->departure_rate = 500;
  queue->rho = 1;
  queue->residence_slope = 0;
  queue->residence_now_ns = queue->residence_p50_ns = queue->residence_p99_ns = 20 * MS;
  queue->residence_max_ns = 21 * MS;
  queue->standing_messages = 9;
  queue->standing_bytes = 81000;
  queue->evidence.departed_share = 1;
  queue->evidence.at_top_share = 0.97;
  set_level(queue, 0.98, ARRIVALS, 408);
  for (int i = 0; i < ARRIVALS; i++)
    messages[i] = (struct residence){.birth_ns = (uint64_t)(i + 1) * 2400000,
                                     .death_ns = (uint64_t)(i + 1) * 2400000 + 20 * MS};
}

static void make_stalled(struct queue *queue) {
  queue->departures = 0;
  queue->at_end_messages = queue->peak_messages = ARRIVALS;
  queue->at_end_bytes = queue->peak_bytes = queue->at_peak_bytes = 3600000;
  queue->departure_rate = 0;
  queue->rho = INFINITY;
  queue->residence_slope = NAN;
  queue->consumers = 0;
  queue->drained_by_threads.count = queue->drained_by_stacks.count = 0;
  queue->evidence.departed_share = 0;
  queue->evidence.in_order = queue->evidence.rank_correlation = NAN;
  set_level(queue, 0.8, ARRIVALS, 0);
  for (int i = 0; i < ARRIVALS; i++)
    messages[i].death_ns = RESIDENCE_LIVE;
}

static struct queue of_kind(const struct report *report, enum queue_kind kind) {
  struct queue queue = unbounded(report);
  queue.kind = kind;
  if (kind == QUEUE_BOUNDED) make_bounded(&queue);
  if (kind == QUEUE_STALLED) make_stalled(&queue);
  return queue;
}

static void make_profile(struct report *report) {
  if (report->profile == &profile) return;
  profile = *report->profile;
  profile.peak.bytes *= 100;
  report->profile = &profile;
}

struct diagnosis *queues_one(struct report *report, enum queue_kind kind) {
  make_profile(report);
  made[0] = of_kind(report, kind);
  made[0].id = 1;
  diagnosis = (struct diagnosis){made, 1, SECOND};
  report->diagnosis = &diagnosis;
  return &diagnosis;
}

struct diagnosis *queues_all(struct report *report) {
  make_profile(report);
  for (int kind = 0; kind < QUEUE_KINDS; kind++) {
    made[kind] = of_kind(report, (enum queue_kind)kind);
    made[kind].id = (uint32_t)kind + 1;
  }
  diagnosis = (struct diagnosis){made, QUEUE_KINDS, SECOND};
  report->diagnosis = &diagnosis;
  return &diagnosis;
}
