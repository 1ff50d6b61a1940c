/* young.c - what leaves the table of young blocks without being folded. */
#include "young.h"

#include <stdbool.h>

#include "clock.h"
#include "process.h"
#include "record.h"
#include "settings.h"
#include "sys.h"
#include "trace_out.h"

struct young_limits young_limits;
uint64_t young_guards[1u << YOUNG_GUARD_BITS];

void young_write(struct lane *lane, struct trace_young *young) {
  young_note_written(lane, young->stack);
  bool room = lane_reserve(lane, SHORT_RECORD_MAX);
  if (young->address == 0 || !room) return; /* sealing has written it; or it stays what is known */
  lane->touched_point = TRACE_STATE_POINT(lane->window->state);
  lane->touched = young;
  record_birth(lane, young->ticks, (const void *)(uintptr_t)young->address, young->size,
               young->stack);
  young_clear(lane, young);
  lane->touched_point = 0;
}

/* UINT64_MAX: it is empty. Which are, no branch foresees. */
static inline uint64_t birth_of(const struct trace_young *young) {
  return young->ticks | -(uint64_t)(young->address == 0);
}

uint64_t young_oldest(const struct lane *lane) {
  uint64_t oldest = UINT64_MAX;
  if (lane->young_blocks == 0) return oldest;
  for (uint32_t i = 2 * lane->young_first; i < lane->young_places; i++) {
    const uint64_t ticks = birth_of(&lane->young[i]);
    oldest = ticks < oldest ? ticks : oldest;
  }
  return oldest;
}

uint64_t young_youngest(const struct lane *lane) {
  uint64_t youngest = 0;
  for (uint32_t i = 2 * lane->young_first; i < lane->young_places && lane->young_blocks; i++)
    if (lane->young[i].address && lane->young[i].ticks > youngest) youngest = lane->young[i].ticks;
  return youngest;
}

void young_write_older(struct lane *lane, uint64_t ticks) {
  for (uint32_t i = 2 * lane->young_first; i < lane->young_places && lane->young_blocks; i++)
    if (birth_of(&lane->young[i]) < ticks) young_write(lane, &lane->young[i]);
}

void young_recount(struct lane *lane) {
  lane->young_bytes = lane->young_blocks = 0;
  for (uint32_t i = 2 * lane->young_first; i < lane->young_places; i++)
    if (lane->young[i].address) {
      lane->young_bytes += young_worth(lane->young[i].size);
      lane->young_blocks++;
    }
}

/* ---- near the size limit ---------------------------------------------------------------- */

/* What part of the limit is used, in eighths; each of these is reached once. */
static const struct growth {
  unsigned eighths, slots; /* the table's from then on */
} growths[] = {{4, 4}, {6, 16}, {7, TRACE_MORE_SLOTS}};
#define GROWTHS (sizeof growths / sizeof *growths)
_Static_assert(GROWTHS <= TRACE_GROWTHS, "the control page has room");
static uint32_t grown; /* how many were reached */

void young_grow_age(void) {
  if (!settings.max_bytes || !young_limits.bytes_end) return;
  uint32_t now = __atomic_load_n(&grown, __ATOMIC_ACQUIRE);
  if (now == GROWTHS || trace_out_bytes() / growths[now].eighths < settings.max_bytes / 8) return;
  uint64_t age = young_limits.age_ticks * 10, most = young_limits.age_max_ticks;
  if (age > most) age = most;
  if (age == young_limits.age_ticks ||
      !__atomic_compare_exchange_n(&grown, &now, now + 1, false, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE))
    return;
  trace_out.control->age_ticks[now] = age;
  __atomic_store_n(&trace_out.control->grown_ticks[now], clock_ticks(), __ATOMIC_RELEASE);
  __atomic_store_n(&young_limits.age_ticks, age, __ATOMIC_RELEASE);
}

/* At the price of no more than an eighth of what is left. Writes all blocks of the old table. */
static void grow_table(struct lane *lane) {
  uint32_t now = __atomic_load_n(&grown, __ATOMIC_ACQUIRE);
  unsigned slots = now ? growths[now - 1].slots : 0;
  if (slots <= lane->young_slots || lane->young_stuck || !process_may_call() ||
      slots * (uint64_t)TRACE_SLOT > (settings.max_bytes - trace_out_bytes()) / 8)
    return;
  struct trace_young *mapped = lane_more(lane, TRACE_YOUNG_MAGIC, 0, slots);
  lane->young_stuck = !mapped; /* each attempt takes room in the file */
  if (!mapped) return;
  young_write_older(lane, UINT64_MAX);
  if (lane->young_slots) sys_munmap(lane->young, lane->young_slots * (size_t)TRACE_SLOT);
  lane->young = mapped;
  lane->young_slots = slots;
  lane->young_places = slots * TRACE_LANE_YOUNG;
  lane->young_shift = 64 - (unsigned)__builtin_ctz(lane->young_places / 2);
  lane->young_first = 1; /* behind the header */
}

struct trace_young *young_make_room(struct lane *lane, uint64_t hash, uint64_t address) {
  grow_table(lane);
  struct trace_young *young = young_place(lane, hash, address);
  if (young->address) young_write(lane, young);
  return young;
}

void young_forget_growth(void) {
  grown = 0;
}
