/* Makes as many blocks as its argument says, of 24 bytes, and frees none. */
#include "say.h"

int main(int argc, char **argv) {
  NEED(argc == 2);
  long blocks = atol(argv[1]);
  void **kept = malloc((size_t)blocks * sizeof(*kept));
  NEED(kept);
  for (long i = 0; i < blocks; i++)
    NEED((kept[i] = malloc(24)) != NULL);
  say("alive\n");
  return 0;
}
