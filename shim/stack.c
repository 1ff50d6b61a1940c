/* stack.c - takes a walk, keeps what is equal to the lane's last one, and looks up the rest.
 *
 * Stacks are kept whole up to STACK_LIMIT frames; beyond that one [truncated] node stands for the
 * root side.
 */
#include "stack.h"

#include "process.h"
#include "stack_tree.h"
#include "trace_out.h"
#include "unwind.h"

static __attribute__((noinline)) void check(struct stack_memory *memory, size_t walked) {
  struct trace_control *control = trace_out.control;
  __atomic_fetch_add(&control->checked_stacks, 1, __ATOMIC_RELAXED);
  if (!unwind_agrees(memory->walked, walked, memory->checked))
    __atomic_fetch_add(&control->differing_stacks, 1, __ATOMIC_RELAXED);
}

uint32_t stack_here(struct lane *lane) {
  struct stack_memory *memory = &lane->memory;
  size_t walked = unwind_walk(memory->walked, STACK_LIMIT + 1);
  if (settings.check_stacks) check(memory, walked);
  uint32_t epoch = stack_tree_epoch();
  if (memory->epoch != epoch) {
    memory->depth = 0;
    memory->epoch = epoch;
  }
  if (walked > STACK_LIMIT) memory->walked[walked - 1] = TRACE_PC_TRUNCATED;
  if (walked == 0) {
    memory->walked[walked++] = TRACE_PC_INCOMPLETE;
    __atomic_fetch_add(&trace_out.control->incomplete_stacks, 1, __ATOMIC_RELAXED);
  }
  uint32_t depth = 0, node = 0;
  while (depth < walked && depth < memory->depth &&
         memory->pcs[depth] == memory->walked[walked - 1 - depth])
    node = memory->nodes[depth++];
  for (; depth < walked; depth++) {
    uint64_t pc = memory->walked[walked - 1 - depth];
    uint32_t child = stack_tree_node(lane, node, pc);
    if (!child) { /* no memory: the stack ends here, towards the leaf */
      __atomic_fetch_add(&trace_out.control->incomplete_stacks, 1, __ATOMIC_RELAXED);
      break;
    }
    memory->pcs[depth] = pc;
    memory->nodes[depth] = node = child;
  }
  memory->depth = depth;
  return node;
}
