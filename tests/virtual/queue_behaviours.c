/* queue_behaviours.c - queues of all kinds, healthy ones too. */
#include "behaviours.h"
#include "flow.h"

#include <string.h>

#define MS 1e6
#define SERVICE (0.2 * MS)
#define MESSAGES 4000

#define ALL ((1u << FORMS) - 1)
#define WITH_PAYLOAD (1u << FORM_ONE | 1u << FORM_THREE)
#define ALIVE_FOR_LONG (1u << FORM_ONE | 1u << FORM_THREE | 1u << FORM_NODES)

/* Nobody would call these a problem: no verdict, or a harmless one. */
#define HEALTHY (KIND(QUEUE_CHURN) | KIND_SILENT | KIND(QUEUE_BURST))

#define OVERLOADED(label, times)                                                                   \
  .name = (label), .kinds = KIND(QUEUE_UNBOUNDED), .rates = true, .messages = MESSAGES,            \
  .arrival_ns = SERVICE / (times), .service_ns = SERVICE, .think = EXPONENTIAL,                    \
  .service = EXPONENTIAL
#define BOUNDED(label, most, how)                                                                  \
  .name = (label), .kinds = KIND(QUEUE_BOUNDED), .messages = MESSAGES, .arrival_ns = SERVICE / 2,  \
  .service_ns = SERVICE, .think = EXPONENTIAL, .service = LOGNORMAL, .bound = (most),              \
  .policy = (how)
#define KEEPS_UP(label, share)                                                                     \
  .name = (label), .kinds = HEALTHY, .messages = MESSAGES, .arrival_ns = SERVICE / (share),        \
  .service_ns = SERVICE, .think = EXPONENTIAL, .service = EXPONENTIAL

/* So little more that only many steady messages show it. */
static const struct plan overloaded_by_a_twentieth = {.name = "a_twentieth",
                                                      .kinds = KIND(QUEUE_UNBOUNDED),
                                                      .rates = true,
                                                      .messages = 2 * MESSAGES,
                                                      .arrival_ns = SERVICE / 1.05,
                                                      .service_ns = SERVICE,
                                                      .think = LOGNORMAL,
                                                      .service = LOGNORMAL,
                                                      .rest = REST_LEFT};
static const struct plan overloaded_by_a_third = {OVERLOADED("a_third", 1.3), .rest = REST_LEFT};
static const struct plan overloaded_twice = {OVERLOADED("twice", 2), .rest = REST_LEFT};
static const struct plan overloaded_five_times = {OVERLOADED("five_times", 5), .rest = REST_LEFT};
static const struct plan steady = {.name = "steady",
                                   .kinds = KIND(QUEUE_UNBOUNDED),
                                   .rates = true,
                                   .messages = MESSAGES,
                                   .arrival_ns = SERVICE / 1.5,
                                   .service_ns = SERVICE,
                                   .rest = REST_LEFT};
static const struct plan drained = {OVERLOADED("drained", 2)};
static const struct plan freed_at_exit = {OVERLOADED("freed_at_exit", 2), .rest = REST_FREED};
static const struct plan killed = {OVERLOADED("killed", 2), .killed_at_ns = 250 * MS};
static const struct plan in_batches = {OVERLOADED("in_batches", 2), .at_once = 16,
                                       .freed_together = true, .rest = REST_LEFT};
/* All have come before a tenth is done, and the rest leaves as the first did. */
static const struct plan drained_in_batches = {OVERLOADED("drained_in_batches", 12), .at_once = 16,
                                               .freed_together = true};
/* Bursts that it has not got over when the next one comes. */
static const struct plan overloaded_in_bursts = {.name = "in_bursts",
                                                 .kinds = KIND(QUEUE_UNBOUNDED),
                                                 .rates = true,
                                                 .messages = MESSAGES,
                                                 .arrival_ns = SERVICE / 6,
                                                 .service_ns = SERVICE,
                                                 .think = EXPONENTIAL,
                                                 .service = LOGNORMAL,
                                                 .burst = 200,
                                                 .rest_ns = 20 * MS,
                                                 .rest = REST_LEFT};
static const struct plan by_priority = {OVERLOADED("by_priority", 2), .order = ORDER_PRIORITY,
                                        .rest = REST_LEFT};
static const struct plan event_loop = {OVERLOADED("event_loop", 1.5), .one_thread = true,
                                       .rest = REST_LEFT};
