/* errno after each call, where the call succeeds it must be what it was. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>

#include "say.h"

#define KEEPS(call)                                                                                \
  do {                                                                                             \
    errno = 77;                                                                                    \
    call;                                                                                          \
    say("%s: errno %d\n", #call, errno);                                                           \
  } while (0)

static volatile size_t huge = SIZE_MAX / 2; /* unknown to the compiler */

static void *in_thread(void *unused) {
  void *block;
  KEEPS(block = malloc(11));
  KEEPS(free(block));
  return unused;
}

int main(void) {
  void *block, *other;
  KEEPS(block = malloc(10));
  KEEPS(block = realloc(block, 100000));
  KEEPS(free(block));
  KEEPS(block = calloc(3, 33));
  KEEPS(free(block));
  KEEPS(block = realloc(NULL, 5));
  KEEPS(block = reallocarray(block, 5, 5));
  KEEPS(free(block));
  KEEPS(block = memalign(64, 5));
  KEEPS(free(block));
  KEEPS(block = aligned_alloc(64, 64));
  KEEPS(free(block));
  KEEPS(block = valloc(5));
  KEEPS(free(block));
  KEEPS(posix_memalign(&other, 64, 6));
  KEEPS(malloc_usable_size(other));
  KEEPS(free(other));
  KEEPS(free(NULL));
  KEEPS(other = malloc(huge));
  KEEPS(other = calloc(huge, 7));
  KEEPS(other = realloc(NULL, huge));
  for (int i = 0; i < 20000; i++) { /* chunks are sealed meanwhile */
    errno = 78;
    free(malloc((size_t)i));
    NEED(errno == 78);
  }
  pthread_t thread;
  NEED(pthread_create(&thread, NULL, in_thread, NULL) == 0 && pthread_join(thread, NULL) == 0);
  return 0;
}
