/* frames.c - 40 levels of 10 functions. A function of level l calls one of level l + 1 from its
 * only call site; which one is a digit of the path. So each level adds one return address of ten.
 *
 * The digits of levels 0, 1, 2 tell all three decimal digits of the path's number: 1,000 distinct
 * stacks, whose common part is never deeper than two frames; the levels below repeat them. Each of
 * the three changes when the number goes up by one. Frames differ in size, as real ones do.
 */
#include "frames.h"

#include <stddef.h>

struct walk {
  int digit[3];
  int depth;
  void (*leaf)(void *argument);
  void *argument;
  unsigned returned; /* so that no call below is the last of its function, and none are alike */
};

typedef void frame(struct walk *walk);
static frame *const frames[FRAMES_DEPTH + 1][10]; /* below the deepest is none */

static __attribute__((noinline)) void call_leaf(struct walk *walk) {
  walk->leaf(walk->argument);
  walk->returned++;
}

static inline frame *frame_after(const struct walk *walk, int level) {
  return level + 1 == walk->depth ? call_leaf : frames[level + 1][walk->digit[(level + 1) % 3]];
}

#define NAME_(level, variant) frame_##level##_##variant
#define NAME(level, variant) NAME_(level, variant)
#define FRAME(level, variant)                                                                      \
  static void NAME(level, variant)(struct walk * walk) {                                           \
    volatile char room[16 * (variant) + 1];                                                        \
    room[0] = 0;                                                                                   \
    frame_after(walk, level)(walk);                                                                \
    walk->returned += 10u * (level) + (variant) + 1u + (unsigned)room[0];                          \
  }
#define LEVEL(level)                                                                               \
  FRAME(level, 0)                                                                                  \
  FRAME(level, 1)                                                                                  \
  FRAME(level, 2)                                                                                  \
  FRAME(level, 3)                                                                                  \
  FRAME(level, 4)                                                                                  \
  FRAME(level, 5)                                                                                  \
  FRAME(level, 6)                                                                                  \
  FRAME(level, 7)                                                                                  \
  FRAME(level, 8)                                                                                  \
  FRAME(level, 9)
#define ROW(level)                                                                                 \
  {NAME(level, 0), NAME(level, 1), NAME(level, 2), NAME(level, 3), NAME(level, 4),                 \
   NAME(level, 5), NAME(level, 6), NAME(level, 7), NAME(level, 8), NAME(level, 9)},

/* clang-format off */
#define LEVELS(X)                                                                                  \
  X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9)                                                \
  X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19)                                      \
  X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29)                                      \
  X(30) X(31) X(32) X(33) X(34) X(35) X(36) X(37) X(38) X(39)
/* clang-format on */

LEVELS(LEVEL)
static frame *const frames[FRAMES_DEPTH + 1][10] = {LEVELS(ROW)};

void frames_descend(int path, int depth, void (*leaf)(void *argument), void *argument) {
  struct walk walk = {
      .digit = {path % 10, (path + path / 10) % 10, (path + path / 100) % 10},
      .depth = depth,
      .leaf = leaf,
      .argument = argument,
  };
  frames[0][walk.digit[0]](&walk);
}
