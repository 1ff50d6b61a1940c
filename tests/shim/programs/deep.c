/* Recursions 40, 900 and 3,000 deep, with 21001, 21011 and 21013 allocated at the bottom. */
#include "say.h"

static void *dig(int depth, size_t size) {
  void *block = depth ? dig(depth - 1, size) : malloc(size);
  __asm__ volatile("" ::: "memory"); /* no tail call */
  return block;
}

int main(void) {
  for (int i = 0; i < 3; i++) {
    free(dig(40, 21001));
    free(dig(900, 21011));
    free(dig(3000, 21013));
  }
  say("done\n");
  return 0;
}
