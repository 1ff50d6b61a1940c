/* lane.c - lanes come from the file, are lent to threads, and are sealed chunk by chunk.
 *
 * Free lanes are a stack with a tagged head (Treiber), so 100,000 short threads share a few lanes
 * and no lock is ever held. A lane whose window in the file can't be mapped gets private memory:
 * what it holds is written at exit, lost when the process is killed, and the trace says so.
 */
#include "lane.h"

#include <errno.h>

#include "cells.h"
#include "crc32c.h"
#include "process.h"
#include "sample.h"
#include "sys.h"
#include "trace_out.h"

#define LANES_MAX 65536u
#define WINDOW_BYTES (TRACE_LANE_SLOTS * (size_t)TRACE_SLOT)

static struct lane *lanes[LANES_MAX + 1]; /* by number */
uint32_t lanes_made;
static uint64_t free_head; /* tag << 32 | number, 0: empty */

static void open_chunk(struct lane *lane) {
  struct trace_chunk *chunk = lane->chunk;
  lane->used = 0;
  lane->meta = false;
  lane->address = 0;
  lane->ticks = lane->last_ticks;
  chunk->lane = lane->number;
  chunk->base_ticks = lane->ticks;
  chunk->thread = lane->thread;
  chunk->sequence = lane->sequence;
  chunk->magic = TRACE_OPEN_MAGIC;
}

static enum trace_stop stop_of(int error) {
  if (error == TRACE_OUT_FULL) return TRACE_STOP_SIZE;
  return error == -ENOENT ? TRACE_STOP_LOST : TRACE_STOP_WRITE;
}

static struct lane *lane_make(void) {
  struct lane *lane = lane_count() < LANES_MAX ? sys_map(-1, 0, sizeof *lane) : NULL;
  if (!lane) return NULL;
  uint64_t offset;
  void *window = NULL;
  int result = trace_out_grow(TRACE_LANE_SLOTS, &offset, &window);
  if (result == -ENODEV) window = sys_map(-1, 0, WINDOW_BYTES);
  if (!window) {
    if (result != -ENOMEM && result != -ENODEV) process_stop(stop_of(result), -result, 0);
    sys_munmap(lane, sizeof *lane);
    return NULL;
  }
  if (result == -ENODEV) {
    lane->window_offset = offset;
    __atomic_fetch_add(&trace_out.control->unprotected_lanes, 1, __ATOMIC_RELAXED);
    trace_out_save_control();
  }
  /* not earlier: a number that came to nothing would look like a lane that was lost */
  const uint32_t number = __atomic_add_fetch(&lanes_made, 1, __ATOMIC_RELAXED);
  if (number > LANES_MAX) {
    sys_munmap(window, WINDOW_BYTES);
    sys_munmap(lane, sizeof *lane);
    return NULL;
  }
  lane->number = number;
  lane->window = window;
  lane->chunk = (void *)((char *)window + TRACE_SLOT);
  lane->records = (void *)(lane->chunk + 1);
  lane->sequence = 1;
  lane->last_ticks = trace_out.floor;
  lane->cells.slots[0] = (void *)((char *)window + TRACE_PAGE);
  lane->young = (void *)((char *)window + 2 * TRACE_SLOT);
  lane->young_places = TRACE_LANE_YOUNG;
  lane->young_shift = 64 - (unsigned)__builtin_ctz(TRACE_LANE_YOUNG / 2);
  lane->window->state = TRACE_STATE(0, lane->sequence, 0);
  lane->window->lane = number;
  open_chunk(lane);
  if (sample_mean_bytes) sample_draw(lane);
  __atomic_store_n(&lane->window->magic, TRACE_LANE_MAGIC, __ATOMIC_RELEASE);
  __atomic_store_n(&lanes[number], lane, __ATOMIC_RELEASE);
  return lane;
}

