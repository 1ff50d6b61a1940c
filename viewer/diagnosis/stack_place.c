/* stack_place.c - see stack_place.h. */
#include "stack_place.h"

#include <stdbool.h>

/* A recursion may be as deep as it likes, but it is not followed for ever. */
enum { WALK_MAX = 256 };

static bool add(struct stack_place *place, size_t *count, uint64_t frame) {
  for (size_t i = 0; i < *count; i++)
    if (place->frames[i] == frame) return true;
  place->frames[(*count)++] = frame;
  return *count < STACK_PLACE_FRAMES;
}

struct stack_place stack_place_of(const struct stack_tree *tree, uint32_t stack) {
  struct stack_place place = {0};
  size_t count = 0;
  uint32_t node = stack;
  for (int i = 0; i < WALK_MAX; i++) {
    uint32_t caller = 0;
    uint64_t frame = tree->frame(tree->of, node, &caller);
    if (!frame || !add(&place, &count, frame) || caller >= node) break;
    node = caller;
  }
  return place;
}

int stack_place_compare(const struct stack_place *a, const struct stack_place *b) {
  for (int i = 0; i < STACK_PLACE_FRAMES; i++)
    if (a->frames[i] != b->frames[i]) return a->frames[i] < b->frames[i] ? -1 : 1;
  return 0;
}
