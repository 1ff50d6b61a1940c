/* reach.h - may libgcc's unwinder take one more step?
 *
 * It reads where the tables say, and they say so for stacks that were called into, down from a
 * thread's start. The first frame of a coroutine may return to a place that never called it, and
 * the words that a step from there would read may lie above the stack's end. So outside of the
 * thread's own stack what a step will read is looked at first: is it memory?
 */
#ifndef DWELL_REACH_H
#define DWELL_REACH_H

#include <stdbool.h>
#include <stdint.h>

/* Of one walk; begins as {0}. */
struct reach {
  uint64_t low, high; /* pages that can be read */
};

struct reach_frame {
  uint64_t pc, sp, bp; /* pc as in a stack: a return address */
};

#if defined(__x86_64__)
bool reach_caller(struct reach *reach, const struct reach_frame *frame);
/* Whether the page that begins there is memory; a system call. */
bool reach_page(uint64_t page);
#else
static inline bool reach_caller(struct reach *reach, const struct reach_frame *frame) {
  (void)reach, (void)frame;
  return true;
}
#endif

#endif