struct lane *lane_acquire(void) {
  uint64_t head = __atomic_load_n(&free_head, __ATOMIC_ACQUIRE);
  while ((uint32_t)head) {
    struct lane *lane = lanes[(uint32_t)head];
    uint64_t next = ((head >> 32) + 1) << 32 | __atomic_load_n(&lane->next_free, __ATOMIC_RELAXED);
    if (__atomic_compare_exchange_n(&free_head, &head, next, true, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
      return lane;
  }
  return lane_make();
}

void lane_release(struct lane *lane) {
  if (!lane->full) { /* else they stay where they are, which is in the trace too */
    young_write_older(lane, UINT64_MAX);
    cells_write_all(lane);
  }
  lane->thread = 0;
  uint64_t head = __atomic_load_n(&free_head, __ATOMIC_RELAXED), next;
  do {
    __atomic_store_n(&lane->next_free, (uint32_t)head, __ATOMIC_RELAXED);
    next = ((head >> 32) + 1) << 32 | lane->number;
  } while (!__atomic_compare_exchange_n(&free_head, &head, next, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED));
}

uint32_t lane_count(void) {
  uint32_t made = __atomic_load_n(&lanes_made, __ATOMIC_ACQUIRE);
  return made < LANES_MAX ? made : LANES_MAX;
}

struct lane *lane_by_number(uint32_t number) {
  return __atomic_load_n(&lanes[number], __ATOMIC_ACQUIRE);
}

void *lane_more(const struct lane *lane, uint32_t magic, uint32_t index, unsigned slots) {
  uint64_t offset;
  void *mapped;
  if (!process_may_call() || trace_out_grow(slots, &offset, &mapped) < 0) return NULL;
  struct trace_more *head = mapped;
  head->lane = lane->number;
  head->index = index;
  head->slots = slots;
  __atomic_store_n(&head->magic, magic, __ATOMIC_RELEASE);
  return mapped;
}

/* Does something to all that a lane has mapped of the file. */
static void each_piece(const struct lane *lane, int (*act)(void *at, size_t size)) {
  act(lane->window, WINDOW_BYTES);
  if (lane->young_slots) act(lane->young, lane->young_slots * (size_t)TRACE_SLOT);
  for (uint32_t i = 0; i < lane->cells.more_count; i++)
    act(lane->cells.slots[1 + i] - 1, TRACE_SLOT);
}

void lanes_forget(void) {
  for (uint32_t number = 1; number <= lane_count(); number++) {
    struct lane *lane = lanes[number];
    lanes[number] = NULL;
    if (!lane) continue;
    each_piece(lane, sys_munmap);
    sys_munmap(lane, sizeof *lane);
  }
  lanes_made = 0;
  free_head = 0;
  cells_forget();
}

void lanes_save(void) {
  for (uint32_t number = 1; number <= lane_count(); number++) {
    const struct lane *lane = lane_by_number(number);
    if (lane && lane->window_offset)
      trace_out_save(lane->window_offset, lane->window, WINDOW_BYTES);
  }
}

void lanes_detach(void) {
  for (uint32_t number = 1; number <= lane_count(); number++)
    if (lanes[number]) each_piece(lanes[number], sys_map_over);
}

/* Copies the open chunk to a slot of its own and empties the lane, in an order that leaves every
 * record in the file at least once at any moment. 0 or -errno. */
static int seal(struct lane *lane) {
  uint64_t oldest = young_oldest(lane);
  struct trace_chunk sealed = {
      .magic = TRACE_CHUNK_MAGIC,
      .lane = lane->number,
      .sequence = lane->sequence,
      .bytes = lane->used,
      .base_ticks = lane->chunk->base_ticks,
      .last_ticks = lane->last_ticks,
      .floor_ticks = oldest < lane->last_ticks ? oldest : lane->last_ticks,
      .thread = lane->chunk->thread,
      .flags = lane->meta ? TRACE_CHUNK_META : 0,
      .records_crc = crc32c_end(crc32c_extend(CRC32C_BEGIN, lane->records, lane->used)),
  };
  sealed.header_crc = crc32c_end(crc32c_extend(CRC32C_BEGIN, &sealed, sizeof sealed));
  uint64_t offset;
  int result = trace_out_grow(1, &offset, NULL);
  if (result == 0) result = trace_out_write_chunk(offset, &sealed, lane->records);
  if (result < 0) return result;
  lane->sequence = (lane->sequence + 1) & 0xffffff;
  __atomic_store_n(&lane->window->state, TRACE_STATE(0, lane->sequence, 0), __ATOMIC_RELEASE);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  open_chunk(lane);
  return 0;
}

void lanes_sum_up(void) {
  for (uint32_t number = 1; number <= lane_count(); number++) {
    const struct lane *lane = lane_by_number(number);
    if (!lane) continue;
    uint64_t *word = &lane->window->state, state = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    const uint32_t used = TRACE_STATE_USED(state), sequence = TRACE_STATE_SEQUENCE(state);
    uint32_t crc = crc32c_end(crc32c_extend(CRC32C_BEGIN, lane->records, used));
    /* its thread may be at work, and then goes on without */
    __atomic_compare_exchange_n(word, &state, TRACE_STATE(crc, sequence, used), false,
                                __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
  }
}

/* So the floors keep up with the time. The new chunk has room for a whole table. */
static void write_aged(struct lane *lane) {
  uint64_t *seal_before = &lane->seals[lane->sequence % LANE_SEALS], cutoff = *seal_before;
  *seal_before = lane->last_ticks;
  if (lane->last_ticks > young_limits.age_ticks &&
      lane->last_ticks - young_limits.age_ticks > cutoff)
    cutoff = lane->last_ticks - young_limits.age_ticks;
  young_write_older(lane, cutoff);
}

void lane_recover(struct lane *lane) {
  struct trace_young *young = lane->touched;
  const uint64_t state = lane->window->state;
  if (cells_recover(lane, young) ||
      (young && lane->touched_point && lane->touched_point != TRACE_STATE_POINT(state)))
    __atomic_store_n(&young->address, 0, __ATOMIC_RELEASE);
  lane->touched = NULL;
  lane->touched_point = 0;
  young_recount(lane);
  lane->memory.nodes_known = lane->memory.states_known = 0;
  /* half a record may have moved the delta state: begin a chunk */
  lane->used = TRACE_STATE_USED(state);
  lane->meta = true;
  if (lane->used)
    (void)lane_make_room(lane, 0);
  else
    open_chunk(lane);
}

/* Up to here all is known of the lane: the event that can't be written any more is later. */
static uint64_t latest(const struct lane *lane) {
  uint64_t ticks = lane->last_ticks, youngest = young_youngest(lane), folded = cells_latest(lane);
  if (youngest > ticks) ticks = youngest;
  return folded > ticks ? folded : ticks;
}

/* False: nothing more goes into this lane. */
static bool empty(struct lane *lane) {
  struct process_calls calls;
  if (lane->full) return false;
  if (process_calls_begin(&calls)) {
    int result = seal(lane);
    if (result == 0) {
      trace_out_calibrate();
      write_aged(lane);
      young_grow_age();
    } else {
      process_stop(stop_of(result), -result, latest(lane));
    }
    process_calls_end(&calls);
    if (result == 0) return true;
  } else if (!process_may_call()) {
    process_stop(TRACE_STOP_SECCOMP, 0, latest(lane));
  }
  lane->full = true;
  return false;
}

bool lane_make_room(struct lane *lane, size_t bytes) {
  int saved = errno;
  bool room = empty(lane) && bytes + 8 <= TRACE_CHUNK_RECORDS;
  if (!room) __atomic_fetch_add(&lane->window->dropped, 1, __ATOMIC_RELAXED);
  errno = saved;
  return room;
}
