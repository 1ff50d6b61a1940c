/* 100,000 short threads, at most 8 at a time; each allocates 2 blocks of 5003 and leaves one to the
 * main thread. */
#include <pthread.h>

#include "say.h"

enum { ROUNDS = 12500, AT_ONCE = 8 };

static void *body(void *unused) {
  (void)unused;
  free(malloc(5003));
  return malloc(5003);
}

int main(void) {
  for (int round = 0; round < ROUNDS; round++) {
    pthread_t threads[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++)
      NEED(pthread_create(&threads[i], NULL, body, NULL) == 0);
    for (int i = 0; i < AT_ONCE; i++) {
      void *block;
      NEED(pthread_join(threads[i], &block) == 0);
      free(block);
    }
  }
  say("done\n");
  return 0;
}
