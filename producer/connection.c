/* connection.c - thin wrappers of the socket calls; they turn errno into return values. */
#include "connection.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

#define SOCKET_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

/* Resolves "HOST:PORT". Returns 0 and a list for freeaddrinfo, or -errno. */
static int resolve(const char *address, int flags, struct addrinfo **list) {
  char host[256];
  const char *colon = strrchr(address, ':');
  size_t length = colon ? (size_t)(colon - address) : 0;
  if (!colon || length >= sizeof host || colon[1] == '\0') return -EINVAL;
  char *end;
  unsigned long port = strtoul(colon + 1, &end, 10);
  if (*end != '\0' || colon[1] < '0' || colon[1] > '9' || port > UINT16_MAX) return -EINVAL;
  memcpy(host, address, length);
  host[length] = '\0';
  const char *name = host;
  if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
    host[length - 1] = '\0';
    name = host + 1;
  }
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
  switch (getaddrinfo(*name ? name : "127.0.0.1", colon + 1, &hints, list)) {
  case 0:
    return 0;
  case EAI_MEMORY:
    return -ENOMEM;
  default:
    return -EADDRNOTAVAIL;
  }
}

static void send_at_once(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int connect_one(const struct addrinfo *to, uint64_t deadline_ns) {
  int fd = socket(to->ai_family, to->ai_socktype | SOCKET_FLAGS, to->ai_protocol);
  if (fd < 0) return -errno;
  int error = connect(fd, to->ai_addr, to->ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    do
      connection_poll(&wait, 1, deadline_ns);
    while (!wait.revents && clock_now_ns() < deadline_ns);
    socklen_t size = sizeof error;
    if (!wait.revents)
      error = ETIMEDOUT;
    else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
      error = errno;
  }
  if (!error) {
    send_at_once(fd);
    return fd;
  }
  close(fd);
  return -error;
}

int connection_open(const char *address, uint64_t timeout_ns) {
  struct addrinfo *list;
  int result = resolve(address, 0, &list);
  if (result < 0) return result;
  uint64_t deadline_ns = clock_deadline(clock_now_ns(), timeout_ns);
  result = -EADDRNOTAVAIL;
  for (const struct addrinfo *a = list; a && result < 0; a = a->ai_next)
    result = connect_one(a, deadline_ns);
  freeaddrinfo(list);
  return result;
}

static int listen_one(const struct addrinfo *at, uint16_t *port) {
  int fd = socket(at->ai_family, at->ai_socktype | SOCKET_FLAGS, at->ai_protocol);
  if (fd < 0) return -errno;
  int on = 1;
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } bound = {0};
  socklen_t size = sizeof bound;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0 &&
      getsockname(fd, &bound.any, &size) == 0) {
    *port = ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
    return fd;
  }
  int error = errno;
  close(fd);
  return -error;
}

int connection_listen(const char *address, uint16_t *port) {
  struct addrinfo *list;
  int result = resolve(address, AI_PASSIVE, &list);
  if (result < 0) return result;
  result = -EADDRNOTAVAIL;
  for (const struct addrinfo *a = list; a && result < 0; a = a->ai_next)
    result = listen_one(a, port);
  freeaddrinfo(list);
  return result;
}

int connection_accept(int listener) {
  int fd = accept4(listener, NULL, NULL, SOCKET_FLAGS);
  if (fd < 0) return -errno;
  send_at_once(fd);
  return fd;
}

int connection_pair(int ends[2]) {
  return socketpair(AF_UNIX, SOCK_STREAM | SOCKET_FLAGS, 0, ends) == 0 ? 0 : -errno;
}

ssize_t connection_send(int fd, const void *bytes, size_t length) {
  ssize_t done = send(fd, bytes, length, MSG_NOSIGNAL);
  if (done >= 0) return done;
  return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

ssize_t connection_receive(int fd, void *bytes, size_t length) {
  ssize_t done = recv(fd, bytes, length, 0);
  if (done > 0) return done;
  if (done == 0) return -ECONNRESET;
  return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

void connection_poll(struct pollfd *fds, size_t count, uint64_t deadline_ns) {
  struct timespec left, *timeout = NULL;
  if (deadline_ns != CLOCK_NEVER) {
    uint64_t now_ns = clock_now_ns();
    left = clock_timespec(deadline_ns > now_ns ? deadline_ns - now_ns : 0);
    timeout = &left;
  }
  if (ppoll(fds, count, timeout, NULL) >= 0) return;
  for (size_t i = 0; i < count; i++)
    fds[i].revents = 0;
}
