/* broker_client.c - buffers of one connection. The input grows to the largest request and stays.
 */
#include "broker_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "connection.h"

#define INPUT_BYTES (64u << 10) /* at first */

struct broker_client *broker_client_new(int fd) {
  struct broker_client *client = calloc(1, sizeof *client);
  if (!client) return NULL;
  client->input = malloc(INPUT_BYTES);
  if (!client->input) {
    free(client);
    return NULL;
  }
  client->input_size = INPUT_BYTES;
  client->fd = fd;
  return client;
}

void broker_client_free(struct broker_client *client) {
  close(client->fd);
  free(client->input);
  free(client);
}

/* Makes the whole of the request that the input begins with fit. */
static int fit_input(struct broker_client *client) {
  struct wire_request request;
  if (client->input_bytes < WIRE_HEADER_BYTES) return 0;
  if (!wire_get_request(client->input, &request)) return -EPROTO;
  size_t needed = WIRE_HEADER_BYTES + request.body_bytes;
  if (needed <= client->input_size) return 0;
  uint8_t *input = realloc(client->input, needed);
  if (!input) return -ENOMEM;
  client->input = input;
  client->input_size = needed;
  return 0;
}

int broker_client_read(struct broker_client *client) {
  int error = fit_input(client);
  /* full only while answers wait: then the broker does not ask to read */
  if (error || client->input_bytes == client->input_size) return error;
  ssize_t done = connection_receive(client->fd, client->input + client->input_bytes,
                                    client->input_size - client->input_bytes);
  if (done < 0) return (int)done;
  client->input_bytes += (size_t)done;
  return 0;
}

int broker_client_request(struct broker_client *client, struct wire_request *request,
                          const uint8_t **body) {
  if (client->input_bytes < WIRE_HEADER_BYTES) return 0;
  if (!wire_get_request(client->input, request)) return -EPROTO;
  if (client->input_bytes - WIRE_HEADER_BYTES < request->body_bytes) return 0;
  *body = client->input + WIRE_HEADER_BYTES;
  return 1;
}

void broker_client_consume(struct broker_client *client, const struct wire_request *request) {
  size_t done = WIRE_HEADER_BYTES + request->body_bytes;
  client->input_bytes -= done;
  memmove(client->input, client->input + done, client->input_bytes);
}

bool broker_client_is_full(const struct broker_client *client) {
  return client->answer_count == BROKER_ANSWERS;
}

void broker_client_answer(struct broker_client *client, const struct wire_ack *ack,
                          uint64_t ready_ns) {
  size_t last = (client->answer_first + client->answer_count++) % BROKER_ANSWERS;
  client->answers[last].ready_ns = ready_ns;
  wire_put_ack(client->answers[last].bytes, ack);
}

uint64_t broker_client_ready_ns(const struct broker_client *client) {
  return client->answer_count ? client->answers[client->answer_first].ready_ns : CLOCK_NEVER;
}

int broker_client_write(struct broker_client *client, uint64_t now_ns, bool *blocked) {
  *blocked = false;
  while (broker_client_ready_ns(client) <= now_ns && !*blocked) {
    struct broker_answer *answer = &client->answers[client->answer_first];
    ssize_t done = connection_send(client->fd, answer->bytes + client->answer_sent,
                                   WIRE_ACK_BYTES - client->answer_sent);
    if (done < 0) return (int)done;
    client->answer_sent += (size_t)done;
    *blocked = client->answer_sent < WIRE_ACK_BYTES;
    if (*blocked) break;
    client->answer_sent = 0;
    client->answer_first = (client->answer_first + 1) % BROKER_ANSWERS;
    client->answer_count--;
  }
  return 0;
}
