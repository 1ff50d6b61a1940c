/* Another plugin of the same shape, which may be loaded where the first one was. */
#include <stdlib.h>

void *plugin_make(size_t size);
static void *make_for_two(size_t size);

static void *make_for_two(size_t size) {
  void *block = malloc(size);
  __asm__ volatile("" ::: "memory");
  return block;
}

void *plugin_make(size_t size) {
  void *block = make_for_two(size);
  __asm__ volatile("" ::: "memory");
  return block;
}
