/* An address that comes back to its thread as another block: 20,000 times one thread makes a block
 * of 401, another frees it and makes one of 403 at the same address, and the first frees that. */
#include <pthread.h>

#include "say.h"

enum { COUNT = 20000 };
static void *_Atomic to_other, *_Atomic to_first;

static void *wait_for(void *_Atomic *place) {
  void *block;
  while (!(block = __atomic_exchange_n((void **)place, NULL, __ATOMIC_ACQ_REL)))
    sched_yield();
  return block;
}

static void *other(void *unused) {
  for (int i = 0; i < COUNT; i++) {
    void *block = wait_for(&to_other);
    free(block);
    to_first = malloc(403);
  }
  return unused;
}

int main(void) {
  pthread_t thread;
  int came_back = 0;
  NEED(pthread_create(&thread, NULL, other, NULL) == 0);
  for (int i = 0; i < COUNT; i++) {
    void *block = malloc(401), *returned;
    to_other = block;
    returned = wait_for(&to_first);
    came_back += (uintptr_t)returned == (uintptr_t)block;
    free(returned);
  }
  pthread_join(thread, NULL);
  NEED(came_back > COUNT / 2);
  say("done\n");
  return 0;
}
