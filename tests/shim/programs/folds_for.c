/* folds_for MILLISECONDS: makes and frees blocks of 20011, one at a time, from one place, for so
 * long by its own clock. With "pauses" behind it, it rests for 30 ms after every 100 of them. */
#include <time.h>

#include "say.h"

static long now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000 + now.tv_nsec;
}

int main(int argc, char **argv) {
  NEED(argc > 1);
  long end = now_ns() + atol(argv[1]) * 1000000;
  while (now_ns() < end) {
    for (int i = 0; i < 100; i++)
      free(malloc(20011));
    if (argc > 2) nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
  }
  say("done\n");
  return 0;
}
