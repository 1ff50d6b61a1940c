/* Limits the size of its files to its argument's bytes (RLIMIT_FSIZE; beyond it the kernel sends
 * SIGXFSZ, which kills), then becomes `much`. */
#include <sys/resource.h>

#include "say.h"

int main(int argc, char **argv) {
  NEED(argc == 3);
  struct rlimit limit = {.rlim_cur = strtoul(argv[1], NULL, 10), .rlim_max = RLIM_INFINITY};
  NEED(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  execv(argv[2], (char *[]){argv[2], NULL});
  return 1;
}
