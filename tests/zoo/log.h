/* log.h - what a program of the zoo really did: the ground truth for the verdicts.
 *
 * Each thread writes events into an array of its own that is mapped, not allocated, so that a
 * recorder sees nothing of it. At exit they are merged by time and summed up to a small JSON file.
 * Nominal rates are in none of it. Also called from C++ and Rust.
 */
#ifndef ZOO_LOG_H
#define ZOO_LOG_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What happens to a message, or to a block that is none (then IN with BORN, OUT with FREED). */
enum log_op { LOG_BORN, LOG_IN, LOG_OUT, LOG_FREED, LOG_OPS };

/* A queue, or whatever else holds blocks. Strings are literals. */
struct log_queue {
  const char *site;   /* a function in the stacks of its blocks, and of no other's */
  const char *label;  /* what it is: a kind of verdict, or "healthy": burst, churn or silent */
  const char *policy; /* what it does when it is full; NULL: has no bound, or malloc can't tell */
  uint64_t bound;     /* messages; 0 none */
  uint32_t per_block; /* messages that a block holds */
  uint32_t block_bytes;
  const char *filler, *drainer; /* names of the threads, NULL: not checked */
};

/* Returns its number, for log_event(). Before there are threads. */
int log_declare(const struct log_queue *queue);
void log_event(int queue, enum log_op op);
void log_born_in(int queue);
void log_out_freed(int queue);
/* Sums up and writes; `name` is the case's. Exits with a message when that fails. Others may still
 * be logging: what comes late is left out. */
void log_write(const char *path, const char *name);

#ifdef __cplusplus
}
#endif
#endif
