/* world.c - threads as coroutines, and a heap of addresses. */
#include "world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define FIBER_STACK (128u << 10)
#define HEAP_BASE UINT64_C(0x555500000000)

struct fiber {
  ucontext_t context;
  void *stack;
  uint64_t wake_ns; /* WORLD_NEVER: it waits, or has ended */
  uint64_t order;   /* of those with the same time, who came first */
  world_body *body;
  void *argument;
};

#define SMALL 16u
#define SMALL_CLASSES 64u
#define CLASSES (SMALL_CLASSES + 64u)
struct address_list {
  uint64_t *of;
  size_t count, capacity;
};

struct world {
  struct history history;
  struct fiber fibers[WORLD_THREADS + 1]; /* by number; 0 is world_run()'s caller */
  unsigned running;
  uint64_t now_ns, killed_at_ns, order, seed;
  struct address_list freed[CLASSES];
  uint64_t top;
};

static void *grown(void *array, size_t *capacity, size_t size) {
  *capacity = *capacity ? *capacity * 2 : 64;
  void *bigger = reallocarray(array, *capacity, size);
  if (!bigger) abort();
  return bigger;
}

struct world *world_new(uint64_t seed) {
  struct world *world = calloc(1, sizeof(*world));
  if (!world) abort();
  world->seed = seed;
  world->now_ns = WORLD_START_NS;
  world->killed_at_ns = WORLD_NEVER;
  world->top = HEAP_BASE;
  return world;
}

struct history world_free(struct world *world) {
  struct history history = world->history;
  for (unsigned i = 0; i <= WORLD_THREADS; i++)
    free(world->fibers[i].stack);
  for (unsigned i = 0; i < CLASSES; i++)
    free(world->freed[i].of);
  free(world);
  return history;
}

void history_free(struct history *history) {
  free(history->events);
  *history = (struct history){0};
}

/* ---- threads ---------------------------------------------------------------------------- */

static void go(struct world *world, unsigned to) {
  unsigned from = world->running;
  if (from == to) return;
  world->running = to;
  swapcontext(&world->fibers[from].context, &world->fibers[to].context);
}

/* The thread whose time is next; 0: none ever goes on. */
static unsigned next_fiber(const struct world *world) {
  unsigned best = 0;
  for (unsigned i = 1; i <= world->history.thread_count; i++) {
    const struct fiber *fiber = &world->fibers[i], *least = &world->fibers[best];
    if (fiber->wake_ns == WORLD_NEVER) continue;
    if (!best || fiber->wake_ns < least->wake_ns ||
        (fiber->wake_ns == least->wake_ns && fiber->order < least->order))
      best = i;
  }
  return best;
}

static void give_way(struct world *world) {
  unsigned next = next_fiber(world);
  if (next && world->fibers[next].wake_ns >= world->killed_at_ns) {
    world->now_ns = world->killed_at_ns;
    next = 0;
  }
  if (next) world->now_ns = world->fibers[next].wake_ns;
  go(world, next);
}

static void begin_fiber(unsigned high, unsigned low) {
  struct world *world = (struct world *)(uintptr_t)((uint64_t)high << 32 | low);
  struct fiber *self = &world->fibers[world->running];
  self->body(world, self->argument);
  self->wake_ns = WORLD_NEVER;
  give_way(world);
}

unsigned world_thread(struct world *world, const char *name, world_body *body, void *argument) {
  if (world->history.thread_count == WORLD_THREADS) abort();
  unsigned number = ++world->history.thread_count;
  struct fiber *fiber = &world->fibers[number];
  world->history.threads[number] = name;
  *fiber = (struct fiber){.stack = malloc(FIBER_STACK),
                          .wake_ns = world->now_ns,
                          .order = ++world->order,
                          .body = body,
                          .argument = argument};
  if (!fiber->stack || getcontext(&fiber->context)) abort();
  fiber->context.uc_stack.ss_sp = fiber->stack;
  fiber->context.uc_stack.ss_size = FIBER_STACK;
  uint64_t self = (uint64_t)(uintptr_t)world;
  makecontext(&fiber->context, (void (*)(void))begin_fiber, 2, (unsigned)(self >> 32),
              (unsigned)self);
  return number;
}

void world_kill_at(struct world *world, uint64_t ns) {
  world->killed_at_ns = ns;
}

void world_run(struct world *world) {
  give_way(world);
  world->history.end_ns = world->now_ns + 1;
}

uint64_t world_now(const struct world *world) {
  return world->now_ns;
}
unsigned world_self(const struct world *world) {
  return world->running;
}

void world_sleep_until(struct world *world, uint64_t ns) {
  struct fiber *self = &world->fibers[world->running];
  self->wake_ns = ns > world->now_ns ? ns : world->now_ns;
  self->order = ++world->order;
  give_way(world);
}

void world_work(struct world *world, uint64_t ns) {
  world_sleep_until(world, world->now_ns + ns);
}

