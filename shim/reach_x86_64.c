/* reach_x86_64.c - where the next step reads, by the walk's rules; and whether that is memory. */
#if defined(__x86_64__)

#include "reach.h"

#include <dlfcn.h>
#include <string.h>
#include <ucontext.h>

#include "cfi_x86_64.h"
#include "process.h"
#include "sys.h"
#include "walk.h"

#define PAGE 4096u
#define FARTHEST (1u << 20) /* no frame is bigger */
#define SIGNAL_FRAME 1024u  /* a ucontext_t fits in */

/* mov $SYS_rt_sigreturn, %rax; syscall: where a signal's handler returns to */
static const unsigned char trampoline[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};

/* The kernel looks at the set before it sees that there is no such way to change a mask. */
bool reach_page(uint64_t page) {
  return process_may_call() && sys_sigmask(-1, (const uint64_t *)(uintptr_t)page, NULL) == -EINVAL;
}

static bool is_memory(struct reach *reach, uint64_t from, uint64_t end) {
  if (end < from || end - from > FARTHEST) return false;
  uint64_t page = from & ~(uint64_t)(PAGE - 1);
  if (page < reach->low || page > reach->high) reach->low = reach->high = page;
  for (; reach->high < end; reach->high += PAGE)
    if (!reach_page(reach->high)) return false;
  return true;
}

/* libgcc reads the code at a pc that has no unwind table, in search of a signal's trampoline. */
static bool is_code(uint64_t pc) {
  if (pc == 0 || walk_rule(pc).kind != CFI_HARD) return true;
  return reach_page(pc & ~(uint64_t)(PAGE - 1)) &&
         reach_page((pc + sizeof trampoline) & ~(uint64_t)(PAGE - 1));
}

static uint64_t load(uint64_t address) {
  return *(const uint64_t *)(uintptr_t)address;
}

/* Where the caller's sp begins; 0: not to be known, or not to be reached. */
static uint64_t caller_sp(struct reach *reach, const struct reach_frame *frame,
                          struct cfi_rule rule) {
  uint64_t offset = (uint64_t)(int64_t)rule.cfa, at = frame->bp + offset;
  if (rule.kind == CFI_SP) at = frame->sp + offset;
  if (rule.kind == CFI_BP_DEREF) {
    if (!is_memory(reach, frame->sp, at + 8)) return 0;
    at = load(at);
  }
  return is_memory(reach, frame->sp, at) ? at : 0;
}

bool reach_caller(struct reach *reach, const struct reach_frame *frame) {
  const struct lane *lane = self.lane;
  struct dl_find_object object;
  bool own = lane && frame->sp >= lane->stack_low && frame->sp < lane->stack_high;
  struct cfi_rule rule = walk_rule(frame->pc);
  if (rule.kind == CFI_END) return true;
  if (rule.kind == CFI_HARD) {
    if (_dl_find_object((void *)(uintptr_t)(frame->pc - 1), &object) != 0) return false;
    if (!own && !is_memory(reach, frame->sp, frame->sp + SIGNAL_FRAME)) return false;
    if (memcmp((const void *)(uintptr_t)frame->pc, trampoline, sizeof trampoline) != 0) return true;
    /* a signal's frame: what it interrupted may have been anywhere */
    const ucontext_t *context = (const void *)(uintptr_t)frame->sp;
    return is_code((uint64_t)context->uc_mcontext.gregs[REG_RIP]);
  }
  if (own) return true;
  uint64_t sp = caller_sp(reach, frame, rule);
  return sp && is_code(load(sp - 8));
}

#endif
