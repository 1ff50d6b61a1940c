/* Threads with the smallest stack that pthread allows (16 KiB); 6 KiB of it in use when they
 * allocate 6007. */
#include <limits.h>
#include <pthread.h>

#include "say.h"

static void *body(void *unused) {
  volatile char used[6 << 10];
  memset((void *)used, 1, sizeof(used));
  for (int i = 0; i < 100; i++) {
    void *block = malloc(6007);
    block = realloc(block, 6011);
    free(block);
  }
  used[sizeof(used) - 1]++;
  return unused;
}

int main(void) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  NEED(pthread_attr_setstacksize(&attributes, 16384) == 0);
  for (int i = 0; i < 4; i++) {
    pthread_t thread;
    NEED(pthread_create(&thread, &attributes, body, NULL) == 0);
    NEED(pthread_join(thread, NULL) == 0);
  }
  say("done\n");
  return 0;
}
