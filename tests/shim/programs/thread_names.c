/* Names set before the first allocation, after it, by another thread, by prctl; one never set.
 * Each thread's block has its own size. */
#include <pthread.h>
#include <sys/prctl.h>

#include "say.h"

static pthread_barrier_t named, done;

static void *early(void *unused) {
  pthread_setname_np(pthread_self(), "early");
  free(malloc(2001));
  return unused;
}

static void *late(void *unused) {
  free(malloc(2003));
  pthread_setname_np(pthread_self(), "late");
  free(malloc(2003));
  return unused;
}

static void *by_other(void *unused) {
  free(malloc(2011));
  pthread_barrier_wait(&named);
  free(malloc(2011));
  pthread_barrier_wait(&done);
  return unused;
}

static void *by_prctl(void *unused) {
  free(malloc(2017));
  prctl(PR_SET_NAME, "by-prctl", 0, 0, 0);
  return unused;
}

static void *nameless(void *unused) {
  free(malloc(2027));
  return unused;
}

static void run(void *(*body)(void *)) {
  pthread_t thread;
  NEED(pthread_create(&thread, NULL, body, NULL) == 0 && pthread_join(thread, NULL) == 0);
}

int main(void) {
  pthread_t thread;
  free(malloc(2029));
  run(early);
  run(late);
  run(by_prctl);
  run(nameless);
  pthread_barrier_init(&named, NULL, 2);
  pthread_barrier_init(&done, NULL, 2);
  NEED(pthread_create(&thread, NULL, by_other, NULL) == 0);
  NEED(pthread_setname_np(thread, "by-other") == 0);
  pthread_barrier_wait(&named);
  pthread_barrier_wait(&done);
  pthread_join(thread, NULL);
  say("done\n");
  return 0;
}