static const struct plan event_loop_drained = {OVERLOADED("event_loop_drained", 1.5),
                                               .one_thread = true};
static const struct plan pooled_nodes = {OVERLOADED("pooled_nodes", 2), .pooled_nodes = true,
                                         .rest = REST_LEFT};
static const struct plan grown_payloads = {OVERLOADED("grown_payloads", 2), .grown = true,
                                           .rest = REST_LEFT};
static const struct plan shared_sites = {.name = "shared_sites",
                                         .kinds = KIND(QUEUE_UNBOUNDED),
                                         .messages = MESSAGES,
                                         .arrival_ns = SERVICE / 1.6,
                                         .service_ns = SERVICE,
                                         .think = EXPONENTIAL,
                                         .service = EXPONENTIAL,
                                         .own_threads = true,
                                         .rest = REST_LEFT};
static const struct plan slows_down = {.name = "slows_down",
                                       .kinds = KIND(QUEUE_UNBOUNDED),
                                       .rates = true,
                                       .messages = MESSAGES,
                                       .arrival_ns = SERVICE / 0.7,
                                       .service_ns = SERVICE,
                                       .think = EXPONENTIAL,
                                       .service = EXPONENTIAL,
                                       .slows_after = MESSAGES / 3,
                                       .slows_by = 3,
                                       .rest = REST_LEFT};
static const struct plan hangs = {.name = "hangs",
                                  .kinds = KIND(QUEUE_UNBOUNDED) | KIND(QUEUE_STALLED),
                                  .messages = MESSAGES,
                                  .arrival_ns = SERVICE / 0.7,
                                  .service_ns = SERVICE,
                                  .think = EXPONENTIAL,
                                  .service = EXPONENTIAL,
                                  .slows_after = MESSAGES / 2,
                                  .hangs = true,
                                  .rest = REST_LEFT};
static const struct plan retries = {.name = "retries",
                                    .kinds = KIND(QUEUE_UNBOUNDED),
                                    .rates = false,
                                    .messages = MESSAGES,
                                    .arrival_ns = SERVICE / 1.5,
                                    .service_ns = SERVICE,
                                    .think = EXPONENTIAL,
                                    .service = EXPONENTIAL,
                                    .retried = 0.1,
                                    .rest = REST_LEFT};
static const struct plan urgent_ones = {OVERLOADED("urgent_ones", 2), .order = ORDER_PRIORITY,
                                        .urgent = 0.1, .rest = REST_LEFT};
/* Sent from so many places that each sends a few only. */
static const struct plan from_everywhere = {OVERLOADED("everywhere", 1.5), .rest = REST_LEFT,
                                            .from_everywhere = true};
static const struct plan from_a_recursion = {OVERLOADED("recursion", 1.5), .rest = REST_LEFT,
                                             .from_a_recursion = true};
static const struct plan from_everywhere_freed = {OVERLOADED("everywhere_freed", 2),
                                                  .rest = REST_FREED, .from_everywhere = true};
static const struct plan bounded_from_everywhere = {
    BOUNDED("bounded_everywhere", 64, POLICY_BLOCKING), .from_everywhere = true};
static const struct plan healthy_from_everywhere = {KEEPS_UP("healthy_everywhere", 0.7),
                                                    .from_everywhere = true};
/* What came last goes first: what came first may stay for ever, as in a leak. */
static const struct plan overloaded_stack = {.name = "overloaded_stack",
                                             .kinds = KIND(QUEUE_UNBOUNDED) | KIND(QUEUE_STALLED) |
                                                      KIND(QUEUE_UNKNOWN),
                                             .messages = MESSAGES,
                                             .arrival_ns = SERVICE / 2,
                                             .service_ns = SERVICE,
                                             .think = EXPONENTIAL,
                                             .service = EXPONENTIAL,
                                             .order = ORDER_LIFO,
                                             .rest = REST_LEFT};
static const struct plan drained_in_one_go = {.name = "drained_in_one_go",
                                              .kinds = KIND(QUEUE_UNBOUNDED) | KIND(QUEUE_STALLED),
                                              .messages = MESSAGES,
                                              .arrival_ns = SERVICE,
                                              .service_ns = SERVICE,
                                              .think = EXPONENTIAL,
                                              .service = EXPONENTIAL,
                                              .late = true};

/* A list that one thread makes in a moment, and then walks through, freeing what it is done with.
 */
