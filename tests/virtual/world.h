/* world.h - a process that never was: threads in virtual time, its heap, and the events that the
 * recorder would have written of it.
 *
 * Everything follows from the seed. A thread is an ordinary function on a stack of its own; it runs
 * without interruption until it lets time pass, or waits; then the thread whose time is next goes
 * on. A tick is a nanosecond. Blocks have no memory, only addresses, which are handed out as malloc
 * does: what was freed last comes first.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "viewer/event.h"

#define WORLD_THREADS 12 /* at most */
#define WORLD_STACKS 4096
#define WORLD_START_NS 1000 /* time of the first event, at least */
#define WORLD_NEVER UINT64_MAX

struct world;
typedef void world_body(struct world *world, void *argument);

/* Threads that wait for something, first come first served. */
struct world_queue {
  unsigned of[WORLD_THREADS], count;
};

struct held {
  uint64_t address, size;
};

/* The events, in order of time, and what their numbers mean. */
struct history {
  struct event *events;
  size_t count, capacity;
  uint64_t end_ns;
  const char *threads[WORLD_THREADS + 1]; /* by number, from 1 */
  unsigned thread_count;
  char stacks[WORLD_STACKS][32];  /* innermost frames, by id, from 1 */
  uint32_t callers[WORLD_STACKS]; /* the stacks that they were called from, 0 none */
  unsigned stack_count;
};

struct world *world_new(uint64_t seed);
/* Frees all but the history, which is the caller's: history_free(). */
struct history world_free(struct world *world);
void history_free(struct history *history);

/* A thread that begins now. `name` must outlive the history. Returns its number. */
unsigned world_thread(struct world *world, const char *name, world_body *body, void *argument);
/* Runs until all threads have ended or wait for ever, one calls world_exit(), or the time has come
 * at which the process is killed. */
void world_run(struct world *world);
void world_kill_at(struct world *world, uint64_t ns); /* also from a thread, for later */

/* For threads. */
uint64_t world_now(const struct world *world);
unsigned world_self(const struct world *world); /* number of the running thread */
void world_work(struct world *world, uint64_t ns);
void world_sleep_until(struct world *world, uint64_t ns);
void world_wait(struct world *world, struct world_queue *queue);
void world_wake(struct world *world, struct world_queue *queue); /* one of them, if any */
void world_exit(struct world *world);

/* The heap. None of these lets time pass. `stack` is from world_stack(). */
uint32_t world_stack(struct world *world, const char *name); /* interned */
uint32_t world_stack_below(struct world *world, uint32_t caller, const char *name);
struct held world_allocate(struct world *world, uint32_t stack, uint64_t size);
void world_release(struct world *world, struct held held, uint32_t stack);
void world_resize(struct world *world, struct held *held, uint64_t size, uint32_t stack);

/* ---- chance: a stream of numbers for each purpose, so that one doesn't depend on another -- */

struct chance {
  uint64_t state;
};
enum jitter { STEADY, EXPONENTIAL, LOGNORMAL };

/* The world's n-th stream. */
struct chance world_chance(const struct world *world, uint64_t number);
uint64_t chance_next(struct chance *chance);                                   /* 64 bits */
uint64_t chance_below(struct chance *chance, uint64_t below);                  /* 0..below - 1 */
double chance_uniform(struct chance *chance);                                  /* in (0, 1] */
uint64_t chance_ns(struct chance *chance, double mean_ns, enum jitter jitter); /* at least 1 */

#endif
