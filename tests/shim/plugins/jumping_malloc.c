/* The next allocator in line: libc's, but a request of 25013 raises SIGUSR1 first, so that a
 * handler runs, or a longjmp leaves, inside of the recorder's hook. */
#include <signal.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);

void *malloc(size_t size) {
  if (size == 25013) raise(SIGUSR1);
  return __libc_malloc(size);
}
