/* store_behaviours.c - memory that is kept, but in no queue: caches, pools, arenas, indexes, leaks.
 *
 * Each is a number of items in a store that all threads share, and what they do with it again and
 * again. An item is one block or three.
 */
#include "behaviours.h"
#include "flow.h"

#include <stdlib.h>
#include <string.h>

#define MS 1000000u
#define STEPS 4000u
#define STEP_NS 200000.0
#define ITEMS 4096u
#define HARMLESS (KIND(QUEUE_CHURN) | KIND(QUEUE_CACHE) | KIND_SILENT)

struct item {
  struct held payload, body, node;
  size_t number;
};

struct store {
  struct process *process;
  struct truth *truth;
  void (*step)(struct store *store, struct chance *chance);
  unsigned keys, most;
  struct item items[ITEMS]; /* as the step likes it */
  unsigned count;
  unsigned steps, threads, ended;
  uint32_t payload, body, node, freed;
};

static struct item item_new(struct store *store, struct chance *chance) {
  struct world *world = store->process->world;
  struct item item = {.number = truth_arrive(store->truth, world)};
  bool three = store->process->shape.form == FORM_THREE;
  item.payload = process_malloc(world, store->payload, three ? 40 + chance_below(chance, 400) : 96);
  if (three) item.body = process_malloc(world, store->body, 64);
  if (three) item.node = process_malloc(world, store->node, 24);
  return item;
}

static void item_end(struct store *store, struct item item) {
  struct world *world = store->process->world;
  if (item.node.address) process_free(world, item.node, store->freed);
  if (item.body.address) process_free(world, item.body, store->freed);
  process_free(world, item.payload, store->freed);
  truth_depart(store->truth, world, item.number);
}

/* Takes the one at a place out; those behind it move up. (No time passes.) */
static struct item take_out(struct store *store, unsigned place) {
  struct item item = store->items[place];
  memmove(&store->items[place], &store->items[place + 1],
          (--store->count - place) * sizeof(*store->items));
  return item;
}

static void put_last(struct store *store, struct item item) {
  if (store->count == ITEMS) abort();
  store->items[store->count++] = item;
}

static void thread(struct world *world, void *argument) {
  struct store *store = argument;
  struct chance chance = world_chance(world, 50 + world_self(world));
  for (unsigned i = 0; i < STEPS / store->threads; i++) {
    world_work(world, chance_ns(&chance, STEP_NS * store->threads, EXPONENTIAL));
    process_bustle(world, &chance);
    store->steps++;
    store->step(store, &chance);
  }
  store->ended++;
  process_thread_ends(store->process);
}

static struct store *store_new(struct process *process, const char *name, unsigned kinds) {
  struct store *store = process_memory(process, sizeof(*store));
  struct world *world = process->world;
  store->process = process;
  store->truth = process_truth(process, name, kinds);
  store->threads = process->shape.producers;
  store->payload = world_stack(world, "store.payload");
  store->body = world_stack(world, "store.body");
  store->node = world_stack(world, "store.node");
  store->freed = world_stack(world, "store.freed");
  store->truth->sites[0] = store->payload;
  store->truth->site_count = 1;
  if (process->shape.form == FORM_THREE) {
    store->truth->sites[store->truth->site_count++] = store->body;
    store->truth->sites[store->truth->site_count++] = store->node;
  }
  return store;
}

static void start(struct store *store) {
  static const char *const names[] = {"worker", "worker-2", "worker-3"};
  for (unsigned i = 0; i < store->threads; i++)
    process_thread(store->process, names[i], thread, store);
}

static void free_all(struct process *process, void *argument) {
  (void)process;
  struct store *store = argument;
  while (store->count)
    item_end(store, take_out(store, 0));
}

/* ---- caches and pools ------------------------------------------------------------------- */

/* items: least recently used first; a key is the item's place in a table that isn't there: a hit
 * takes one at random. */
static void lru_with_hits(struct store *store, struct chance *chance) {
  if (store->count && chance_uniform(chance) < 0.5) {
    put_last(store, take_out(store, (unsigned)chance_below(chance, store->count)));
    return;
  }
  put_last(store, item_new(store, chance));
  if (store->count > store->most) item_end(store, take_out(store, 0));
}

static void lru_scanned(struct store *store, struct chance *chance) {
  if (store->count >= store->most) item_end(store, take_out(store, 0));
  put_last(store, item_new(store, chance));
}

static void random_replacement(struct store *store, struct chance *chance) {
  if (store->count >= store->most)
    item_end(store, take_out(store, (unsigned)chance_below(chance, store->count)));
  put_last(store, item_new(store, chance));
}

/* What is given back last is taken first; the level swings about a mean. */
static void lifo_pool(struct store *store, struct chance *chance) {
  bool up = chance_uniform(chance) * 2 * store->most > store->count;
  if (up)
    put_last(store, item_new(store, chance));
  else
    item_end(store, take_out(store, store->count - 1));
}

static void growing(struct store *store, struct chance *chance) {
  put_last(store, item_new(store, chance));
}

static void startup(struct store *store, struct chance *chance) {
  while (store->count < store->most)
    put_last(store, item_new(store, chance));
}

static void arena(struct store *store, struct chance *chance) {
  put_last(store, item_new(store, chance));
  if (store->count < store->most) return;
  free_all(store->process, store);
}

/* Short lives, some longer than what is folded, a few at a time. */
static void churning(struct store *store, struct chance *chance) {
  struct world *world = store->process->world;
  struct item item = item_new(store, chance);
  world_work(world, chance_ns(chance, 2.0 * MS, LOGNORMAL));
  item_end(store, item);
}

