/* Moves itself into a memory control group (the directory of its first argument), then uses 10 MiB
 * and allocates 400,000 times 28001: more trace than the group has memory. */
#include "say.h"

int main(int argc, char **argv) {
  char path[4096];
  NEED(argc == 2);
  snprintf(path, sizeof(path), "%s/cgroup.procs", argv[1]);
  FILE *procs = fopen(path, "we");
  NEED(procs && fprintf(procs, "%d", (int)getpid()) > 0 && fclose(procs) == 0);
  void *used = malloc(10 << 20);
  NEED(used);
  memset(used, 1, 10 << 20);
  for (int i = 0; i < 400000; i++)
    free(malloc(28001));
  free(used);
  say("alive\n");
  return 0;
}
