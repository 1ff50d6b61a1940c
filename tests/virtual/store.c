/* store.c - items, and the threads that step. */
#include "store.h"

#include <stdlib.h>
#include <string.h>

#define MS 1000000u

struct item item_new(struct store *store, struct chance *chance) {
  struct world *world = store->process->world;
  struct item item = {.number = truth_arrive(store->truth, world)};
  item.place = store->payload->count > 1 ? (unsigned)chance_below(chance, PROCESS_PLACES) : 0;
  bool three = store->process->shape.form == FORM_THREE;
  if (store->plan.timed_ns > 0)
    item.due_ns =
        world_now(world) + chance_ns(chance, store->plan.timed_ns, store->plan.timed_jitter);
  item.payload = process_malloc(world, store->payload->of[item.place],
                                three ? 40 + chance_below(chance, 400) : 96);
  if (three) item.body = process_malloc(world, store->body->of[item.place], 64);
  if (three) item.node = process_malloc(world, store->node->of[item.place], 24);
  return item;
}

void item_end(struct store *store, struct item item) {
  struct world *world = store->process->world;
  uint32_t freed = store->freed->of[store->freed->count > 1 ? item.place : 0];
  if (item.node.address) process_free(world, item.node, freed);
  if (item.body.address) process_free(world, item.body, freed);
  process_free(world, item.payload, freed);
  truth_depart(store->truth, world, item.number);
  world_wake(world, &store->room);
}

struct item store_take(struct store *store, unsigned place) {
  struct item item = store->items[place];
  memmove(&store->items[place], &store->items[place + 1],
          (--store->count - place) * sizeof(*store->items));
  return item;
}

void store_put(struct store *store, struct item item) {
  if (store->count == STORE_ITEMS) abort();
  store->items[store->count++] = item;
}

void store_clear(struct store *store) {
  while (store->count)
    item_end(store, store_take(store, 0));
}

/* ---- threads ---------------------------------------------------------------------------- */

static void stepper(struct world *world, void *argument) {
  struct store *store = argument;
  struct chance chance = world_chance(world, 50 + world_self(world));
  unsigned steps = STORE_STEPS / store->threads;
  for (unsigned i = 0; i < steps; i++) {
    double mean = STORE_STEP_NS * store->threads, done = (double)i / steps;
    if (store->plan.ramp > 0) mean *= 1 + (store->plan.ramp - 1) * done;
    if (store->plan.quickens > 0 && done > 0.2) mean *= store->plan.quickens;
    world_work(world, chance_ns(&chance, mean, store->plan.steady ? STEADY : EXPONENTIAL));
    process_bustle(world, &chance);
    store->plan.step(store, &chance);
  }
  store->running--;
  process_thread_ends(store->process);
}

/* The first that is due; `count` when there is none. */
static unsigned first_due(const struct store *store) {
  unsigned first = store->count;
  for (unsigned i = 0; i < store->count; i++)
    if (first == store->count || store->items[i].due_ns < store->items[first].due_ns) first = i;
  return first;
}

/* Looks at least every so often: something that is due sooner may have come. */
#define TIMER_NS MS

static void timer(struct world *world, void *argument) {
  struct store *store = argument;
  while (store->running) {
    unsigned first = first_due(store);
    uint64_t now = world_now(world);
    if (first < store->count && store->items[first].due_ns <= now) {
      item_end(store, store_take(store, first));
      continue;
    }
    uint64_t until = first < store->count ? store->items[first].due_ns : now + TIMER_NS;
    world_sleep_until(world, until < now + TIMER_NS ? until : now + TIMER_NS);
  }
  process_thread_ends(store->process);
}

static void clear_at_exit(struct process *process, void *argument) {
  (void)process;
  store_clear(argument);
}

static const struct places *places_of(const struct store *store, bool many, const char *name) {
  return many ? process_places(store->process, STRAIGHT, "store", name)
              : process_one_place(store->process, name);
}

struct store *store_new(struct process *process, const struct store_plan *plan) {
  struct store *store = process_memory(process, sizeof(*store));
  store->process = process;
  store->plan = *plan;
  store->truth = process_truth(process, plan->name, plan->kinds);
  store->truth->kinds_sampled = plan->kinds_sampled;
  store->threads = store->running = process->shape.producers;
  store->payload = places_of(store, plan->from_everywhere, "store.payload");
  store->body = places_of(store, plan->from_everywhere, "store.body");
  store->node = places_of(store, plan->from_everywhere, "store.node");
  store->freed = places_of(store, plan->freed_there, "store.freed");
  store->truth->scattered = plan->from_everywhere;
  store->truth->unrelated = plan->freed_there;
  store->truth->sites[store->truth->site_count++] = process_any_of(store->payload);
  if (process->shape.form == FORM_THREE) {
    store->truth->sites[store->truth->site_count++] = process_any_of(store->body);
    store->truth->sites[store->truth->site_count++] = process_any_of(store->node);
  }
  if (plan->freed) process_at_exit(process, (struct process_hook){clear_at_exit, store});
  return store;
}

struct store *store_start(struct process *process, const struct store_plan *plan) {
  static const char *const names[] = {"worker", "worker-2", "worker-3"};
  struct store *store = store_new(process, plan);
  for (unsigned i = 0; i < store->threads; i++)
    process_thread(process, names[i], stepper, store);
  if (plan->timed_ns > 0 && !plan->swept) process_thread(process, "timer", timer, store);
  return store;
}

void store_process(struct process *process, const void *plan) {
  store_start(process, plan);
}
