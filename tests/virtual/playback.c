/* playback.c - a recording through the same passes as a trace: pairing, residences, verdicts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recording.h"
#include "viewer/pairing.h"

static const uint32_t thread_names[WORLD_THREADS + 1] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static void check(int error, const char *what) {
  if (!error) return;
  fprintf(stderr, "playback: %s: %s\n", what, strerror(-error));
  abort();
}

typedef int take_batch(void *taker, const struct event_batch *batch);

static void play(const struct recorded *recorded, take_batch *take, void *taker) {
  static struct event_batch batch;
  for (size_t at = 0; at < recorded->event_count; at += batch.count) {
    size_t left = recorded->event_count - at;
    batch.count = left < EVENT_BATCH ? left : EVENT_BATCH;
    memcpy(batch.events, recorded->events + at, batch.count * sizeof(struct event));
    for (size_t i = 0; i < batch.count; i++)
      batch.lanes[i] = batch.events[i].thread - 1;
    check(take(taker, &batch), "events");
  }
}

struct books {
  struct pairing pairing;
  struct ledger ledger;
};

static int take_into_books(void *taker, const struct event_batch *batch) {
  struct books *books = taker;
  int error = ledger_enter(&books->ledger, batch);
  return error ? error : pairing_take(&books->pairing, batch);
}

static struct run_clock nanoseconds(void) {
  return run_clock_begin(0, 0, true);
}

struct profile *recorded_profile(const struct recorded *recorded) {
  struct run_clock clock = nanoseconds();
  struct books books;
  struct profile *profile;
  check(pairing_begin(&books.pairing, &clock, thread_names, recorded->lane_count, NULL, 0),
        "pairing");
  if (recorded->mean_bytes)
    check(pairing_sampled(&books.pairing, recorded->mean_bytes), "sampling");
  check(ledger_begin(&books.ledger, recorded->lane_count, 0), "ledger");
  for (size_t i = 0; i < recorded->fold_count; i++)
    check(pairing_fold(&books.pairing, &recorded->folds[i]), "fold");
  play(recorded, take_into_books, &books);
  check(pairing_finish(&books.pairing, recorded->end_ns, &books.ledger, &profile), "finish");
  pairing_free(&books.pairing);
  ledger_free(&books.ledger);
  return profile;
}

static int take_residences(void *taker, const struct event_batch *batch) {
  return residences_take(taker, batch);
}

/* The same name is the same address. */
static uint64_t frame_of(const void *of, uint32_t id, uint32_t *caller) {
  const struct history *history = of;
  if (id == 0 || id > history->stack_count) return 0;
  *caller = history->callers[id];
  uint64_t hash = 14695981039346656037u;
  for (const char *at = history->stacks[id]; *at; at++)
    hash = (hash ^ (unsigned char)*at) * 1099511628211u;
  return hash;
}

struct profile *recorded_diagnose(const struct recorded *recorded, struct diagnosis *diagnosis) {
  struct run_clock clock = nanoseconds();
  struct profile *profile = recorded_profile(recorded);
  struct residence_pass *pass;
  struct residences residences;
  struct candidates candidates;
  struct stack_tree tree = {frame_of, recorded->history};
  check(candidates_choose(profile, &tree, &candidates), "candidates");
  check(residences_begin(&pass, profile, &clock, recorded->lane_count, &candidates), "residences");
  play(recorded, take_residences, pass);
  for (size_t i = 0; i < recorded->fold_count; i++)
    check(residences_fold(pass, &recorded->folds[i]), "fold");
  check(residences_finish(pass, &residences), "residences");
  residences_free_pass(pass);
  check(diagnosis_make(profile, &residences, diagnosis), "diagnosis");
  residences_free(&residences);
  candidates_free(&candidates);
  return profile;
}
