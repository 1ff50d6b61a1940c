/* young.h - a lane's table of young blocks: those that were born in its thread and are not written.
 *
 * Sets of two, found by the address. Only the lane's thread looks at its table; that somebody else
 * freed one of its blocks meanwhile shows in young_guards[]: every free that is not folded, and
 * every realloc, stores a new value there before the address can be given out again. A block whose
 * guard has changed is written, and never folded. (Without this rule a block that another thread
 * freed, allocated and handed back would be taken for the first one.)
 *
 * The value has the time of that free: see young_birth_ticks().
 */
#ifndef DWELL_YOUNG_H
#define DWELL_YOUNG_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "hash.h"
#include "lane.h"

struct young_limits {
  uint64_t age_ticks;     /* a block that died younger may be folded; grows near the size limit, */
  uint64_t age_max_ticks; /* up to here */
  uint64_t flush_ticks;   /* a cell that spans more is written, */
  uint64_t keep_ticks;    /* and none that spans less, for want of room */
  uint64_t bytes_end;     /* a block of so many bytes or more goes to no table; 0: no folding */
};
extern struct young_limits young_limits;

#define YOUNG_GUARD_BITS 12
extern uint64_t young_guards[1u << YOUNG_GUARD_BITS];

/* `hash`, here and below, is the address's hash_block(). */
static inline uint64_t *young_guard(uint64_t hash) {
  return &young_guards[hash >> (64 - YOUNG_GUARD_BITS)];
}

static inline struct trace_young *young_set(const struct lane *lane, uint64_t hash) {
  uint64_t set = hash >> lane->young_shift;
  return &lane->young[2 * (set > lane->young_first ? set : lane->young_first)];
}

/* The block's entry, or NULL. */
static inline struct trace_young *young_find(const struct lane *lane, const void *block,
                                             uint64_t hash) {
  struct trace_young *set = young_set(lane, hash);
  uint64_t address = (uint64_t)(uintptr_t)block;
  if (set[0].address == address) return &set[0];
  if (set[1].address == address) return &set[1];
  return NULL;
}

/* Nobody else has freed the address since the entry was made. */
static inline bool young_is_ours(const struct trace_young *young, uint64_t hash) {
  return young->guard == __atomic_load_n(young_guard(hash), __ATOMIC_RELAXED);
}

/* To be called before the real free that is not folded, with its time. The value is new: no lane
 * has two deaths in one tick. */
static inline void young_warn(uint64_t hash, uint64_t ticks, const struct lane *lane) {
  __atomic_store_n(young_guard(hash), ticks << 8 | (lane->number & 0xff), __ATOMIC_RELEASE);
}
/* The same for frees that are not recorded. */
static inline void young_warn_unseen(uint64_t hash) {
  __atomic_fetch_add(young_guard(hash), 1, __ATOMIC_RELEASE);
}

/* The time of a birth. The clock need not wait, unless the guard says that the address may have
 * been freed just then. (Compared modulo 2^56, which a counter of 3 GHz reaches in 278 days.) */
#define YOUNG_JUST_FREED_TICKS 4096
static inline uint64_t young_birth_ticks(const struct lane *lane, uint64_t guard) {
  uint64_t ticks = clock_ticks_early();
  if (__builtin_expect((int64_t)((ticks << 8) - guard) > YOUNG_JUST_FREED_TICKS << 8, 1))
    return ticks;
  return lane_ticks_of(lane, ticks);
}

/* A request of 0 bytes counts as 1. */
static inline uint64_t young_worth(uint32_t size) {
  return size ? size : 1;
}

/* Blocks of some sites nearly all outlive the fold age. For them the table is a detour: each would
 * be written in the end. So a site has a score: blocks that are written add to it, folded ones take
 * four times as much away; from a score on, which it gets to when more than four of five survive,
 * only one birth in 16 goes to the table, to see whether that is still so. */
#define SURVIVAL_MAX 64
#define SURVIVAL_ENOUGH 32
static inline uint8_t *young_survival(struct lane *lane, uint32_t stack) {
  return &lane->survival[hash_site(stack) >> (32 - SURVIVAL_BITS)];
}
static inline bool young_expected(struct lane *lane, uint32_t stack) {
  return __builtin_expect(*young_survival(lane, stack) < SURVIVAL_ENOUGH, 1) ||
         lane->probes++ % 16 == 0;
}
static inline void young_note_folded(struct lane *lane, uint32_t stack) {
  uint8_t *score = young_survival(lane, stack);
  if (__builtin_expect(*score != 0, 0)) *score = *score > 4 ? *score - 4 : 0;
}
static inline void young_note_written(struct lane *lane, uint32_t stack) {
  uint8_t *score = young_survival(lane, stack);
  if (*score < SURVIVAL_MAX) ++*score;
}

/* The entry goes: its block is folded or written. */
static inline void young_clear(struct lane *lane, struct trace_young *young) {
  lane->young_bytes -= young_worth(young->size);
  lane->young_blocks--;
  __atomic_store_n(&young->address, 0, __ATOMIC_RELEASE);
  lane->touched = NULL;
}

/* Writes the block's birth and clears the entry; where there is no room for it, it stays. */
void young_write(struct lane *lane, struct trace_young *young);

/* Where a block goes: the older of two makes room; an equal address was freed unseen. */
static inline struct trace_young *young_place(const struct lane *lane, uint64_t hash,
                                              uint64_t address) {
  struct trace_young *set = young_set(lane, hash);
  if (set[0].address == 0 || set[0].address == address ||
      (set[1].address != 0 && set[1].address != address && set[0].ticks < set[1].ticks))
    return &set[0];
  return &set[1];
}
/* The slow way when that is taken: a place, empty but for want of room. The table may move. */
struct trace_young *young_make_room(struct lane *lane, uint64_t hash, uint64_t address);

static inline void young_add(struct lane *lane, uint64_t hash, uint64_t guard, uint64_t ticks,
                             const void *block, uint32_t size, uint32_t stack) {
  uint64_t address = (uint64_t)(uintptr_t)block;
  struct trace_young *young = young_place(lane, hash, address);
  if (__builtin_expect(young->address != 0, 0)) {
    young = young_make_room(lane, hash, address);
    if (young->address != 0) return; /* the recording has stopped before this birth */
  }
  young->ticks = ticks;
  young->size = size;
  young->stack = stack;
  young->guard = guard;
  __atomic_store_n(&young->address, address, __ATOMIC_RELEASE);
  lane->young_bytes += young_worth(size);
  if (lane->young_bytes > lane->window->young_bytes_max)
    lane->window->young_bytes_max = lane->young_bytes;
  if (++lane->young_blocks > lane->window->young_blocks_max)
    lane->window->young_blocks_max = lane->young_blocks;
}

/* Near DWELL_MAX_SIZE: blocks may be folded that died older. To be called now and then when the
 * file has grown. The tables get bigger when next they need room: whoever has a chunk sealed may
 * have his finger on an entry. */
void young_grow_age(void);
/* In a forked child: its file is small again. */
void young_forget_growth(void);

/* The birth of the oldest block in the table, and of the youngest; UINT64_MAX and 0 when it is
 * empty. */
uint64_t young_oldest(const struct lane *lane);
uint64_t young_youngest(const struct lane *lane);
/* Writes all that were born before `ticks`; UINT64_MAX: all. */
void young_write_older(struct lane *lane, uint64_t ticks);
/* Counts anew what is in the table, after a hook was left in the middle. */
void young_recount(struct lane *lane);

#endif
