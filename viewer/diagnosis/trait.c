/* trait.c - see trait.h. */
#include "trait.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "quantile.h"

static int compare_ns(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static double mean_gap_ns(const struct residence_list *list) {
  if (list->count < 2) return 0;
  return (double)(list->of[list->count - 1].birth_ns - list->of[0].birth_ns) /
         (double)(list->count - 1);
}

/* When many leave at once, the gaps between them say little: weighed by their length they do. */
static int usual_gap_ns(const uint64_t *times, size_t count, double *gap_ns) {
  *gap_ns = 0;
  if (count < 2) return 0;
  uint64_t *gaps = calloc(count, sizeof(*gaps)), sum = 0;
  if (!gaps) return -ENOMEM;
  for (size_t i = 1; i < count; i++)
    gaps[i - 1] = times[i] - times[i - 1];
  qsort(gaps, count - 1, sizeof(*gaps), compare_ns);
  for (size_t i = 0; i + 1 < count && 2 * sum < times[count - 1] - times[0]; i++) {
    sum += gaps[i];
    *gap_ns = (double)gaps[i];
  }
  free(gaps);
  return 0;
}

static double threads_of(const struct residence_list *list, bool deaths) {
  enum { MANY = 16 };
  unsigned seen[MANY], count = 0;
  for (size_t i = 0; i < list->count && count < MANY; i++) {
    if (deaths && list->of[i].death_ns == RESIDENCE_LIVE) continue;
    unsigned thread = deaths ? list->of[i].death_thread : list->of[i].birth_thread, known = 0;
    while (known < count && seen[known] != thread)
      known++;
    if (known == count) seen[count++] = thread;
  }
  return count;
}

/* Of those that departed; those that never did make it longer without end. */
static double mean_stay_ns(const struct residence_list *list) {
  double sum = 0;
  for (size_t i = 0; i < list->count; i++) {
    if (list->of[i].death_ns == RESIDENCE_LIVE) return INFINITY;
    sum += (double)(list->of[i].death_ns - list->of[i].birth_ns);
  }
  return list->count ? sum / (double)list->count : 0;
}

static double in_births(uint64_t life_ns, double birth_gap_ns) {
  return life_ns == UINT64_MAX ? INFINITY : (double)life_ns / (birth_gap_ns + 1);
}

/* The quartiles of the lives, in births: a few long ones, or cut off by the end, say nothing. */
static int births_meanwhile(const struct residence_list *list, struct trait *trait) {
  trait->meanwhile_low = trait->meanwhile_high = 0;
  if (list->count == 0) return 0;
  uint64_t *lives = calloc(list->count + 1, sizeof(*lives));
  if (!lives) return -ENOMEM;
  for (size_t i = 0; i < list->count; i++)
    lives[i] = list->of[i].death_ns == RESIDENCE_LIVE ? UINT64_MAX
                                                      : list->of[i].death_ns - list->of[i].birth_ns;
  uint64_t low = quantile_at_rank(lives, list->count, list->count / 4);
  uint64_t high = quantile_at_rank(lives, list->count, list->count - 1 - list->count / 4);
  trait->meanwhile_low = in_births(low, trait->birth_gap_ns);
  trait->meanwhile_high = in_births(high, trait->birth_gap_ns);
  free(lives);
  return 0;
}

int trait_take(struct trait *trait, const struct residence_list *list) {
  *trait = (struct trait){.list = list,
                          .birth_gap_ns = mean_gap_ns(list),
                          .fillers = threads_of(list, false),
                          .drainers = threads_of(list, true)};
  trait->waits = mean_stay_ns(list) >= 0.2 * trait->birth_gap_ns;
  int error = level_begin(&trait->level, list->of, list->count, RESIDENCE_LIVE);
  if (!error) error = births_meanwhile(list, trait);
  if (!error)
    error = usual_gap_ns(trait->level.deaths, trait->level.death_count, &trait->death_gap_ns);
  return error;
}

void trait_free(struct trait *trait) {
  level_free(&trait->level);
  *trait = (struct trait){0};
}
