/* A child while other threads allocate 12511: 30 of them, each must come through and allocate
 * 12503. By fork, or as its argument says by _Fork or the raw system call, which run no handlers.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "say.h"

static _Atomic int stop;

static void *busy(void *unused) {
  while (!stop)
    free(malloc(12511));
  return unused;
}

static pid_t by(const char *how) {
  if (strcmp(how, "_Fork") == 0) return _Fork();
  if (strcmp(how, "clone") == 0) return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  return fork();
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "fork";
  pthread_t threads[3];
  for (int i = 0; i < 3; i++)
    NEED(pthread_create(&threads[i], NULL, busy, NULL) == 0);
  for (int i = 0; i < 30; i++) {
    int status;
    pid_t child = by(how);
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
