/* Puts a file of its own on every descriptor from 3 to 1023 or the limit, so on the recorder's too;
 * the file must stay its own. Then gives some back, unless its argument is "all". 17519 before,
 * 30,000 of 17539 after. */
#include <fcntl.h>
#include <sys/resource.h>

#include "say.h"

int main(int argc, char **argv) {
  struct rlimit limit;
  free(malloc(17519));
  int own = open("own", O_RDWR | O_CREAT | O_TRUNC, 0600);
  NEED(own >= 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0);
  for (int fd = own + 1; fd < (int)limit.rlim_cur; fd++)
    NEED(dup2(own, fd) == fd);
  for (int fd = own + 1; fd < own + 9 && !(argc > 1 && strcmp(argv[1], "all") == 0); fd++)
    close(fd);
  for (int i = 0; i < 30000; i++)
    free(malloc(17539));
  char byte;
  NEED(pread(own, &byte, 1, 0) == 0);
  unlink("own");
  say("done\n");
  return 0;
}