static const struct plan walked_list = {.name = "walked_list",
                                        .kinds = KIND(QUEUE_BURST),
                                        .messages = 1000,
                                        .arrival_ns = SERVICE / 10,
                                        .service_ns = SERVICE / 5,
                                        .think = EXPONENTIAL,
                                        .service = EXPONENTIAL,
                                        .one_thread = true,
                                        .late = true};

/* What is collected for long is worked off by who collected it. */
static const struct plan worked_off = {.name = "worked_off",
                                       .kinds = KIND(QUEUE_BURST),
                                       .messages = MESSAGES,
                                       .arrival_ns = 0.5 * MS,
                                       .service_ns = 0.4 * MS,
                                       .think = EXPONENTIAL,
                                       .service = EXPONENTIAL,
                                       .one_thread = true,
                                       .late = true};
static const struct plan printed_at_the_end = {.name = "printed",
                                               .kinds = KIND(QUEUE_BURST),
                                               .messages = MESSAGES,
                                               .arrival_ns = 0.5 * MS,
                                               .service_ns = 0.05 * MS,
                                               .think = LOGNORMAL,
                                               .service = EXPONENTIAL,
                                               .one_thread = true,
                                               .late = true};
/* Half full once, and empty again; then there is too much to the end. */
static const struct plan late_rise = {.name = "late_rise",
                                      .kinds = KIND(QUEUE_UNBOUNDED),
                                      .rates = true,
                                      .messages = MESSAGES,
                                      .arrival_ns = SERVICE / 0.7,
                                      .service_ns = SERVICE,
                                      .think = LOGNORMAL,
                                      .service = LOGNORMAL,
                                      .begins_ns = 90 * MS,
                                      .slows_after = 1250,
                                      .slows_by = 1.75,
                                      .rest = REST_LEFT};
/* One that has to share its core: it fills the queue within a few of its turns. */
static const struct plan paused_sender = {.name = "paused_sender",
                                          .kinds = KIND(QUEUE_UNBOUNDED),
                                          .rates = true,
                                          .messages = MESSAGES / 2,
                                          .arrival_ns = 0.03 * MS,
                                          .service_ns = 1 * MS,
                                          .think = EXPONENTIAL,
                                          .burst = 200,
                                          .rest_ns = 25 * MS,
                                          .resting = EXPONENTIAL};

static const struct plan bounded_to_4 = {BOUNDED("bounded_4", 4, POLICY_BLOCKING)};
static const struct plan bounded_to_16 = {BOUNDED("bounded_16", 16, POLICY_BLOCKING)};
static const struct plan bounded_to_64 = {BOUNDED("bounded_64", 64, POLICY_BLOCKING)};
static const struct plan bounded_to_1000 = {BOUNDED("bounded_1000", 1000, POLICY_BLOCKING)};
static const struct plan low_watermark = {BOUNDED("low_watermark", 200, POLICY_BLOCKING),
                                          .resumes_at = 100};
/* With a sender that has next to nothing else to do, so that all credits are out each time. */
static const struct plan credits = {.name = "credits",
                                    .kinds = KIND(QUEUE_BOUNDED),
                                    .messages = MESSAGES,
                                    .arrival_ns = SERVICE / 40,
                                    .service_ns = SERVICE,
                                    .think = EXPONENTIAL,
                                    .service = LOGNORMAL,
                                    .bound = 200,
                                    .policy = POLICY_BLOCKING,
                                    .credits = true};
static const struct plan drops_newest = {BOUNDED("drops_newest", 200, POLICY_DROP_NEWEST)};
static const struct plan drops_oldest = {BOUNDED("drops_oldest", 200, POLICY_DROP_OLDEST)};
static const struct plan overwritten_texts = {BOUNDED("overwritten_texts", 200, POLICY_DROP_OLDEST),
                                              .drafted = true};

/* Of what passes a part is never freed: no more than that is certain. */
static const struct plan leaking = {.name = "leaking",
                                    .kinds = KIND(QUEUE_STALLED) | KIND(QUEUE_UNKNOWN),
                                    .messages = MESSAGES,
                                    .arrival_ns = SERVICE / 0.7,
                                    .service_ns = SERVICE,
                                    .think = EXPONENTIAL,
                                    .service = EXPONENTIAL,
                                    .leaked = 0.2};
