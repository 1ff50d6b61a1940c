/* recursive tree: goes down to depth 10,000; each step is taken from one of three places, by fixed
 * chance, and each level makes a block of 701 and frees it; from some levels a side branch of up to
 * 20 levels more begins. recursive swing: even and odd call each other until the stack has
 * 1,200 frames and come back up to 900, 300 times, in one of four ways through the two places that
 * each calls from, with a block of 709 at each step down. Prints how many blocks there were. */
#include "say.h"

#include "apart.h"

static uint32_t state = 1;
static long made;

static uint32_t chance(uint32_t below) {
  state = state * 1664525 + 1013904223;
  return (state >> 8) % below;
}

static void step(int depth, int end) {
  free(malloc(701));
  made++;
  if (depth == end) return;
  switch (chance(3)) {
  case 0:
    APART(1, step(depth + 1, end));
    break;
  case 1:
    APART(2, step(depth + 1, end));
    break;
  default:
    APART(3, step(depth + 1, end));
  }
  if (end == 10000 && chance(100) == 0) {
    APART(4, step(depth + 1, depth + 1 + (int)chance(20)));
  }
}

enum { LOW = 600, HIGH = 800, SWINGS = 300, WAYS = 4 };
static unsigned way; /* of this swing */
static void odd(int depth);

static int left_at(int depth) {
  return ((unsigned)depth + way * 977) * 2654435761u >> 31;
}

static void even_step(int depth) {
  free(malloc(709));
  made++;
  if (left_at(depth)) {
    APART(1, odd(depth + 1));
  } else {
    APART(2, odd(depth + 1));
  }
}

static void even(int depth) {
  if (depth >= HIGH) return;
  for (int swing = 0; swing < (depth == LOW ? SWINGS : 1); swing++) {
    if (depth == LOW) way = (unsigned)swing % WAYS;
    even_step(depth);
  }
}

static void odd(int depth) {
  if (depth >= HIGH) return;
  free(malloc(709));
  made++;
  if (left_at(depth)) {
    APART(1, even(depth + 1));
  } else {
    APART(2, even(depth + 1));
  }
}

int main(int argc, char **argv) {
  NEED(argc == 2);
  if (strcmp(argv[1], "tree") == 0)
    step(0, 10000);
  else
    even(0);
  say("%ld\n", made);
  return 0;
}
