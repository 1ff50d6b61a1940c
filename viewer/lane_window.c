/* lane_window.c - copies a window and sorts out what is in it twice.
 *
 * In this order: control, cells, young blocks, control again, open chunk (checked by the second
 * control's state). So nothing gets lost between the copies, and what moves meanwhile moves from
 * what was copied early to what is copied late, and shows there: a young block as a birth in the
 * chunk, a cell as a change of `flushes`.
 */
#include "lane_window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file_read.h"
#include "slots.h"

#define LIVE_ATTEMPTS 8

struct numbered_cell {
  struct trace_cell cell;
  uint32_t number; /* in the lane */
};

/* A copy that may be inconsistent still. */
struct copy {
  struct trace_lane before, after; /* the control, at the begin and at the end */
  struct numbered_cell *cells;
  size_t cell_count, cell_capacity;
  struct trace_young *young;
  size_t young_count, young_capacity;
};

/* Grows an array by doubling when it is full. Returns false without memory. */
static bool make_room(void *array, size_t *capacity, size_t count, size_t size) {
  if (count < *capacity) return true;
  size_t grown = *capacity ? *capacity * 2 : 32;
  void *bigger = reallocarray(*(void **)array, grown, size);
  if (!bigger) return false;
  *(void **)array = bigger;
  *capacity = grown;
  return true;
}

/* ---- copying ---------------------------------------------------------------------------- */

/* The cells in use of `bytes` bytes at `from`. A file that is cut ends with empty ones. */
static int copy_cells(struct copy *copy, int fd, uint64_t from, size_t bytes, uint32_t number,
                      uint8_t *buffer) {
  ssize_t n = file_read(fd, buffer, bytes, from);
  if (n < 0) return (int)n;
  for (size_t at = 0; at + sizeof(struct trace_cell) <= (size_t)n;
       at += sizeof(struct trace_cell), number++) {
    struct numbered_cell next = {.number = number};
    memcpy(&next.cell, buffer + at, sizeof(next.cell));
    if (next.cell.stack == 0) continue;
    if (!make_room(&copy->cells, &copy->cell_capacity, copy->cell_count, sizeof(next)))
      return -ENOMEM;
    copy->cells[copy->cell_count++] = next;
  }
  return 0;
}

static int copy_young(struct copy *copy, int fd, uint64_t from, size_t bytes, uint8_t *buffer) {
  ssize_t n = file_read(fd, buffer, bytes, from);
  if (n < 0) return (int)n;
  for (size_t at = 0; at + sizeof(struct trace_young) <= (size_t)n;
       at += sizeof(struct trace_young)) {
    struct trace_young next;
    memcpy(&next, buffer + at, sizeof(next));
    if (next.address == 0) continue;
    if (!make_room(&copy->young, &copy->young_capacity, copy->young_count, sizeof(next)))
      return -ENOMEM;
    copy->young[copy->young_count++] = next;
  }
  return 0;
}

static int copy_all_cells(struct copy *copy, int fd, uint64_t offset, const struct lane_more *more,
                          size_t count, uint8_t *buffer) {
  int error = copy_cells(copy, fd, offset + TRACE_PAGE, TRACE_SLOT - TRACE_PAGE, 0, buffer);
  for (size_t i = 0; i < count && !error; i++)
    if (more[i].magic == TRACE_CELLS_MAGIC)
      error = copy_cells(copy, fd, more[i].offset + sizeof(struct trace_cell),
                         TRACE_SLOT - sizeof(struct trace_cell),
                         TRACE_LANE_CELLS + more[i].index * TRACE_MORE_CELLS, buffer);
  return error;
}