/* Items for a fixed time each. */
static void delayed(struct store *store, struct chance *chance) {
  uint64_t now = world_now(store->process->world);
  while (store->count &&
         store->truth->stays[store->items[0].number].arrival_ns + 60 * (uint64_t)MS <= now)
    item_end(store, take_out(store, 0));
  put_last(store, item_new(store, chance));
}

static void two_buffers(struct store *store, struct chance *chance) {
  if (store->count >= 2) item_end(store, take_out(store, 0));
  put_last(store, item_new(store, chance));
}

/* A value is replaced by a new one, at random: a table of settings, sessions, last readings. */
static void replaced(struct store *store, struct chance *chance) {
  if (store->count < store->most) {
    put_last(store, item_new(store, chance));
    return;
  }
  unsigned place = (unsigned)chance_below(chance, store->count);
  struct item old = store->items[place];
  store->items[place] = item_new(store, chance); /* the new one first */
  item_end(store, old);
}

struct store_plan {
  const char *name;
  unsigned kinds;
  void (*step)(struct store *store, struct chance *chance);
  unsigned most;
  bool freed; /* all of it, at exit */
};

static void store_plan(struct process *process, const void *argument) {
  const struct store_plan *plan = argument;
  struct store *store = store_new(process, plan->name, plan->kinds);
  store->step = plan->step;
  store->most = plan->most;
  if (plan->freed) process_at_exit(process, (struct process_hook){free_all, store});
  start(store);
}

static void leak_and_queue(struct process *process, const void *argument) {
  static const struct plan queue = {.name = "beside_a_leak",
                                    .kinds = KIND(QUEUE_UNBOUNDED),
                                    .rates = true,
                                    .messages = STEPS,
                                    .arrival_ns = STEP_NS,
                                    .service_ns = STEP_NS * 2,
                                    .think = EXPONENTIAL,
                                    .service = EXPONENTIAL,
                                    .rest = REST_LEFT};
  store_plan(process, argument);
  flow_start(process, &queue);
}

static void leak_and_healthy_queue(struct process *process, const void *argument) {
  static const struct plan queue = {.name = "beside_a_leak",
                                    .kinds = KIND(QUEUE_CHURN) | KIND_SILENT | KIND(QUEUE_BURST),
                                    .messages = STEPS,
                                    .arrival_ns = STEP_NS,
                                    .service_ns = STEP_NS * 0.7,
                                    .think = EXPONENTIAL,
                                    .service = EXPONENTIAL};
  store_plan(process, argument);
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
  for (unsigned wave = 0; wave < STEPS / WAVE; wave++) {
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
  (void)argument;
  struct futures *futures = process_memory(process, sizeof(*futures));
  futures->store = store_new(process, "futures", HARMLESS | KIND(QUEUE_BURST));
  for (unsigned i = 0; i < process->shape.consumers; i++)
    process_thread(process, names[i], pool_worker, futures);
  process_thread(process, "submitter", submitter, futures);
}

/* ----------------------------------------------------------------------------------------- */

static const struct store_plan
    lru_hits = {"lru_hits", KIND(QUEUE_CACHE), lru_with_hits, 400, true},
    lru_scan = {"lru_scan", KIND(QUEUE_CACHE), lru_scanned, 400, false},
    random_cache = {"random_cache", KIND(QUEUE_CACHE), random_replacement, 400, true},
    pool = {"lifo_pool", KIND(QUEUE_CACHE), lifo_pool, 200, false},
    logging_ring = {"logging_ring", KIND(QUEUE_CACHE), lru_scanned, 256, false},
    index_freed = {"index_freed", KIND(QUEUE_STALLED), growing, 0, true},
    leak = {"leak", KIND(QUEUE_STALLED), growing, 0, false},
    settings = {"settings", KIND(QUEUE_STARTUP), startup, 1500, false},
    settings_freed = {"settings_freed", KIND(QUEUE_STARTUP), startup, 1500, true},
    arenas = {"arenas", KIND(QUEUE_BURST), arena, 400, false},
    one_arena = {"one_arena", KIND(QUEUE_STALLED) | KIND(QUEUE_BURST), arena, STEPS - 400, false},
    churn = {"churn", HARMLESS, churning, 0, false},
    delay_line = {"delay_line", KIND(QUEUE_UNKNOWN) | HARMLESS, delayed, 0, false},
    double_buffer = {"double_buffer", HARMLESS, two_buffers, 2, false},
    sessions = {"sessions", KIND(QUEUE_CACHE), replaced, 300, false};

#define FORMS_HERE (1u << FORM_ONE | 1u << FORM_THREE)
#define STORE(of)                                                                                  \
  { #of, store_plan, &(of), false, FORMS_HERE }
const struct behaviour store_behaviours[] = {
    STORE(lru_hits),
    STORE(lru_scan),
    STORE(random_cache),
    STORE(pool),
    STORE(logging_ring),
    STORE(index_freed),
    STORE(leak),
    STORE(settings),
    STORE(settings_freed),
    STORE(arenas),
    STORE(one_arena),
    STORE(churn),
    STORE(delay_line),
    STORE(double_buffer),
    STORE(sessions),
    {"leak_and_queue", leak_and_queue, &leak, false, FORMS_HERE},
    {"leak_and_healthy_queue", leak_and_healthy_queue, &leak, false, FORMS_HERE},
    {"futures", futures_plan, NULL, false, FORMS_HERE},
    {0},
};
