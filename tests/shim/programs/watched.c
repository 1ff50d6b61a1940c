/* Ends when its trace (its argument) has a resident-set sample, so that somebody must be watching
 * it; 23003 is allocated. */
#include <fcntl.h>
#include <time.h>

#include "../../../shim/trace.h"
#include "say.h"

int main(int argc, char **argv) {
  NEED(argc == 2);
  free(malloc(23003));
  for (int i = 0; i < 10000; i++) {
    struct trace_rss sample = {0};
    int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && pread(fd, &sample, sizeof(sample), TRACE_RSS_OFFSET) == sizeof(sample) &&
        sample.monotonic_ns) {
      say("watched\n");
      return 0;
    }
    close(fd);
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
  }
  return 1;
}
