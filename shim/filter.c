/* filter.c - was a filter set between the first process and this program?
 *
 * A filter stays through fork and exec, and what it does to a system call can't be asked without
 * making the call. A container's filter is on all its processes, the first one too, and refuses
 * with an error; one that a program sets on itself and its children (Debian's man does) may kill.
 */
#include "filter.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sys.h"

/* The number after `name` in a status file of /proc; -1 when there is none. */
static long status_number(const char *path, const char *name) {
  char text[4096];
  size_t used = 0;
  int fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return -1;
  for (long got; used < sizeof text - 1; used += (size_t)got)
    if ((got = sys_read(fd, text + used, sizeof text - 1 - used)) <= 0) break;
  sys_close(fd);
  text[used] = 0;
  const char *at = strstr(text, name);
  return at ? strtol(at + strlen(name), NULL, 10) : -1;
}

bool filter_inherited(void) {
  /* kernels before 5.9 count no filters: there the mode has to do */
  const char *const names[] = {"\nSeccomp_filters:", "\nSeccomp:"};
  for (int i = 0; i < 2; i++) {
    long own = status_number("/proc/self/status", names[i]);
    if (own >= 0) return own > 0 && own > status_number("/proc/1/status", names[i]);
  }
  return false;
}
