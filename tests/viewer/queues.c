/* queues.c - see queues.h. A second of a queue whose messages are of 9,000 bytes in two blocks: 400
 * come in the first 160 ms, 2,500 a second; 400 a second go. */
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

/* What comes every `gap_ns` on average, at random and not by a clock, and is served in turn. */
static void set_messages(struct queue *queue, uint64_t gap_ns, uint64_t service_ns,
                         uint64_t least_ns) {
  uint64_t birth = 0, death = 0, random = 1;
  for (uint64_t i = 0; i < ARRIVALS; i++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    birth += gap_ns / 100 * (50 + (random >> 33) % 101);
    death = service_ns * (i + 1) > birth + least_ns ? service_ns * (i + 1) : birth + least_ns;
    messages[i] = (struct residence){
        .birth_ns = birth, .birth_thread = 1, .death_ns = death, .death_thread = 2};
  }
  queue->messages = messages;
  queue->message_count = ARRIVALS;
}

static void set_parties(struct queue *queue, const struct report *report) {
  size_t copy = profile_find_site(report->profile, STORY_COPY);
  const struct site *site = &report->profile->sites[copy];
  sites[0] = (struct queue_site){
      .site = copy, .carries = true, .blocks_per_message = 1, .bytes_per_message = 8000};
  sites[1] = (struct queue_site){.site = profile_find_site(report->profile, STORY_SCRATCH),
                                 .blocks_per_message = 1,
                                 .bytes_per_message = 1000};
  sender[0] = (struct queue_party){.id = site->birth_threads.of[0].id, .share = 1};
  worker[0] = (struct queue_party){.id = site->death_threads.of[0].id, .share = 1};
  fill_stack[0] = (struct queue_party){.id = STORY_COPY, .share = 1};
  drain_stack[0] = (struct queue_party){.id = site->death_stacks.of[0].id, .share = 1};
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
      .departures = ARRIVALS,
      .peak_messages = 336,
      .peak_bytes = 336 * 9000,
      .peak_ns = 160 * MS,
      .at_peak_bytes = 336 * 9000,
      .held_byte_seconds = 1512000,
      .measured_to_ns = 160 * MS,
      .arrival_rate = 2500,
      .departure_rate = 400,
      .rho = 6.25,
      .residence_slope = 5.25,
      .residence_now_ns = 840 * MS,
      .residence_p50_ns = 420 * MS,
      .residence_p99_ns = 832 * MS,
      .residence_max_ns = 840 * MS,
      .standing_messages = 168,
      .standing_bytes = 168 * 9000,
      .batch = 1,
      .consumers = 1,
      .phases = phases,
      .phase_count = 2,
      .evidence = {.in_order = 1,
                   .rank_correlation = 1,
                   .handoff_share = 1,
                   .departed_share = 1,
                   .at_top_share = 0.1,
                   .low_messages = 168,
                   .top_messages = 336,
                   .growth = 1,
                   .residence_variation = 0.58,
                   .level_variation = 0.04,
                   .littles_law = 1},
  };
  phases[0] = (struct phase){PHASE_FILL, 0, 160 * MS, 0, 336, 400, 64, 2500, 400, 6.25, 5.25};
  phases[1] = (struct phase){PHASE_DRAIN, 160 * MS, 1000 * MS, 336, 0, 0, 336, 0, 400, 0, NAN};
  set_parties(&queue, report);
  set_level(&queue, 0.16, ARRIVALS, 400);
  set_messages(&queue, 400000, 2500000, 0);
  return queue;
}

/* Eight wait, one is in hand, one is being made. */
static void make_bounded(struct queue *queue) {
  queue->bound = queue->peak_messages = 10;
  queue->bound_bytes = queue->peak_bytes = queue->at_peak_bytes = 90000;
  queue->policy = POLICY_BLOCKING;
  queue->measured_to_ns = 960 * MS;
  queue->arrival_rate = queue->departure_rate = 408;
  queue->rho = 1;
  queue->residence_slope = 0;
  queue->residence_now_ns = queue->residence_p50_ns = 24 * MS;
  queue->residence_p99_ns = queue->residence_max_ns = 25 * MS;
  queue->standing_messages = 9;
  queue->standing_bytes = 81000;
  queue->phase_count = 1;
  phases[0] = (struct phase){PHASE_PLATEAU, 0, 960 * MS, 10, 10, 400, 400, 408, 408, 1, 0};
  queue->evidence.at_top_share = 0.97;
  set_level(queue, 0.98, ARRIVALS, 408);
  set_messages(queue, 2400000, 0, 24 * MS);
}

static void make_stalled(struct queue *queue) {
  queue->departures = 0;
  queue->at_end_messages = queue->peak_messages = ARRIVALS;
  queue->at_end_bytes = queue->peak_bytes = queue->at_peak_bytes = 400 * 9000;
  queue->peak_ns = queue->measured_to_ns = 800 * MS;
  queue->standing_messages = queue->standing_bytes = 0;
  queue->evidence.low_messages = 0;
  queue->evidence.top_messages = ARRIVALS;
  queue->arrival_rate = 500;
  queue->departure_rate = 0;
  queue->rho = INFINITY;
  queue->residence_slope = queue->residence_p50_ns = queue->residence_p99_ns = NAN;
  queue->consumers = 0;
  queue->drained_by_threads.count = queue->drained_by_stacks.count = 0;
  queue->phase_count = 1;
  phases[0] = (struct phase){PHASE_FILL, 0, 800 * MS, 0, 400, 400, 0, 500, 0, INFINITY, NAN};
  queue->evidence.departed_share = 0;
  queue->evidence.in_order = queue->evidence.rank_correlation = NAN;
  set_level(queue, 0.8, ARRIVALS, 0);
  set_messages(queue, 2000000, 0, 0);
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
