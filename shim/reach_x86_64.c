/* reach_x86_64.c - where the next step reads, by the walk's rules; and whether that is memory. */
#if defined(__x86_64__)

#include "reach.h"

#include <dlfcn.h>

#include "cfi_x86_64.h"
#include "process.h"
#include "sys.h"
#include "walk.h"

#define PAGE 4096u
#define FARTHEST (1u << 20) /* no frame is bigger */
#define SIGNAL_FRAME 1024u  /* a ucontext_t fits in */

/* The kernel looks at the set before it sees that there is no such way to change a mask. */
static bool page_is_memory(uint64_t page) {
  return process_may_call() && sys_sigmask(-1, (const uint64_t *)(uintptr_t)page, NULL) == -EINVAL;
}

static bool is_memory(struct reach *reach, uint64_t from, uint64_t end) {
  if (end < from || end - from > FARTHEST) return false;
  uint64_t page = from & ~(uint64_t)(PAGE - 1);
  if (page < reach->low || page > reach->high) reach->low = reach->high = page;
  for (; reach->high < end; reach->high += PAGE)
    if (!page_is_memory(reach->high)) return false;
  return true;
}

bool reach_caller(struct reach *reach, const struct reach_frame *frame) {
  const struct lane *lane = self.lane;
  struct dl_find_object object;
  /* for code without a module libgcc reads the code itself, in search of a signal's trampoline */
  if (_dl_find_object((void *)(uintptr_t)(frame->pc - 1), &object) != 0) return false;
  if (lane && frame->sp >= lane->stack_low && frame->sp < lane->stack_high) return true;
  struct cfi_rule rule = walk_rule(frame->pc);
  uint64_t offset = (uint64_t)(int64_t)rule.cfa, at = frame->bp + offset;
  switch (rule.kind) {
  case CFI_END:
    return true;
  case CFI_SP:
    return is_memory(reach, frame->sp, frame->sp + offset);
  case CFI_BP:
    return is_memory(reach, frame->sp, at);
  case CFI_BP_DEREF:
    return is_memory(reach, frame->sp, at + 8) &&
           is_memory(reach, frame->sp, *(const uint64_t *)(uintptr_t)at);
  default:
    return is_memory(reach, frame->sp, frame->sp + SIGNAL_FRAME);
  }
}

#endif
