/* The records of folded blocks in the trace itself: seldom enough to be few, and often enough that
 * rates over time can be drawn. Times are those of the trace, which are the program's own. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness.h"
#include "viewer/fold.h"
#include "viewer/room.h"
#include "viewer/run_clock.h"
#include "viewer/slots.h"

struct fold_list {
  struct fold_seen {
    uint64_t ticks, span, blocks;
    uint64_t longest; /* at most: the end of the highest bucket of lifetimes in use */
    uint32_t stack;
  } * folds;
  size_t count, capacity;
};

static int folds_gather(void *context, const struct chunk *chunk, const uint8_t *records) {
  struct fold_list *list = context;
  struct record_cursor cursor = record_begin(&chunk->head, records, chunk->head.bytes);
  struct record record;
  while (record_next(&cursor, &record) == RECORD_OK) {
    if (record.type != TRACE_FOLD && record.type != TRACE_LIFE) continue;
    struct fold fold;
    cr_assert(fold_of_record(&record, &fold));
    cr_assert(room_for_one(&list->folds, &list->capacity, list->count, sizeof(*list->folds)));
    list->folds[list->count++] = (struct fold_seen){fold.ticks, fold.span, fold.blocks,
                                                    trace_bucket_low(fold.highest + 1), fold.stack};
  }
  return 0;
}

static int fold_order(const void *left, const void *right) {
  const struct fold_seen *a = left, *b = right;
  if (a->stack != b->stack) return a->stack < b->stack ? -1 : 1;
  return a->ticks < b->ticks ? -1 : a->ticks > b->ticks;
}

/* What the trace has of folds, by site and in order of time; and its clock. */
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

static void fold_list_free(struct fold_list *list) {
  free(list->folds);
  free(list);
}

/* Of sites whose blocks live one at a time. */
static void assert_spans(const struct fold_list *list, const struct run_clock *clock) {
  for (size_t i = 0; i < list->count; i++) {
    const struct fold_seen *fold = &list->folds[i];
    uint64_t span_ns = run_clock_span(clock, fold->span);
    /* a block that was alive while the machine did something else is longer by itself */
    uint64_t longest_ns = run_clock_span(clock, fold->longest);
    uint64_t most_ns = longest_ns > 100 * 1000000 ? longest_ns : 100 * 1000000;
    cr_assert_leq(span_ns, most_ns, "record %zu: %lu ns", i, span_ns);
    if (i == 0 || fold->stack != fold[-1].stack) continue;
    uint64_t begin = fold->ticks - fold->span, before = fold[-1].ticks - fold[-1].span;
    cr_assert_geq(begin, fold[-1].ticks, "record %zu begins before the last one ends", i);
    uint64_t apart_ns = run_clock_span(clock, begin - before);
    cr_assert_geq(apart_ns, 10 * 1000000, "record %zu: %lu ns behind the last", i, apart_ns);
  }
}

/* One site, one thread: what is not in a record is in its cell, at the end. */
static void fold_for(const char *milliseconds, const char *pauses) {
  struct trial *trial = TRIAL(.program = "folds_for", .arguments = {milliseconds, pauses},
                              .variables = {"DWELL_FOLD=1s"});
  struct run_clock clock;
  struct fold_list *list = folds_of(trial->traces[0], &clock);
  cr_assert_geq(list->count, 2, "%zu", list->count);
  assert_spans(list, &clock);
  uint64_t blocks = 0;
  for (size_t i = 0; i < list->count; i++) {
    cr_assert_eq(list->folds[i].stack, list->folds[0].stack);
    blocks += list->folds[i].blocks;
  }
  struct recording *recording = recording_only(trial);
  struct tally tally = recording_tally(recording, 20011);
  cr_assert_eq(tally.births, tally.deaths);
  cr_assert_eq(tally.site->folded.blocks, tally.births);
  cr_assert_leq(blocks, tally.births);
  recording_free(recording);
  fold_list_free(list);
  trial_free(trial);
}

/* Sites that fold in turn, each in every round: more than a lane has cells at first, so many that
 * sets of places are full. */
static void fold_in_turn(const char *sites, const char *rounds) {
  struct trial *trial =
      TRIAL(.program = "many_sites", .arguments = {sites, rounds}, .variables = {"DWELL_FOLD=1s"});
  struct run_clock clock;
  struct fold_list *list = folds_of(trial->traces[0], &clock);
  size_t sites_seen = 0;
  for (size_t i = 0; i < list->count; i++)
    sites_seen += i == 0 || list->folds[i].stack != list->folds[i - 1].stack;
  cr_assert_geq(sites_seen, (size_t)atol(sites)); /* it ran for longer than a cell is kept */
  assert_spans(list, &clock);
  fold_list_free(list);
  trial_free(trial);
}

Test(fold_records, of_a_busy_site_come_each_10_to_100_ms) {
  fold_for("400", NULL);
}

Test(fold_records, of_a_site_that_pauses_come_each_10_to_100_ms) {
  fold_for("400", "pauses");
}

Test(fold_records, of_3000_sites_in_turn_come_each_10_to_100_ms) {
  fold_in_turn("3000", "400");
}

Test(fold_records, of_8000_sites_in_turn_come_each_10_to_100_ms) {
  fold_in_turn("8000", "160");
}