void world_wait(struct world *world, struct world_queue *queue) {
  queue->of[queue->count++] = world->running;
  world->fibers[world->running].wake_ns = WORLD_NEVER;
  give_way(world);
}

void world_wake(struct world *world, struct world_queue *queue) {
  if (!queue->count) return;
  struct fiber *woken = &world->fibers[queue->of[0]];
  memmove(queue->of, queue->of + 1, --queue->count * sizeof(*queue->of));
  woken->wake_ns = world->now_ns;
  woken->order = ++world->order;
}

void world_exit(struct world *world) {
  go(world, 0);
  abort();
}

/* ---- the heap --------------------------------------------------------------------------- */

uint32_t world_stack_below(struct world *world, uint32_t caller, const char *name) {
  struct history *history = &world->history;
  for (unsigned id = 1; id <= history->stack_count; id++)
    if (history->callers[id] == caller && !strcmp(history->stacks[id], name)) return id;
  if (history->stack_count + 1 == WORLD_STACKS) abort();
  snprintf(history->stacks[++history->stack_count], sizeof(*history->stacks), "%s", name);
  history->callers[history->stack_count] = caller;
  return history->stack_count;
}

uint32_t world_stack(struct world *world, const char *name) {
  return world_stack_below(world, 0, name);
}

/* As large as malloc would make it: a header more, in steps of 16, and above 1 KiB in powers of
 * two. */
static unsigned class_of(uint64_t size, uint64_t *bytes) {
  uint64_t steps = (size + 8 + SMALL - 1) / SMALL;
  if (steps < 2) steps = 2;
  *bytes = steps * SMALL;
  if (steps < SMALL_CLASSES) return (unsigned)steps;
  unsigned bits = 64 - (unsigned)__builtin_clzll(*bytes - 1);
  *bytes = UINT64_C(1) << bits;
  return SMALL_CLASSES + bits;
}

static uint64_t take_address(struct world *world, uint64_t size) {
  uint64_t bytes;
  struct address_list *list = &world->freed[class_of(size, &bytes)];
  if (list->count) return list->of[--list->count];
  world->top += bytes;
  return world->top - bytes + SMALL;
}

static void give_address(struct world *world, struct held held) {
  uint64_t bytes;
  struct address_list *list = &world->freed[class_of(held.size, &bytes)];
  if (list->count == list->capacity) list->of = grown(list->of, &list->capacity, sizeof(*list->of));
  list->of[list->count++] = held.address;
}

static void log_event(struct world *world, enum event_kind kind, struct held held, uint32_t stack) {
  struct history *history = &world->history;
  if (history->count == history->capacity)
    history->events = grown(history->events, &history->capacity, sizeof(*history->events));
  history->events[history->count++] =
      (struct event){.ticks = world->now_ns,
                     .address = held.address,
                     .size = kind == EVENT_BIRTH || kind == EVENT_TAKE ? held.size : 0,
                     .stack = stack,
                     .thread = world->running & 0xff,
                     .kind = kind & 3};
}

struct held world_allocate(struct world *world, uint32_t stack, uint64_t size) {
  struct held held = {take_address(world, size), size};
  log_event(world, EVENT_BIRTH, held, stack);
  return held;
}

void world_release(struct world *world, struct held held, uint32_t stack) {
  log_event(world, EVENT_DEATH, held, stack);
  give_address(world, held);
}

void world_resize(struct world *world, struct held *held, uint64_t size, uint32_t stack) {
  log_event(world, EVENT_RELEASE, *held, stack);
  give_address(world, *held);
  *held = (struct held){take_address(world, size), size};
  log_event(world, EVENT_TAKE, *held, stack);
}

/* ---- chance ----------------------------------------------------------------------------- */

/* SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"). */
uint64_t chance_next(struct chance *chance) {
  uint64_t z = chance->state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

struct chance world_chance(const struct world *world, uint64_t number) {
  struct chance chance = {world->seed * 0xd1342543de82ef95u + number};
  return (struct chance){chance_next(&chance)};
}

uint64_t chance_below(struct chance *chance, uint64_t below) {
  return (uint64_t)((unsigned __int128)chance_next(chance) * below >> 64);
}

double chance_uniform(struct chance *chance) {
  return (double)((chance_next(chance) >> 11) + 1) * 0x1p-53;
}

/* The lognormal one has a standard deviation of half its mean. */
#define LOGNORMAL_SIGMA 0.47238 /* sqrt(ln(1 + 0.5^2)) */

uint64_t chance_ns(struct chance *chance, double mean_ns, enum jitter jitter) {
  double ns = mean_ns;
  if (jitter == EXPONENTIAL) ns *= -log(chance_uniform(chance));
  if (jitter == LOGNORMAL) {
    double normal =
        sqrt(-2 * log(chance_uniform(chance))) * cos(6.283185307179586 * chance_uniform(chance));
    ns *= exp(LOGNORMAL_SIGMA * normal - LOGNORMAL_SIGMA * LOGNORMAL_SIGMA / 2);
  }
  return ns < 1 ? 1 : (uint64_t)ns;
}
