/* many_sites SITES ROUNDS: that many sites fold in turn, with blocks one at a time. Those of path p
 * are of 1000 + p bytes: 3 in each round of ROUNDS, and p % 5 more in the first. */
#include "say.h"

#include "paths.h"

static void fold(unsigned path, void *count) {
  for (int i = *(int *)count; i > 0; i--)
    free(malloc(1000 + path));
}

int main(int argc, char **argv) {
  NEED(argc == 3);
  unsigned sites = (unsigned)atoi(argv[1]);
  NEED(sites <= 1u << PATH_BITS);
  for (int round = 0; round < atoi(argv[2]); round++)
    for (unsigned path = 0; path < sites; path++) {
      int count = 3 + (round == 0 ? (int)path % 5 : 0);
      path_descend(0, path, fold, &count);
    }
  say("done\n");
  return 0;
}
