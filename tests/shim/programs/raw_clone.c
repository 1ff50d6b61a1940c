/* A child by the raw system call, unseen by fork handlers: allocates 13001; the parent 13003. */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "say.h"

int main(void) {
  int status;
  free(malloc(13003));
  long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) {
    for (int i = 0; i < 4; i++)
      free(malloc(13001));
    _exit(0);
  }
  NEED(waitpid((pid_t)child, &status, 0) == child && status == 0);
  free(malloc(13003));
  say("done\n");
  return 0;
}
