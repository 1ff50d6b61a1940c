/* test_wire.c - bytes on the wire: the checksum, round trips, and whatever is not right. */
#include <criterion/criterion.h>
#include <string.h>

#include "producer/message.h"
#include "producer/request.h"
#include "producer/wire.h"

Test(wire, the_checksum_is_crc32c) {
  cr_assert_eq(wire_crc32c("123456789", 9), 0xE3069283u);
  cr_assert_eq(wire_crc32c("", 0), 0u);
}

Test(wire, a_record_comes_back_as_it_was_put) {
  uint8_t bytes[WIRE_RECORD_BYTES + 5];
  struct wire_record in = {.producer_id = 7,
                           .sequence = 1ull << 40,
                           .payload = "hello",
                           .length = 5},
                     out;
  cr_assert_eq(wire_put_record(bytes, &in), sizeof bytes);
  cr_assert_eq(wire_get_record(bytes, sizeof bytes, &out), sizeof bytes);
  cr_assert_eq(out.producer_id, 7);
  cr_assert_eq(out.sequence, 1ull << 40);
  cr_assert_eq(out.length, 5);
  cr_assert_eq(memcmp(out.payload, "hello", 5), 0);
}

Test(wire, every_flipped_bit_of_a_record_is_noticed) {
  uint8_t bytes[WIRE_RECORD_BYTES + 5];
  struct wire_record in = {.producer_id = 7, .sequence = 9, .payload = "hello", .length = 5}, out;
  wire_put_record(bytes, &in);
  for (size_t bit = 0; bit < sizeof bytes * 8; bit++) {
    bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    cr_assert_eq(wire_get_record(bytes, sizeof bytes, &out), 0, "bit %zu", bit);
    bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
}

Test(wire, a_cut_record_is_no_record) {
  uint8_t bytes[WIRE_RECORD_BYTES + 5];
  struct wire_record in = {.payload = "hello", .length = 5}, out;
  wire_put_record(bytes, &in);
  for (size_t length = 0; length < sizeof bytes; length++)
    cr_assert_eq(wire_get_record(bytes, length, &out), 0);
}

Test(wire, every_flipped_bit_of_a_header_or_an_acknowledgement_is_noticed) {
  uint8_t header[WIRE_HEADER_BYTES], ack[WIRE_ACK_BYTES];
  struct wire_request request = {.body_bytes = 100, .records = 3, .correlation = 5};
  struct wire_ack answer = {.records = 3, .correlation = 5};
  wire_put_request(header, &request);
  wire_put_ack(ack, &answer);
  cr_assert(wire_get_request(header, &request));
  cr_assert(wire_get_ack(ack, &answer));
  for (size_t bit = 0; bit < sizeof header * 8; bit++) {
    header[bit / 8] ^= (uint8_t)(1u << bit % 8);
    ack[bit / 8] ^= (uint8_t)(1u << bit % 8);
    cr_assert_not(wire_get_request(header, &request));
    cr_assert_not(wire_get_ack(ack, &answer));
    header[bit / 8] ^= (uint8_t)(1u << bit % 8);
    ack[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
}

Test(wire, a_header_that_asks_for_too_much_is_refused) {
  uint8_t header[WIRE_HEADER_BYTES];
  struct wire_request request = {.body_bytes = WIRE_BODY_MAX + 1, .records = 1}, out;
  wire_put_request(header, &request);
  cr_assert_not(wire_get_request(header, &out));
  request = (struct wire_request){.body_bytes = 1, .records = WIRE_RECORDS_MAX + 1};
  wire_put_request(header, &request);
  cr_assert_not(wire_get_request(header, &out));
}

/* Messages of 10, 20, ... bytes. */
static struct message_list make_messages(size_t count) {
  static const char payload[1000];
  struct message_list list = {0};
  for (size_t i = 0; i < count; i++)
    message_list_append(&list, message_new(1, i, payload, 10 * (i + 1)));
  return list;
}

static size_t free_request(struct request *request) {
  size_t count = request->messages.count;
  struct message *message;
  while ((message = message_list_take(&request->messages)) != NULL)
    message_free(message);
  free(request);
  return count;
}

Test(wire, a_request_takes_as_many_messages_as_fit) {
  struct message_list pending = make_messages(5);
  struct request *request = encode_request(&pending, 60, 100, 1); /* 10 + 20 + 30 */
  cr_assert_eq(request->bytes, WIRE_HEADER_BYTES + 60 + 3 * WIRE_RECORD_BYTES);
  cr_assert_eq(free_request(request), 3);
  cr_assert_eq(free_request(encode_request(&pending, 1000, 1, 2)), 1);
  cr_assert_eq(free_request(encode_request(&pending, 1, 100, 3)), 1, "at least one");
  cr_assert_eq(pending.count, 0);
  cr_assert_eq(pending.bytes, 0);
  cr_assert_null(encode_request(&pending, 1000, 100, 4));
}

Test(wire, a_request_says_what_is_in_it) {
  struct message_list pending = make_messages(4);
  struct request *request = encode_request(&pending, 1000, 100, 77);
  struct wire_request header;
  cr_assert(wire_get_request(request->encoded, &header));
  cr_assert_eq(header.correlation, 77);
  cr_assert_eq(header.records, 4);
  const uint8_t *at = request->encoded + WIRE_HEADER_BYTES;
  size_t left = header.body_bytes;
  for (uint64_t i = 0; i < 4; i++) {
    struct wire_record record;
    size_t bytes = wire_get_record(at, left, &record);
    cr_assert_gt(bytes, 0);
    cr_assert_eq(record.sequence, i);
    at += bytes;
    left -= bytes;
  }
  cr_assert_eq(left, 0);
  free_request(request);
}
