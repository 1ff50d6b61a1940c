/* Threads with a stack as small as its first argument says (16384: the smallest that pthread
 * allows), all but its second argument's bytes of it in use when they allocate 6007. */
#include <pthread.h>

#include "say.h"

static size_t used;

static __attribute__((noinline)) void *allocate(void) {
  for (int i = 0; i < 100; i++) {
    void *block = malloc(6007);
    block = realloc(block, 6011);
    free(block);
  }
  return NULL;
}

static void *body(void *unused) {
  char *room = __builtin_alloca(used);
  memset(room, 1, used);
  __asm__ volatile("" ::"r"(room) : "memory");
  allocate();
  return unused;
}

int main(int argc, char **argv) {
  NEED(argc == 3);
  size_t size = strtoul(argv[1], NULL, 10);
  used = size - strtoul(argv[2], NULL, 10);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  NEED(pthread_attr_setstacksize(&attributes, size) == 0);
  for (int i = 0; i < 4; i++) {
    pthread_t thread;
    NEED(pthread_create(&thread, &attributes, body, NULL) == 0);
    NEED(pthread_join(thread, NULL) == 0);
  }
  say("done\n");
  return 0;
}
