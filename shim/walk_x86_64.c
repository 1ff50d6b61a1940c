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
#include "hash.h"
#include "reach.h"
#include "unwind.h"
#include "walk_tails_x86_64.h"

#define RULES (1u << 16)
#define RULE_PROBES 16

struct rule_place {
  uint64_t pc;   /* 0: empty */
  uint64_t rule; /* 0: not stored yet, or dropped */
};
static struct rule_place rules[RULES];

/* ---- rules ------------------------------------------------------------------------------ */

static __attribute__((noinline)) uint64_t rule_make(uint64_t pc, struct rule_place *place) {
  uint64_t rule = pack(cfi_rule_of(pc)), empty = 0;
  if (place && (__atomic_compare_exchange_n(&place->pc, &empty, pc, false, __ATOMIC_ACQ_REL,
                                            __ATOMIC_ACQUIRE) ||
                empty == pc))
    __atomic_store_n(&place->rule, rule, __ATOMIC_RELEASE);
  return rule;
}

static uint64_t rule_at(uint64_t pc) {
  uint32_t at = (uint32_t)(hash_word(pc) >> 40);
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

struct cfi_rule walk_rule(uint64_t return_address) {
  return unpack(rule_at(return_address));
}

void walk_forget_range(uint64_t start, uint64_t end) {
  for (uint32_t i = 0; i < RULES; i++)
    if (rules[i].pc >= start && rules[i].pc < end)
      __atomic_store_n(&rules[i].rule, 0, __ATOMIC_RELEASE);
}

/* ---- steps ------------------------------------------------------------------------------ */

static uint64_t load(uint64_t address) {
  return *(const uint64_t *)(uintptr_t)address;
}

/* Where the stack ends; of a strange one (a coroutine's, a signal's) that is found page by page. */
struct bounds {
  uint64_t high;
  bool strange;
};
#define PAGE 4096u
#define STRANGE_MAX (1u << 20) /* no further is looked at a time */

static __attribute__((noinline)) bool reaches(struct bounds *bounds, uint64_t end) {
  if (!bounds->strange || end < bounds->high || end - bounds->high > STRANGE_MAX)
    return end <= bounds->high;
  for (; bounds->high < end; bounds->high += PAGE)
    if (!reach_page(bounds->high)) return false;
  return true;
}

static inline bool on_stack(struct bounds *bounds, uint64_t low, uint64_t address) {
  return address >= low && address % 8 == 0 &&
         (__builtin_expect(address <= bounds->high - 8, 1) || reaches(bounds, address + 8));
}

/* From a frame to its caller, but for the caller's rule; false when the frame's rule would read
 * outside of [frame, top of the stack). bp_at and sp_at are NULL where nothing was read. */
static inline bool step(struct bounds *bounds, struct stack_frame *frame) {
  const struct cfi_rule rule = unpack(frame->rule);
  const uint64_t low = frame->sp;
  uint64_t cfa = (rule.kind == CFI_SP ? frame->sp : frame->bp) + (uint64_t)(int64_t)rule.cfa;
  uint64_t base = cfa;
  frame->bp_at = frame->sp_at = NULL;
  if (__builtin_expect(rule.kind > CFI_BP, 0)) {
    if (rule.kind != CFI_BP_DEREF || !on_stack(bounds, low, cfa)) return false;
    frame->sp_at = (const uint64_t *)(uintptr_t)cfa;
    cfa = load(cfa);
    base = frame->bp;
  }
  if (cfa <= low || !on_stack(bounds, low, cfa - 8)) return false;
  if (rule.bp != CFI_BP_SAME) {
    uint64_t saved = base + (uint64_t)(int64_t)rule.bp;
    if (!on_stack(bounds, low, saved)) return false;
    frame->bp_at = (const uint64_t *)(uintptr_t)saved;
    frame->bp = load(saved);
  }
  frame->pc = load(cfa - 8);
  frame->sp = cfa;
  return true;
}

/* That `a` is the remembered frame `b`, whose rule is known. */
static inline bool same_state(const struct stack_frame *a, const struct stack_frame *b) {
  return a->sp == b->sp && a->pc == b->pc && (a->bp == b->bp || walk_bp_is_dead(b->rule));
}

/* Whether a remembered frame is no more where it was read. */
static inline bool has_changed(const struct stack_frame *frame) {
  if (frame->pc == TRACE_PC_TRUNCATED) return false;
  return load(frame->sp - 8) != frame->pc ||
         (frame->bp_at && *frame->bp_at != frame->bp && !walk_bp_is_dead(frame->rule)) ||
         (frame->sp_at && *frame->sp_at != frame->sp);
}

static __attribute__((noinline)) uint32_t find_change(const struct stack_frame *frames,
                                                      uint32_t frame) {
  while (frame > 0 && !has_changed(&frames[frame - 1]))
    frame--;
  return frame;
}

static inline uint64_t difference(const struct stack_check *check) {
  return *check->at ^ check->value;
}

/* Whether outwards of `frame`, whose state is as it was, all frames are unchanged. All words that
 * the walk from there has read are compared at once. */
static inline bool is_same(const struct stack_memory *memory, uint32_t frame) {
  if (frame == 0) return true;
  const struct stack_check *check = memory->checks, *end = check + memory->check_ends[frame - 1];
  uint64_t differ = 0;
  for (; end - check >= 4; check += 4)
    differ |=
        difference(check) | difference(check + 1) | difference(check + 2) | difference(check + 3);
  for (; check < end; check++)
    differ |= difference(check);
  return differ == 0;
}

/* How far outwards they are: the last one; 0: all, up to the root. */
static inline uint32_t verify(const struct stack_memory *memory, uint32_t frame) {
  return is_same(memory, frame) ? 0 : find_change(memory->frames, frame);
}

/* Puts the new frames, the last of which is the outermost, behind the `kept` ones. */
static inline void settle(struct stack_memory *memory, uint32_t kept, uint32_t count) {
  uint32_t end = kept ? memory->check_ends[kept - 1] : 0;
  memory->states_known = 0; /* should the hook be left in the middle */
  for (uint32_t i = kept; count > 0; i++) {
    const struct stack_frame *frame = &memory->fresh[--count];
    memory->frames[i] = *frame;
    if (frame->pc != TRACE_PC_TRUNCATED)
      memory->checks[end++] =
          (struct stack_check){(const uint64_t *)(uintptr_t)(frame->sp - 8), frame->pc};
    if (frame->bp_at && !walk_bp_is_dead(frame->rule))
      memory->checks[end++] = (struct stack_check){frame->bp_at, frame->bp};
    if (frame->sp_at) memory->checks[end++] = (struct stack_check){frame->sp_at, frame->sp};
    memory->check_ends[i] = end;
  }
}

/* A stack that is too deep keeps half of the limit towards the leaf, and one mark for the rest. So
 * the next cut is that many frames away, and a recursion's stacks have all frames in between in
 * common: were each cut at the limit, each depth would have a root and a path of its own. */
static __attribute__((noinline)) void cut(struct stack_memory *memory, uint32_t *kept,
                                          uint32_t *count) {
  uint32_t now = *count < STACK_LIMIT / 2 ? *count : STACK_LIMIT / 2;
  while (now < STACK_LIMIT / 2 && *kept > 0 && memory->frames[*kept - 1].pc != TRACE_PC_TRUNCATED)
    memory->fresh[now++] = memory->frames[--*kept];
  memory->fresh[now] =
      (struct stack_frame){.pc = TRACE_PC_TRUNCATED, .sp = memory->fresh[now - 1].sp};
  *count = now + 1;
  *kept = 0;
}

/* The caller of the hook whose frame begins there. */
static inline struct stack_frame leaf_of(uintptr_t hook_frame) {
  struct stack_frame leaf = {.bp_at = NULL};
  do { /* the recorder's own frames have frame pointers */
    leaf.bp = load(hook_frame);
    leaf.pc = load(hook_frame + 8);
    leaf.sp = hook_frame + 16;
    hook_frame = leaf.bp;
  } while (__builtin_expect(unwind_is_own(leaf.pc), 0));
  return leaf;
}
static inline bool on_known_stack(const struct lane *lane, uintptr_t hook_frame) {
  return __builtin_expect(hook_frame >= lane->stack_low && hook_frame + 16 <= lane->stack_high, 1);
}

uint32_t walk_known(const struct lane *lane, uintptr_t hook_frame) {
  if (!on_known_stack(lane, hook_frame)) return 0;
  const struct stack_memory *memory = &lane->memory;
  const struct stack_frame leaf = leaf_of(hook_frame);
  const uint32_t depth = memory->states_known;
  if (depth > 1 && depth == memory->nodes_known && same_state(&leaf, &memory->frames[depth - 1]) &&
      !has_changed(&memory->frames[depth - 2]) && is_same(memory, depth - 1))
    return memory->nodes[depth - 1];
  const struct stack_tail *tail = tail_find(memory, &leaf);
  return tail && is_same(memory, tail->join_depth - 1) ? tail->node : 0;
}

bool walk_from(struct lane *lane, uintptr_t hook_frame) {
  struct stack_memory *memory = &lane->memory;
  struct bounds bounds = {.high = lane->stack_high};
  if (!on_known_stack(lane, hook_frame))
    bounds = (struct bounds){(hook_frame & ~(uint64_t)(PAGE - 1)) + PAGE, true};
  struct stack_frame at = leaf_of(hook_frame);

  uint32_t count = 0, kept = memory->states_known; /* frames 0..kept - 1 may still be matched */
  bool joined = false;
  for (;;) {
    while (kept > 0 && memory->frames[kept - 1].sp < at.sp)
      kept--;
    if (kept > 0 && same_state(&at, &memory->frames[kept - 1]) &&
        (!bounds.strange || reaches(&bounds, memory->frames[0].sp))) {
      uint32_t changed = verify(memory, kept - 1);
      at.rule = memory->frames[kept - 1].rule;
      joined = changed == 0;
      if (joined || count >= STACK_LIMIT) break;
      /* the state of `changed` holds, its caller's does not: walk on from there */
      for (memory->fresh[count++] = at; --kept > changed && count < STACK_LIMIT;)
        at = memory->fresh[count++] = memory->frames[kept - 1];
      if (count >= STACK_LIMIT) break;
      if (!step(&bounds, &at)) return false;
      continue;
    }
    if (count >= STACK_LIMIT) break;
    at.rule = rule_at(at.pc);
    memory->fresh[count++] = at;
    if (unpack(at.rule).kind == CFI_END) {
      kept = 0;
      break;
    }
    if (!step(&bounds, &at)) return false;
    if (at.pc == 0) return false; /* libgcc ends here too, but memory may change: not remembered */
  }
  uint32_t same = kept;  /* so many have their nodes still */
  if (joined && count) { /* remembered as it was read this time */
    memory->fresh[count++] = at;
    kept--;
  }
  memory->joined = joined && !bounds.strange ? same : 0;
  memory->depth = kept + count;
  if (kept + count >= STACK_LIMIT) {
    cut(memory, &kept, &count);
    memory->joined = same = 0;
    memory->depth = count;
  }
  if (memory->nodes_known > same) memory->nodes_known = same;
  if (count) settle(memory, kept, count);
  memory->states_known = memory->depth;
  return true;
}

void walk_keep_tail(struct lane *lane, uint32_t node) {
  tail_keep(&lane->memory, node);
}

#endif
