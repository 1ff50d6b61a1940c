/* phases.h - the stretches of time in which a group fills, stays, or drains. Pure.
 *
 * The level at some moments, spaced by what happens rather than by time, is fitted by straight
 * lines: as few as do, found by dynamic programming (R. Bellman, On the approximation of curves by
 * line segments using dynamic programming, 1961).
 */
#ifndef DWELL_PHASES_H
#define DWELL_PHASES_H

#include <stddef.h>

#include "diagnosis.h"
#include "level.h"

/* Each message of the level stands for `weight` messages. Phases are to be freed. Returns 0 or
 * -ENOMEM. */
int phases_fit(const struct level *level, double weight, struct phase **phases, size_t *count);

#endif
