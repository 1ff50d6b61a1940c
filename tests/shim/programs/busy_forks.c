/* fork while other threads allocate: 30 children, each must come through and allocate 12503. */
#include <pthread.h>
#include <sys/wait.h>

#include "say.h"

static _Atomic int stop;

static void *busy(void *unused) {
  while (!stop)
    free(malloc(12511));
  return unused;
}

int main(void) {
  pthread_t threads[3];
  for (int i = 0; i < 3; i++)
    NEED(pthread_create(&threads[i], NULL, busy, NULL) == 0);
  for (int i = 0; i < 30; i++) {
    int status;
    pid_t child = fork();
    if (child == 0) {
      free(malloc(12503));
      _exit(0);
    }
    NEED(waitpid(child, &status, 0) == child && status == 0);
  }
  stop = 1;
  for (int i = 0; i < 3; i++)
    pthread_join(threads[i], NULL);
  say("done\n");
  return 0;
}
