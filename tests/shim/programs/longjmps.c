/* Leaves deep frames by longjmp, in between allocations of 9007 (in the deep frame, freed later)
 * and 9011 (after the jump); also out of a signal handler. */
#include <setjmp.h>
#include <signal.h>

#include "say.h"

static jmp_buf back;
static sigjmp_buf signal_back;
static void *volatile left;
static volatile int jump = 1;

static int deep(int depth) {
  if (depth == 0) {
    left = malloc(9007);
    if (jump) longjmp(back, 1);
    return 0;
  }
  return deep(depth - 1) + 1;
}

static void handler(int number) {
  (void)number;
  left = malloc(9013);
  siglongjmp(signal_back, 1);
}

int main(void) {
  for (volatile int i = 0; i < 100; i++) {
    if (setjmp(back) == 0) deep(20);
    free(left);
    free(malloc(9011));
  }
  signal(SIGUSR1, handler);
  for (volatile int i = 0; i < 50; i++) {
    if (sigsetjmp(signal_back, 1) == 0) raise(SIGUSR1);
    free(left);
    free(malloc(9011));
  }
  say("done\n");
  return 0;
}
