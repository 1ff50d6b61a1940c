/* walk_x86_64.c - the memoised walk on x86-64, and the cache of rules that all threads share.
 *
 * The cache is filled without a lock: a place is claimed by its pc, then its rule is stored; a
 * reader takes a place only when both are there. Rules are a function of the pc, so it does not
 * matter who stores.
 */
#if defined(__x86_64__)

#include "walk.h"

#include <string.h>

#include "cfi_x86_64.h"
#include "unwind.h"

#define RULES (1u << 16)
#define RULE_PROBES 16

struct rule_place {
  uint64_t pc;   /* 0: empty */
  uint64_t rule; /* 0: not stored yet, or dropped */
};
static struct rule_place rules[RULES];

/* ---- rules ------------------------------------------------------------------------------ */

static uint64_t pack(struct cfi_rule rule) {
  uint64_t packed;
  memcpy(&packed, &rule, sizeof packed);
  return packed;
}
static struct cfi_rule unpack(uint64_t packed) {
  struct cfi_rule rule;
  memcpy(&rule, &packed, sizeof rule);
  return rule;
}
_Static_assert(sizeof(struct cfi_rule) == sizeof(uint64_t), "a rule is stored at once");

static __attribute__((noinline)) uint64_t rule_make(uint64_t pc, struct rule_place *place) {
  uint64_t rule = pack(cfi_rule_of(pc)), empty = 0;
  if (place && (__atomic_compare_exchange_n(&place->pc, &empty, pc, false, __ATOMIC_ACQ_REL,
                                            __ATOMIC_ACQUIRE) ||
                empty == pc))
    __atomic_store_n(&place->rule, rule, __ATOMIC_RELEASE);
  return rule;
}

static uint64_t rule_at(uint64_t pc) {
  uint32_t at = (uint32_t)(pc * 0x9e3779b97f4a7c15u >> 40);
  for (unsigned probe = 0; probe < RULE_PROBES; probe++, at++) {
    struct rule_place *place = &rules[at % RULES];
    uint64_t there = __atomic_load_n(&place->pc, __ATOMIC_ACQUIRE);
    if (there == pc) {
      uint64_t rule = __atomic_load_n(&place->rule, __ATOMIC_ACQUIRE);
      return rule ? rule : rule_make(pc, place);
    }
    if (there == 0) return rule_make(pc, place);
  }
  return rule_make(pc, NULL);
}

void walk_forget_range(uint64_t start, uint64_t end) {
  for (uint32_t i = 0; i < RULES; i++)
    if (rules[i].pc >= start && rules[i].pc < end)
      __atomic_store_n(&rules[i].rule, 0, __ATOMIC_RELEASE);
}

/* ---- steps ------------------------------------------------------------------------------ */

struct state {
  uint64_t pc, sp, bp;
};

static uint64_t load(uint64_t address) {
  return *(const uint64_t *)(uintptr_t)address;
}

static bool on_stack(const struct lane *lane, uint64_t low, uint64_t address) {
  return address >= low && address <= lane->stack_high - 8 && address % 8 == 0;
}

/* From a frame to its caller; false when the rule would read outside of [low, top of the stack). */
static inline bool step(const struct lane *lane, struct cfi_rule rule, uint64_t low,
                        struct state *state) {
  uint64_t cfa, saved = 0;
  if (rule.kind == CFI_SP) {
    cfa = state->sp + (uint64_t)(int64_t)rule.cfa;
  } else if (rule.kind == CFI_BP) {
    cfa = state->bp + (uint64_t)(int64_t)rule.cfa;
  } else {
    uint64_t at = state->bp + (uint64_t)(int64_t)rule.cfa;
    if (rule.kind != CFI_BP_DEREF || !on_stack(lane, low, at)) return false;
    cfa = load(at);
  }
  if (cfa <= state->sp || !on_stack(lane, low, cfa - 8)) return false;
  if (rule.bp != CFI_BP_SAME) {
    saved = (rule.kind == CFI_BP_DEREF ? state->bp : cfa) + (uint64_t)(int64_t)rule.bp;
    if (!on_stack(lane, low, saved)) return false;
    state->bp = load(saved);
  }
  state->pc = load(cfa - 8);
  state->sp = cfa;
  return true;
}

/* How many frames from `frame` outwards are unchanged: 0 says that all are, up to the root. */
static inline uint32_t verify(const struct lane *lane, uint32_t frame, uint64_t low) {
  const struct stack_memory *memory = &lane->memory;
  for (; frame > 0; frame--) {
    struct state state = {0, memory->sps[frame], memory->bps[frame]};
    if (!step(lane, unpack(memory->rules[frame]), low, &state) ||
        state.pc != memory->pcs[frame - 1] || state.sp != memory->sps[frame - 1] ||
        state.bp != memory->bps[frame - 1])
      break;
  }
  return frame;
}

enum { FRESH_PC, FRESH_SP, FRESH_BP, FRESH_RULE };

static inline void keep(struct stack_memory *memory, uint32_t *count, struct state state,
                        uint64_t rule) {
  uint64_t *frame = memory->fresh[(*count)++];
  frame[FRESH_PC] = state.pc;
  frame[FRESH_SP] = state.sp;
  frame[FRESH_BP] = state.bp;
  frame[FRESH_RULE] = rule;
}

bool walk_from(struct lane *lane, uintptr_t hook_frame) {
  struct stack_memory *memory = &lane->memory;
  const uint64_t low = hook_frame;
  struct state state;
  if (low < lane->stack_low || low + 16 > lane->stack_high) return false;
  do { /* the recorder's own frames have frame pointers */
    state.bp = load(hook_frame);
    state.pc = load(hook_frame + 8);
    state.sp = hook_frame + 16;
    hook_frame = state.bp;
  } while (unwind_is_own(state.pc));

  uint32_t count = 0, kept = memory->states_known; /* frames 0..kept - 1 may still be matched */
  for (;;) {
    while (kept > 0 && memory->sps[kept - 1] < state.sp)
      kept--;
    if (kept > 0 && memory->sps[kept - 1] == state.sp && memory->pcs[kept - 1] == state.pc &&
        memory->bps[kept - 1] == state.bp) {
      uint32_t changed = verify(lane, kept - 1, low);
      if (changed == 0) break;
      /* the frame's own state holds, its caller's does not: walk on from there */
      while (kept > changed) {
        kept--;
        state = (struct state){memory->pcs[kept], memory->sps[kept], memory->bps[kept]};
        keep(memory, &count, state, memory->rules[kept]);
      }
      if (!step(lane, unpack(memory->rules[changed]), low, &state)) return false;
      continue;
    }
    if (count >= STACK_LIMIT) return false;
    uint64_t packed = rule_at(state.pc);
    struct cfi_rule rule = unpack(packed);
    if (rule.kind == CFI_HARD) return false;
    keep(memory, &count, state, packed);
    if (rule.kind == CFI_END) {
      kept = 0;
      break;
    }
    if (!step(lane, rule, low, &state)) return false;
    if (state.pc == 0)
      return false; /* libgcc ends here too, but memory may change: not remembered */
  }
  if (kept + count > STACK_LIMIT) return false;
  memory->depth = memory->states_known = kept + count;
  if (memory->nodes_known > kept) memory->nodes_known = kept;
  for (uint32_t i = kept; count > 0; i++) {
    const uint64_t *frame = memory->fresh[--count];
    memory->pcs[i] = frame[FRESH_PC];
    memory->sps[i] = frame[FRESH_SP];
    memory->bps[i] = frame[FRESH_BP];
    memory->rules[i] = frame[FRESH_RULE];
  }
  return true;
}

#endif
