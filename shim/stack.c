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

uint32_t stack_here(struct lane *lane) {
  struct stack_memory *memory = &lane->memory;
  size_t walked = unwind_walk(memory->walked, STACK_LIMIT + 1);
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
