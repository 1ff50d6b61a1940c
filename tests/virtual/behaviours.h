/* behaviours.h - the zoo: what programs do with memory that is, or looks like, a queue. */
#ifndef TESTS_BEHAVIOURS_H
#define TESTS_BEHAVIOURS_H

#include "process.h"

struct behaviour {
  const char *name;
  process_plan *plan;
  const void *argument;
  bool alone;     /* threads make no difference: 1x1 only */
  unsigned forms; /* a set of 1u << enum form: those that make sense */
};

/* Ends with a NULL name. */
extern const struct behaviour queue_behaviours[], store_behaviours[];
const struct behaviour *behaviour_find(const char *name); /* NULL: none */

/* Calls back for each shape that a behaviour comes in. */
typedef void behaviour_visit(const struct behaviour *behaviour, const struct shape *shape,
                             void *context);
void behaviour_shapes(const struct behaviour *behaviour, uint64_t seed, behaviour_visit *visit,
                      void *context);

#endif
