/* store_behaviours.c - memory that is kept, but in no queue: caches, pools, arenas, indexes, leaks.
 */
#include "behaviours.h"
#include "flow.h"
#include "store.h"

#include <string.h>

#define MS 1000000u
#define HARMLESS (KIND(QUEUE_CHURN) | KIND(QUEUE_CACHE) | KIND_SILENT)
/* There is no name for it, only for what it isn't. */
#define NO_QUEUE (HARMLESS | KIND(QUEUE_UNKNOWN) | KIND(QUEUE_BURST) | KIND(QUEUE_STARTUP))

/* ---- caches and pools ------------------------------------------------------------------- */

/* items: least recently used first; a key is the item's place in a table that isn't there: a hit
 * takes one at random. */
static void lru_with_hits(struct store *store, struct chance *chance) {
  if (store->count && chance_uniform(chance) < 0.5) {
    store_put(store, store_take(store, (unsigned)chance_below(chance, store->count)));
    return;
  }
  store_put(store, item_new(store, chance));
  if (store->count > store->plan.most) item_end(store, store_take(store, 0));
}

/* Nearly all is asked for once only. */
static void lru_with_few_hits(struct store *store, struct chance *chance) {
  if (store->count && chance_uniform(chance) < 0.1) {
    store_put(store, store_take(store, (unsigned)chance_below(chance, store->count)));
    return;
  }
  if (store->count >= store->plan.most) item_end(store, store_take(store, 0));
  store_put(store, item_new(store, chance));
}

static void lru_scanned(struct store *store, struct chance *chance) {
  if (store->count >= store->plan.most) item_end(store, store_take(store, 0));
  store_put(store, item_new(store, chance));
}

static void random_replacement(struct store *store, struct chance *chance) {
  if (store->count >= store->plan.most)
    item_end(store, store_take(store, (unsigned)chance_below(chance, store->count)));
  store_put(store, item_new(store, chance));
}

/* What is given back last is taken first; the level swings about a mean. */
static void lifo_pool(struct store *store, struct chance *chance) {
  bool up = chance_uniform(chance) * 2 * store->plan.most > store->count;
  if (up)
    store_put(store, item_new(store, chance));
  else
    item_end(store, store_take(store, store->count - 1));
}

static void growing(struct store *store, struct chance *chance) {
  store_put(store, item_new(store, chance));
}

/* More come than go, but those that go are any. */
static void growing_with_losses(struct store *store, struct chance *chance) {
  store_put(store, item_new(store, chance));
  if (chance_uniform(chance) < 0.6)
    item_end(store, store_take(store, (unsigned)chance_below(chance, store->count)));
}

/* Swept when there are twice as many as the last time were left. */
static void collected(struct store *store, struct chance *chance) {
  store_put(store, item_new(store, chance));
  if (store->count < store->plan.most) return;
  for (unsigned i = 0; i < store->count;)
    if (chance_uniform(chance) < 0.9)
      item_end(store, store_take(store, i));
    else
      i++;
}

static void startup(struct store *store, struct chance *chance) {
  while (store->count < store->plan.most)
    store_put(store, item_new(store, chance));
}

static void arena(struct store *store, struct chance *chance) {
  store_put(store, item_new(store, chance));
  if (store->count < store->plan.most) return;
  store_clear(store);
}

/* Short lives, some longer than what is folded, a few at a time. */
static void churning(struct store *store, struct chance *chance) {
  struct world *world = store->process->world;
  struct item item = item_new(store, chance);
  world_work(world, chance_ns(chance, 2.0 * MS, LOGNORMAL));
  item_end(store, item);
}

static void two_buffers(struct store *store, struct chance *chance) {
  if (store->count >= 2) item_end(store, store_take(store, 0));
  store_put(store, item_new(store, chance));
}

