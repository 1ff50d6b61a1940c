/* connection.h - sockets for both ends: addresses, connecting and listening with timeouts.
 *
 * All sockets are nonblocking and close-on-exec; writing to a broken one raises no signal.
 */
#ifndef PRODUCER_CONNECTION_H
#define PRODUCER_CONNECTION_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* "HOST:PORT", "[IPv6]:PORT" or ":PORT" (loopback). Returns a socket; -EINVAL: not an address;
 * -EADDRNOTAVAIL: no such host; else the -errno of the last address tried. */
int connection_open(const char *address, uint64_t timeout_ns);
/* Listens; port 0 takes a free one. *port becomes the port. Errors as connection_open. */
int connection_listen(const char *address, uint16_t *port);
/* Takes a waiting client. Returns a socket or -errno (-EAGAIN: none). */
int connection_accept(int listener);
/* Two connected ends. Returns 0 or -errno. */
int connection_pair(int ends[2]);

/* Return the bytes done, 0 when the socket would block, or -errno; -ECONNRESET when the other end
 * is closed. */
ssize_t connection_send(int fd, const void *bytes, size_t length);
ssize_t connection_receive(int fd, void *bytes, size_t length);

/* Waits for events until the deadline (CLOCK_NEVER: none), to the nanosecond. An interrupted wait
 * returns early with no events. */
void connection_poll(struct pollfd *fds, size_t count, uint64_t deadline_ns);

#endif
