/* unwind.h - the walk up the stack.
 *
 * libgcc's unwinder, linked statically and hidden, walks by default: it asks ld.so only through the
 * lock-free _dl_find_object, and the host's own _Unwind_* stay untouched. libunwind is loaded only
 * when DWELL_UNWIND=libunwind asks for it: see README, "Which unwinder".
 */
#ifndef DWELL_UNWIND_H
#define DWELL_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads settings; loads libunwind if asked to (and says so if it cannot). */
void unwind_prepare(void);
const char *unwind_name(void); /* "memoised", "libgcc" or "libunwind" */

/* Whether a pc lies in the recorder itself. */
extern uint64_t unwind_own_start, unwind_own_end;
static inline bool unwind_is_own(uint64_t pc) {
  return pc - unwind_own_start < unwind_own_end - unwind_own_start;
}

/* The callers of the hook, leaf first: return addresses (pc + 1 of a frame that a signal
 * interrupted). At most `limit`; returns how many. The recorder's own frames are left out. */
size_t unwind_walk(uint64_t *pcs, size_t limit);

/* Whether the hook whose frame is at `busy` is on the calling stack, further out than the hook that
 * is running. True also when that can't be seen. */
bool unwind_passes(uintptr_t busy);

/* DWELL_CHECK_STACKS: whether a fresh walk by libunwind, from the same hook, sees the same frames;
 * `cut`: those were not all, towards the root. `store` has room for STACK_LIMIT. False too when
 * libunwind could not be loaded. */
bool unwind_agrees(const uint64_t *pcs, size_t count, bool cut, uint64_t *store);

#endif
