/* mute_server.c - accepts every connection on a loopback port of its own, reads, and never answers.
 *
 * mute_server [--deaf]: prints its port, then serves until it is killed. --deaf: it doesn't read
 * either. What the kernel would buffer for it is kept small, so that a sender feels it soon.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS 64

int main(int argc, char **argv) {
  bool deaf = argc > 1 && strcmp(argv[1], "--deaf") == 0;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int small = 4096;
  struct pollfd fds[CONNECTIONS + 1] = {{.fd = socket(AF_INET, SOCK_STREAM, 0), .events = POLLIN}};
  size_t count = 1;
  setsockopt(fds[0].fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  if (bind(fds[0].fd, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen(fds[0].fd, 16) != 0 ||
      getsockname(fds[0].fd, (struct sockaddr *)&address, &length) != 0) {
    perror("mute_server");
    return 1;
  }
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  while (poll(fds, deaf ? 1 : count, -1) > 0) {
    if (fds[0].revents && count <= CONNECTIONS) {
      int fd = accept(fds[0].fd, NULL, NULL);
      if (fd >= 0) fds[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
    for (size_t i = 1; i < count && !deaf; i++) {
      char ignored[65536];
      if (fds[i].revents && read(fds[i].fd, ignored, sizeof ignored) <= 0) {
        close(fds[i].fd);
        fds[i--] = fds[--count];
      }
    }
  }
  return 0;
}
