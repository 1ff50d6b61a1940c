/* null_shim.c - forwards malloc and free and does nothing else: the least that any preloaded tool
 * costs. */
#include <dlfcn.h>
#include <stdlib.h>

static void *(*next_malloc)(size_t size);
static void (*next_free)(void *block);

static __attribute__((constructor)) void resolve(void) {
  *(void **)&next_malloc = dlsym(RTLD_NEXT, "malloc");
  *(void **)&next_free = dlsym(RTLD_NEXT, "free");
}

void *malloc(size_t size) {
  if (!next_malloc) resolve();
  return next_malloc(size);
}

void free(void *block) {
  if (!next_free) resolve();
  next_free(block);
}
