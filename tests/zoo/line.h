/* line.h - a queue with those who fill it and those who drain it, at a pace.
 *
 * Paces are kept against absolute deadlines, so that a mean holds when a thread was late.
 */
#ifndef ZOO_LINE_H
#define ZOO_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "queue.h"

#define MS UINT64_C(1000000)

/* Of arrivals: in each period `high` times the mean rate for a share of it, `low` times in the
 * rest; or up and down like a day's. */
struct rhythm {
  uint64_t period_ns; /* 0: steady */
  double high, share, low;
  bool daily;
};

enum ending {
  ENDS_DRAINED,   /* consumers go on until it is empty */
  ENDS_LEFT,      /* what is in it stays until the process is gone */
  ENDS_DESTROYED, /* what is in it is freed in one go */
};

struct line {
  const char *site;             /* send's name */
  void (*send)(struct queue *); /* queue_send(), under a name of its own in the stacks */
  const char *label;
  double rho; /* nominal: service is so many times the mean gap of arrivals */
  enum ending ending;
  struct rhythm rhythm;
  uint64_t bound;
  enum policy policy;
  uint64_t pause_ns, pause_every_ns; /* consumers rest for so long, so often */
  size_t take;                       /* messages that a consumer takes at once; 0: 1 */
  bool nobody;                       /* drains it */
  bool offline;                      /* consumers come when all has arrived, and work fast */
  bool urgent, slow_path;            /* the queue's */
  unsigned forgets;                  /* consumers do, to free one message in so many; 0: none */
  struct line *next; /* a consumer sends on what it took: it is the next one's producer */

  /* Set by the run. */
  struct queue queue;
  unsigned producers, consumers;
  uint64_t gap_ns, start_ns, end_ns; /* from when to when they send */
};

struct plan {
  enum form form;
  unsigned producers, consumers;
  uint64_t fill_ns;
};

/* Declares the line's queue, for the log. */
void line_prepare(struct line *line, const struct plan *plan);
/* Runs them all at once, each with producers and consumers of its own, until all is over. `beside`
 * (may be NULL) runs in a thread of its own, until `end_ns`. */
void lines_run(struct line **lines, unsigned count, const struct plan *plan,
               void (*beside)(uint64_t end_ns));
/* As long as it fills. For a program that is then killed: returns with all threads running. */
void lines_fill(struct line **lines, unsigned count, const struct plan *plan);
/* The deadline after this one. */
uint64_t rhythm_next(const struct rhythm *rhythm, uint64_t start_ns, uint64_t due_ns,
                     uint64_t gap_ns);

#endif
