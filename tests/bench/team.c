/* team.c - see team.h. One thread reads the clock when all have come to the barrier, and only then
 * are they let go; it is read again when the last body has returned. */
#include "team.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { THREADS_MAX = 64 };

struct member {
  struct team *team;
  int index;
  void (*body)(struct team *team, int index, void *argument);
  void *argument;
};

static long long clock_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static void pin(int index) {
  cpu_set_t all, one;
  CPU_ZERO(&one);
  if (sched_getaffinity(0, sizeof all, &all) != 0 || CPU_COUNT(&all) == 0) return;
  int skip = index % CPU_COUNT(&all), core = 0;
  while (!CPU_ISSET(core, &all) || skip-- > 0)
    core++;
  CPU_SET(core, &one);
  pthread_setaffinity_np(pthread_self(), sizeof one, &one);
}

void team_ready(struct team *team) {
  if (pthread_barrier_wait(&team->ready) == PTHREAD_BARRIER_SERIAL_THREAD) {
    team->wall_ns = -clock_ns(CLOCK_MONOTONIC);
    team->cpu_ns = -clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  }
  pthread_barrier_wait(&team->ready);
}

static void *run_member(void *argument) {
  struct member *member = argument;
  pin(member->index);
  member->body(member->team, member->index, member->argument);
  return NULL;
}

void team_run(struct team *team, int threads,
              void (*body)(struct team *team, int index, void *argument), void *argument) {
  pthread_t ids[THREADS_MAX];
  struct member members[THREADS_MAX];
  if (threads > THREADS_MAX) exit(2);
  pthread_barrier_init(&team->ready, NULL, threads ? (unsigned)threads : 1);
  for (int i = 0; i < threads; i++) {
    members[i] = (struct member){team, i, body, argument};
    if (pthread_create(&ids[i], NULL, run_member, &members[i]) != 0) {
      perror("pthread_create");
      exit(1);
    }
  }
  if (threads == 0) body(team, 0, argument);
  for (int i = 0; i < threads; i++)
    pthread_join(ids[i], NULL);
  team->cpu_ns += clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  team->wall_ns += clock_ns(CLOCK_MONOTONIC);
  pthread_barrier_destroy(&team->ready);
}
