/* behaviours.h - what the zoo's program can do: each one a labelled way of holding memory. */
#ifndef ZOO_BEHAVIOURS_H
#define ZOO_BEHAVIOURS_H

#include "line.h"

struct behaviour {
  const char *name;
  bool threads; /* has producers and consumers: any number of them */
  bool forms;   /* of messages: any */
  void (*run)(const struct behaviour *behaviour, const struct plan *plan);
  /* Copied by the run; a second without `send` is none. */
  struct line lines[2];
  void (*beside)(uint64_t end_ns);
  bool killed;
};

/* Ends with a name of NULL. */
extern const struct behaviour queue_behaviours[], loop_behaviours[], pool_behaviours[],
    lone_behaviours[];

/* Beside lines: to be declared before, grown in a thread of its own. */
void leak_declare(void);
void leak_beside(uint64_t end_ns);

#endif
