/* test_actor.c - the actor against a broker that the test plays by hand, byte for byte. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "producer/actor.h"
#include "producer/connection.h"
#include "support.h"

static struct actor actor;
static int broker; /* the test's end of the socket */

#define HOUR_NS (3600ull * 1000000000)

static void start(struct actor_options options) {
  int ends[2];
  if (!options.mailbox_batches) options.mailbox_batches = 8;
  if (!options.batch_bytes) options.batch_bytes = 1 << 20;
  if (!options.batch_messages) options.batch_messages = 100;
  if (!options.in_flight) options.in_flight = 5;
  if (!options.timeout_ns) options.timeout_ns = HOUR_NS;
  cr_assert_eq(connection_pair(ends), 0);
  cr_assert_eq(actor_start(&actor, ends[0], &options), 0);
  broker = ends[1];
}

/* A call of some messages, mailed. */
struct call {
  struct produce produce;
  struct message *messages[8];
  size_t count;
};

static void mail(struct call *call, size_t count, size_t length) {
  static char payload[8 << 20];
  call->count = count;
  produce_init(&call->produce);
  for (size_t i = 0; i < count; i++)
    call->messages[i] = message_new(1, i, payload, length);
  cr_assert_eq(mailbox_put(&actor.mailbox, produce(&call->produce, call->messages, count)), 0);
}

static void expect_status(struct call *call, int status) {
  produce_wait(&call->produce);
  for (size_t i = 0; i < call->count; i++) {
    cr_assert_eq(call->messages[i]->status, status, "%d", call->messages[i]->status);
    cr_assert_eq(call->messages[i]->times_ns[PRODUCER_ACKNOWLEDGED] != 0, status == 0);
    message_free(call->messages[i]);
  }
  produce_destroy(&call->produce);
}

/* Reads one whole request. */
static struct wire_request read_request(void) {
  uint8_t header[WIRE_HEADER_BYTES];
  struct wire_request request;
  read_exactly(broker, header, sizeof header);
  cr_assert(wire_get_request(header, &request));
  uint8_t *body = malloc(request.body_bytes);
  read_exactly(broker, body, request.body_bytes);
  size_t at = 0;
  for (uint32_t i = 0; i < request.records; i++) {
    struct wire_record record;
    size_t bytes = wire_get_record(body + at, request.body_bytes - at, &record);
    cr_assert_gt(bytes, 0);
    at += bytes;
  }
  cr_assert_eq(at, request.body_bytes);
  free(body);
  return request;
}

static void answer(const struct wire_request *request, uint32_t status) {
  struct wire_ack ack = {
      .status = status, .correlation = request->correlation, .records = request->records};
  uint8_t bytes[WIRE_ACK_BYTES];
  wire_put_ack(bytes, &ack);
  write_all(broker, bytes, sizeof bytes);
}

Test(actor, an_acknowledged_batch_is_complete) {
  start((struct actor_options){0});
  struct call call;
  mail(&call, 3, 100);
  struct wire_request request = read_request();
  cr_assert_eq(request.records, 3);
  answer(&request, WIRE_ACCEPTED);
  expect_status(&call, 0);
  actor_stop(&actor);
}

Test(actor, acknowledgements_find_their_requests_in_any_order) {
  start((struct actor_options){.batch_messages = 1});
  struct call first, second;
  mail(&first, 1, 10);
  struct wire_request one = read_request();
  mail(&second, 1, 10);
  struct wire_request two = read_request();
  answer(&two, WIRE_DAMAGED);
  expect_status(&second, -EBADMSG);
  answer(&one, WIRE_ACCEPTED);
  expect_status(&first, 0);
  actor_stop(&actor);
}

Test(actor, a_request_larger_than_the_socket_is_sent_in_parts) {
  start((struct actor_options){0});
  struct call call;
  mail(&call, 1, 8 << 20);
  struct wire_request request = read_request();
  cr_assert_eq(request.body_bytes, (8 << 20) + WIRE_RECORD_BYTES);
  answer(&request, WIRE_ACCEPTED);
  expect_status(&call, 0);
  actor_stop(&actor);
}

Test(actor, an_answer_in_pieces_is_put_together) {
  start((struct actor_options){.batch_messages = 1});
  struct call calls[2];
  uint8_t bytes[2 * WIRE_ACK_BYTES];
  for (int i = 0; i < 2; i++) {
    mail(&calls[i], 1, 10);
    struct wire_request request = read_request();
    struct wire_ack ack = {.correlation = request.correlation, .records = 1};
    wire_put_ack(bytes + i * WIRE_ACK_BYTES, &ack);
  }
  write_all(broker, bytes, 5);
  write_all(broker, bytes + 5, WIRE_ACK_BYTES);
  expect_status(&calls[0], 0);
  for (size_t i = 5 + WIRE_ACK_BYTES; i < sizeof bytes; i++)
    write_all(broker, bytes + i, 1);
  expect_status(&calls[1], 0);
  actor_stop(&actor);
}

Test(actor, calls_share_a_request_while_it_lingers) {
  start((struct actor_options){.linger_ns = HOUR_NS, .batch_messages = 4});
  struct call first, second;
  mail(&first, 2, 10);
  mail(&second, 2, 10);
  struct wire_request request = read_request();
  cr_assert_eq(request.records, 4);
  answer(&request, WIRE_ACCEPTED);
  expect_status(&first, 0);
  expect_status(&second, 0);
  actor_stop(&actor);
}

