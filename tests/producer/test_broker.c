/* test_broker.c - the broker against clients that the test plays by hand. */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "producer/connection.h"
#include "support.h"

static struct tcp_broker tcp;

static int connect_to_broker(void) {
  int fd = connection_open(tcp.address, 5000000000ull);
  cr_assert_geq(fd, 0);
  return fd;
}

/* A request with one record of 5 bytes. */
#define REQUEST_BYTES (WIRE_HEADER_BYTES + WIRE_RECORD_BYTES + 5)
static void make_request(uint8_t bytes[REQUEST_BYTES], uint64_t correlation) {
  struct wire_record record = {.producer_id = 1, .payload = "hello", .length = 5};
  struct wire_request request = {
      .body_bytes = WIRE_RECORD_BYTES + 5, .records = 1, .correlation = correlation};
  wire_put_request(bytes, &request);
  wire_put_record(bytes + WIRE_HEADER_BYTES, &record);
}

static struct wire_ack read_ack(int fd) {
  uint8_t bytes[WIRE_ACK_BYTES];
  struct wire_ack ack;
  read_exactly(fd, bytes, sizeof bytes);
  cr_assert(wire_get_ack(bytes, &ack));
  return ack;
}

static void expect_closed(int fd) {
  char byte;
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  cr_assert_eq(poll(&wait, 1, 20000), 1);
  cr_assert_leq(read(fd, &byte, 1), 0);
  close(fd);
}

Test(broker, a_good_request_is_counted_and_acknowledged) {
  tcp_broker_start(&tcp, &(struct broker_options){0});
  int fd = connect_to_broker();
  uint8_t bytes[REQUEST_BYTES];
  make_request(bytes, 42);
  write_all(fd, bytes, sizeof bytes);
  struct wire_ack ack = read_ack(fd);
  cr_assert_eq(ack.correlation, 42);
  cr_assert_eq(ack.status, WIRE_ACCEPTED);
  cr_assert_eq(ack.records, 1);
  close(fd);
  tcp_broker_stop(&tcp);
  cr_assert_eq(tcp.broker.counts.requests, 1);
  cr_assert_eq(tcp.broker.counts.records, 1);
  cr_assert_eq(tcp.broker.counts.payload_bytes, 5);
}

Test(broker, requests_in_pieces_and_in_heaps_are_all_answered_in_order) {
  tcp_broker_start(&tcp, &(struct broker_options){.round_trip_ns = 1000000});
  int fd = connect_to_broker();
  uint8_t bytes[REQUEST_BYTES];
  make_request(bytes, 0);
  for (size_t i = 0; i < sizeof bytes; i++)
    write_all(fd, bytes + i, 1);
  for (uint64_t i = 1; i < 1000; i++) {
    make_request(bytes, i);
    write_all(fd, bytes, sizeof bytes);
  }
  for (uint64_t i = 0; i < 1000; i++)
    cr_assert_eq(read_ack(fd).correlation, i);
  close(fd);
  tcp_broker_stop(&tcp);
  cr_assert_eq(tcp.broker.counts.records, 1000);
}

Test(broker, a_damaged_record_is_refused_and_the_client_may_go_on) {
  tcp_broker_start(&tcp, &(struct broker_options){0});
  int fd = connect_to_broker();
  uint8_t bytes[REQUEST_BYTES];
  make_request(bytes, 1);
  bytes[sizeof bytes - 1] ^= 1;
  write_all(fd, bytes, sizeof bytes);
  cr_assert_eq(read_ack(fd).status, WIRE_DAMAGED);
  make_request(bytes, 2);
  write_all(fd, bytes, sizeof bytes);
  cr_assert_eq(read_ack(fd).status, WIRE_ACCEPTED);
  close(fd);
  tcp_broker_stop(&tcp);
  cr_assert_eq(tcp.broker.counts.damaged_requests, 1);
  cr_assert_eq(tcp.broker.counts.records, 1);
}

Test(broker, a_request_of_another_number_of_records_than_it_says_is_refused) {
  tcp_broker_start(&tcp, &(struct broker_options){0});
  int fd = connect_to_broker();
  uint8_t bytes[REQUEST_BYTES];
  make_request(bytes, 1);
  struct wire_request wrong = {.body_bytes = WIRE_RECORD_BYTES + 5, .records = 2, .correlation = 1};
  wire_put_request(bytes, &wrong);
  write_all(fd, bytes, sizeof bytes);
  cr_assert_eq(read_ack(fd).status, WIRE_DAMAGED);
  close(fd);
  tcp_broker_stop(&tcp);
  cr_assert_eq(tcp.broker.counts.records, 0);
}

Test(broker, a_client_that_talks_nonsense_is_closed_and_others_are_served) {
  tcp_broker_start(&tcp, &(struct broker_options){.max_clients = 2});
  int good = connect_to_broker(), bad = connect_to_broker();
  write_all(bad, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 35);
  expect_closed(bad);
  uint8_t bytes[REQUEST_BYTES];
  make_request(bytes, 1);
  write_all(good, bytes, sizeof bytes);
  cr_assert_eq(read_ack(good).status, WIRE_ACCEPTED);
  close(good);
  tcp_broker_stop(&tcp);
  cr_assert_eq(tcp.broker.counts.clients, 2);
  cr_assert_eq(tcp.broker.counts.broken_clients, 1);
}

Test(broker, a_client_too_many_is_turned_away) {
  tcp_broker_start(&tcp, &(struct broker_options){.max_clients = 1});
  int first = connect_to_broker();
  uint8_t bytes[REQUEST_BYTES];
  make_request(bytes, 1);
  write_all(first, bytes, sizeof bytes);
  read_ack(first);
  expect_closed(connect_to_broker());
  close(first);
  tcp_broker_stop(&tcp);
  cr_assert_eq(tcp.broker.counts.refused_clients, 1);
}

Test(broker, it_dies_unanswered_with_the_message_it_was_told) {
  tcp_broker_start(&tcp, &(struct broker_options){.die_after = 3});
  int fd = connect_to_broker();
  uint8_t bytes[REQUEST_BYTES];
  for (uint64_t i = 1; i <= 2; i++) {
    make_request(bytes, i);
    write_all(fd, bytes, sizeof bytes);
    cr_assert_eq(read_ack(fd).correlation, i);
  }
  make_request(bytes, 3);
  write_all(fd, bytes, sizeof bytes);
  expect_closed(fd);
  tcp_broker_stop(&tcp);
  cr_assert(tcp.broker.died);
  cr_assert_eq(tcp.broker.counts.records, 3);
}

Test(broker, a_listener_in_use_is_an_error) {
  uint16_t port = 0;
  tcp_broker_start(&tcp, &(struct broker_options){0});
  cr_assert_lt(connection_listen(tcp.address, &port), 0);
  tcp_broker_stop(&tcp);
}

Test(broker, what_is_no_address_is_refused) {
  uint16_t port;
  const char *const wrong[] = {
      "", "localhost", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    cr_assert_lt(connection_listen(wrong[i], &port), 0, "%s", wrong[i]);
}
