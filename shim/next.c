/* next.c - finds the next function for each hook, once.
 *
 * dlsym may allocate: such calls come back through our hooks and are served by the pool while
 * `resolving`. The process has one thread that early, or
 * all later threads are created by one that has been here.
 */
#include "next.h"

#include <dlfcn.h>
#include <string.h>

struct next next;
unsigned char pool[POOL_SIZE] __attribute__((aligned(64)));

static size_t pool_used;
/* volatile: glibc declares dlsym a leaf, so the compiler thinks that it cannot come back to us */
static volatile bool resolving;

/* Each block is preceded by its size. */
void *pool_allocate(size_t size, size_t alignment) {
  if (alignment < 16) alignment = 16;
  if (size > POOL_SIZE || alignment > POOL_SIZE) return NULL;
  size_t old, at;
  do {
    old = __atomic_load_n(&pool_used, __ATOMIC_RELAXED);
    at = (old + sizeof(size_t) + alignment - 1) & ~(alignment - 1);
    if (at + size > POOL_SIZE) return NULL;
  } while (!__atomic_compare_exchange_n(&pool_used, &old, at + size, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
  memcpy(pool + at - sizeof(size_t), &size, sizeof size);
  return pool + at;
}

size_t pool_size(const void *block) {
  size_t size;
  memcpy(&size, (const unsigned char *)block - sizeof size, sizeof size);
  return size;
}

static void free_by_plain_free(void *block, size_t size) {
  (void)size;
  next.free(block);
}
static void free_aligned_by_plain_free(void *block, size_t alignment, size_t size) {
  (void)alignment;
  (void)size;
  next.free(block);
}

bool next_resolve_all(void) {
  if (resolving) return false;
  resolving = true;
  struct next found = {0};
#define X(name, result, parameters) *(void **)&found.name = dlsym(RTLD_NEXT, #name);
  HOST_HOOKS(X)
  ALLOCATOR_HOOKS(X)
#undef X
  next = found;
  resolving = false;
  return true;
}

void next_resolve_late(void) {
  if (next.free_sized && next.free_aligned_sized) return;
  struct next found = {0};
#define X(name, result, parameters) *(void **)&found.name = dlsym(RTLD_NEXT, #name);
  LATE_HOOKS(X)
#undef X
  if (dlerror()) dlerror(); /* gives the text back */
  next.free_sized = found.free_sized ? found.free_sized : free_by_plain_free;
  next.free_aligned_sized =
      found.free_aligned_sized ? found.free_aligned_sized : free_aligned_by_plain_free;
}
