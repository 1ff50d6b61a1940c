/* Limits the size of its files (RLIMIT_FSIZE; beyond it the kernel sends SIGXFSZ, which kills) or
 * of its memory (RLIMIT_AS), "fsize" or "as", to its second argument's bytes, then becomes what the
 * rest of its arguments say. */
#include <sys/resource.h>

#include "say.h"

int main(int argc, char **argv) {
  NEED(argc >= 4);
  struct rlimit limit = {.rlim_cur = strtoul(argv[2], NULL, 10), .rlim_max = RLIM_INFINITY};
  NEED(setrlimit(strcmp(argv[1], "as") == 0 ? RLIMIT_AS : RLIMIT_FSIZE, &limit) == 0);
  execv(argv[3], argv + 3);
  return 1;
}