/* A value is replaced by a new one, at random: a table of settings, sessions, last readings. */
static void replaced(struct store *store, struct chance *chance) {
  if (store->count < store->plan.most) {
    store_put(store, item_new(store, chance));
    return;
  }
  struct item item = item_new(store, chance); /* before the old one goes */
  unsigned place = (unsigned)chance_below(chance, store->count);
  struct item old = store->items[place];
  store->items[place] = item;
  item_end(store, old);
}

/* What has expired goes when the next one comes. */
static void expiring(struct store *store, struct chance *chance) {
  store_put(store, item_new(store, chance));
  while (store->items[0].due_ns <= world_now(store->process->world))
    item_end(store, store_take(store, 0));
}

/* The last quarter of all that there have been: what a running mean is made of. */
static void widening(struct store *store, struct chance *chance) {
  store_put(store, item_new(store, chance));
  while (store->count > 10 + store->truth->count / 4)
    item_end(store, store_take(store, 0));
}

static void requesting(struct store *store, struct chance *chance) {
  while (store->count >= store->plan.most)
    world_wait(store->process->world, &store->room);
  store_put(store, item_new(store, chance));
}

static void requests_in_flight(struct process *process, const void *argument) {
  struct store *store = store_start(process, argument);
  store->truth->bound = store->plan.most;
  store->truth->in_hand = store->threads;
  store->truth->policy = POLICY_BLOCKING;
}

/* Made for 2 s, in use for 1 s, taken down in 1 s. */
#define BUILT_STEPS 2000u
#define USED_STEPS 1000u
static void builder(struct world *world, void *argument) {
  struct store *store = argument;
  struct chance chance = world_chance(world, 50);
  unsigned at_once = store->plan.freed_at_once;
  for (unsigned i = 0; i < BUILT_STEPS; i++) {
    world_work(world, chance_ns(&chance, 1.0 * MS, LOGNORMAL));
    process_bustle(world, &chance);
    for (unsigned k = 0; k < store->plan.most / BUILT_STEPS; k++)
      store_put(store, item_new(store, &chance));
  }
  for (unsigned i = 0; i < USED_STEPS; i++) {
    world_work(world, chance_ns(&chance, 1.0 * MS, LOGNORMAL));
    process_bustle(world, &chance);
  }
  for (unsigned i = 0; store->count; i++) {
    if (i % at_once == 0) world_work(world, chance_ns(&chance, 0.25 * at_once * MS, LOGNORMAL));
    item_end(store, store_take(store, 0));
  }
  process_thread_ends(store->process);
}

static void structure(struct process *process, const void *argument) {
  process_thread(process, "builder", builder, store_new(process, argument));
}

/* A dispatcher calls hundreds of handlers, each of which does something else with what it makes:
 * it keeps some for ever, or the last few, or any few, or all up to a moment. */
static void everybody_for_himself(struct store *store, struct chance *chance) {
  struct item item = item_new(store, chance);
  unsigned own[STORE_ITEMS], count = 0;
  for (unsigned i = 0; i < store->count; i++)
    if (store->items[i].place == item.place) own[count++] = i;
  unsigned most = item.place / 4 % 6;
  bool full = count >= most;
  switch (item.place % 4) {
  case 0: /* the first few */
    if (full) item_end(store, item);
    break;
  case 1: /* the last few */
    if (full && count) item_end(store, store_take(store, own[0]));
    break;
  case 2: /* any few */
    if (full && count) item_end(store, store_take(store, own[chance_below(chance, count)]));
    break;
  default:
    for (; full && count; count--)
      item_end(store, store_take(store, own[count - 1]));
    break;
  }
  if (item.place % 4 || !full) store_put(store, item);
}

static void leak_and_queue(struct process *process, const void *argument) {
  static const struct plan queue = {.name = "beside_a_leak",
                                    .kinds = KIND(QUEUE_UNBOUNDED),
                                    .rates = true,
                                    .messages = STORE_STEPS,
                                    .arrival_ns = STORE_STEP_NS,
                                    .service_ns = STORE_STEP_NS * 2,
                                    .think = EXPONENTIAL,
                                    .service = EXPONENTIAL,
                                    .rest = REST_LEFT};
  store_start(process, argument);
  flow_start(process, &queue);
}

