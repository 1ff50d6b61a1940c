/* Allocates before main (preinit, constructor), after it (atexit, destructor), and leaves blocks to
 * be freed there. Sizes: 11003 preinit, 11027 constructor, 11047 main, 11057 atexit, 11059
 * destructor. Those before main are freed after it. */
#include "say.h"

static void *preinit_block, *constructor_block;

static void preinit(int argc, char **argv, char **envp) {
  (void)argc, (void)argv, (void)envp;
  preinit_block = malloc(11003);
}
__attribute__((section(".preinit_array"), used)) static void (*preinits[])(int, char **,
                                                                           char **) = {preinit};

__attribute__((constructor(101))) static void construct(void) {
  constructor_block = malloc(11027);
}

__attribute__((destructor(101))) static void destruct(void) {
  free(malloc(11059));
  free(preinit_block);
  say("destructor\n");
}

static void at_exit(void) {
  free(malloc(11057));
  free(constructor_block);
  say("atexit\n");
}

int main(void) {
  atexit(at_exit);
  free(malloc(11047));
  say("main\n");
  return 0;
}
