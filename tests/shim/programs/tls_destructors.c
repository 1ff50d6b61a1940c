/* Blocks that live in thread-specific data and are freed by its destructors, which allocate again:
 * 8 threads; 7001 freed by the destructor, 7013 allocated and freed in it, in all four rounds that
 * there are, the last of which is after the recorder's own. */
#include <pthread.h>

#include "say.h"

static pthread_key_t key;

static void destroy(void *block) {
  static __thread int rounds;
  free(malloc(7013));
  free(block);
  if (++rounds < 4) pthread_setspecific(key, malloc(7001));
}

static void *body(void *unused) {
  pthread_setspecific(key, malloc(7001));
  return unused;
}

int main(void) {
  NEED(pthread_key_create(&key, destroy) == 0);
  for (int i = 0; i < 8; i++) {
    pthread_t thread;
    NEED(pthread_create(&thread, NULL, body, NULL) == 0 && pthread_join(thread, NULL) == 0);
  }
  say("done\n");
  return 0;
}
