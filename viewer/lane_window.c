/* lane_window.c - sorts out what is in a copy of a window twice. */
#include "lane_window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lane_copy.h"
#include "room.h"

#define LIVE_ATTEMPTS 8

/* ---- young blocks ------------------------------------------------------------------------ */

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

/* What of a table of young blocks has gone elsewhere. */
struct gone {
  struct moment_of_birth *births; /* records in the open chunk */
  size_t birth_count, birth_capacity;
  uint64_t *folded; /* last_birth()s: of cells, and of TRACE_LIFE records in the open chunk */
  size_t folded_count, folded_capacity;
};

static int add_folded(struct gone *gone, uint32_t stack, uint64_t birth_ticks) {
  if (!room_for_one(&gone->folded, &gone->folded_capacity, gone->folded_count,
                    sizeof(*gone->folded)))
    return -ENOMEM;
  gone->folded[gone->folded_count++] = last_birth(stack, birth_ticks);
  return 0;
}

/* For a live lane: its records may be younger than the copy of its table. (Where the recorder was
 * killed only the last one matters, and the lane's events know that.) */
static int look_in_chunk(const struct lane_window *window, struct gone *gone) {
  struct record_cursor cursor = open_records(window);
  struct record record;
  int error = 0;
  for (enum record_result result;
       !error && (result = record_next(&cursor, &record)) != RECORD_END && result != RECORD_BAD;) {
    if (result != RECORD_OK) continue;
    if (record.type == TRACE_LIFE)
      error = add_folded(gone, record.stack, record.ticks - record.field[1]);
    if (record.type != TRACE_BIRTH) continue;
    if (!room_for_one(&gone->births, &gone->birth_capacity, gone->birth_count,
                      sizeof(*gone->births)))
      return -ENOMEM;
    gone->births[gone->birth_count++] = (struct moment_of_birth){record.address, record.ticks};
  }
  return error;
}

static int look_in_cells(const struct lane_copy *copy, struct gone *gone) {
  int error = 0;
  for (size_t i = 0; i < copy->cell_count && !error; i++) {
    const struct trace_cell *cell = &copy->cells[i].cell;
    uint64_t commit = trace_valid_sum(cell)->commit;
    if (commit) error = add_folded(gone, cell->stack, TRACE_SUM_BIRTH(commit));
  }
  return error;
}

static bool is_gone(const struct gone *gone, const struct trace_young *young) {
  struct moment_of_birth birth = {young->address, young->ticks};
  uint64_t key = last_birth(young->stack, young->ticks);
  return (gone->folded_count &&
          bsearch(&key, gone->folded, gone->folded_count, sizeof(key), last_birth_order)) ||
         (gone->birth_count &&
          bsearch(&birth, gone->births, gone->birth_count, sizeof(birth), birth_order));
}

/* Keeps of the young blocks each one once, and none that is elsewhere. */
static int young_take(struct lane_window *window, struct lane_copy *copy, bool live) {
  struct gone gone = {0};
  size_t kept = 0;
  if (copy->young_count == 0) return 0;
  int error = look_in_cells(copy, &gone);
  if (!error && live) error = look_in_chunk(window, &gone);
  if (gone.folded_count)
    qsort(gone.folded, gone.folded_count, sizeof(*gone.folded), last_birth_order);
  if (gone.birth_count) qsort(gone.births, gone.birth_count, sizeof(*gone.births), birth_order);
  qsort(copy->young, copy->young_count, sizeof(*copy->young), young_order);
  for (size_t i = 0; i < copy->young_count && !error; i++) {
    const struct trace_young *young = &copy->young[i];
    if (kept && young_order(&copy->young[kept - 1], young) == 0) continue;
    if (!is_gone(&gone, young)) copy->young[kept++] = *young;
  }
  free(gone.folded);
  free(gone.births);
  if (error) return error;
  window->rest.young = copy->young;
  window->rest.young_count = kept;
  copy->young = NULL;
  return 0;
}

/* ---- cells ------------------------------------------------------------------------------- */

/* Whether the lane's state has come to where the cell's figures are in a record. */
static bool flushed(const struct trace_lane *control, uint32_t number) {
  uint64_t past = TRACE_STATE_POINT(control->state) - TRACE_FLUSHING_POINT(control->flushing);
  return control->flushing && TRACE_FLUSHING_CELL(control->flushing) == number &&
         (past & 0xffffffffffu) < (uint64_t)1 << 39;
}

/* Voids the cells that were written to the chunk while they were copied. */
static void void_flushed_meanwhile(const struct lane_window *window, struct lane_copy *copy) {
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

static int folds_take(struct lane_window *window, struct lane_copy *copy) {
  struct lane_rest *rest = &window->rest;
  if (copy->cell_count == 0) return 0;
  rest->folds = malloc(copy->cell_count * sizeof(*rest->folds));
  if (!rest->folds) return -ENOMEM;
  void_flushed_meanwhile(window, copy);
  for (size_t i = 0; i < copy->cell_count; i++) {
    const struct numbered_cell *cell = &copy->cells[i];
    if (cell->cell.stack == 0 || flushed(&window->control, cell->number)) continue;
    if (trace_valid_sum(&cell->cell)->commit == 0) continue; /* taken, and nothing counted yet */
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
  struct lane_copy copy = {0};
  int error;
  *window = (struct lane_window){0};
  for (int attempt = 1;; attempt++) {
    lane_copy_free(&copy);
    error = lane_copy_make(fd, offset, more, more_count, buffer, window, &copy);
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
  lane_copy_free(&copy);
  return error;
}

void lane_rest_free(struct lane_rest *rest) {
  free(rest->young);
  free(rest->folds);
  *rest = (struct lane_rest){0};
}
