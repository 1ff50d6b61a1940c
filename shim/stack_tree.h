/* stack_tree.h - the tree of call stacks: a node is a pc under its caller's node.
 *
 * Look-up is lock-free; each node is in the trace before its number is seen by any other thread.
 * Nodes number from 1; 0 is the root (and "no stack").
 */
#ifndef DWELL_STACK_TREE_H
#define DWELL_STACK_TREE_H

#include <stdint.h>

#include "lane.h"

/* The node of `pc` under `parent`, made and recorded in the lane if it is new. 0: no memory. */
uint32_t stack_tree_node(struct lane *lane, uint32_t parent, uint64_t pc);

/* After code was unloaded: nodes in [start, end) are not found any more. */
void stack_tree_forget_range(uint64_t start, uint64_t end);
/* Grows whenever nodes were forgotten: what a lane remembers of an older tree is void. */
uint32_t stack_tree_epoch(void);
/* In a forked child: an empty tree. */
void stack_tree_forget(void);

#endif
