/* actor.h - the actor: a thread that alone owns the connection to the broker.
 *
 * It takes produce calls from the mailbox, gathers their messages up to a batch or a linger time,
 * encodes requests, sends them, several in flight, and matches acknowledgements to them. Every
 * call is completed in bounded time: a request that is not acknowledged in time, a broken
 * connection or an answer that makes no sense lose the connection for good; then whatever is under
 * way fails with that error, and so does at once all that is mailed later.
 */
#ifndef PRODUCER_ACTOR_H
#define PRODUCER_ACTOR_H

#include <pthread.h>

#include "mailbox.h"
#include "request.h"
#include "wire.h"

struct actor_options {
  size_t mailbox_batches, batch_bytes, batch_messages, in_flight;
  uint64_t timeout_ns, linger_ns;
};

struct actor {
  struct actor_options options;
  struct mailbox mailbox;
  pthread_t thread;
  int fd;
  int error;                           /* why the connection is lost; 0 while it is there */
  struct message_list pending;         /* taken from the mailbox, not yet encoded */
  uint64_t pending_since_ns;           /* when the oldest of these was mailed */
  struct request *oldest, *newest;     /* in flight, in the order of sending */
  struct request *unsent;              /* the first with unsent bytes */
  size_t in_flight;                    /* requests */
  uint64_t correlation;                /* of the newest request */
  uint8_t answer[WIRE_ACK_BYTES * 32]; /* received, not yet parsed */
  size_t answer_bytes;
};

/* Starts the thread; it owns the socket from then on. Returns 0 or -errno; then the socket is
 * still the caller's. */
int actor_start(struct actor *actor, int fd, const struct actor_options *options);
/* Completes all that is mailed, closes the connection, ends the thread. */
void actor_stop(struct actor *actor);

#endif
