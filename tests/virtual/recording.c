/* recording.c - exact, folded, sampled: from one history. */
#include "recording.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const recording_names[RECORDINGS] = {"exact", "folded", "sampled"};

/* A cell is written out now and then: blocks, and time, of a fold. */
#define FOLD_MOST 512
#define FOLD_SPAN_NS 10000000u

/* What the history knows of the block that is at an address. */
struct life {
  uint64_t address; /* 0: none */
  size_t birth;     /* its event */
  uint64_t size;
  bool resized, picked;
};

struct lives {
  struct life *of;
  size_t mask;
};

static struct life *life_at(const struct lives *lives, uint64_t address) {
  size_t place = (size_t)(address * 0x9e3779b97f4a7c15u >> 20) & lives->mask;
  while (lives->of[place].address && lives->of[place].address != address)
    place = (place + 1) & lives->mask;
  lives->of[place].address = address;
  return &lives->of[place];
}

static struct lives lives_new(size_t events) {
  size_t size = 64;
  while (size < 2 * events)
    size *= 2;
  struct lives lives = {calloc(size, sizeof(struct life)), size - 1};
  if (!lives.of) abort();
  return lives;
}

/* ---- folded ----------------------------------------------------------------------------- */

static struct fold *fold_of(struct recorded *recorded, const struct event *birth,
                            uint64_t death_ns) {
  for (size_t i = recorded->fold_count; i-- > 0;) {
    struct fold *fold = &recorded->folds[i];
    if (fold->stack != birth->stack || fold->thread != birth->thread) continue;
    bool fresh = death_ns - (fold->ticks - fold->span) < FOLD_SPAN_NS;
    if (fold->blocks < FOLD_MOST && fresh) return fold;
    break;
  }
  recorded->folds =
      reallocarray(recorded->folds, recorded->fold_count + 1, sizeof(*recorded->folds));
  if (!recorded->folds) abort();
  struct fold *fold = &recorded->folds[recorded->fold_count++];
  *fold = (struct fold){.stack = birth->stack, .thread = birth->thread};
  return fold;
}

static void fold_in(struct recorded *recorded, const struct event *birth, uint64_t death_ns) {
  struct fold *fold = fold_of(recorded, birth, death_ns);
  uint64_t lifetime = death_ns - birth->ticks, bytes = event_bytes(birth);
  uint32_t bucket = trace_bucket(lifetime);
  if (fold->blocks)
    fold->span += death_ns - fold->ticks;
  else
    fold->span = lifetime;
  fold->ticks = death_ns;
  fold->blocks++;
  fold->bytes += bytes;
  fold->lifetime_ticks += lifetime;
  fold->byte_ticks += bytes * lifetime;
  fold->counts[bucket]++;
  if (bucket > fold->highest) fold->highest = bucket;
}

/* Marks (by thread 0) the events of blocks that are folded, then drops them. */
static void fold(struct recorded *recorded, struct lives *lives) {
  size_t kept = 0;
  for (size_t i = 0; i < recorded->event_count; i++) {
    struct event *event = &recorded->events[i];
    struct life *life = life_at(lives, event->address);
    if (event->kind == EVENT_BIRTH)
      *life = (struct life){event->address, i, event->size, false, false};
    if (event->kind == EVENT_TAKE) life->resized = true;
    if (event->kind != EVENT_DEATH || life->resized) continue;
    struct event *birth = &recorded->events[life->birth];
    if (birth->thread != event->thread || event->ticks - birth->ticks >= RECORDING_FOLD_NS ||
        birth->size > RECORDING_FOLD_BYTES)
      continue;
    fold_in(recorded, birth, event->ticks);
    birth->thread = event->thread = 0;
  }
  for (size_t i = 0; i < recorded->event_count; i++)
    if (recorded->events[i].thread) recorded->events[kept++] = recorded->events[i];
  recorded->event_count = kept;
}

/* ---- sampled ---------------------------------------------------------------------------- */

/* As the recorder does it (trace.h, SAMPLING): each thread has a distance to the next picked byte
 * of those that it asks for; a block that grows offers what it grows by. */
static void sample(struct recorded *recorded, struct lives *lives, uint64_t seed) {
  double left[WORLD_THREADS + 1];
  struct chance chance = {seed};
  uint64_t moved_from[WORLD_THREADS + 1];
  bool moved_picked[WORLD_THREADS + 1] = {0};
  size_t kept = 0;
  double mean = (double)recorded->mean_bytes;
  for (unsigned i = 0; i <= WORLD_THREADS; i++)
    left[i] = -log(chance_uniform(&chance)) * mean;
  for (size_t i = 0; i < recorded->event_count; i++) {
    struct event event = recorded->events[i];
    struct life *life = life_at(lives, event.address);
    unsigned thread = event.thread;
    bool grows = event.kind == EVENT_TAKE && moved_from[thread] < event.size;
    if (event.kind == EVENT_RELEASE) {
      moved_from[thread] = life->size;
      moved_picked[thread] = life->picked;
      continue;
    }
    bool picked = false;
    if (event.kind == EVENT_BIRTH || grows) {
      left[thread] -= (double)(event_bytes(&event) - (grows ? moved_from[thread] : 0));
      picked = left[thread] < 0;
      if (picked) left[thread] = -log(chance_uniform(&chance)) * mean;
    }
    if (event.kind == EVENT_DEATH) picked = life->picked;
    if (event.kind == EVENT_TAKE) picked |= moved_picked[thread];
    if (event.kind != EVENT_DEATH) life->picked = picked, life->size = event.size;
    if (!picked) continue;
    /* the release was put off: nothing is between the two */
    if (event.kind == EVENT_TAKE) {
      struct event release = recorded->events[i - 1];
      recorded->events[kept++] = release;
    }
    recorded->events[kept++] = event;
  }
  recorded->event_count = kept;
}

/* ----------------------------------------------------------------------------------------- */

struct recorded recording_make(const struct history *history, enum recording recording,
                               uint64_t mean_bytes, uint64_t seed) {
  struct recorded recorded = {.events = calloc(history->count + 1, sizeof(struct event)),
                              .event_count = history->count,
                              .end_ns = history->end_ns,
                              .lane_count = history->thread_count,
                              .history = history};
  if (!recorded.events) abort();
  memcpy(recorded.events, history->events, history->count * sizeof(struct event));
  if (recording == RECORDING_EXACT) return recorded;
  struct lives lives = lives_new(history->count);
  if (recording == RECORDING_FOLDED) {
    fold(&recorded, &lives);
  } else {
    recorded.mean_bytes = mean_bytes;
    sample(&recorded, &lives, seed);
  }
  free(lives.of);
  return recorded;
}

void recorded_free(struct recorded *recorded) {
  free(recorded->events);
  free(recorded->folds);
  *recorded = (struct recorded){0};
}
