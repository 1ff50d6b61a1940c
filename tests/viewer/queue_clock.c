/* queue_clock.c - see queue_clock.h. */
#include "queue_clock.h"

#include <stdbool.h>
#include <string.h>

enum state { TO_COME, HELD_BACK, WAITING, IN_WORK, GONE };

struct message {
  enum state state;
  uint64_t sender, due, arrived, admitted, departs, consumer;
};

struct world {
  const struct clock_setup *setup;
  struct message messages[CLOCK_MESSAGES]; /* by number in the setup */
  bool at_work[CLOCK_MESSAGES];            /* consumers */
  uint64_t bound, now;
  struct clock_run *run;
  size_t arrived, takes, order[CLOCK_MESSAGES]; /* by arrival: numbers in the setup */
};

static uint64_t next_random(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * 0x2545f4914f6cdd1du >> 33;
}

/* Numbers messages as they arrive without a bound: so a record has them, and what comes at the same
 * tick keeps to that order. */
static void number_by_arrival(struct clock_setup *setup) {
  const struct clock_setup before = *setup;
  const struct clock_run run = clock_run(setup, UINT64_MAX);
  for (size_t i = 0; i < setup->count; i++) {
    setup->sender[i] = before.sender[run.order[i]];
    setup->think[i] = before.think[run.order[i]];
    setup->work[i] = before.work[run.order[i]];
  }
}

struct clock_setup clock_random(uint64_t seed) {
  uint64_t random = seed * 0x9e3779b97f4a7c15u + 1;
  struct clock_setup setup = {.count = CLOCK_MESSAGES,
                              .senders = 1 + next_random(&random) % 4,
                              .consumers = 1 + next_random(&random) % 3,
                              .batch = next_random(&random) % 3 ? 1 : 2 + next_random(&random) % 8,
                              .fixed = 30 + next_random(&random) % 100,
                              .each = next_random(&random) % 20};
  uint64_t thinks = 1 + next_random(&random) % 40, works = 1 + next_random(&random) % 120;
  for (size_t i = 0; i < setup.count; i++) {
    setup.sender[i] = next_random(&random) % setup.senders;
    setup.think[i] = 1 + next_random(&random) % thinks;
    setup.work[i] = 1 + next_random(&random) % works;
  }
  number_by_arrival(&setup);
  return setup;
}

static size_t count_in(const struct world *world, enum state state) {
  size_t count = 0;
  for (size_t i = 0; i < world->setup->count; i++)
    count += world->messages[i].state == state;
  return count;
}

/* The first by arrival in that state; count: none. */
static size_t first_in(const struct world *world, enum state state) {
  for (size_t i = 0; i < world->arrived; i++)
    if (world->messages[world->order[i]].state == state) return world->order[i];
  return world->setup->count;
}

/* The sender's next one comes when it has thought. */
static void think_from(struct world *world, uint64_t sender, size_t from) {
  for (size_t i = from; i < world->setup->count; i++)
    if (world->setup->sender[i] == sender) {
      world->messages[i].due = world->now + world->setup->think[i];
      return;
    }
}

static void admit(struct world *world, size_t number) {
  struct message *message = &world->messages[number];
  message->state = WAITING;
  message->admitted = world->now;
  world->run->wait += world->now - message->arrived;
  think_from(world, message->sender, number + 1);
}

static void take(struct world *world) {
  for (size_t consumer = 0; consumer < world->setup->consumers; consumer++) {
    size_t first = first_in(world, WAITING), size = 0, number;
    if (world->at_work[consumer] || first == world->setup->count) continue;
    size_t waiting = count_in(world, WAITING);
    if (waiting > world->setup->batch) waiting = world->setup->batch;
    uint64_t service = world->setup->batch > 1 ? world->setup->fixed + world->setup->each * waiting
                                               : world->setup->work[first];
    for (; size < waiting; size++) {
      struct message *message = &world->messages[first_in(world, WAITING)];
      message->state = IN_WORK;
      message->departs = world->now + service;
      message->consumer = consumer;
    }
    world->at_work[consumer] = true;
    world->takes++;
    while ((number = first_in(world, HELD_BACK)) < world->setup->count &&
           count_in(world, WAITING) < world->bound)
      admit(world, number);
  }
}

static void depart(struct world *world) {
  for (size_t i = 0; i < world->setup->count; i++) {
    struct message *message = &world->messages[i];
    if (message->state != IN_WORK || message->departs != world->now) continue;
    message->state = GONE;
    world->at_work[message->consumer] = false;
  }
}

static void arrive(struct world *world) {
  for (size_t i = 0; i < world->setup->count; i++) {
    struct message *message = &world->messages[i];
    if (message->state != TO_COME || message->due != world->now) continue;
    message->state = HELD_BACK;
    message->arrived = world->now;
    world->order[world->arrived++] = i;
    if (count_in(world, WAITING) < world->bound) admit(world, i);
    size_t alive = world->arrived - count_in(world, GONE);
    if (alive > world->run->peak) world->run->peak = alive;
    take(world);
  }
}

struct clock_run clock_run(const struct clock_setup *setup, uint64_t bound) {
  struct clock_run run = {0};
  struct world world = {.setup = setup, .bound = bound, .run = &run};
  for (size_t i = 0; i < setup->count; i++)
    world.messages[i] = (struct message){.sender = setup->sender[i], .due = UINT64_MAX};
  for (uint64_t sender = 0; sender < setup->senders; sender++)
    think_from(&world, sender, 0);
  for (world.now = 1; count_in(&world, GONE) < setup->count; world.now++) {
    depart(&world);
    take(&world);
    arrive(&world);
  }
  for (size_t i = 0; i < setup->count; i++) {
    const struct message *message = &world.messages[world.order[i]];
    run.order[i] = world.order[i];
    run.messages[i] = (struct residence){.birth_ns = message->arrived,
                                         .birth_thread = (uint16_t)(message->sender + 1),
                                         .death_ns = message->departs,
                                         .death_thread = (uint16_t)(message->consumer + 101)};
    if (message->departs > run.end) run.end = message->departs;
  }
  run.batch = (double)setup->count / (double)world.takes;
  return run;
}
