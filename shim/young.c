/* young.c - what leaves the table of young blocks without being folded. */
#include "young.h"

#include <stdbool.h>

#include "record.h"

struct young_limits young_limits;
uint64_t young_guards[1u << YOUNG_GUARD_BITS];

void young_write(struct lane *lane, struct trace_young *young) {
  bool room = lane_reserve(lane, SHORT_RECORD_MAX);
  if (young->address == 0) return; /* sealing has written it */
  if (room) {
    lane->touched_point = TRACE_STATE_POINT(lane->window->state);
    lane->touched = young;
    record_birth(lane, young->ticks, (const void *)(uintptr_t)young->address, young->size,
                 young->stack);
  }
  young_clear(lane, young);
  lane->touched_point = 0;
}

uint64_t young_oldest(const struct lane *lane) {
  uint64_t oldest = UINT64_MAX;
  if (lane->young_blocks == 0) return oldest;
  for (uint32_t i = 2 * lane->young_first; i < lane->young_places; i++)
    if (lane->young[i].address && lane->young[i].ticks < oldest) oldest = lane->young[i].ticks;
  return oldest;
}

void young_write_older(struct lane *lane, uint64_t ticks) {
  for (uint32_t i = 2 * lane->young_first; i < lane->young_places && lane->young_blocks; i++)
    if (lane->young[i].address && lane->young[i].ticks < ticks) young_write(lane, &lane->young[i]);
}
