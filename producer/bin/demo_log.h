/* demo_log.h - the demo's own record of each message: the ground truth that tests compare with.
 *
 * Rows live in one anonymous mapping, not on the heap that a profiler looks at; each message has
 * its own, so threads fill them without a lock. They are written when all is over.
 */
#ifndef PRODUCER_DEMO_LOG_H
#define PRODUCER_DEMO_LOG_H

#include <stdint.h>
#include <stdio.h>

#include "../producer.h"

struct demo_row {
  uint64_t producer_id, sequence;
  uint64_t times_ns[PRODUCER_STAGES]; /* 0: not reached */
  uint64_t bytes;
  const char *outcome; /* NULL: this message was never tried */
};

struct demo_log {
  FILE *file; /* NULL: no log is wanted, and there are no rows */
  struct demo_row *rows;
  uint64_t count;
};

/* Opens the file (NULL: no log) and maps the rows. Returns 0 or -errno. */
int demo_log_open(struct demo_log *log, const char *path, uint64_t messages);
/* Fills a row from what the library says; any thread. */
void demo_log_delivery(struct demo_log *log, uint64_t row,
                       const struct producer_delivery *delivery);
/* Fills the row of a message that a send did not take. */
void demo_log_rejection(struct demo_log *log, uint64_t row, uint64_t producer_id, uint64_t sequence,
                        uint64_t created_ns, uint64_t bytes);
/* Writes the rows in the order of sending and closes. Returns 0 or -errno. */
int demo_log_close(struct demo_log *log);

#endif
