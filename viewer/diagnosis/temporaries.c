/* temporaries.c - see temporaries.h. */
#include "temporaries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "level.h"
#include "quantile.h"

/* What is freed by who made it within this is folded by default: so it is in no list, or here. */
#define YOUNG_NS UINT64_C(1000000)

/* The others stay so many times as long, or there are no two kinds of lives. */
#define LONGER 8

enum { LEAST = 20 }; /* to tell anything from */

static bool is_young(const struct residence *of) {
  return of->death_ns != RESIDENCE_LIVE && of->birth_thread == of->death_thread &&
         of->death_ns - of->birth_ns < YOUNG_NS;
}

static size_t count_young(const struct residence_list *list) {
  size_t young = 0;
  for (size_t i = 0; i < list->count; i++)
    young += is_young(&list->of[i]);
  return young;
}

/* Those that stay, in the order of the list. */
static void copy_others(const struct residence_list *list, struct residence *rest) {
  for (size_t i = 0; i < list->count; i++)
    if (!is_young(&list->of[i])) *rest++ = list->of[i];
}

static int stay_for_long(const struct residence *rest, size_t count, uint64_t duration_ns,
                         bool *longer) {
  uint64_t *stays = calloc(count + 1, sizeof(*stays));
  if (!stays) return -ENOMEM;
  for (size_t i = 0; i < count; i++)
    stays[i] = residence_ns(&rest[i], duration_ns);
  *longer = quantile_at_rank(stays, count, count / 2) >= LONGER * YOUNG_NS;
  free(stays);
  return 0;
}

struct births {
  double young, all;
};

static struct births births_within(const struct residence_list *list, uint64_t duration_ns,
                                   uint64_t from, uint64_t to) {
  struct births births = {.young = residences_folded(list, duration_ns, from, to)};
  births.all = births.young;
  for (size_t i = 0; i < list->count; i++) {
    const struct residence *of = &list->of[i];
    if (of->birth_ns < from || of->birth_ns >= to) continue;
    births.young += is_young(of) ? (double)list->every : 0;
    births.all += (double)list->every;
  }
  return births;
}

/* For counts of folded blocks to tell what was in it. */
static bool long_enough(const struct residence_list *list, uint64_t duration_ns, uint64_t from,
                        uint64_t to) {
  return !list->folded || (double)(to - from) >= 4 * residences_bucket_ns(duration_ns);
}

/* While it fills up nothing is turned away: what dies young then is something else. What only does
 * so when it is full is. */
static void compare(struct residence_list *list, const struct level *level, uint64_t duration_ns) {
  uint64_t at_ns, last_ns = level->messages[level->count - 1].birth_ns;
  size_t top = level_top(level, &at_ns);
  uint64_t full = level_reached(level, top - top / 10);
  uint64_t from = level_last_at_most(level, top / 20, full);
  if (full <= from || !long_enough(list, duration_ns, from, full)) return;
  struct births before = births_within(list, duration_ns, from, full);
  struct births after = births_within(list, duration_ns, full, last_ns + 1);
  if (before.all - before.young < LEAST * (double)list->every || after.all <= 0) return;
  double share = before.young / before.all, later = after.young / after.all;
  list->temporaries = share >= 0.05 && share >= 0.5 * later;
  if (later >= 0.05 && share <= 0.1 * later) list->when_full = after.young;
}

static int judge(struct residence_list *list, const struct residence *rest, size_t count,
                 uint64_t duration_ns) {
  struct level level;
  bool longer;
  int error = stay_for_long(rest, count, duration_ns, &longer);
  if (error || !longer) return error;
  error = level_begin(&level, rest, count, duration_ns);
  if (!error) compare(list, &level, duration_ns);
  level_free(&level);
  return error;
}

int temporaries_sift(struct residence_list *list, uint64_t duration_ns) {
  size_t young = count_young(list), count = list->count - young;
  if (count < LEAST || (young == 0 && !list->folded)) return 0;
  struct residence *rest = calloc(count, sizeof(*rest));
  if (!rest) return -ENOMEM;
  copy_others(list, rest);
  int error = judge(list, rest, count, duration_ns);
  if (!error && list->temporaries) {
    memcpy(list->of, rest, count * sizeof(*rest));
    list->count = count;
    list->taken_out = young * list->every;
    list->births -= list->taken_out;
  }
  free(rest);
  return error;
}
