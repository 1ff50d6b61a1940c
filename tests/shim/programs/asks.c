/* Asks for 26041 a hundred times and takes a no for an answer. */
#include "say.h"

int main(void) {
  for (int i = 0; i < 100; i++)
    free(malloc(26041));
  say("alive\n");
  return 0;
}
