/* pair DEPTH PAIRS: malloc and free in turn under DEPTH frames; prints nanoseconds a pair. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile unsigned kept; /* so that no call below is the last of its function */

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static __attribute__((noinline)) void pairs(long count) {
  for (long i = 0; i < count; i++) {
    void *volatile block = malloc(64);
    free(block);
  }
  kept++;
}

static __attribute__((noinline)) void descend(int depth, long count) {
  if (depth > 0)
    descend(depth - 1, count);
  else
    pairs(count);
  kept++;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int depth = atoi(argv[1]);
  long count = atol(argv[2]);
  descend(depth, count / 10 + 1);
  double start = now_ns();
  descend(depth, count);
  printf("%.1f\n", (now_ns() - start) / (double)count);
  return 0;
}
