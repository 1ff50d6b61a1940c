/* Blocks of 40009 by way of one function, of 40013 by way of another: both from one place, and from
 * one place with one stack pointer, but with frames that lie elsewhere: what one way has left on
 * the stack is not overwritten by the other. */
#include <alloca.h>

#include "say.h"

#define SHIFT 256

/* Keeps the compiler from doing without. */
static void use(void *place) {
  __asm__ volatile("" : : "r"(place) : "memory");
}

static void allocate(size_t size, size_t gap) {
  use(alloca(gap));
  void *block = malloc(size);
  use(block);
  free(block);
}

static void high(void) {
  use(alloca(SHIFT));
  allocate(40009, 2 * SHIFT);
}

static void low(void) {
  use(alloca(2 * SHIFT));
  allocate(40013, SHIFT);
}

int main(void) {
  static void (*const volatile ways[])(void) = {high, low};
  for (int i = 0; i < 1000; i++)
    ways[i & 1]();
  say("done\n");
  return 0;
}
