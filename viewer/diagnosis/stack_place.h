/* stack_place.h - the innermost frames of a stack. Pure. */
#ifndef DWELL_STACK_PLACE_H
#define DWELL_STACK_PLACE_H

#include "candidates.h"

enum { STACK_PLACE_FRAMES = 4 };

struct stack_place {
  uint64_t frames[STACK_PLACE_FRAMES]; /* innermost first, each address once; 0: no more */
};

struct stack_place stack_place_of(const struct stack_tree *tree, uint32_t stack);
/* In an order that puts those together that begin with the same frames. */
int stack_place_compare(const struct stack_place *a, const struct stack_place *b);

#endif
