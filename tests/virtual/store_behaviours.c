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
    connections = {.name = "connections",
                   .kinds = NO_QUEUE,
                   .step = growing,
                   .timed_ns = 60 * MS,
                   .timed_by_chance = true},
    connections_ramp = {.name = "connections_ramp",
                        .kinds = NO_QUEUE,
                        .step = growing,
                        .timed_ns = 60 * MS,
                        .timed_by_chance = true,
                        .ramp = 0.1},
    double_buffer = {.name = "double_buffer", .kinds = HARMLESS, .step = two_buffers, .most = 2},
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
    STORE(connections),
    STORE(connections_ramp),
    STORE(double_buffer),
    {"leak_and_queue", leak_and_queue, &leak, false, FORMS_HERE},
    {"leak_and_healthy_queue", leak_and_healthy_queue, &leak, false, FORMS_HERE},
    {"futures", futures_plan, &futures, false, FORMS_HERE},
    {0},
};