Test(actor, a_call_larger_than_a_batch_becomes_several_requests) {
  start((struct actor_options){.batch_messages = 3});
  struct call call;
  mail(&call, 7, 10);
  const uint32_t expected[] = {3, 3, 1};
  for (int i = 0; i < 3; i++) {
    struct wire_request request = read_request();
    cr_assert_eq(request.records, expected[i]);
    answer(&request, WIRE_ACCEPTED);
  }
  expect_status(&call, 0);
  actor_stop(&actor);
}

Test(actor, what_waits_for_a_free_flight_goes_together) {
  start((struct actor_options){.in_flight = 1});
  struct call calls[3];
  mail(&calls[0], 1, 10);
  struct wire_request request = read_request();
  mail(&calls[1], 1, 10);
  mail(&calls[2], 1, 10);
  answer(&request, WIRE_ACCEPTED);
  request = read_request();
  cr_assert_eq(request.records, 2);
  answer(&request, WIRE_ACCEPTED);
  for (int i = 0; i < 3; i++)
    expect_status(&calls[i], 0);
  actor_stop(&actor);
}

static void *stop_actor(void *argument) {
  (void)argument;
  actor_stop(&actor);
  return NULL;
}

Test(actor, stopping_sends_what_lingers) {
  start((struct actor_options){.linger_ns = HOUR_NS});
  struct call call;
  mail(&call, 2, 10);
  pthread_t stopper;
  pthread_create(&stopper, NULL, stop_actor, NULL);
  struct wire_request request = read_request();
  cr_assert_eq(request.records, 2);
  answer(&request, WIRE_ACCEPTED);
  expect_status(&call, 0);
  pthread_join(stopper, NULL);
}

Test(actor, a_silent_broker_fails_what_is_sent_and_what_waits) {
  start((struct actor_options){.timeout_ns = 20000000, .in_flight = 1, .batch_messages = 1});
  struct call calls[3];
  for (int i = 0; i < 3; i++)
    mail(&calls[i], 2, 10);
  for (int i = 0; i < 3; i++)
    expect_status(&calls[i], -ETIMEDOUT);
  actor_stop(&actor);
}

Test(actor, a_closed_connection_fails_calls_now_and_later) {
  start((struct actor_options){0});
  struct call call;
  mail(&call, 2, 10);
  read_request();
  close(broker);
  expect_status(&call, -ECONNRESET);
  mail(&call, 1, 10);
  expect_status(&call, -ECONNRESET);
  actor_stop(&actor);
}

Test(actor, writing_to_a_broken_pipe_raises_no_signal) {
  start((struct actor_options){0});
  close(broker);
  struct call call;
  mail(&call, 1, 10);
  produce_wait(&call.produce);
  cr_assert_lt(call.messages[0]->status, 0);
  message_free(call.messages[0]);
  actor_stop(&actor);
}

Test(actor, a_garbled_answer_loses_the_connection) {
  start((struct actor_options){0});
  struct call call;
  mail(&call, 1, 10);
  read_request();
  uint8_t garbage[WIRE_ACK_BYTES] = "not an acknowledgement";
  write_all(broker, garbage, sizeof garbage);
  expect_status(&call, -EPROTO);
  mail(&call, 1, 10);
  expect_status(&call, -EPROTO);
  actor_stop(&actor);
}

Test(actor, an_answer_to_nothing_loses_the_connection) {
  start((struct actor_options){0});
  struct call call;
  mail(&call, 1, 10);
  struct wire_request request = read_request();
  request.correlation += 100;
  answer(&request, WIRE_ACCEPTED);
  expect_status(&call, -EPROTO);
  actor_stop(&actor);
}

Test(actor, an_answer_for_too_few_records_loses_the_connection) {
  start((struct actor_options){0});
  struct call call;
  mail(&call, 3, 10);
  struct wire_request request = read_request();
  request.records = 2;
  answer(&request, WIRE_ACCEPTED);
  expect_status(&call, -EPROTO);
  actor_stop(&actor);
}

static void *mail_many(void *argument) {
  struct call *calls = argument;
  for (int i = 0; i < 50; i++)
    mail(&calls[i], 1, 10);
  return NULL;
}

Test(actor, a_full_mailbox_holds_up_the_caller_and_loses_nothing) {
  start((struct actor_options){.mailbox_batches = 2, .in_flight = 1, .batch_messages = 1});
  static struct call calls[50];
  pthread_t mailer;
  pthread_create(&mailer, NULL, mail_many, calls);
  for (int i = 0; i < 50; i++) {
    struct wire_request request = read_request();
    cr_assert_eq(request.records, 1);
    answer(&request, WIRE_ACCEPTED);
  }
  pthread_join(mailer, NULL);
  for (int i = 0; i < 50; i++)
    expect_status(&calls[i], 0);
  actor_stop(&actor);
}

Test(actor, a_closed_mailbox_takes_nothing) {
  struct mailbox mailbox;
  struct produce call;
  cr_assert_eq(mailbox_init(&mailbox, 2), 0);
  cr_assert_eq(mailbox_put(&mailbox, &call), 0);
  mailbox_close(&mailbox);
  cr_assert_eq(mailbox_put(&mailbox, &call), -ESHUTDOWN);
  cr_assert_not(mailbox_is_over(&mailbox));
  cr_assert_eq(mailbox_take(&mailbox), &call);
  cr_assert_null(mailbox_take(&mailbox));
  cr_assert(mailbox_is_over(&mailbox));
  mailbox_destroy(&mailbox);
}
