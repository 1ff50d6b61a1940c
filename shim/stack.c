/* stack.c - takes a walk, keeps what is equal to the lane's last one, and looks up the rest.
 *
 * Stacks are kept whole up to STACK_LIMIT frames; beyond that one [truncated] node stands for the
 * root side.
 */
#include "stack.h"

#include <errno.h>
#include <string.h>

#include "process.h"
#include "stack_tree.h"
#include "trace_out.h"
#include "unwind.h"
#include "walk.h"

static void count(uint64_t *counter) {
  __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* `fresh` as a buffer for plain stacks, leaf first: room for two and more. */
static uint64_t *walked_pcs(struct stack_memory *memory) {
  return &memory->fresh[0].pc;
}

/* DWELL_CHECK_STACKS: what is recorded, as the tree has it. */
static __attribute__((noinline)) void check(struct stack_memory *memory, uint32_t node) {
  uint64_t *stack = walked_pcs(memory), *other = stack + STACK_LIMIT + 1;
  uint32_t depth = stack_tree_pcs(node, stack);
  const bool cut = depth && stack[depth - 1] == TRACE_PC_TRUNCATED;
  count(&trace_out.control->checked_stacks);
  if (!unwind_agrees(stack, depth - cut, cut, other)) count(&trace_out.control->differing_stacks);
}

/* The slow way: the whole stack by an unwinder; what is equal to the last one keeps its nodes. */
static __attribute__((noinline)) void unwind(struct stack_memory *memory) {
  uint64_t *walked = walked_pcs(memory);
  int saved = errno;
  size_t depth = unwind_walk(walked, STACK_LIMIT + 1);
  if (depth > STACK_LIMIT) walked[depth - 1] = TRACE_PC_TRUNCATED;
  if (depth == 0) {
    walked[depth++] = TRACE_PC_INCOMPLETE;
    count(&trace_out.control->incomplete_stacks);
  }
  uint32_t same = 0;
  while (same < depth && same < memory->nodes_known &&
         memory->frames[same].pc == walked[depth - 1 - same])
    same++;
  memory->nodes_known = same;
  memory->states_known = 0;
  memory->joined = 0;
  memory->depth = (uint32_t)depth;
  for (size_t i = same; i < depth; i++)
    memory->frames[i].pc = walked[depth - 1 - i];
  errno = saved;
}

/* The node of the stack that is in the memory. */
static uint32_t look_up(struct lane *lane) {
  struct stack_memory *memory = &lane->memory;
  uint32_t depth = memory->nodes_known, node = depth ? memory->nodes[depth - 1] : 0;
  for (; depth < memory->depth; depth++) {
    uint32_t child = stack_tree_child(lane, node, memory->frames[depth].pc);
    if (!child) { /* no memory: the stack ends here, towards the leaf */
      count(&trace_out.control->incomplete_stacks);
      memory->joined = 0;
      break;
    }
    memory->nodes[depth] = node = child;
  }
  memory->nodes_known = depth;
  if (memory->joined && memory->joined < depth) walk_keep_tail(lane, node);
  return node;
}

static __attribute__((noinline)) void forget(struct stack_memory *memory, uint32_t epoch) {
  memory->nodes_known = memory->states_known = 0;
  memset(memory->children, 0, sizeof memory->children);
  memset(memory->tails.tags, 0, sizeof memory->tails.tags);
  memory->epoch = epoch;
}

/* The slow way: a stack that did not come lately. */
static __attribute__((noinline)) uint32_t find(struct lane *lane) {
  if (settings.unwind != UNWIND_MEMOISED || !walk_from(lane, self.busy)) unwind(&lane->memory);
  return look_up(lane);
}

uint32_t stack_here(struct lane *lane) {
  uint32_t epoch = stack_tree_epoch();
  if (__builtin_expect(lane->memory.epoch != epoch, 0)) forget(&lane->memory, epoch);
  uint32_t node = walk_known(lane, self.busy);
  if (!node) node = find(lane);
  if (__builtin_expect(settings.check_stacks, 0)) check(&lane->memory, node);
  return node;
}
