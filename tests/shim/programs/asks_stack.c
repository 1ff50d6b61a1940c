/* Threads that ask for their stack before anything else, which makes libc allocate with the
 * thread's lock held; and again in the last round of destructors, which is after the recorder's
 * own. In the process, and in a child that was forked by a thread without an event. 8009 once each
 * time. */
#include <pthread.h>
#include <sys/wait.h>

#include "say.h"

static pthread_key_t key;

static void ask(void) {
  pthread_attr_t attributes;
  void *stack;
  size_t size;
  NEED(pthread_getattr_np(pthread_self(), &attributes) == 0);
  NEED(pthread_attr_getstack(&attributes, &stack, &size) == 0);
  NEED((size_t)((char *)&stack - (char *)stack) < size);
  pthread_attr_destroy(&attributes);
  free(malloc(8009));
}

static void destroy(void *value) {
  static __thread int rounds;
  if (++rounds < 4)
    pthread_setspecific(key, value);
  else
    ask();
}

static void *body(void *unused) {
  ask();
  pthread_setspecific(key, &key);
  return unused;
}

static void *forks(void *unused) {
  pid_t child = fork();
  if (child == 0) {
    ask();
    _exit(0);
  }
  int status;
  NEED(waitpid(child, &status, 0) == child && status == 0);
  return unused;
}

static void run(void *(*start)(void *)) {
  pthread_t thread;
  NEED(pthread_create(&thread, NULL, start, NULL) == 0 && pthread_join(thread, NULL) == 0);
}

int main(void) {
  alarm(20);
  NEED(pthread_key_create(&key, destroy) == 0);
  for (int i = 0; i < 4; i++)
    run(body);
  run(forks);
  say("done\n");
  return 0;
}
