/* file_read.c - see file_read.h. By pread, not mmap: a file that is cut must not raise SIGBUS. */
#include "file_read.h"

#include <errno.h>
#include <unistd.h>

ssize_t file_read(int fd, void *to, size_t count, uint64_t offset) {
  size_t done = 0;
  while (done < count) {
    ssize_t n = pread(fd, (char *)to + done, count - done, (off_t)(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) break;
    done += (size_t)n;
  }
  return (ssize_t)done;
}
