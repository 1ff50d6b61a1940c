/* phases.c - see phases.h. */
#include "phases.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { POINTS = 160, PHASES_MAX = 12 };

/* A line more must pay: it must take away as much as if each point were off by so much of the top
 * level. */
#define TOLERANCE 0.02

struct point {
  uint64_t ns;
  double level;
};

/* Sums over the points before each one: the squares of any stretch's best line follow from them. */
struct sums {
  double n, x, y, xx, xy, yy;
};

static struct sums minus(const struct sums *a, const struct sums *b) {
  return (struct sums){a->n - b->n,   a->x - b->x,   a->y - b->y,
                       a->xx - b->xx, a->xy - b->xy, a->yy - b->yy};
}

/* Sum of the squared distances of points from, ..., to - 1 to their best line. */
static double squares(const struct sums *sums, size_t from, size_t to) {
  struct sums of = minus(&sums[to], &sums[from]);
  double xx = of.xx - of.x * of.x / of.n, xy = of.xy - of.x * of.y / of.n,
         yy = of.yy - of.y * of.y / of.n;
  double rest = xx > 1e-12 ? yy - xy * xy / xx : yy;
  return rest > 0 ? rest : 0;
}

/* ---- points ----------------------------------------------------------------------------- */

/* Every so many steps, and at both ends; times and levels in [0, 1] for the sums. */
static size_t take_points(const struct level *level, struct point *points) {
  size_t steps = level->count + level->death_count, every = steps / (POINTS - 2) + 1, count = 0;
  size_t seen = 0;
  struct level_walk walk = {0};
  while (level_next(level, &walk)) {
    size_t done = walk.born + walk.died;
    if (count && done < seen + every) continue;
    seen = done;
    points[count++] = (struct point){walk.begin_ns, (double)walk.messages};
    if (count == POINTS - 1) break;
  }
  uint64_t last_birth = level->count ? level->messages[level->count - 1].birth_ns : 0;
  uint64_t last = level->death_count && level->deaths[level->death_count - 1] > last_birth
                      ? level->deaths[level->death_count - 1]
                      : last_birth;
  if (count && points[count - 1].ns < last)
    points[count++] = (struct point){last, (double)level_at(level, last)};
  return count;
}

static void add_up(const struct point *points, size_t count, struct sums *sums) {
  double begin = (double)points[0].ns, length = (double)points[count - 1].ns - begin, top = 0;
  for (size_t i = 0; i < count; i++)
    top = points[i].level > top ? points[i].level : top;
  sums[0] = (struct sums){0};
  for (size_t i = 0; i < count; i++) {
    double x = length > 0 ? ((double)points[i].ns - begin) / length : 0;
    double y = top > 0 ? points[i].level / top : 0;
    const struct sums *s = &sums[i];
    sums[i + 1] =
        (struct sums){s->n + 1, s->x + x, s->y + y, s->xx + x * x, s->xy + x * y, s->yy + y * y};
  }
}

/* ---- segments --------------------------------------------------------------------------- */

/* best[i]: least cost of the points up to i (shared by the segment that ends there and the next);
 * from[i]: where its last segment begins. Writes the ends of the segments, first 0; returns how
 * many segments. */
static size_t segment(const struct sums *sums, size_t points, size_t *ends) {
  double best[POINTS], penalty = TOLERANCE * TOLERANCE * (double)points;
  size_t from[POINTS], chain[POINTS], length = 0;
  best[0] = 0;
  from[0] = 0;
  for (size_t end = 1; end < points; end++) {
    best[end] = INFINITY;
    for (size_t begin = 0; begin < end; begin++) {
      double cost = best[begin] + squares(sums, begin, end + 1) + penalty;
      if (cost < best[end]) {
        best[end] = cost;
        from[end] = begin;
      }
    }
  }
  for (size_t at = points - 1; at > 0; at = from[at])
    chain[length++] = at;
  ends[0] = 0;
  for (size_t i = 0; i < length; i++)
    ends[i + 1] = chain[length - 1 - i];
  return length;
}

/* ---- phases ----------------------------------------------------------------------------- */

static struct phase phase_of(const struct level *level, struct point begin, struct point end,
                             double top, double weight) {
  struct phase phase = {.begin_ns = begin.ns,
                        .end_ns = end.ns,
                        .begin_messages = begin.level * weight,
                        .end_messages = end.level * weight};
  size_t arrived = level_arrived(level, begin.ns), arrived_end = level_arrived(level, end.ns);
  double seconds = (double)(end.ns - begin.ns) / 1e9;
  phase.arrivals = (double)(arrived_end - arrived) * weight;
  phase.departures =
      (double)(level_departed(level, end.ns) - level_departed(level, begin.ns)) * weight;
  if (seconds > 0) {
    phase.arrival_rate = phase.arrivals / seconds;
    phase.departure_rate = phase.departures / seconds;
  }
  phase.rho = phase.departures > 0 ? phase.arrivals / phase.departures
              : phase.arrivals > 0 ? INFINITY
                                   : NAN;
  phase.residence_slope = level_line(level, begin.ns + 1, end.ns, RESIDENCE_LIVE).slope;
  double change = end.level - begin.level;
  phase.kind = fabs(change) <= 0.1 * top ? PHASE_PLATEAU : change > 0 ? PHASE_FILL : PHASE_DRAIN;
  return phase;
}

/* Neighbours of one kind are one phase, whatever their slopes. */
static size_t join_phases(const struct level *level, const struct point *points, const size_t *ends,
                          size_t segments, double top, double weight, struct phase *phases) {
  size_t count = 0, begin = 0;
  for (size_t i = 0; i < segments; i++) {
    struct phase phase = phase_of(level, points[ends[i]], points[ends[i + 1]], top, weight);
    if (count && phases[count - 1].kind == phase.kind) {
      enum phase_kind kind = phase.kind;
      phase = phase_of(level, points[ends[begin]], points[ends[i + 1]], top, weight);
      phase.kind = kind;
      phases[count - 1] = phase;
      continue;
    }
    if (count == PHASES_MAX) break;
    begin = i;
    phases[count++] = phase;
  }
  return count;
}

int phases_fit(const struct level *level, double weight, struct phase **phases, size_t *count) {
  struct point points[POINTS];
  struct sums sums[POINTS + 1];
  size_t ends[POINTS];
  *count = 0;
  *phases = calloc(PHASES_MAX, sizeof(**phases));
  if (!*phases) return -ENOMEM;
  size_t taken = take_points(level, points);
  if (taken < 3) return 0;
  add_up(points, taken, sums);
  double top = 0;
  for (size_t i = 0; i < taken; i++)
    top = points[i].level > top ? points[i].level : top;
  *count = join_phases(level, points, ends, segment(sums, taken, ends), top, weight, *phases);
  return 0;
}