static void leak_and_healthy_queue(struct process *process, const void *argument) {
  static const struct plan queue = {.name = "beside_a_leak",
                                    .kinds = KIND(QUEUE_CHURN) | KIND_SILENT | KIND(QUEUE_BURST),
                                    .messages = STORE_STEPS,
                                    .arrival_ns = STORE_STEP_NS,
                                    .service_ns = STORE_STEP_NS * 0.7,
                                    .think = EXPONENTIAL,
                                    .service = EXPONENTIAL};
  store_start(process, argument);
  flow_start(process, &queue);
}

/* ---- a thread pool with futures --------------------------------------------------------- */

#define WAVE 40
struct futures {
  struct store *store;
  struct item tasks[WAVE];
  bool done[WAVE];
  unsigned submitted, taken, waves;
  bool over;
  struct world_queue work, results;
};

static void pool_worker(struct world *world, void *argument) {
  struct futures *futures = argument;
  struct chance chance = world_chance(world, 90 + world_self(world));
  for (;;) {
    while (futures->taken == futures->submitted && !futures->over)
      world_wait(world, &futures->work);
    if (futures->taken == futures->submitted) break;
    unsigned task = futures->taken++;
    process_bustle(world, &chance);
    world_work(world, chance_ns(&chance, 0.4 * MS, LOGNORMAL));
    futures->done[task] = true;
    world_wake(world, &futures->results);
  }
  process_thread_ends(futures->store->process);
}

static void submitter(struct world *world, void *argument) {
  struct futures *futures = argument;
  struct chance chance = world_chance(world, 89);
  for (unsigned wave = 0; wave < STORE_STEPS / WAVE; wave++) {
    memset(futures->done, 0, sizeof(futures->done));
    futures->submitted = futures->taken = 0;
    for (unsigned i = 0; i < WAVE; i++) {
      futures->tasks[i] = item_new(futures->store, &chance);
      futures->submitted = i + 1;
      world_wake(world, &futures->work);
    }
    for (unsigned i = 0; i < WAVE; i++) {
      while (!futures->done[i])
        world_wait(world, &futures->results);
      item_end(futures->store, futures->tasks[i]);
    }
    world_work(world, chance_ns(&chance, 5.0 * MS, EXPONENTIAL));
  }
  futures->over = true;
  while (futures->work.count)
    world_wake(world, &futures->work);
  process_thread_ends(futures->store->process);
}

static void futures_plan(struct process *process, const void *argument) {
  static const char *const names[] = {"pool", "pool-2", "pool-3"};
  struct futures *futures = process_memory(process, sizeof(*futures));
  futures->store = store_new(process, argument);
  for (unsigned i = 0; i < process->shape.consumers; i++)
    process_thread(process, names[i], pool_worker, futures);
  process_thread(process, "submitter", submitter, futures);
}

/* ----------------------------------------------------------------------------------------- */

