/* reader.c - libFuzzer target: any bytes are a trace (tests/viewer/sparse.h); reading it breaks no
 * law. `tests/fuzz/run SECONDS` builds and runs it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/viewer/reader_check.h"
#include "tests/viewer/sparse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static int fd = -1;
  static char path[64];
  if (fd < 0) {
    fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0) abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  }
  sparse_expand(data, size, fd);
  reader_check(path);
  return 0;
}
