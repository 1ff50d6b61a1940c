/* Blocks of known sizes and fates, all of the main thread. Each size has a call of its own:
 *
 *     312   1,000   kept to the end
 *      24  20,000   one at a time
 *       0     500   one at a time
 *     104   4,000   40 at a time, the last one freed first
 *   40009     300   one at a time
 *     208      50   one at a time, for 3 ms each
 *     416     200   one at a time, grown to 832
 *   30011      64   at once: with them the heap has its peak
 *
 * With the argument "times" it prints what lifetimes the blocks of 208 have at least and at most,
 * in ns, by its own clock.
 */
#include <time.h>

#include "say.h"

static void *blocks[1000];

static long now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000 + now.tv_nsec;
}

int main(int argc, char **argv) {
  long least = 0, most = 0;
  for (int i = 0; i < 1000; i++)
    blocks[i] = malloc(312);
  for (int i = 0; i < 20000; i++)
    free(malloc(24));
  for (int i = 0; i < 500; i++)
    free(malloc(0));
  for (int i = 0; i < 100; i++) {
    void *some[40];
    for (int k = 0; k < 40; k++)
      some[k] = malloc(104);
    for (int k = 40; k-- > 0;)
      free(some[k]);
  }
  for (int i = 0; i < 300; i++)
    free(malloc(40009));
  for (int i = 0; i < 50; i++) {
    long before = now_ns();
    void *block = malloc(208);
    long born = now_ns();
    struct timespec left = {.tv_nsec = 3000000};
    while (nanosleep(&left, &left) != 0)
      continue;
    least += now_ns() - born;
    free(block);
    most += now_ns() - before;
  }
  for (int i = 0; i < 200; i++)
    free(realloc(malloc(416), 832));
  void *most_at_once[64];
  for (int i = 0; i < 64; i++)
    most_at_once[i] = malloc(30011);
  for (int i = 0; i < 64; i++)
    free(most_at_once[i]);
  if (argc > 1 && strcmp(argv[1], "times") == 0)
    say("%ld %ld\n", least, most);
  else
    say("done\n");
  return 0;
}
