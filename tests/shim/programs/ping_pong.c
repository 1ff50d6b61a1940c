/* Two threads at a time: each allocates, the other frees, so that addresses go round fast.
 * 20,000 blocks of 4001 and as many of 4003, all freed. */
#include <pthread.h>

#include "say.h"

enum { COUNT = 20000 };
static void *_Atomic to_left, *_Atomic to_right;

static void *left(void *unused) {
  for (int i = 0; i < COUNT; i++) {
    void *block;
    to_right = malloc(4001);
    while (!(block = __atomic_exchange_n((void **)&to_left, NULL, __ATOMIC_ACQ_REL)))
      sched_yield();
    free(block);
  }
  return unused;
}

static void *right(void *unused) {
  for (int i = 0; i < COUNT; i++) {
    void *block;
    while (!(block = __atomic_exchange_n((void **)&to_right, NULL, __ATOMIC_ACQ_REL)))
      sched_yield();
    free(block);
    to_left = malloc(4003);
  }
  return unused;
}

int main(void) {
  pthread_t threads[2];
  NEED(pthread_create(&threads[0], NULL, left, NULL) == 0);
  NEED(pthread_create(&threads[1], NULL, right, NULL) == 0);
  pthread_join(threads[0], NULL);
  pthread_join(threads[1], NULL);
  say("done\n");
  return 0;
}
