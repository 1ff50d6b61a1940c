/* lane_copy.c - copies a window.
 *
 * In this order: control, cells, young blocks, control again, open chunk (as far as the second
 * control's state goes), control once more. So nothing gets lost between the copies, and what moves
 * meanwhile moves from what was copied early to what is copied late, and shows there: a young block
 * as a birth in the chunk, a cell as a change of `flushes`.
 */
#include "lane_copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file_read.h"
#include "room.h"
#include "slots.h"

/* The cells in use of `bytes` bytes at `from`. A file that is cut ends with empty ones. */
static int copy_cells(struct lane_copy *copy, int fd, uint64_t from, size_t bytes, uint32_t number,
                      uint8_t *buffer) {
  ssize_t n = file_read(fd, buffer, bytes, from);
  if (n < 0) return (int)n;
  for (size_t at = 0; at + sizeof(struct trace_cell) <= (size_t)n;
       at += sizeof(struct trace_cell), number++) {
    struct numbered_cell next = {.number = number};
    memcpy(&next.cell, buffer + at, sizeof(next.cell));
    if (next.cell.stack == 0) continue;
    if (!room_for_one(&copy->cells, &copy->cell_capacity, copy->cell_count, sizeof(next)))
      return -ENOMEM;
    copy->cells[copy->cell_count++] = next;
  }
  return 0;
}

static int copy_young(struct lane_copy *copy, int fd, uint64_t from, size_t bytes,
                      uint8_t *buffer) {
  ssize_t n = file_read(fd, buffer, bytes, from);
  if (n < 0) return (int)n;
  for (size_t at = 0; at + sizeof(struct trace_young) <= (size_t)n;
       at += sizeof(struct trace_young)) {
    struct trace_young next;
    memcpy(&next, buffer + at, sizeof(next));
    if (next.address == 0) continue;
    if (!room_for_one(&copy->young, &copy->young_capacity, copy->young_count, sizeof(next)))
      return -ENOMEM;
    copy->young[copy->young_count++] = next;
  }
  return 0;
}

static int copy_all_cells(struct lane_copy *copy, int fd, uint64_t offset,
                          const struct lane_more *more, size_t count, uint8_t *buffer) {
  int error = copy_cells(copy, fd, offset + TRACE_PAGE, TRACE_SLOT - TRACE_PAGE, 0, buffer);
  for (size_t i = 0; i < count && !error; i++)
    if (more[i].magic == TRACE_CELLS_MAGIC)
      error = copy_cells(copy, fd, more[i].offset + sizeof(struct trace_cell),
                         TRACE_SLOT - sizeof(struct trace_cell),
                         TRACE_LANE_CELLS + more[i].index * TRACE_MORE_CELLS, buffer);
  return error;
}

static int copy_all_young(struct lane_copy *copy, int fd, uint64_t offset,
                          const struct lane_more *more, size_t count, uint8_t *buffer) {
  int error = copy_young(copy, fd, offset + 2 * (uint64_t)TRACE_SLOT, TRACE_SLOT, buffer);
  for (size_t i = 0; i < count && !error; i++)
    for (uint32_t slot = 0; more[i].magic == TRACE_YOUNG_MAGIC && slot < more[i].slots && !error;
         slot++) {
      size_t head = slot ? 0 : sizeof(struct trace_more);
      error = copy_young(copy, fd, more[i].offset + (uint64_t)slot * TRACE_SLOT + head,
                         TRACE_SLOT - head, buffer);
    }
  return error;
}

void lane_copy_free(struct lane_copy *copy) {
  free(copy->cells);
  free(copy->young);
  *copy = (struct lane_copy){0};
}

static enum lane_window_state judge(const struct trace_lane *control, const uint8_t *slot,
                                    size_t bytes) {
  struct trace_chunk open;
  memcpy(&open, slot, sizeof(open));
  uint32_t used = TRACE_STATE_USED(control->state);
  uint32_t sequence = TRACE_STATE_SEQUENCE(control->state);
  if (bytes < sizeof(open) + used || control->magic != TRACE_LANE_MAGIC || control->lane == 0 ||
      open.magic != TRACE_OPEN_MAGIC || open.lane != control->lane)
    return LANE_WINDOW_BAD;
  /* Between a seal and the first record after it, the header may be the last chunk's still. */
  uint32_t opened = open.sequence & 0xffffff;
  if (opened != sequence && !(used == 0 && ((opened + 1) & 0xffffff) == sequence))
    return LANE_WINDOW_BAD;
  uint32_t crc = TRACE_STATE_CRC(control->state);
  if (crc && (slots_crc(slot + sizeof(open), used) & 0xffffff) != crc) return LANE_WINDOW_BAD;
  return used ? LANE_WINDOW_GOOD : LANE_WINDOW_EMPTY;
}

int lane_copy_make(int fd, uint64_t offset, const struct lane_more *more, size_t count,
                   uint8_t *buffer, struct lane_window *window, struct lane_copy *copy) {
  uint8_t *slot = buffer, *scratch = buffer + TRACE_SLOT;
  window->state = LANE_WINDOW_BAD;
  memset(&copy->before, 0, sizeof(copy->before));
  ssize_t n = file_read(fd, &copy->before, sizeof(copy->before), offset);
  if (n < 0) return (int)n;
  int error = copy_all_cells(copy, fd, offset, more, count, scratch);
  if (!error) error = copy_all_young(copy, fd, offset, more, count, scratch);
  if (error) return error;
  memset(&copy->after, 0, sizeof(copy->after));
  n = file_read(fd, &copy->after, sizeof(copy->after), offset);
  if (n >= 0) n = file_read(fd, slot, TRACE_SLOT, offset + TRACE_SLOT);
  if (n < 0) return (int)n;
  window->control = copy->after;
  window->open = slot;
  window->state = judge(&copy->after, slot, (size_t)n);
  struct trace_lane now = {0};
  ssize_t m = file_read(fd, &now, sizeof(now), offset);
  if (m < 0) return (int)m;
  /* A chunk that was sealed meanwhile has what had moved; and another one's records may be mixed
   * with its own here. */
  uint32_t sequence = TRACE_STATE_SEQUENCE(copy->after.state);
  if (TRACE_STATE_SEQUENCE(copy->before.state) != sequence ||
      TRACE_STATE_SEQUENCE(now.state) != sequence)
    window->state = LANE_WINDOW_BAD;
  return 0;
}
