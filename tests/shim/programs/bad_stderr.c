/* Becomes another program (the rest of its arguments) with a stderr that is bad to write to, as its
 * first argument says: a pipe without reader (SIGPIPE kills), a full pipe (waits forever), or a
 * file at its size limit (SIGXFSZ kills). */
#include <fcntl.h>
#include <sys/resource.h>

#include "say.h"

int main(int argc, char **argv) {
  int ends[2];
  NEED(argc >= 3 && pipe(ends) == 0);
  if (strcmp(argv[1], "limit") == 0) {
    static const char text[100];
    struct rlimit limit = {.rlim_cur = sizeof(text), .rlim_max = RLIM_INFINITY};
    NEED(write(STDERR_FILENO, text, sizeof(text)) == sizeof(text));
    NEED(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  } else {
    NEED(dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
    if (strcmp(argv[1], "full") == 0) {
      NEED(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
      while (write(ends[1], "x", 1) == 1)
        continue;
      NEED(fcntl(ends[1], F_SETFL, 0) == 0);
      NEED(fcntl(ends[0], F_DUPFD, 100) == 100); /* its reader is there, and does not read */
    }
  }
  close(ends[0]);
  close(ends[1]);
  execv(argv[2], argv + 2);
  return 1;
}
