/* Fills chunk after chunk: 200,000 blocks of 19001, in a table of 1,000 at a time, by as many
 * threads as its argument says. Then prints that it is alive. */
#include <pthread.h>

#include "say.h"

enum { BLOCKS = 200000, AT_ONCE = 1000 };
static int threads = 1;

static void *body(void *unused) {
  void **table = calloc(AT_ONCE, sizeof(*table));
  NEED(table);
  for (int i = 0; i < BLOCKS / threads; i++) {
    free(table[i % AT_ONCE]);
    table[i % AT_ONCE] = malloc(19001);
  }
  for (int i = 0; i < AT_ONCE; i++)
    free(table[i]);
  free(table);
  return unused;
}

int main(int argc, char **argv) {
  pthread_t thread[16];
  if (argc > 1) threads = atoi(argv[1]);
  NEED(threads >= 1 && threads <= 16);
  for (int i = 0; i < threads; i++)
    NEED(pthread_create(&thread[i], NULL, body, NULL) == 0);
  for (int i = 0; i < threads; i++)
    pthread_join(thread[i], NULL);
  say("alive\n");
  return 0;
}
