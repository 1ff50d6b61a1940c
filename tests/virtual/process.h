/* process.h - a virtual process: its main thread, what every process does besides, and the truths
 * about its queues. */
#ifndef TESTS_PROCESS_H
#define TESTS_PROCESS_H

#include "truth.h"

/* What a message is made of. */
enum form {
  FORM_ONE,        /* one block */
  FORM_THREE,      /* payload, message, list node */
  FORM_NODES,      /* payload, and a node for each 31 messages */
  FORM_NODES_ONLY, /* a node for each 31 messages, which are in it */
  FORMS
};
extern const char *const form_names[FORMS];
#define NODE_MESSAGES 31u

struct shape {
  unsigned producers, consumers;
  enum form form;
  uint64_t seed;
};

#define PROCESS_TRUTHS 4
#define PROCESS_HOOKS 4
struct process;
struct process_hook {
  void (*of)(struct process *process, void *argument);
  void *argument;
};
struct process {
  struct world *world;
  struct shape shape;
  struct truth truths[PROCESS_TRUTHS];
  unsigned truth_count;
  unsigned live; /* threads besides main */
  struct world_queue ended;
  struct process_hook at_exit[PROCESS_HOOKS], cleanup[PROCESS_HOOKS];
  unsigned at_exit_count, cleanup_count;
  void *memory[32]; /* freed with the process */
  unsigned memory_count;
};

/* What has happened. */
struct run {
  struct history history;
  struct truth truths[PROCESS_TRUTHS];
  unsigned truth_count;
};

typedef void process_plan(struct process *process, const void *argument);

/* Lives a whole process: main starts up, `plan` starts threads, main waits for them and exits. */
struct run process_live(const struct shape *shape, process_plan *plan, const void *argument);
void run_free(struct run *run);

/* For plans and threads. The world's main thread runs the plan. */
struct truth *process_truth(struct process *process, const char *label, unsigned kinds);
/* `argument` is what the body gets. It ends with process_thread_ends(). */
void process_thread(struct process *process, const char *name, world_body *body, void *argument);
void process_thread_ends(struct process *process);
/* In main, when all other threads have ended; and when there is no process any more, whatever
 * became of it: to free what isn't virtual. */
void process_at_exit(struct process *process, struct process_hook hook);
void process_cleanup(struct process *process, struct process_hook hook);
void *process_memory(struct process *process, size_t size); /* zeroed */

/* Birth stacks that end in a frame of this name, below a caller's: one, or as many as there are
 * places that call it. With WINDING those are of a recursion of two functions, each of which calls
 * either; else of as many functions. */
enum callers { STRAIGHT, WINDING };
#define PROCESS_PLACES 500u
struct places {
  uint32_t of[PROCESS_PLACES];
  unsigned count; /* 1 or PROCESS_PLACES */
};
const struct places *process_one_place(struct process *process, const char *name);
const struct places *process_places(struct process *process, enum callers callers,
                                    const char *caller, const char *name);
/* One that stands for all. */
static inline uint32_t process_any_of(const struct places *places) {
  return places->of[places->count / 2];
}

/* One block the time that malloc takes, or free. */
#define MALLOC_NS 60
#define FREE_NS 40
struct held process_malloc(struct world *world, uint32_t stack, uint64_t size);
void process_free(struct world *world, struct held held, uint32_t stack);
/* Work that needs memory for a moment, as everything does. */
void process_bustle(struct world *world, struct chance *chance);

#endif
