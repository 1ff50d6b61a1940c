/* produce.h - one produce call: a batch that an ffi worker waits for, completed by the actor.
 *
 * The call and its messages belong to the waiting thread, which must wait until the call is
 * complete: the actor has pointers into it until then. So the wait has no timeout of its own; the
 * actor's deadlines bound it.
 */
#ifndef PRODUCER_PRODUCE_H
#define PRODUCER_PRODUCE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct message;

struct produce {
  struct message **messages;
  size_t count;
  uint64_t mailed_ns; /* by the mailbox */
  size_t remaining;   /* the actor's: messages without an outcome */
  bool complete;
  pthread_mutex_t mutex;
  pthread_cond_t completed;
};

/* Returns 0 or -errno. */
int produce_init(struct produce *produce);
void produce_destroy(struct produce *produce);

/* Makes a call for `count` > 0 messages; a call that is complete may be used again. */
struct produce *produce(struct produce *call, struct message **messages, size_t count);

/* For the actor: one message of the call has got its status. */
void produce_message_done(struct produce *produce);

/* Waits until all messages of the call have their status. */
void produce_wait(struct produce *produce);

#endif
