/* 10,000 blocks that grow from 24 bytes to 216, 8 by 8 bytes. */
#include <stdlib.h>

#include "say.h"

int main(void) {
  static void *blocks[10000];
  for (int i = 0; i < 10000; i++) {
    NEED((blocks[i] = malloc(24)));
    for (size_t size = 32; size <= 216; size += 8)
      NEED((blocks[i] = realloc(blocks[i], size)));
  }
  say("alive\n");
  return 0;
}