static const struct plan stalled = {.name = "stalled",
                                    .kinds = KIND(QUEUE_STALLED),
                                    .messages = MESSAGES,
                                    .arrival_ns = SERVICE,
                                    .service_ns = SERVICE,
                                    .think = EXPONENTIAL,
                                    .stuck = true,
                                    .rest = REST_LEFT};

static const struct plan mm1 = {KEEPS_UP("mm1", 0.7)};
static const struct plan healthy_priority = {KEEPS_UP("healthy_priority", 0.7),
                                             .order = ORDER_PRIORITY};
static const struct plan healthy_stack = {KEEPS_UP("healthy_stack", 0.7), .order = ORDER_LIFO};
static const struct plan healthy_loop = {KEEPS_UP("healthy_loop", 0.7), .one_thread = true};
static const struct plan healthy_pooled = {KEEPS_UP("healthy_pooled", 0.7), .pooled_nodes = true};
static const struct plan bursts = {.name = "bursts",
                                   .kinds = KIND(QUEUE_BURST),
                                   .messages = 4200,
                                   .arrival_ns = SERVICE / 10,
                                   .service_ns = SERVICE,
                                   .think = EXPONENTIAL,
                                   .service = EXPONENTIAL,
                                   .burst = 140,
                                   .rest_ns = 100 * MS};
/* Collected for a while, then done all at once. */
static const struct plan sawtooth = {.name = "sawtooth",
                                     .kinds = KIND(QUEUE_BURST),
                                     .messages = MESSAGES,
                                     .arrival_ns = SERVICE,
                                     .service_ns = SERVICE / 20,
                                     .think = LOGNORMAL,
                                     .service = EXPONENTIAL,
                                     .nap_ns = 40 * MS};
static const struct plan pauses = {.name = "pauses",
                                   .kinds = KIND(QUEUE_BURST),
                                   .messages = MESSAGES,
                                   .arrival_ns = SERVICE / 0.5,
                                   .service_ns = SERVICE,
                                   .think = EXPONENTIAL,
                                   .service = LOGNORMAL,
                                   .pause_every = 900,
                                   .pause_ns = 120 * MS};
static const struct plan begins_late = {.name = "begins_late",
                                        .kinds = KIND(QUEUE_BURST),
                                        .messages = MESSAGES,
                                        .arrival_ns = SERVICE / 0.4,
                                        .service_ns = SERVICE,
                                        .think = EXPONENTIAL,
                                        .service = EXPONENTIAL,
                                        .begins_ns = 200 * MS};
static const struct plan diurnal = {.name = "diurnal",
                                    .kinds = KIND(QUEUE_BURST),
                                    .messages = 6000,
                                    .arrival_ns = SERVICE / 0.7,
                                    .service_ns = SERVICE,
                                    .think = EXPONENTIAL,
                                    .service = EXPONENTIAL,
                                    .day_ns = 400 * MS,
                                    .swing = 0.9};

/* ---- several queues --------------------------------------------------------------------- */

static void passed_on(struct process *process, const void *argument) {
  (void)argument;
  static const struct plan first = {KEEPS_UP("first", 0.8)};
  static const struct plan second = {OVERLOADED("second", 2), .rest = REST_LEFT};
  struct plan all = first;
  all.kinds = KIND(QUEUE_UNBOUNDED);
  all.rates = true;
  all.service_ns /= 2, all.arrival_ns /= 2;
  flow_start_behind(process, flow_start(process, &all), &second);
}

static void copied_on(struct process *process, const void *argument) {
  (void)argument;
  static const struct plan second = {OVERLOADED("second", 2), .rest = REST_LEFT};
  struct plan first = {KEEPS_UP("first", 0.8), .copied = true};
  first.service_ns /= 2, first.arrival_ns /= 2;
  flow_start_behind(process, flow_start(process, &first), &second);
}

static void two_queues(struct process *process, const void *argument) {
  (void)argument;
  static const struct plan one = {OVERLOADED("grows", 2), .rest = REST_LEFT};
  static const struct plan other = {BOUNDED("is_bounded", 64, POLICY_BLOCKING), .rest = REST_LEFT};
  flow_start(process, &one);
  flow_start(process, &other);
}

