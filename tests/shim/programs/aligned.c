/* The aligned family; each size is one function's. Then what of C23's the next allocator has. */
#include <dlfcn.h>
#include <malloc.h>
#include <stdint.h>

#include "say.h"

static int aligned_to(const void *block, size_t alignment) {
  return block && (uintptr_t)block % alignment == 0;
}

int main(void) {
  void *block = NULL;
  NEED(posix_memalign(&block, 4096, 1511) == 0 && aligned_to(block, 4096));
  free(block);
  block = memalign(64, 1523);
  NEED(aligned_to(block, 64));
  free(block);
  block = aligned_alloc(256, 1536);
  NEED(aligned_to(block, 256));
  free(block);
  block = valloc(1543);
  NEED(aligned_to(block, 4096));
  free(block);
  block = pvalloc(1549); /* asks for a page: the request counts, not what was rounded */
  NEED(aligned_to(block, 4096));
  free(block);
  block = &block;
  NEED(posix_memalign(&block, 3, 1553) != 0 && block == &block);
  void (*free_sized)(void *, size_t) = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, "free_sized");
  block = malloc(1559);
  if (free_sized)
    free_sized(block, 1559);
  else
    free(block);
  say("done\n");
  return 0;
}
