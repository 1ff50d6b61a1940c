/* pair STACKS DEPTH THREADS PAIRS: malloc and free in turn, under DEPTH frames, in each of THREADS
 * pinned threads (0: in the main thread). With more than one stack, the next one is taken after
 * every 16 pairs, and nothing of it is as before. Prints "EVENTS WALL_NS CPU_NS" of PAIRS pairs in
 * each thread, warmed up before. */
#include <stdio.h>
#include <stdlib.h>

#include "frames.h"
#include "team.h"

#define PAIRS_A_STACK 16

static int stacks, depth;
static long pairs;

static void make_pairs(void *argument) {
  for (long i = *(const long *)argument; i > 0; i--) {
    void *volatile block = malloc(64);
    free(block);
  }
}

static void make_pairs_deep(int first_path, long count) {
  if (stacks == 1) {
    frames_descend(first_path, depth, make_pairs, &count);
    return;
  }
  long some = PAIRS_A_STACK;
  for (long path = first_path; count > 0; path++, count -= some)
    frames_descend((int)(path % stacks), depth, make_pairs, &some);
}

static void member(struct team *team, int index, void *argument) {
  (void)argument;
  /* each at another place of the round, so that threads do not walk in step */
  int first = index * (stacks / 4) % stacks;
  long warm_up = (long)stacks * PAIRS_A_STACK;
  make_pairs_deep(first, warm_up > pairs / 10 ? warm_up : pairs / 10);
  team_ready(team);
  make_pairs_deep(first, pairs);
}

int main(int argc, char **argv) {
  struct team team;
  if (argc != 5) return 2;
  stacks = atoi(argv[1]), depth = atoi(argv[2]), pairs = atol(argv[4]);
  int threads = atoi(argv[3]);
  if (stacks < 1 || stacks > FRAMES_PATHS || depth < 1 || depth > FRAMES_DEPTH) return 2;
  team_run(&team, threads, member, NULL);
  printf("%ld %lld %lld\n", pairs * (threads ? threads : 1), team.wall_ns, team.cpu_ns);
  return 0;
}
