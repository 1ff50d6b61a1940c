/* A plugin with a function that allocates. */
#include <stdlib.h>

void *plugin_make(size_t size);

void *plugin_make(size_t size) {
  void *block = malloc(size);
  __asm__ volatile("" ::: "memory"); /* no tail call */
  return block;
}
