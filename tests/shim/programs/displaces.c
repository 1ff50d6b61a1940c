/* displaces: 60,000 blocks, and 1,200,000 times one of them is freed and another born. From before
 * that on the address space may not grow by more than 64 KiB. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "say.h"

#define BLOCKS 60000

static void let_no_more_be_mapped(void) {
  char pages[64] = "";
  int fd = open("/proc/self/statm", O_RDONLY);
  NEED(fd >= 0 && read(fd, pages, sizeof(pages) - 1) > 0 && close(fd) == 0);
  rlim_t size = strtoul(pages, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE) + 65536;
  NEED(setrlimit(RLIMIT_AS, &(struct rlimit){size, size}) == 0);
}

int main(void) {
  static void *blocks[BLOCKS];
  unsigned seed = 1;
  for (int i = 0; i < BLOCKS; i++)
    NEED((blocks[i] = malloc(64)));
  let_no_more_be_mapped();
  for (int i = 0; i < 1200000; i++) {
    seed = seed * 1103515245u + 12345;
    void **block = &blocks[(seed >> 8) % BLOCKS];
    free(*block);
    NEED((*block = malloc(64)));
  }
  say("alive\n");
  return 0;
}