static const struct store_plan
    lru_hits = {.name = "lru_hits",
                .kinds = KIND(QUEUE_CACHE),
                .step = lru_with_hits,
                .most = 400,
                .freed = true},
    lru_few_hits = {.name = "lru_few_hits",
                    .kinds = KIND(QUEUE_CACHE),
                    .step = lru_with_few_hits,
                    .most = 400},
    lru_scan = {.name = "lru_scan", .kinds = KIND(QUEUE_CACHE), .step = lru_scanned, .most = 400},
    random_cache = {.name = "random_cache",
                    .kinds = KIND(QUEUE_CACHE),
                    .step = random_replacement,
                    .most = 400,
                    .freed = true},
    pool = {.name = "lifo_pool", .kinds = KIND(QUEUE_CACHE), .step = lifo_pool, .most = 200},
    logging_ring = {.name = "logging_ring",
                    .kinds = KIND(QUEUE_CACHE),
                    .step = lru_scanned,
                    .most = 256},
    sessions = {.name = "sessions", .kinds = KIND(QUEUE_CACHE), .step = replaced, .most = 300},
    index_freed = {.name = "index_freed",
                   .kinds = KIND(QUEUE_STALLED),
                   .step = growing,
                   .freed = true},
    index_slowing = {.name = "index_slowing",
                     .kinds = KIND(QUEUE_STALLED) | KIND(QUEUE_STARTUP),
                     .step = growing,
                     .ramp = 10},
    leak = {.name = "leak", .kinds = KIND(QUEUE_STALLED), .step = growing},
    losses = {.name = "losses",
              .kinds = KIND(QUEUE_STALLED) | KIND(QUEUE_UNKNOWN),
              .step = growing_with_losses},
    settings = {.name = "settings", .kinds = KIND(QUEUE_STARTUP), .step = startup, .most = 1500},
    settings_freed = {.name = "settings_freed",
                      .kinds = KIND(QUEUE_STARTUP),
                      .step = startup,
                      .most = 1500,
                      .freed = true},
    arenas = {.name = "arenas", .kinds = KIND(QUEUE_BURST), .step = arena, .most = 400},
    one_arena = {.name = "one_arena",
                 .kinds = KIND(QUEUE_STALLED) | KIND(QUEUE_BURST),
                 .step = arena,
                 .most = STORE_STEPS - 400},
    garbage = {.name = "garbage", .kinds = KIND(QUEUE_BURST), .step = collected, .most = 600},
    churn = {.name = "churn", .kinds = HARMLESS, .step = churning},
    delay_line = {.name = "delay_line", .kinds = NO_QUEUE, .step = growing, .timed_ns = 60 * MS},
    delay_line_ramp = {.name = "delay_line_ramp",
                       .kinds = NO_QUEUE,
                       .step = growing,
                       .timed_ns = 60 * MS,
                       .ramp = 0.1},
    delay_line_step = {.name = "delay_line_step",
                       .kinds = NO_QUEUE,
                       .step = growing,
                       .timed_ns = 24 * MS,
                       .steady = true,
                       .quickens = 0.25},
    ttl_cache = {.name = "ttl_cache",
                 .kinds = NO_QUEUE,
                 .step = expiring,
                 .timed_ns = 160 * MS,
                 .swept = true},
    ttl_cache_step = {.name = "ttl_cache_step",
                      .kinds = NO_QUEUE,
                      .step = expiring,
                      .timed_ns = 24 * MS,
                      .swept = true,
                      .quickens = 0.25},
    connections = {.name = "connections",
                   .kinds = NO_QUEUE,
                   .step = growing,
                   .timed_ns = 60 * MS,
                   .timed_jitter = EXPONENTIAL},
    connections_ramp = {.name = "connections_ramp",
                        .kinds = NO_QUEUE,
                        .step = growing,
                        .timed_ns = 60 * MS,
                        .timed_jitter = EXPONENTIAL,
                        .ramp = 0.1},
    double_buffer = {.name = "double_buffer", .kinds = HARMLESS, .step = two_buffers, .most = 2},
    in_flight = {.name = "in_flight",
                 .kinds = KIND(QUEUE_UNKNOWN) | KIND(QUEUE_BOUNDED),
                 .step = requesting,
                 .most = 64,
                 .timed_ns = 30 * MS,
                 .timed_jitter = EXPONENTIAL},
    in_flight_evenly = {.name = "in_flight_evenly",
                        .kinds = KIND(QUEUE_UNKNOWN) | KIND(QUEUE_BOUNDED),
                        .step = requesting,
                        .most = 64,
                        .timed_ns = 30 * MS,
                        .timed_jitter = LOGNORMAL},
    widening_window = {.name = "widening_window",
                       .kinds = KIND(QUEUE_UNKNOWN),
                       .kinds_sampled = KIND(QUEUE_UNBOUNDED),
                       .step = widening},
    torn_down = {.name = "torn_down", .kinds = KIND(QUEUE_BURST), .most = 4000, .freed_at_once = 1},
    torn_down_in_steps = {.name = "torn_down_in_steps",
                          .kinds = KIND(QUEUE_STALLED) | KIND(QUEUE_BURST),
                          .most = 4000,
                          .freed_at_once = 8},
    scattered_cache = {.name = "scattered_cache",
                       .kinds = KIND(QUEUE_CACHE),
                       .step = lru_scanned,
                       .most = 400,
                       .from_everywhere = true},
    scattered_churn = {.name = "scattered_churn",
                       .kinds = HARMLESS,
                       .step = churning,
                       .from_everywhere = true,
                       .freed_there = true},
    scattered_tables = {.name = "scattered_tables",
                        .kinds = NO_QUEUE,
                        .step = replaced,
                        .most = 300,
                        .from_everywhere = true,
                        .freed_there = true},
    scattered_lives = {.name = "scattered_lives",
                       .kinds = NO_QUEUE,
                       .step = growing,
                       .timed_ns = 60 * MS,
                       .timed_jitter = EXPONENTIAL,
                       .from_everywhere = true},
    scattered_garbage = {.name = "scattered_garbage",
                         .kinds = KIND(QUEUE_BURST),
                         .step = collected,
                         .most = 600,
                         .from_everywhere = true},
    scattered_leak = {.name = "scattered_leak",
                      .kinds = KIND(QUEUE_STALLED),
                      .step = growing,
                      .from_everywhere = true},
    everybody = {.name = "everybody",
                 .kinds = NO_QUEUE | KIND(QUEUE_STALLED),
                 .step = everybody_for_himself,
                 .from_everywhere = true,
                 .freed_there = true},
    futures = {.name = "futures", .kinds = HARMLESS | KIND(QUEUE_BURST), .step = NULL};

