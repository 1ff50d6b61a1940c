/* survivors BLOCKS ORDER: allocates BLOCKS blocks from 1,000 stacks, then frees them all, ORDER
 * being "made" (oldest first) or "random". Prints "BLOCKS WALL_NS CPU_NS". With enough blocks each
 * outlives any fold age, so that each is in the trace with its birth and its death. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "frames.h"
#include "team.h"

enum { DEPTH = 10, BLOCKS_A_STACK = 16 };

static void **blocks; /* mapped, so that it is no block itself */
static long made, freed, count;
static uint64_t random_state = 88172645463325252u;

static uint64_t random_next(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  return random_state ^= random_state << 17;
}

static void make_some(void *unused) {
  (void)unused;
  for (int i = 0; i < BLOCKS_A_STACK && made < count; i++)
    if (!(blocks[made++] = malloc(16 + random_next() % 240))) abort();
}

static void free_some(void *unused) {
  (void)unused;
  for (int i = 0; i < BLOCKS_A_STACK && freed < count; i++)
    free(blocks[freed++]);
}

static void shuffle(void) {
  for (long i = count - 1; i > 0; i--) {
    long other = (long)(random_next() % (uint64_t)(i + 1));
    void *block = blocks[i];
    blocks[i] = blocks[other];
    blocks[other] = block;
  }
}

static void member(struct team *team, int index, void *order) {
  (void)index;
  team_ready(team);
  for (int path = 0; made < count; path = (path + 1) % FRAMES_PATHS)
    frames_descend(path, DEPTH, make_some, NULL);
  if (strcmp(order, "random") == 0) shuffle();
  for (int path = 0; freed < count; path = (path + 1) % FRAMES_PATHS)
    frames_descend(path, DEPTH, free_some, NULL);
}

int main(int argc, char **argv) {
  struct team team;
  if (argc != 3) return 2;
  count = atol(argv[1]);
  if (count < 1 || (strcmp(argv[2], "made") != 0 && strcmp(argv[2], "random") != 0)) return 2;
  blocks = mmap(NULL, (size_t)count * sizeof *blocks, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (blocks == MAP_FAILED) {
    perror("mmap");
    return 1;
  }
  team_run(&team, 0, member, argv[2]);
  printf("%ld %lld %lld\n", count, team.wall_ns, team.cpu_ns);
  return 0;
}
