/* Signal handlers that allocate 10007, on the ordinary stack and on an alternate one. */
#include <signal.h>

#include "say.h"

static void handler(int number) {
  (void)number;
  free(malloc(10007));
}

int main(void) {
  struct sigaction action = {.sa_handler = handler};
  sigaction(SIGUSR1, &action, NULL);
  stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
  NEED(sigaltstack(&stack, NULL) == 0);
  action.sa_flags = SA_ONSTACK;
  sigaction(SIGUSR2, &action, NULL);
  for (int i = 0; i < 100; i++) {
    raise(SIGUSR1);
    raise(SIGUSR2);
    free(malloc(10009));
  }
  say("done\n");
  return 0;
}
