/* stack_tree.h - the tree of call stacks: a node is a pc under its caller's node.
 *
 * Look-up is lock-free; each node is in the trace before its number is seen by any other thread.
 * Nodes number from 1; 0 is the root (and "no stack").
 */
#ifndef DWELL_STACK_TREE_H
#define DWELL_STACK_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "hash.h"
#include "lane.h"

/* 16 bytes and dense: a new stack's nodes lie one behind the other. */
struct stack_tree_node {
  uint64_t pc;
  uint32_t parent;
  uint32_t ready; /* 1: it is recorded, and the only one of its pc and parent */
};
#define STACK_TREE_SEGMENT 65536u
#define STACK_TREE_SEGMENTS 512u
extern struct stack_tree_node *stack_tree_segments[STACK_TREE_SEGMENTS];

/* The slow way of stack_tree_child(). */
uint32_t stack_tree_find(struct lane *lane, uint32_t parent, uint64_t pc);

/* The node of `pc` under `parent`, made and recorded in the lane if it is new. 0: no memory. Most
 * children come right behind their parents (two of three in cc1, python, sqlite3 and jq), or were
 * found by this thread not long ago. */
static inline uint32_t stack_tree_child(struct lane *lane, uint32_t parent, uint64_t pc) {
  uint32_t behind = parent + 1;
  const struct stack_tree_node *segment = __atomic_load_n(
      &stack_tree_segments[behind / STACK_TREE_SEGMENT % STACK_TREE_SEGMENTS], __ATOMIC_ACQUIRE);
  if (__builtin_expect(segment != NULL, 1)) {
    const struct stack_tree_node *node = &segment[behind % STACK_TREE_SEGMENT];
    if (__atomic_load_n(&node->ready, __ATOMIC_ACQUIRE) && node->parent == parent &&
        __atomic_load_n(&node->pc, __ATOMIC_RELAXED) == pc)
      return behind;
  }
  struct stack_child *child =
      &lane->memory.children[(hash_word(pc ^ (uint64_t)parent << 32) >> 40) % CHILDREN_KEPT];
  if (child->pc == pc && child->parent == parent && child->number) return child->number;
  uint32_t number = stack_tree_find(lane, parent, pc);
  *child = (struct stack_child){pc, parent, number};
  return number;
}

/* The pcs of a node's stack, leaf first; returns how many. `pcs` has room for STACK_LIMIT + 1. */
uint32_t stack_tree_pcs(uint32_t node, uint64_t *pcs);

/* After code was unloaded: nodes in [start, end) are not found any more. */
void stack_tree_forget_range(uint64_t start, uint64_t end);
/* Grows whenever nodes were forgotten: what a lane remembers of an older tree is void. */
extern uint32_t stack_tree_epochs;
static inline uint32_t stack_tree_epoch(void) {
  return __atomic_load_n(&stack_tree_epochs, __ATOMIC_ACQUIRE);
}
/* In a forked child: an empty tree. */
void stack_tree_forget(void);

#endif