#define PLAN(of, in) #of, flow_plan, &(of), .forms = (in)
const struct behaviour queue_behaviours[] = {
    {PLAN(overloaded_by_a_twentieth, ALL)},
    {PLAN(overloaded_by_a_third, ALL)},
    {PLAN(overloaded_twice, ALL)},
    {PLAN(overloaded_five_times, ALL)},
    {PLAN(steady, ALL)},
    {PLAN(drained, ALL)},
    {PLAN(freed_at_exit, ALL)},
    {PLAN(killed, ALL)},
    {PLAN(in_batches, ALL)},
    {PLAN(drained_in_batches, ALL)},
    {PLAN(overloaded_in_bursts, ALL)},
    {PLAN(by_priority, WITH_PAYLOAD)},
    {PLAN(event_loop, ALL), .alone = true},
    {PLAN(event_loop_drained, ALL), .alone = true},
    {PLAN(pooled_nodes, 1u << FORM_ONE)},
    {PLAN(grown_payloads, 1u << FORM_ONE)},
    {PLAN(shared_sites, WITH_PAYLOAD)},
    {PLAN(slows_down, ALL)},
    {PLAN(hangs, ALL)},
    {PLAN(retries, WITH_PAYLOAD)},
    {PLAN(urgent_ones, WITH_PAYLOAD)},
    {PLAN(from_everywhere, WITH_PAYLOAD)},
    {PLAN(from_a_recursion, WITH_PAYLOAD)},
    {PLAN(from_everywhere_freed, WITH_PAYLOAD)},
    {PLAN(bounded_from_everywhere, WITH_PAYLOAD)},
    {PLAN(healthy_from_everywhere, WITH_PAYLOAD)},
    {PLAN(overloaded_stack, WITH_PAYLOAD)},
    {PLAN(drained_in_one_go, ALL)},
    {PLAN(walked_list, ALL), .alone = true},
    {PLAN(worked_off, ALL), .alone = true},
    {PLAN(printed_at_the_end, ALL), .alone = true},
    {PLAN(late_rise, ALL)},
    {PLAN(paused_sender, WITH_PAYLOAD)},
    {PLAN(bounded_to_4, ALIVE_FOR_LONG)},
    {PLAN(bounded_to_16, ALIVE_FOR_LONG)},
    {PLAN(bounded_to_64, ALIVE_FOR_LONG)},
    {PLAN(bounded_to_1000, ALL)},
    {PLAN(low_watermark, ALIVE_FOR_LONG)},
    {PLAN(credits, ALIVE_FOR_LONG)},
    {PLAN(drops_newest, ALL)},
    {PLAN(drops_oldest, ALL)},
    {PLAN(overwritten_texts, WITH_PAYLOAD)},
    {PLAN(stalled, ALL)},
    {PLAN(leaking, WITH_PAYLOAD)},
    {PLAN(mm1, ALL)},
    {PLAN(healthy_priority, WITH_PAYLOAD)},
    {PLAN(healthy_stack, WITH_PAYLOAD)},
    {PLAN(healthy_loop, ALL), .alone = true},
    {PLAN(healthy_pooled, 1u << FORM_ONE)},
    {PLAN(bursts, ALL)},
    {PLAN(sawtooth, ALL)},
    {PLAN(pauses, ALL)},
    {PLAN(begins_late, ALL)},
    {PLAN(diurnal, ALL)},
    {"passed_on", passed_on, NULL, false, ALL},
    {"copied_on", copied_on, NULL, false, ALL},
    {"two_queues", two_queues, NULL, false, ALL},
    {0},
};

const struct behaviour *behaviour_find(const char *name) {
  const struct behaviour *const all[] = {queue_behaviours, store_behaviours};
  for (unsigned i = 0; i < 2; i++)
    for (const struct behaviour *behaviour = all[i]; behaviour->name; behaviour++)
      if (!strcmp(behaviour->name, name)) return behaviour;
  return NULL;
}

void behaviour_shapes(const struct behaviour *behaviour, uint64_t seed, behaviour_visit *visit,
                      void *context) {
  static const struct shape threads[] = {{1, 1, 0, 0}, {3, 1, 0, 0}, {1, 3, 0, 0}, {3, 2, 0, 0}};
  for (unsigned i = 0; i < (behaviour->alone ? 1 : 4); i++)
    for (unsigned form = 0; form < FORMS; form++) {
      if (!(behaviour->forms & 1u << form)) continue;
      struct shape shape = threads[i];
      shape.form = form;
      shape.seed = seed + 16 * i + form;
      visit(behaviour, &shape, context);
    }
}
