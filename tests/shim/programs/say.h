/* say.h - one line to stdout without stdio's buffer, whose allocation would be in every trace. */
#ifndef SAY_H
#define SAY_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof(line), format, arguments);
  va_end(arguments);
  if (write(STDOUT_FILENO, line, (size_t)length) != length) _exit(99);
}

/* Stops with a line when what must hold does not. */
#define NEED(condition)                                                                            \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      say("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                  \
      _exit(98);                                                                                   \
    }                                                                                              \
  } while (0)

#endif
