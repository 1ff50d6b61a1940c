/* message.h - one message on its way: the payload and the moments that it went through.
 *
 * A message has one owner at a time: the sender, the queue, the ffi worker. While a batch is under
 * way its messages are lent to the actor, which writes their times and status and nothing else.
 */
#ifndef PRODUCER_MESSAGE_H
#define PRODUCER_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "producer.h"

struct produce;

struct message {
  struct message *next;    /* in the queue, then in the actor's lists */
  struct produce *produce; /* the batch that it is in while the actor has it */
  uint64_t producer_id;
  uint64_t sequence; /* which send call of its producer */
  uint64_t number;   /* which message of its queue, from 1: given when it is enqueued */
  uint64_t times_ns[PRODUCER_STAGES];
  void *payload;
  size_t length;
  int status; /* 0, or the -errno of its failed delivery */
};

/* First in, first out. */
struct message_list {
  struct message *first, *last;
  size_t count, bytes;
};

/* A message with a copy of the payload; NULL: no memory. */
struct message *message_new(uint64_t producer_id, uint64_t sequence, const void *payload,
                            size_t length);
/* A message that takes the payload, which came from malloc; NULL: no memory, nothing is taken. */
struct message *message_new_owned(uint64_t producer_id, uint64_t sequence, void *payload,
                                  size_t length);
/* Frees message and payload. */
void message_free(struct message *message);
/* Frees the message and leaves the payload to whoever has it. */
void message_free_but_payload(struct message *message);

void message_list_append(struct message_list *list, struct message *message);
/* The first message, or NULL when the list is empty. */
struct message *message_list_take(struct message_list *list);

#endif