#define FORMS_HERE (1u << FORM_ONE | 1u << FORM_THREE)
#define STORE(of)                                                                                  \
  { #of, store_process, &(of), false, FORMS_HERE }
const struct behaviour store_behaviours[] = {
    STORE(lru_hits),
    STORE(lru_few_hits),
    STORE(lru_scan),
    STORE(random_cache),
    STORE(pool),
    STORE(logging_ring),
    STORE(sessions),
    STORE(index_freed),
    STORE(index_slowing),
    STORE(leak),
    STORE(losses),
    STORE(settings),
    STORE(settings_freed),
    STORE(arenas),
    STORE(one_arena),
    STORE(garbage),
    STORE(churn),
    STORE(delay_line),
    STORE(delay_line_ramp),
    STORE(delay_line_step),
    STORE(ttl_cache),
    STORE(ttl_cache_step),
    STORE(connections),
    STORE(connections_ramp),
    STORE(double_buffer),
    {"requests_in_flight", requests_in_flight, &in_flight, false, FORMS_HERE},
    {"requests_in_flight_evenly", requests_in_flight, &in_flight_evenly, false, FORMS_HERE},
    {"widening_window", store_process, &widening_window, true, FORMS_HERE},
    {"torn_down", structure, &torn_down, true, FORMS_HERE},
    {"torn_down_in_steps", structure, &torn_down_in_steps, true, FORMS_HERE},
    STORE(scattered_cache),
    STORE(scattered_churn),
    STORE(scattered_tables),
    STORE(scattered_lives),
    STORE(scattered_garbage),
    STORE(scattered_leak),
    STORE(everybody),
    {"leak_and_queue", leak_and_queue, &leak, false, FORMS_HERE},
    {"leak_and_healthy_queue", leak_and_healthy_queue, &leak, false, FORMS_HERE},
    {"futures", futures_plan, &futures, false, FORMS_HERE},
    {0},
};
