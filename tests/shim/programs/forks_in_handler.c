/* Forks in a signal handler that interrupts malloc(25013) (with jumping_malloc.so), 5 times; each
 * child returns from the handler into that malloc, allocates 25057 and leaves. The parent goes on
 * with 25061. */
#include <signal.h>
#include <sys/wait.h>

#include "say.h"

static volatile pid_t child; /* malloc is declared a leaf */

static void handler(int number) {
  (void)number;
  child = fork();
}

int main(void) {
  signal(SIGUSR1, handler);
  for (int i = 0; i < 5; i++) {
    int status = 0;
    child = -1;
    void *block = malloc(25013);
    if (child == 0) {
      for (int n = 0; n < 50; n++)
        free(malloc(25057));
      free(block);
      _exit(0);
    }
    if (child > 0) NEED(waitpid(child, &status, 0) == child && status == 0);
    free(block);
    free(malloc(25061));
  }
  say("done\n");
  return 0;
}
