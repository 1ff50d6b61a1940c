/* A program whose figures are known, for the sampler: 100,000 blocks by fixed chance, none smaller
 * than 64 bytes. All are made, and some grown, by the main thread; then half of the small ones and
 * all that were grown are freed by another thread, when the main one waits; the big ones by the
 * main one; the rest is kept. With the argument "held" it prints the byte-seconds of all up to its
 * end, by its own clock. */
#include <pthread.h>
#include <time.h>

#include "say.h"

enum { BLOCKS = 100000 };
static struct {
  void *block;
  size_t size;
  long since_ns; /* has had its size since then */
} blocks[BLOCKS];
static uint64_t state = 88172645463325252u;
static double held;

static uint64_t chance(uint64_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % below;
}

static long now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000 + now.tv_nsec;
}

static void account(int i, size_t size) {
  long now = now_ns();
  held += (double)blocks[i].size * (double)(now - blocks[i].since_ns) * 1e-9;
  blocks[i].size = size;
  blocks[i].since_ns = now;
}

static void make_small(int i) {
  account(i, 64 + chance(200));
  NEED((blocks[i].block = malloc(blocks[i].size)) != NULL);
}

static void make_big(int i) {
  account(i, 2000 + chance(8000));
  NEED((blocks[i].block = malloc(blocks[i].size)) != NULL);
}

static void make_growing(int i) {
  account(i, 100);
  NEED((blocks[i].block = malloc(100)) != NULL);
  for (size_t size = 200; size <= 3200; size *= 2) {
    NEED((blocks[i].block = realloc(blocks[i].block, size)) != NULL);
    account(i, size);
  }
}

static void *taker(void *unused) {
  for (int i = 0; i < BLOCKS; i++)
    if (i % 20 >= 18 || (i % 20 < 16 && i % 2 == 0)) {
      account(i, 0);
      free(blocks[i].block);
    }
  return unused;
}

int main(int argc, char **argv) {
  pthread_t thread;
  for (int i = 0; i < BLOCKS; i++)
    if (i % 20 < 16)
      make_small(i);
    else if (i % 20 < 18)
      make_big(i);
    else
      make_growing(i);
  NEED(pthread_create(&thread, NULL, taker, NULL) == 0);
  NEED(pthread_join(thread, NULL) == 0);
  for (int i = 0; i < BLOCKS; i++)
    if (i % 20 == 16 || i % 20 == 17) {
      account(i, 0);
      free(blocks[i].block);
    }
  for (int i = 0; i < BLOCKS; i++)
    account(i, 0);
  if (argc > 1 && strcmp(argv[1], "held") == 0)
    say("%.9g\n", held);
  else
    say("done\n");
  return 0;
}
