/* level.h - how many messages of a group are there at each moment.
 *
 * Pure. Between arrivals and departures the level is constant; all figures over time are exact for
 * the messages given. Levels are in messages of the list: the caller scales.
 */
#ifndef DWELL_LEVEL_H
#define DWELL_LEVEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "residences.h"

struct level {
  const struct residence *messages; /* by birth */
  size_t count;
  uint64_t *deaths; /* of those that departed, in order */
  size_t death_count;
  uint64_t end_ns; /* of the run */
};

/* `messages` must outlive it. Returns 0 or -ENOMEM. */
int level_begin(struct level *level, const struct residence *messages, size_t count,
                uint64_t end_ns);
void level_free(struct level *level);

/* Walks the steps: each next gives a stretch [begin_ns, end_ns) of one level; the last one ends at
 * the run's end. Departures come before arrivals of the same moment. */
struct level_walk {
  size_t born, died;
  uint64_t begin_ns, end_ns;
  size_t messages; /* there in the stretch */
};
bool level_next(const struct level *level, struct level_walk *walk); /* walk begins all zero */

/* Arrivals, departures up to and including a moment. */
size_t level_arrived(const struct level *level, uint64_t ns);
size_t level_departed(const struct level *level, uint64_t ns);
static inline size_t level_at(const struct level *level, uint64_t ns) {
  return level_arrived(level, ns) - level_departed(level, ns);
}

/* The highest level and when it was first reached. */
size_t level_top(const struct level *level, uint64_t *ns);
/* First moment at which the level is at least so high; UINT64_MAX: never. */
uint64_t level_reached(const struct level *level, size_t messages);
/* Least, and highest, level in [from, to]. */
struct level_range {
  size_t least, most;
};
struct level_range level_range(const struct level *level, uint64_t from_ns, uint64_t to_ns);
/* The last moment before `until` at which there were at most so many. */
uint64_t level_last_at_most(const struct level *level, size_t messages, uint64_t until_ns);
/* Level below or at which it is for a share p of the time in [from, to]. Returns 0 or -ENOMEM. */
int level_quantile(const struct level *level, uint64_t from_ns, uint64_t to_ns, double p,
                   size_t *messages);
struct level_moments {
  double mean, deviation;
  double share_above; /* of the time: at least `floor` messages */
};
struct level_moments level_moments(const struct level *level, uint64_t from_ns, uint64_t to_ns,
                                   double floor);
/* How often it went from at least `high` down to at most `low` before `until`. */
size_t level_emptied(const struct level *level, double high, double low, uint64_t until_ns);

/* The line of residence over time of arrival, by least squares, of those that arrived in [from, to]
 * and departed by `until`; NAN of less than 8. */
struct level_line {
  double slope;
  double correlation; /* Pearson's */
};
struct level_line level_line(const struct level *level, uint64_t from_ns, uint64_t to_ns,
                             uint64_t until_ns);

#endif
