/* message.c - births and deaths of messages: two blocks each, the message and its payload.
 *
 * The payload's copy is a block of its own, made in a function of its own: who profiles the heap
 * sees what the copy costs apart from what a message costs.
 */
#include "message.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

static __attribute__((noinline)) void *payload_clone(const void *payload, size_t length) {
  void *copy = malloc(length);
  if (copy) memcpy(copy, payload, length);
  return copy;
}

struct message *message_new_owned(uint64_t producer_id, uint64_t sequence, void *payload,
                                  size_t length) {
  uint64_t created_time = clock_now_ns();
  struct message *message = malloc(sizeof *message);
  if (!message) return NULL;
  *message = (struct message){.producer_id = producer_id,
                              .sequence = sequence,
                              .times_ns[PRODUCER_CREATED] = created_time,
                              .payload = payload,
                              .length = length};
  return message;
}

struct message *message_new(uint64_t producer_id, uint64_t sequence, const void *payload,
                            size_t length) {
  struct message *message = message_new_owned(producer_id, sequence, NULL, length);
  if (!message || length == 0) return message;
  message->payload = payload_clone(payload, length);
  if (message->payload) return message;
  message_free(message);
  return NULL;
}

void message_free_but_payload(struct message *message) {
  free(message);
}

void message_free(struct message *message) {
  free(message->payload);
  free(message);
}

void message_list_append(struct message_list *list, struct message *message) {
  message->next = NULL;
  if (list->last)
    list->last->next = message;
  else
    list->first = message;
  list->last = message;
  list->count++;
  list->bytes += message->length;
}

struct message *message_list_take(struct message_list *list) {
  struct message *message = list->first;
  if (!message) return NULL;
  list->first = message->next;
  if (!list->first) list->last = NULL;
  list->count--;
  list->bytes -= message->length;
  message->next = NULL;
  return message;
}
