/* process.c - the life of a virtual process around its queues. */
#include "process.h"

#include <stdio.h>
#include <stdlib.h>

const char *const form_names[FORMS] = {"one block", "three blocks", "nodes of 31 and payload",
                                       "nodes of 31"};

#define CONFIGURATION 80 /* blocks that main makes at the start */

struct held process_malloc(struct world *world, uint32_t stack, uint64_t size) {
  struct held held = world_allocate(world, stack, size);
  world_work(world, MALLOC_NS);
  return held;
}

void process_free(struct world *world, struct held held, uint32_t stack) {
  world_release(world, held, stack);
  world_work(world, FREE_NS);
}

void process_bustle(struct world *world, struct chance *chance) {
  struct held text =
      process_malloc(world, world_stack(world, "format"), 8 + chance_below(chance, 120));
  world_work(world, 300);
  process_free(world, text, world_stack(world, "format_end"));
}

void *process_memory(struct process *process, size_t size) {
  void *memory = calloc(1, size);
  if (!memory || process->memory_count == sizeof(process->memory) / sizeof(*process->memory))
    abort();
  return process->memory[process->memory_count++] = memory;
}

const struct places *process_one_place(struct process *process, const char *name) {
  struct places *places = process_memory(process, sizeof(*places));
  places->of[places->count++] = world_stack(process->world, name);
  return places;
}

/* By the digits of the place's number. */
static uint32_t winding(struct world *world, unsigned place) {
  enum { DEPTH = 9 };
  uint32_t stack = world_stack(world, "walk");
  unsigned before = 0;
  for (unsigned i = 0; i < DEPTH; i++) {
    static const char *const calls[2][2] = {{"left, by left", "right, by left"},
                                            {"left, by right", "right, by right"}};
    unsigned digit = place >> i & 1;
    stack = world_stack_below(world, stack, calls[before][digit]);
    before = digit;
  }
  return stack;
}

const struct places *process_places(struct process *process, enum callers callers,
                                    const char *caller, const char *name) {
  struct places *places = process_memory(process, sizeof(*places));
  struct world *world = process->world;
  for (unsigned i = 0; i < PROCESS_PLACES; i++) {
    char function[32];
    snprintf(function, sizeof function, "place %u", i);
    uint32_t stack = callers == WINDING ? winding(world, i) : world_stack(world, function);
    stack = world_stack_below(world, stack, caller);
    places->of[places->count++] = world_stack_below(world, stack, name);
  }
  return places;
}

void process_at_exit(struct process *process, struct process_hook hook) {
  if (process->at_exit_count == PROCESS_HOOKS) abort();
  process->at_exit[process->at_exit_count++] = hook;
}

void process_cleanup(struct process *process, struct process_hook hook) {
  if (process->cleanup_count == PROCESS_HOOKS) abort();
  process->cleanup[process->cleanup_count++] = hook;
}

struct truth *process_truth(struct process *process, const char *label, unsigned kinds) {
  if (process->truth_count == PROCESS_TRUTHS) abort();
  struct truth *truth = &process->truths[process->truth_count++];
  *truth = (struct truth){.label = label, .kinds = kinds, .messages_per_block = 1};
  return truth;
}

void process_thread(struct process *process, const char *name, world_body *body, void *argument) {
  process->live++;
  world_thread(process->world, name, body, argument);
}

void process_thread_ends(struct process *process) {
  if (--process->live == 0) world_wake(process->world, &process->ended);
}

struct beginning {
  struct process *process;
  process_plan *plan;
  const void *argument;
};

static void main_thread(struct world *world, void *argument) {
  const struct beginning *beginning = argument;
  struct process *process = beginning->process;
  struct chance chance = world_chance(world, 1);
  uint32_t configuration = world_stack(world, "configuration"), table = world_stack(world, "table");
  struct held of[CONFIGURATION];
  struct held index = process_malloc(world, table, 64);
  for (unsigned i = 0; i < CONFIGURATION; i++) {
    of[i] = process_malloc(world, configuration, 16 + chance_below(&chance, 200));
    if ((i & (i + 1)) == 0) world_resize(world, &index, 64 + 32 * i, world_stack(world, "grow"));
    process_bustle(world, &chance);
  }
  beginning->plan(process, beginning->argument);
  if (process->live) world_wait(world, &process->ended);
  for (unsigned i = 0; i < process->at_exit_count; i++)
    process->at_exit[i].of(process, process->at_exit[i].argument);
  for (unsigned i = 0; i < CONFIGURATION / 2; i++)
    process_free(world, of[i], world_stack(world, "at_exit"));
  world_exit(world);
}

struct run process_live(const struct shape *shape, process_plan *plan, const void *argument) {
  struct process process = {.world = world_new(shape->seed), .shape = *shape};
  struct beginning beginning = {&process, plan, argument};
  struct run run = {0};
  world_thread(process.world, "main", main_thread, &beginning);
  world_run(process.world);
  run.history = world_free(process.world);
  run.truth_count = process.truth_count;
  for (unsigned i = 0; i < process.truth_count; i++) {
    run.truths[i] = process.truths[i];
    truth_finish(&run.truths[i]);
  }
  for (unsigned i = 0; i < process.cleanup_count; i++)
    process.cleanup[i].of(&process, process.cleanup[i].argument);
  for (unsigned i = 0; i < process.memory_count; i++)
    free(process.memory[i]);
  return run;
}

void run_free(struct run *run) {
  history_free(&run->history);
  for (unsigned i = 0; i < run->truth_count; i++)
    free(run->truths[i].stays);
  *run = (struct run){0};
}
