/* Under a limit on its address space (RLIMIT_AS): allocates 26003 until there is no more, begins
 * threads meanwhile, frees all, allocates 26017. Its argument: MiB above what it has. */
#include <errno.h>
#include <pthread.h>
#include <sys/resource.h>

#include "say.h"

static void *body(void *unused) {
  free(malloc(26021));
  return unused;
}

int main(int argc, char **argv) {
  long pages = 0;
  FILE *statm = fopen("/proc/self/statm", "re");
  NEED(argc == 2 && statm && fscanf(statm, "%ld", &pages) == 1);
  fclose(statm);
  struct rlimit limit = {.rlim_max = RLIM_INFINITY};
  limit.rlim_cur = (rlim_t)pages * 4096 + strtoul(argv[1], NULL, 10) * (1 << 20);
  NEED(setrlimit(RLIMIT_AS, &limit) == 0);
  pthread_attr_t small;
  NEED(pthread_attr_init(&small) == 0 && pthread_attr_setstacksize(&small, 65536) == 0);
  void **chain = NULL, **block;
  int refused = 0;
  for (int i = 0; i < 1000000; i++) {
    pthread_t thread;
    block = malloc(26003);
    if (!block) {
      NEED(errno == ENOMEM);
      refused++;
      break;
    }
    *block = chain;
    chain = block;
    if (i % 100 == 0 && pthread_create(&thread, &small, body, NULL) == 0)
      pthread_join(thread, NULL);
  }
  NEED(refused);
  while ((block = chain)) {
    chain = *block;
    free(block);
  }
  for (int i = 0; i < 1000; i++)
    free(malloc(26017));
  say("alive\n");
  return 0;
}
