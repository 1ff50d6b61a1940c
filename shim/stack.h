/* stack.h - from the hook's call stack to a number: walk, then the stack tree. */
#ifndef DWELL_STACK_H
#define DWELL_STACK_H

#include <stdint.h>

#include "lane.h"

/* The stack of the caller of the hook that is running; 0 when there is no memory for it. New nodes
 * are recorded in the lane first. */
uint32_t stack_here(struct lane *lane);

#endif
