/* walk_tails_x86_64.h - ways that were walked before: most leaves come again on the same few.
 *
 * A tail is the part of a stack from its leaf, where a hook was called, to a frame that the lane's
 * memory has, too. It holds the leaf's state, every word of the stack that the walk between the two
 * has read, and the state in which it came out. Where the leaf's state and all words are equal, the
 * walk would come out there again, through the same frames; so the leaf's node of the stack tree is
 * known, and neither a rule nor the tree is looked at. The memory stays as it is.
 *
 * A leaf's pc and sp say which set; of its ways, those that have the same may still differ in the
 * words.
 */
#ifndef DWELL_WALK_TAILS_H
#define DWELL_WALK_TAILS_H

#include <emmintrin.h>
#include <string.h>

#include "cfi_x86_64.h"
#include "hash.h"
#include "lane.h"

static inline uint64_t pack(struct cfi_rule rule) {
  uint64_t packed;
  memcpy(&packed, &rule, sizeof packed);
  return packed;
}
static inline struct cfi_rule unpack(uint64_t packed) {
  struct cfi_rule rule;
  memcpy(&rule, &packed, sizeof rule);
  return rule;
}
_Static_assert(sizeof(struct cfi_rule) == sizeof(uint64_t), "a rule is stored at once");

/* Nothing further out depends on the bp of a frame that finds its caller's frame by sp, and its
 * caller's bp where it was saved: to such code bp is a register like others, and has another value
 * each time. */
static inline bool walk_bp_is_dead(uint64_t packed) {
  const struct cfi_rule rule = unpack(packed);
  return rule.kind == CFI_SP && rule.bp != CFI_BP_SAME;
}
static inline bool walk_bp_is_used(uint64_t packed) {
  return unpack(packed).kind != CFI_SP;
}

static inline uint64_t tail_hash(const struct stack_frame *leaf) {
  return hash_word(leaf->pc ^ leaf->sp << 24);
}
static inline uint32_t tail_set(uint64_t hash) {
  return (uint32_t)(hash >> (64 - TAIL_SET_BITS));
}
static inline uint32_t tail_tag(uint64_t hash) {
  return (uint32_t)(hash >> (32 - TAIL_SET_BITS)) | 1;
}

static inline bool tail_fits(const struct stack_tail *tail, const struct stack_frame *leaf) {
  const uint64_t *stack = (const uint64_t *)(uintptr_t)leaf->sp;
  uint64_t differ = 0;
  if (tail->sp != leaf->sp || tail->pc != leaf->pc) return false;
  if (tail->bp_matters && tail->bp != leaf->bp) return false;
  for (uint32_t i = 0; i < tail->word_count; i++)
    differ |= stack[tail->word_at[i]] ^ tail->words[i];
  return differ == 0;
}

/* Whether the memory still has the frame where the tail ends. Also: then all words of the tail lie
 * on the stack that the memory is of. */
static inline bool tail_joins(const struct stack_tail *tail, const struct stack_memory *memory) {
  const uint32_t depth = tail->join_depth;
  if (depth > memory->states_known || depth > memory->nodes_known) return false;
  const struct stack_frame *join = &memory->frames[depth - 1];
  return memory->nodes[depth - 1] == tail->join_node && join->sp == tail->join_sp &&
         (join->bp == tail->join_bp || walk_bp_is_dead(join->rule));
}

/* The tail of a leaf, or NULL. What is outwards of its end is to be verified. */
static inline const struct stack_tail *tail_find(const struct stack_memory *memory,
                                                 const struct stack_frame *leaf) {
  const uint64_t hash = tail_hash(leaf);
  const uint32_t set = tail_set(hash);
  const __m128i tags = _mm_loadu_si128((const __m128i *)memory->tails.tags[set]);
  const __m128i equal = _mm_cmpeq_epi32(tags, _mm_set1_epi32((int)tail_tag(hash)));
  unsigned ways = (unsigned)_mm_movemask_ps(_mm_castsi128_ps(equal));
  for (; ways; ways &= ways - 1) {
    const struct stack_tail *tail = &memory->tails.ways[set][__builtin_ctz(ways)];
    if (tail_joins(tail, memory) && tail_fits(tail, leaf)) return tail;
  }
  return NULL;
}
_Static_assert(TAIL_WAYS == 4, "all ways' tags are compared at once");

/* Whether there was room for the word. */
static inline bool tail_add(struct stack_tail *tail, const void *at, uint64_t word) {
  uint64_t distance = ((uint64_t)(uintptr_t)at - tail->sp) / 8;
  if (tail->word_count == TAIL_WORDS || distance > UINT16_MAX) return false;
  tail->word_at[tail->word_count] = (uint16_t)distance;
  tail->words[tail->word_count++] = word;
  return true;
}

/* Fills in the words that a walk from the leaf, the memory's last frame, reads; false: too many. A
 * saved bp that nothing depends on is left out: most code has other things than frames in bp. */
static inline bool tail_fill(struct stack_tail *tail, const struct stack_memory *memory) {
  const struct stack_frame *join = &memory->frames[tail->join_depth - 1];
  bool matters = !walk_bp_is_dead(join->rule); /* the caller's bp */
  for (const struct stack_frame *frame = join + 1; frame < &memory->frames[memory->depth];
       frame++) {
    const struct stack_frame *caller = frame - 1;
    if (!tail_add(tail, (const void *)(uintptr_t)(caller->sp - 8), caller->pc)) return false;
    if (caller->sp_at && !tail_add(tail, caller->sp_at, caller->sp)) return false;
    if (matters && caller->bp_at && !tail_add(tail, caller->bp_at, caller->bp)) return false;
    matters = walk_bp_is_used(frame->rule) || (matters && !caller->bp_at);
  }
  tail->bp_matters = matters;
  return true;
}

/* After a walk that left memory->joined frames as they were: the memory's last frame is a leaf with
 * this node. */
static inline void tail_keep(struct stack_memory *memory, uint32_t node) {
  const uint32_t depth = memory->joined;
  uint32_t *seen = &memory->tails.seen[hash_site(node) >> (32 - TAIL_SEEN_BITS)];
  if (*seen != node) { /* most stacks of a big program do not come again soon */
    *seen = node;
    return;
  }
  const struct stack_frame *leaf = &memory->frames[memory->depth - 1];
  const uint64_t hash = tail_hash(leaf);
  uint32_t *tags = memory->tails.tags[tail_set(hash)];
  unsigned way = 0;
  while (way < TAIL_WAYS && tags[way])
    way++;
  if (way == TAIL_WAYS) way = memory->tails.replaced++ % TAIL_WAYS;
  struct stack_tail *tail = &memory->tails.ways[tail_set(hash)][way];
  const struct stack_frame *join = &memory->frames[depth - 1];
  tags[way] = 0; /* should the hook be left in the middle */
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  tail->pc = leaf->pc;
  tail->sp = leaf->sp;
  tail->bp = leaf->bp;
  tail->join_sp = join->sp;
  tail->join_bp = join->bp;
  tail->join_depth = depth;
  tail->join_node = memory->nodes[depth - 1];
  tail->node = node;
  tail->word_count = 0;
  if (!tail_fill(tail, memory)) return;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  tags[way] = tail_tag(hash);
}

#endif
