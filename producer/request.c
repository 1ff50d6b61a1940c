/* request.c - encodes messages into one request: the second copy of a payload, and a short one. */
#include "request.h"

#include <stdlib.h>

#include "clock.h"
#include "wire.h"

/* How many of the oldest messages fit, and the payload bytes of these. */
static size_t count_fitting(const struct message_list *pending, size_t payload_bytes, size_t count,
                            size_t *fitting_bytes) {
  size_t fitting = 0;
  *fitting_bytes = 0;
  for (const struct message *m = pending->first; m && fitting < count; m = m->next) {
    if (fitting > 0 && *fitting_bytes + m->length > payload_bytes) break;
    *fitting_bytes += m->length;
    fitting++;
  }
  return fitting;
}

struct request *encode_request(struct message_list *pending, size_t payload_bytes, size_t count,
                               uint64_t correlation) {
  size_t fitting_bytes;
  size_t records = count_fitting(pending, payload_bytes, count, &fitting_bytes);
  if (records == 0) return NULL;
  size_t body = fitting_bytes + records * WIRE_RECORD_BYTES;
  struct request *request = malloc(sizeof *request + WIRE_HEADER_BYTES + body);
  if (!request) return NULL;
  *request = (struct request){.correlation = correlation, .bytes = WIRE_HEADER_BYTES + body};
  struct wire_request header = {
      .body_bytes = (uint32_t)body, .records = (uint32_t)records, .correlation = correlation};
  wire_put_request(request->encoded, &header);
  uint8_t *at = request->encoded + WIRE_HEADER_BYTES;
  for (size_t i = 0; i < records; i++) {
    struct message *message = message_list_take(pending);
    struct wire_record record = {.producer_id = message->producer_id,
                                 .sequence = message->sequence,
                                 .payload = message->payload,
                                 .length = (uint32_t)message->length};
    at += wire_put_record(at, &record);
    message_list_append(&request->messages, message);
  }
  uint64_t now_ns = clock_now_ns();
  for (struct message *m = request->messages.first; m; m = m->next)
    m->times_ns[PRODUCER_ENCODED] = now_ns;
  return request;
}
