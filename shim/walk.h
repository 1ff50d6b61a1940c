/* walk.h - the memoised walk: only what changed since the thread's last stack is walked anew.
 *
 * A frame's state is (pc, sp, bp) on return to it; a rule says where the next frame's are found.
 * Where the state of a frame equals a remembered one's, each frame further out is verified: read
 * its return address and saved bp where the remembered rule says they are, and compare. Equal state
 * and equal memory give an equal step: exact, not a guess. What comes inwards of there is often one
 * of a few ways, and these are remembered too (walk_tails_x86_64.h).
 *
 * Reads nothing but the thread's own stack, and of a strange one only pages that were found to be
 * memory, anew in each walk. Machine-dependent: walk_x86_64.c; other machines
 * have none, and libgcc's unwinder does all.
 */
#ifndef DWELL_WALK_H
#define DWELL_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "cfi_x86_64.h"
#include "lane.h"

#if defined(__x86_64__)

/* The node of the calling stack, for the hook whose frame begins at `hook_frame`, if it is in the
 * memory or goes by a tail to what is in the memory; else 0. The memory may then be of another
 * stack. */
uint32_t walk_known(const struct lane *lane, uintptr_t hook_frame);

/* Else: walks, and leaves the callers in lane->memory: pcs, depth; nodes_known is lowered to what
 * is unchanged. False when a rule can't say: memory is then unchanged, and libgcc's unwinder must
 * do it. */
bool walk_from(struct lane *lane, uintptr_t hook_frame);

/* The stack that is in the memory, the whole of which has its nodes, has this one: to be known the
 * next time. Only when memory.joined says that it can be. */
void walk_keep_tail(struct lane *lane, uint32_t node);

/* The rule of a return address, from the cache that all walks share. */
struct cfi_rule walk_rule(uint64_t return_address);

/* After code was unloaded: rules of pcs in [start, end) are dropped. */
void walk_forget_range(uint64_t start, uint64_t end);

#else

static inline uint32_t walk_known(const struct lane *lane, uintptr_t hook_frame) {
  (void)lane, (void)hook_frame;
  return 0;
}
static inline bool walk_from(struct lane *lane, uintptr_t hook_frame) {
  (void)lane, (void)hook_frame;
  return false;
}
static inline void walk_keep_tail(struct lane *lane, uint32_t node) {
  (void)lane, (void)node;
}
static inline void walk_forget_range(uint64_t start, uint64_t end) {
  (void)start, (void)end;
}

#endif

#endif
