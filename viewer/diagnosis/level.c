/* level.c - see level.h: a merge of two sorted lists of times. */
#include "level.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static int compare_ns(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

int level_begin(struct level *level, const struct residence *messages, size_t count,
                uint64_t end_ns) {
  *level = (struct level){.messages = messages, .count = count, .end_ns = end_ns};
  level->deaths = calloc(count + 1, sizeof(uint64_t));
  if (!level->deaths) return -ENOMEM;
  for (size_t i = 0; i < count; i++)
    if (messages[i].death_ns != RESIDENCE_LIVE)
      level->deaths[level->death_count++] = messages[i].death_ns;
  qsort(level->deaths, level->death_count, sizeof(uint64_t), compare_ns);
  return 0;
}

void level_free(struct level *level) {
  free(level->deaths);
  *level = (struct level){0};
}

/* What happens next, and when; false when nothing does. */
static bool next_step(const struct level *level, const struct level_walk *walk, uint64_t *ns,
                      bool *death) {
  bool births = walk->born < level->count, deaths = walk->died < level->death_count;
  if (!births && !deaths) return false;
  uint64_t birth_ns = births ? level->messages[walk->born].birth_ns : UINT64_MAX;
  /* of what has arrived: one that came and went in the same moment has to arrive first */
  *death = deaths && walk->died < walk->born && level->deaths[walk->died] <= birth_ns;
  *ns = *death ? level->deaths[walk->died] : birth_ns;
  return true;
}

bool level_next(const struct level *level, struct level_walk *walk) {
  if (level->count == 0) return false;
  walk->begin_ns = walk->born ? walk->end_ns : level->messages[0].birth_ns;
  uint64_t ns;
  bool death;
  while (next_step(level, walk, &ns, &death)) {
    if (ns > walk->begin_ns) {
      walk->end_ns = ns;
      return true;
    }
    if (death)
      walk->died++;
    else
      walk->born++;
    walk->messages = walk->born - walk->died;
  }
  walk->end_ns = level->end_ns;
  return walk->end_ns > walk->begin_ns;
}

size_t level_arrived(const struct level *level, uint64_t ns) {
  return residences_born(level->messages, level->count, ns);
}

size_t level_departed(const struct level *level, uint64_t ns) {
  size_t low = 0, high = level->death_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (level->deaths[middle] <= ns)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

size_t level_top(const struct level *level, uint64_t *ns) {
  size_t top = 0;
  *ns = 0;
  for (struct level_walk walk = {0}; level_next(level, &walk);)
    if (walk.messages > top) {
      top = walk.messages;
      *ns = walk.begin_ns;
    }
  return top;
}

uint64_t level_reached(const struct level *level, size_t messages) {
  for (struct level_walk walk = {0}; level_next(level, &walk);)
    if (walk.messages >= messages) return walk.begin_ns;
  return UINT64_MAX;
}

/* The part of the walk's stretch that lies in [from, to]; 0 when there is none. */
static double overlap(const struct level_walk *walk, uint64_t from_ns, uint64_t to_ns) {
  uint64_t begin = walk->begin_ns > from_ns ? walk->begin_ns : from_ns;
  uint64_t end = walk->end_ns < to_ns ? walk->end_ns : to_ns;
  return end > begin ? (double)(end - begin) : 0;
}

struct level_range level_range(const struct level *level, uint64_t from_ns, uint64_t to_ns) {
  size_t at = level_at(level, from_ns);
  struct level_range range = {at, at};
  for (struct level_walk walk = {0}; level_next(level, &walk) && walk.begin_ns < to_ns;) {
    if (overlap(&walk, from_ns, to_ns) <= 0) continue;
    if (walk.messages < range.least) range.least = walk.messages;
    if (walk.messages > range.most) range.most = walk.messages;
  }
  return range;
}

uint64_t level_last_at_most(const struct level *level, size_t messages, uint64_t until_ns) {
  uint64_t found = level->count ? level->messages[0].birth_ns : 0;
  for (struct level_walk walk = {0}; level_next(level, &walk) && walk.begin_ns < until_ns;)
    if (walk.messages <= messages) found = walk.end_ns < until_ns ? walk.end_ns : until_ns;
  return found;
}

int level_quantile(const struct level *level, uint64_t from_ns, uint64_t to_ns, double p,
                   size_t *messages) {
  *messages = 0;
  double *at = calloc(level->count + 1, sizeof(double)), all = 0, sum = 0;
  if (!at) return -ENOMEM;
  for (struct level_walk walk = {0}; level_next(level, &walk) && walk.begin_ns < to_ns;) {
    double time = overlap(&walk, from_ns, to_ns);
    at[walk.messages] += time;
    all += time;
  }
  for (size_t i = 0; i <= level->count; i++) {
    sum += at[i];
    if (at[i] > 0) *messages = i;
    if (sum >= p * all) break;
  }
  free(at);
  return 0;
}

struct level_moments level_moments(const struct level *level, uint64_t from_ns, uint64_t to_ns,
                                   double floor) {
  double time = 0, first = 0, second = 0, above = 0;
  for (struct level_walk walk = {0}; level_next(level, &walk) && walk.begin_ns < to_ns;) {
    double part = overlap(&walk, from_ns, to_ns), messages = (double)walk.messages;
    time += part;
    first += part * messages;
    second += part * messages * messages;
    if (messages >= floor) above += part;
  }
  if (time <= 0) return (struct level_moments){.share_above = 0};
  double mean = first / time, variance = second / time - mean * mean;
  return (struct level_moments){
      .mean = mean, .deviation = variance > 0 ? sqrt(variance) : 0, .share_above = above / time};
}

size_t level_emptied(const struct level *level, double high, double low, uint64_t until_ns) {
  size_t times = 0;
  bool full = false;
  for (struct level_walk walk = {0}; level_next(level, &walk) && walk.begin_ns < until_ns;) {
    double messages = (double)walk.messages;
    if (messages >= high) full = true;
    if (full && messages <= low) {
      full = false;
      times++;
    }
  }
  return times;
}

struct level_line level_line(const struct level *level, uint64_t from_ns, uint64_t to_ns,
                             uint64_t until_ns) {
  double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  size_t begin = from_ns ? level_arrived(level, from_ns - 1) : 0, end = level_arrived(level, to_ns);
  for (size_t i = begin; i < end; i++) {
    const struct residence *message = &level->messages[i];
    if (message->death_ns == RESIDENCE_LIVE || message->death_ns > until_ns) continue;
    double born = (double)(message->birth_ns - from_ns),
           stayed = (double)(message->death_ns - message->birth_ns);
    n++, x += born, y += stayed, xx += born * born, yy += stayed * stayed, xy += born * stayed;
  }
  double wide = xx - x * x / n, high = yy - y * y / n, both = xy - x * y / n;
  if (n < 8 || !(wide > 0)) return (struct level_line){NAN, NAN};
  return (struct level_line){both / wide, high > 0 ? both / sqrt(wide * high) : NAN};
}
