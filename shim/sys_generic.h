/* sys_generic.h - system calls by libc's syscall(), found behind our own hook of it. */
#ifndef DWELL_SYS_GENERIC_H
#define DWELL_SYS_GENERIC_H

#include <errno.h>

#include "next.h"

static inline long sys_call(long number, long a, long b, long c, long d, long e, long f) {
  int saved = errno;
  long result = next.syscall(number, a, b, c, d, e, f);
  if (result == -1) result = -errno;
  errno = saved;
  return result;
}

#endif
