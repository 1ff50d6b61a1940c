/* request.h - a request under way: encoded messages, what of it is sent, until when it may take. */
#ifndef PRODUCER_REQUEST_H
#define PRODUCER_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "message.h"

struct request {
  struct request *next; /* in the actor's list */
  struct message_list messages;
  uint64_t correlation;
  uint64_t deadline_ns;
  size_t bytes, sent; /* sent == bytes: waits for its acknowledgement */
  uint8_t encoded[];
};

/* Encodes the oldest messages of `pending`, at least one, and takes them: as many as fit into
 * `payload_bytes` and `count`. NULL: no memory, or `pending` is empty; nothing is taken. */
struct request *encode_request(struct message_list *pending, size_t payload_bytes, size_t count,
                               uint64_t correlation);

#endif
