/* recording.h - what the recorder would have made of a history, and what the diagnosis says to it.
 */
#ifndef TESTS_RECORDING_H
#define TESTS_RECORDING_H

#include "viewer/diagnosis/diagnosis.h"
#include "viewer/fold.h"
#include "world.h"

enum recording { RECORDING_EXACT, RECORDING_FOLDED, RECORDING_SAMPLED, RECORDINGS };
extern const char *const recording_names[RECORDINGS];

#define RECORDING_FOLD_NS 1000000u
#define RECORDING_FOLD_BYTES (32u << 10)

/* All times of a history are nanoseconds. Events in the order of time; folds in none. */
struct recorded {
  struct event *events;
  size_t event_count;
  struct fold *folds;
  size_t fold_count;
  uint64_t mean_bytes; /* between picked ones; 0: not sampled */
  uint64_t end_ns;
  unsigned lane_count;           /* threads, numbered from 1 */
  const struct history *history; /* its stacks */
};

/* `mean_bytes` and `seed` are for the sampled one only. */
struct recorded recording_make(const struct history *history, enum recording recording,
                               uint64_t mean_bytes, uint64_t seed);
void recorded_free(struct recorded *recorded);

struct profile *recorded_profile(const struct recorded *recorded);
/* Profile and verdicts; both are the caller's. */
struct profile *recorded_diagnose(const struct recorded *recorded, struct diagnosis *diagnosis);

#endif
