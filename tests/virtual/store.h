/* store.h - memory that is kept, but in no queue: items, and what threads do with them step by
 * step.
 *
 * All threads share one store. An item is one block or three. What step does between two calls that
 * let time pass (item_new, item_end) nobody sees half done.
 */
#ifndef TESTS_STORE_H
#define TESTS_STORE_H

#include "process.h"

#define STORE_STEPS 4000u
#define STORE_STEP_NS 200000.0
#define STORE_ITEMS 4096u

struct item {
  struct held payload, body, node;
  size_t number; /* in the truth */
  unsigned place;
  uint64_t due_ns;
};

struct store;
typedef void store_step(struct store *store, struct chance *chance);

struct store_plan {
  const char *name;
  unsigned kinds, kinds_sampled; /* of verdicts that are right, see truth.h */
  store_step *step;
  unsigned most;        /* items, as far as the step cares */
  bool freed;           /* all of it, at exit */
  bool from_everywhere; /* items are made at hundreds of places, */
  bool freed_there;     /* and freed there: they have nothing to do with each other */
  double timed_ns; /* items are due this long after their birth on average; a timer ends them, */
  enum jitter timed_jitter;
  bool swept;             /* ... or the step does */
  bool steady;            /* steps come at even times */
  unsigned freed_at_once; /* for a plan that takes down what it has made */
  double ramp;            /* the time between steps falls (or grows) to this share; 0: it doesn't */
  double quickens;        /* after a fifth of the steps it falls to this share; 0: it doesn't */
};

struct store {
  struct process *process;
  struct store_plan plan;
  struct truth *truth;
  struct item items[STORE_ITEMS]; /* in the order that the step likes */
  unsigned count;
  unsigned threads, running;                          /* that do steps */
  struct world_queue room;                            /* who waits until an item has ended */
  const struct places *payload, *body, *node, *freed; /* stacks */
};

struct store *store_start(struct process *process, const struct store_plan *plan);
/* Without threads: for a plan that has its own. */
struct store *store_new(struct process *process, const struct store_plan *plan);
/* A process_plan of one store: `argument` is a struct store_plan. */
void store_process(struct process *process, const void *plan);

struct item item_new(struct store *store, struct chance *chance);
void item_end(struct store *store, struct item item);
/* Takes the one at a place out; those behind it move up. */
struct item store_take(struct store *store, unsigned place);
void store_put(struct store *store, struct item item); /* last */
void store_clear(struct store *store);

#endif
