/* Threads that are cancelled while they allocate. 20 with deferred cancellation: malloc is no
 * cancellation point, so each comes to its pthread_testcancel with all its blocks of 5501 freed.
 * Then 200 asynchronously, at any instruction of a loop of malloc and free (5503): for this the
 * next allocator must be signal_safe_malloc.so. */
#include <pthread.h>
#include <semaphore.h>

#include "say.h"

static sem_t running;
static _Atomic unsigned pairs;

static void *deferred(void *unused) {
  sem_post(&running);
  for (int i = 0; i < 20000; i++)
    free(malloc(5501));
  for (;;)
    pthread_testcancel();
  return unused;
}

static void *asynchronous(void *unused) {
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  sem_post(&running);
  for (;; pairs++)
    free(malloc(5503));
  return unused;
}

static void cancel_one(void *(*body)(void *), unsigned least, unsigned spins) {
  pthread_t thread;
  void *result;
  NEED(pthread_create(&thread, NULL, body, NULL) == 0);
  NEED(sem_wait(&running) == 0);
  while (pairs < least)
    sched_yield();
  for (volatile unsigned i = 0; i < spins; i++)
    ;
  NEED(pthread_cancel(thread) == 0);
  NEED(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
}

int main(void) {
  NEED(sem_init(&running, 0, 0) == 0);
  for (unsigned i = 0; i < 20; i++)
    cancel_one(deferred, 0, 100 * i);
  for (unsigned i = 0; i < 200; i++)
    cancel_one(asynchronous, pairs + 2, 97 * i);
  say("done\n");
  return 0;
}
