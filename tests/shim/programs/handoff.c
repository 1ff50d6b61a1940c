/* 500 blocks of 3001 born in one thread and freed by another; 300 of 3011 stay in one thread;
 * 200 of 3019 are grown to 6038 by another thread, which frees them. */
#include <pthread.h>

#include "say.h"

static void *blocks[500], *grown[200];

static void *maker(void *unused) {
  pthread_setname_np(pthread_self(), "maker");
  for (int i = 0; i < 500; i++)
    blocks[i] = malloc(3001);
  for (int i = 0; i < 300; i++)
    free(malloc(3011));
  for (int i = 0; i < 200; i++)
    grown[i] = malloc(3019);
  return unused;
}

static void *taker(void *unused) {
  pthread_setname_np(pthread_self(), "taker");
  for (int i = 0; i < 500; i++)
    free(blocks[i]);
  for (int i = 0; i < 200; i++)
    grown[i] = realloc(grown[i], 6038);
  for (int i = 0; i < 200; i++)
    free(grown[i]);
  return unused;
}

int main(void) {
  pthread_t thread;
  NEED(pthread_create(&thread, NULL, maker, NULL) == 0 && pthread_join(thread, NULL) == 0);
  NEED(pthread_create(&thread, NULL, taker, NULL) == 0 && pthread_join(thread, NULL) == 0);
  say("done\n");
  return 0;
}
