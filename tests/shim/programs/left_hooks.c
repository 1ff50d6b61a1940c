/* Leaves malloc(25013) by siglongjmp out of a handler, 20 times (with jumping_malloc.so, without
 * which nothing is left); the handler itself allocates 25033; 25031 after each. */
#include <setjmp.h>
#include <signal.h>

#include "say.h"

static sigjmp_buf back;

static void handler(int number) {
  (void)number;
  free(malloc(25033));
  siglongjmp(back, 1);
}

static void *deep(int depth) {
  void *block = depth ? deep(depth - 1) : malloc(25013);
  __asm__ volatile("" ::: "memory"); /* no tail call */
  return block;
}

int main(void) {
  signal(SIGUSR1, handler);
  for (volatile int i = 0; i < 20; i++) {
    if (sigsetjmp(back, 1) == 0) free(deep(5));
    free(malloc(25031));
  }
  say("done\n");
  return 0;
}
