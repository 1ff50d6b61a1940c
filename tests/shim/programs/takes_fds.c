/* Puts a file of its own, or as its second argument says a socket, on every descriptor from 3 to
 * 1023 or the limit, so on the recorder's too; nothing may be written to it. Then gives some back,
 * unless its first argument is "all". 17519 before, 30,000 of 17539 after. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "say.h"

int main(int argc, char **argv) {
  struct rlimit limit;
  const char *give_back = argc > 1 ? argv[1] : "some", *what = argc > 2 ? argv[2] : "file";
  int own, pair[2];
  char byte;
  free(malloc(17519));
  if (strcmp(what, "socket") == 0) {
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    own = pair[1];
  } else {
    own = open("own", O_RDWR | O_CREAT | O_TRUNC, 0600);
  }
  NEED(own >= 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0);
  for (int fd = own + 1; fd < (int)limit.rlim_cur; fd++)
    NEED(dup2(own, fd) == fd);
  for (int fd = own + 1; fd < own + 9 && strcmp(give_back, "all") != 0; fd++)
    close(fd);
  for (int i = 0; i < 30000; i++)
    free(malloc(17539));
  if (strcmp(what, "socket") == 0) {
    NEED(recv(pair[0], &byte, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
  } else {
    NEED(pread(own, &byte, 1, 0) == 0);
    unlink("own");
  }
  say("done\n");
  return 0;
}
