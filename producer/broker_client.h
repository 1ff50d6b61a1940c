/* broker_client.h - the broker's side of one connection: bytes in, requests; answers, bytes out.
 */
#ifndef PRODUCER_BROKER_CLIENT_H
#define PRODUCER_BROKER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

#define BROKER_ANSWERS 256 /* waiting ones; then the broker reads no more from the client */

struct broker_answer {
  uint64_t ready_ns;
  uint8_t bytes[WIRE_ACK_BYTES];
};

struct broker_client {
  int fd;
  uint8_t *input;
  size_t input_size, input_bytes;
  struct broker_answer answers[BROKER_ANSWERS]; /* a ring, in the order of ready_ns */
  size_t answer_first, answer_count, answer_sent;
};

/* Owns the socket. NULL: no memory; then the socket is still the caller's. */
struct broker_client *broker_client_new(int fd);
void broker_client_free(struct broker_client *client);

/* Reads what is there. Returns 0, or -errno when the connection is over. */
int broker_client_read(struct broker_client *client);
/* The first whole request of the input; 1: *request and *body are filled, the body lies in the
 * input until the next read; 0: none yet; -EPROTO: that is no request. */
int broker_client_request(struct broker_client *client, struct wire_request *request,
                          const uint8_t **body);
/* Removes the first request from the input. */
void broker_client_consume(struct broker_client *client, const struct wire_request *request);

bool broker_client_is_full(const struct broker_client *client);
/* To be sent at ready_ns, which must not lie before that of the answer before it. */
void broker_client_answer(struct broker_client *client, const struct wire_ack *ack,
                          uint64_t ready_ns);
/* When the next answer is ready, CLOCK_NEVER without one. */
uint64_t broker_client_ready_ns(const struct broker_client *client);
/* Sends the answers that are ready. *blocked: the socket takes no more now. Returns 0 or -errno. */
int broker_client_write(struct broker_client *client, uint64_t now_ns, bool *blocked);

#endif