static int copy_all_young(struct copy *copy, int fd, uint64_t offset, const struct lane_more *more,
                          size_t count, uint8_t *buffer) {
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

static void copy_free(struct copy *copy) {
  free(copy->cells);
  free(copy->young);
  *copy = (struct copy){0};
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
  if ((slots_crc(slot + sizeof(open), used) & 0xffffff) != TRACE_STATE_CRC(control->state))
    return LANE_WINDOW_BAD;
  return used ? LANE_WINDOW_GOOD : LANE_WINDOW_EMPTY;
}

/* One try. The chunk comes to lie in the first slot of `buffer`. */
static int window_copy(int fd, uint64_t offset, const struct lane_more *more, size_t count,
                       uint8_t *buffer, struct lane_window *window, struct copy *copy) {
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
  if (TRACE_STATE_SEQUENCE(copy->before.state) != TRACE_STATE_SEQUENCE(copy->after.state))
    window->state = LANE_WINDOW_BAD; /* what was moved to the chunk before is not in this one */
  return 0;
}

/* ---- things found twice ----------------------------------------------------------------- */

struct moment_of_birth {
  uint64_t address, ticks;
};

static int birth_order(const void *left, const void *right) {
  const struct moment_of_birth *a = left, *b = right;
  if (a->address != b->address) return a->address < b->address ? -1 : 1;
  return a->ticks < b->ticks ? -1 : a->ticks > b->ticks;
}

/* struct trace_young begins with the same two fields */
static int young_order(const void *left, const void *right) {
  const struct trace_young *a = left, *b = right;
  return birth_order(&(struct moment_of_birth){a->address, a->ticks},
                     &(struct moment_of_birth){b->address, b->ticks});
}

/* Last births of sites, by the valid sums: stack and low half of the ticks. */
static int last_birth_order(const void *left, const void *right) {
  return *(const uint64_t *)left < *(const uint64_t *)right
             ? -1
             : *(const uint64_t *)left > *(const uint64_t *)right;
}

static uint64_t last_birth(uint32_t stack, uint64_t ticks) {
  return (uint64_t)stack << 32 | (uint32_t)ticks;
}

static struct record_cursor open_records(const struct lane_window *window) {
  struct trace_chunk head;
  memcpy(&head, window->open, sizeof(head));
  return record_begin(&head, window->open + sizeof(head), TRACE_STATE_USED(window->control.state));
}

/* The births in the open chunk, sorted. */
static int births_in_chunk(const struct lane_window *window, struct moment_of_birth **births,
                           size_t *count) {
  struct record_cursor cursor = open_records(window);
  struct record record;
  size_t capacity = 0;
  *births = NULL;
  *count = 0;
  for (enum record_result result;
       (result = record_next(&cursor, &record)) != RECORD_END && result != RECORD_BAD;) {
    if (result != RECORD_OK || record.type != TRACE_BIRTH) continue;
    if (!make_room(births, &capacity, *count, sizeof(**births))) return -ENOMEM;
    (*births)[(*count)++] = (struct moment_of_birth){record.address, record.ticks};
  }
  if (*count) qsort(*births, *count, sizeof(**births), birth_order);
  return 0;
}

/* Keeps of the young blocks each one once, and none that was born in the chunk or folded. */
static int young_take(struct lane_window *window, struct copy *copy, bool live) {
  struct moment_of_birth *births = NULL;
  size_t birth_count = 0, folded_count = 0, kept = 0;
  uint64_t *folded = malloc((copy->cell_count + 1) * sizeof(*folded));
  int error = folded ? 0 : -ENOMEM;
  if (!error && live) error = births_in_chunk(window, &births, &birth_count);
  if (error) goto done;
  for (size_t i = 0; i < copy->cell_count; i++) {
    const struct trace_cell *cell = &copy->cells[i].cell;
    uint64_t commit = fold_valid_sum(cell)->commit;
    if (commit) folded[folded_count++] = last_birth(cell->stack, TRACE_SUM_BIRTH(commit));
  }
  qsort(folded, folded_count, sizeof(*folded), last_birth_order);
  if (copy->young_count) qsort(copy->young, copy->young_count, sizeof(*copy->young), young_order);
  for (size_t i = 0; i < copy->young_count; i++) {
    const struct trace_young *young = &copy->young[i];
    struct moment_of_birth birth = {young->address, young->ticks};
    uint64_t key = last_birth(young->stack, young->ticks);
    if (kept && young_order(&copy->young[kept - 1], young) == 0) continue;
    if (bsearch(&key, folded, folded_count, sizeof(key), last_birth_order)) continue;
    if (birth_count && bsearch(&birth, births, birth_count, sizeof(birth), birth_order)) continue;
    copy->young[kept++] = *young;
  }
  window->rest.young = copy->young;
  window->rest.young_count = kept;
  copy->young = NULL;
done:
  free(births);
  free(folded);
  return error;
}

/* Whether the lane's state has come to where the cell's figures are in a record. */
static bool flushed(const struct trace_lane *control, uint32_t number) {
  uint64_t past = TRACE_STATE_POINT(control->state) - TRACE_FLUSHING_POINT(control->flushing);
  return control->flushing && TRACE_FLUSHING_CELL(control->flushing) == number &&
         (past & 0xffffffffffu) < (uint64_t)1 << 39;
}

/* Voids the cells that were written to the chunk while they were copied. */
static void void_flushed_meanwhile(const struct lane_window *window, struct copy *copy) {
  if (copy->before.flushes == copy->after.flushes) return;
  struct record_cursor cursor = open_records(window);
  const uint8_t *seen_before = cursor.at + TRACE_STATE_USED(copy->before.state);
  struct record record;
  for (enum record_result result;
       (result = record_next(&cursor, &record)) != RECORD_END && result != RECORD_BAD;)
    for (size_t i = 0;
         result == RECORD_OK && (record.type == TRACE_FOLD || record.type == TRACE_LIFE) &&
         cursor.at > seen_before && i < copy->cell_count;
         i++)
      if (copy->cells[i].cell.stack == record.stack) copy->cells[i].cell.stack = 0;
}

static int folds_take(struct lane_window *window, struct copy *copy) {
  struct lane_rest *rest = &window->rest;
  if (copy->cell_count == 0) return 0;
  rest->folds = malloc(copy->cell_count * sizeof(*rest->folds));
  if (!rest->folds) return -ENOMEM;
  void_flushed_meanwhile(window, copy);
  for (size_t i = 0; i < copy->cell_count; i++) {
    const struct numbered_cell *cell = &copy->cells[i];
    if (cell->cell.stack == 0 || flushed(&window->control, cell->number)) continue;
    if (fold_valid_sum(&cell->cell)->commit == 0) continue; /* taken, and nothing counted yet */
    if (fold_of_cell(&cell->cell, &rest->folds[rest->fold_count]))
      rest->fold_count++;
    else
      window->bad_folds++;
  }
  return 0;
}

/* ---- the whole -------------------------------------------------------------------------- */

int lane_window_read(int fd, uint64_t offset, bool live, const struct lane_more *more,
                     size_t more_count, uint8_t *buffer, struct lane_window *window) {
  struct copy copy = {0};
  int error;
  *window = (struct lane_window){0};
  for (int attempt = 1;; attempt++) {
    copy_free(&copy);
    error = window_copy(fd, offset, more, more_count, buffer, window, &copy);
    if (error || !live || attempt == LIVE_ATTEMPTS) break;
    if (window->state != LANE_WINDOW_BAD && copy.before.flushes == copy.after.flushes) break;
    usleep((useconds_t)attempt * 100);
  }
  if (!error && window->state != LANE_WINDOW_BAD) {
    struct trace_chunk head;
    memcpy(&head, window->open, sizeof(head));
    window->rest.lane = window->control.lane;
    window->rest.thread = head.thread;
    error = young_take(window, &copy, live);
    if (!error) error = folds_take(window, &copy);
    if (error) lane_rest_free(&window->rest);
  }
  copy_free(&copy);
  return error;
}

void lane_rest_free(struct lane_rest *rest) {
  free(rest->young);
  free(rest->folds);
  *rest = (struct lane_rest){0};
}
