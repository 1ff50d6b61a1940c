/* team.h - threads pinned evenly to the cores, and the time between two moments of them. */
#ifndef BENCH_TEAM_H
#define BENCH_TEAM_H

#include <pthread.h>

/* One of them at a time. */
struct team {
  pthread_barrier_t ready;
  long long wall_ns, cpu_ns; /* from when all were ready to when all were done */
};

/* Runs body(team, index, argument) for each index below `threads`, thread i on the i-th core that
 * the process may use, modulo their number. Each body must call team_ready once, after its warm-up.
 * With 0 threads the caller runs the one body itself, unpinned. Exits when threads cannot be made.
 */
void team_run(struct team *team, int threads,
              void (*body)(struct team *team, int index, void *argument), void *argument);

void team_ready(struct team *team);

#endif
