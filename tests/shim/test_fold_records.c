/* The records of folded blocks in the trace itself: seldom enough to be few, and often enough that
 * rates over time can be drawn. Times are those of the trace, which are the program's own. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness.h"
#include "viewer/fold.h"
#include "viewer/run_clock.h"
#include "viewer/slots.h"

struct fold_list {
  struct fold folds[1000];
  size_t count;
};

static int folds_gather(void *context, const struct chunk *chunk, const uint8_t *records) {
  struct fold_list *list = context;
  struct record_cursor cursor = record_begin(&chunk->head, records, chunk->head.bytes);
  struct record record;
  while (record_next(&cursor, &record) == RECORD_OK) {
    if (record.type != TRACE_FOLD && record.type != TRACE_LIFE) continue;
    cr_assert_lt(list->count, 1000);
    cr_assert(fold_of_record(&record, &list->folds[list->count]));
    list->count++;
  }
  return 0;
}

static int fold_order(const void *left, const void *right) {
  const struct fold *a = left, *b = right;
  return a->ticks < b->ticks ? -1 : a->ticks > b->ticks;
}

/* What the trace has of folds, in order of time; and its clock. */
static struct fold_list *folds_of(const char *path, struct run_clock *clock) {
  static struct slots slots;
  struct trace_head head;
  struct trace_control control;
  struct fold_list *list = calloc(1, sizeof(*list));
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  cr_assert(list && fd >= 0);
  cr_assert_eq(pread(fd, &head, sizeof(head), 0), sizeof(head));
  cr_assert_eq(pread(fd, &control, sizeof(control), TRACE_CONTROL_OFFSET), sizeof(control));
  *clock = run_clock_begin(head.start_ticks, head.start_monotonic_ns,
                           head.clock == TRACE_CLOCK_MONOTONIC);
  if (control.calibration < 2)
    run_clock_pair(clock, control.calibration_ticks[control.calibration],
                   control.calibration_monotonic_ns[control.calibration]);
  cr_assert(run_clock_calibrated(clock));
  cr_assert_eq(slots_scan(&slots, fd, false, 0, folds_gather, list), 0);
  slots_free(&slots);
  close(fd);
  qsort(list->folds, list->count, sizeof(*list->folds), fold_order);
  return list;
}

/* One site, one thread: what is not in a record is in its cell, at the end. */
static void fold_for(const char *milliseconds, const char *pauses) {
  struct trial *trial = TRIAL(.program = "folds_for", .arguments = {milliseconds, pauses},
                              .variables = {"DWELL_FOLD=1s"});
  struct run_clock clock;
  struct fold_list *list = folds_of(trial->traces[0], &clock);
  cr_assert_geq(list->count, 2, "%zu", list->count);
  uint64_t blocks = 0;
  for (size_t i = 0; i < list->count; i++) {
    const struct fold *fold = &list->folds[i];
    cr_assert_eq(fold->stack, list->folds[0].stack);
    blocks += fold->blocks;
    uint64_t span_ns = run_clock_span(&clock, fold->span);
    cr_assert_leq(span_ns, 100 * 1000000, "record %zu: %lu ns", i, span_ns);
    if (i == 0) continue;
    uint64_t begin = fold->ticks - fold->span, before = fold[-1].ticks - fold[-1].span;
    cr_assert_geq(begin, fold[-1].ticks, "record %zu begins before the last one ends", i);
    uint64_t apart_ns = run_clock_span(&clock, begin - before);
    cr_assert_geq(apart_ns, 10 * 1000000, "record %zu: %lu ns behind the last", i, apart_ns);
  }
  struct recording *recording = recording_only(trial);
  struct tally tally = recording_tally(recording, 20011);
  cr_assert_eq(tally.births, tally.deaths);
  cr_assert_eq(tally.site->folded.blocks, tally.births);
  cr_assert_leq(blocks, tally.births);
  recording_free(recording);
  free(list);
  trial_free(trial);
}

Test(fold_records, of_a_busy_site_come_each_10_to_100_ms) {
  fold_for("400", NULL);
}

Test(fold_records, of_a_site_that_pauses_come_each_10_to_100_ms) {
  fold_for("400", "pauses");
}
