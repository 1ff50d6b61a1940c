/* test_ffi.c - the C ABI as a caller sees it. The witness's gate holds up the ffi worker wherever
 * a test says what is in the queue. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

#define MINUTE_NS 60000000000ull
static uint64_t runtime_id, producer_id;
static struct witness witness;

static void start_runtime(void) {
  struct producer_runtime_options options = {.size = sizeof options, .timeout_ns = MINUTE_NS};
  cr_assert_eq(producer_runtime_create(&options, &runtime_id), 0);
}

static void create(struct producer_options options, bool gated) {
  options.size = sizeof options;
  options.finished = witness_finished;
  options.context = &witness;
  witness_init(&witness, gated);
  cr_assert_eq(producer_create(runtime_id, &options, &producer_id), 0);
}

static int send_one(void) {
  return producer_send_message(producer_id, "0123456789", 10);
}

static struct producer_stats stats_of(uint64_t id) {
  struct producer_stats stats = {.size = sizeof stats};
  cr_assert_eq(producer_stats(id, &stats), 0);
  return stats;
}

/* Sends a first message and waits until the worker stands in its callback. */
static void occupy_worker(void) {
  cr_assert_eq(send_one(), 0);
  gate_await(&witness);
}

static struct producer_stats finish(void) {
  struct producer_stats last = {.size = sizeof last};
  cr_assert_eq(producer_close(producer_id, MINUTE_NS, &last), 0);
  cr_assert_eq(producer_runtime_shutdown(runtime_id, 0), 0);
  cr_assert_eq(last.sends, last.enqueued + last.rejected + last.dropped_newest);
  cr_assert_eq(last.enqueued, last.delivered + last.failed + last.dropped_oldest);
  cr_assert_eq(last.queue_messages, 0);
  return last;
}

Test(ffi, every_message_is_delivered_once_and_in_order) {
  start_runtime();
  create((struct producer_options){0}, false);
  for (int i = 0; i < 500; i++)
    cr_assert_eq(send_one(), 0);
  cr_assert_eq(producer_flush(producer_id, MINUTE_NS), 0);
  cr_assert_eq(witness.count, 500);
  for (uint64_t i = 0; i < 500; i++) {
    cr_assert_eq(witness.deliveries[i].sequence, i);
    cr_assert_eq(witness.deliveries[i].producer_id, producer_id);
    cr_assert_eq(witness.deliveries[i].bytes, 10);
    cr_assert_eq(witness.deliveries[i].outcome, PRODUCER_DELIVERED);
    cr_assert_eq(witness.deliveries[i].error, 0);
  }
  struct producer_stats last = finish();
  cr_assert_eq(last.delivered, 500);
  cr_assert_eq(last.delivered_bytes, 5000);
  cr_assert_eq(last.batches, 500);
}

Test(ffi, stages_follow_one_another) {
  start_runtime();
  create((struct producer_options){.receive_limit = 7}, false);
  for (int i = 0; i < 300; i++)
    send_one();
  struct producer_stats last = finish();
  for (int i = 0; i < 300; i++)
    for (int stage = 1; stage < PRODUCER_STAGES; stage++)
      cr_assert_geq(witness.deliveries[i].times_ns[stage],
                    witness.deliveries[i].times_ns[stage - 1]);
  for (int span = 0; span < PRODUCER_SPANS; span++) {
    cr_assert_eq(last.spans[span].count, 300);
    cr_assert_leq(last.spans[span].p50_ns, last.spans[span].p99_ns);
    cr_assert_leq(last.spans[span].p99_ns, last.spans[span].max_ns);
  }
}

Test(ffi, recv_many_takes_what_is_there_up_to_its_limit) {
  start_runtime();
  create((struct producer_options){.receive_limit = 64}, true);
  occupy_worker();
  for (int i = 0; i < 100; i++)
    send_one();
  gate_open(&witness);
  struct producer_stats last = finish();
  cr_assert_eq(last.delivered, 101);
  cr_assert_eq(last.batches, 3, "1, 64 and 36");
  cr_assert_eq(last.deepest_messages, 100);
}

Test(ffi, recv_takes_one) {
  start_runtime();
  create((struct producer_options){.receive_limit = 1}, true);
  occupy_worker();
  for (int i = 0; i < 100; i++)
    send_one();
  gate_open(&witness);
  cr_assert_eq(finish().batches, 101);
}

Test(ffi, eagain_rejects_what_does_not_fit) {
  start_runtime();
  create((struct producer_options){.queue_messages = 2, .policy = PRODUCER_EAGAIN}, true);
  occupy_worker();
  cr_assert_eq(send_one(), 0);
  cr_assert_eq(send_one(), 0);
  cr_assert_eq(send_one(), -EAGAIN);
  gate_open(&witness);
  struct producer_stats last = finish();
  cr_assert_eq(last.sends, 4);
  cr_assert_eq(last.rejected, 1);
  cr_assert_eq(last.delivered, 3);
  cr_assert_eq(witness.count, 3, "no callback for what was not taken");
}

Test(ffi, a_rejected_owned_payload_stays_the_callers) {
  start_runtime();
  create((struct producer_options){.queue_bytes = 10, .policy = PRODUCER_EAGAIN}, true);
  occupy_worker();
  cr_assert_eq(send_one(), 0);
  char *payload = strdup("mine");
  cr_assert_eq(producer_send_message_owned(producer_id, payload, 5), -EAGAIN);
  cr_assert_str_eq(payload, "mine");
  gate_open(&witness);
  cr_assert_eq(producer_flush(producer_id, MINUTE_NS), 0);
  cr_assert_eq(producer_send_message_owned(producer_id, payload, 5), 0, "it may be sent again");
  cr_assert_eq(finish().delivered_bytes, 25);
}

Test(ffi, drop_newest_drops_the_message_that_is_sent) {
  start_runtime();
  create((struct producer_options){.queue_messages = 2, .policy = PRODUCER_DROP_NEWEST}, true);
  occupy_worker();
  for (int i = 0; i < 5; i++)
    cr_assert_eq(send_one(), 0);
  cr_assert_eq(witness_count(&witness, PRODUCER_DROPPED_NEWEST), 3);
  gate_open(&witness);
  struct producer_stats last = finish();
  cr_assert_eq(last.dropped_newest, 3);
  cr_assert_eq(last.delivered, 3);
  cr_assert_eq(witness.deliveries[1].sequence, 3);
  cr_assert_eq(witness.deliveries[4].sequence, 1);
}

Test(ffi, drop_oldest_drops_from_the_queue) {
  start_runtime();
  create((struct producer_options){.queue_messages = 2, .policy = PRODUCER_DROP_OLDEST}, true);
  occupy_worker();
  for (int i = 0; i < 5; i++)
    cr_assert_eq(producer_send_message_owned(producer_id, malloc(8), 8), 0);
  cr_assert_eq(witness_count(&witness, PRODUCER_DROPPED_OLDEST), 3);
  gate_open(&witness);
  cr_assert_eq(producer_flush(producer_id, MINUTE_NS), 0);
  struct producer_stats last = finish();
  cr_assert_eq(last.dropped_oldest, 3);
  cr_assert_eq(last.delivered, 3);
  cr_assert_eq(witness.deliveries[1].sequence, 1);
  cr_assert_eq(witness.deliveries[5].sequence, 5);
}

static void *send_in_thread(void *result) {
  *(int *)result = send_one();
  return NULL;
}

Test(ffi, a_full_queue_blocks_the_sender_until_there_is_room) {
  start_runtime();
  create((struct producer_options){.queue_messages = 1}, true);
  occupy_worker();
  send_one();
  int result = 1;
  pthread_t sender;
  pthread_create(&sender, NULL, send_in_thread, &result);
  while (stats_of(producer_id).blocked_now != 1)
    sched_yield();
  gate_open(&witness);
  pthread_join(sender, NULL);
  cr_assert_eq(result, 0);
  struct producer_stats last = finish();
  cr_assert_eq(last.blocked_sends, 1);
  cr_assert_gt(last.blocked_ns, 0);
  cr_assert_eq(last.delivered, 3);
  cr_assert_eq(last.deepest_messages, 1);
}

Test(ffi, flush_says_when_it_was_not_enough_time) {
  start_runtime();
  create((struct producer_options){0}, true);
  cr_assert_eq(producer_flush(producer_id, 0), 0, "nothing to wait for");
  occupy_worker();
  cr_assert_eq(producer_flush(producer_id, 1000000), -ETIMEDOUT);
  gate_open(&witness);
  cr_assert_eq(producer_flush(producer_id, MINUTE_NS), 0);
  cr_assert_eq(stats_of(producer_id).delivered, 1);
  finish();
}

Test(ffi, close_delivers_what_is_in_the_queue) {
  start_runtime();
  create((struct producer_options){0}, true);
  occupy_worker();
  for (int i = 0; i < 50; i++)
    send_one();
  gate_open(&witness);
  cr_assert_eq(finish().delivered, 51);
}

Test(ffi, close_without_time_fails_the_rest_and_says_so) {
  start_runtime();
  create((struct producer_options){0}, true);
  witness.opens_on_failed = true;
  occupy_worker();
  for (int i = 0; i < 50; i++)
    send_one();
  struct producer_stats last = {.size = sizeof last};
  cr_assert_eq(producer_close(producer_id, 0, &last), -ETIMEDOUT);
  cr_assert_eq(last.delivered, 1);
  cr_assert_eq(last.failed, 50);
  cr_assert_eq(last.last_error, -ETIMEDOUT);
  cr_assert_eq(witness_count(&witness, PRODUCER_FAILED), 50);
  cr_assert_eq(producer_runtime_shutdown(runtime_id, 0), 0);
}

static void *close_in_thread(void *result) {
  *(int *)result = producer_close(producer_id, MINUTE_NS, NULL);
  return NULL;
}

Test(ffi, close_turns_blocked_senders_away) {
  start_runtime();
  create((struct producer_options){.queue_messages = 1}, true);
  occupy_worker();
  send_one();
  int sent = 1, closed = 1;
  pthread_t sender, closer;
  pthread_create(&sender, NULL, send_in_thread, &sent);
  while (stats_of(producer_id).blocked_now != 1)
    sched_yield();
  pthread_create(&closer, NULL, close_in_thread, &closed);
  pthread_join(sender, NULL);
  cr_assert_eq(sent, -ESHUTDOWN);
  gate_open(&witness);
  pthread_join(closer, NULL);
  cr_assert_eq(closed, 0);
  cr_assert_eq(witness_count(&witness, PRODUCER_DELIVERED), 2);
  producer_runtime_shutdown(runtime_id, 0);
}

Test(ffi, shutdown_closes_the_runtimes_producers_and_no_others) {
  uint64_t other_runtime, other, second;
  cr_assert_eq(producer_runtime_create(NULL, &other_runtime), 0);
  cr_assert_eq(producer_create(other_runtime, NULL, &other), 0);
  start_runtime();
  create((struct producer_options){0}, false);
  cr_assert_eq(producer_create(runtime_id, NULL, &second), 0);
  for (int i = 0; i < 20; i++)
    send_one();
  cr_assert_eq(producer_runtime_shutdown(runtime_id, MINUTE_NS), 0);
  cr_assert_eq(witness_count(&witness, PRODUCER_DELIVERED), 20);
  cr_assert_eq(send_one(), -ENOENT);
  cr_assert_eq(producer_send_message(second, "x", 1), -ENOENT);
  cr_assert_eq(producer_send_message(other, "x", 1), 0);
  cr_assert_eq(producer_close(other, MINUTE_NS, NULL), 0);
  cr_assert_eq(producer_runtime_shutdown(other_runtime, 0), 0);
}

Test(ffi, ids_that_are_gone_are_unknown) {
  struct producer_stats stats = {.size = sizeof stats};
  start_runtime();
  create((struct producer_options){0}, false);
  uint64_t gone = producer_id;
  finish();
  cr_assert_eq(producer_send_message(gone, "x", 1), -ENOENT);
  cr_assert_eq(producer_flush(gone, 0), -ENOENT);
  cr_assert_eq(producer_stats(gone, &stats), -ENOENT);
  cr_assert_eq(producer_print_stages(gone, STDOUT_FILENO), -ENOENT);
  cr_assert_eq(producer_close(gone, 0, NULL), -ENOENT);
  cr_assert_eq(producer_runtime_shutdown(runtime_id, 0), -ENOENT);
  cr_assert_eq(producer_create(runtime_id, NULL, &gone), -ENOENT);
  cr_assert_eq(producer_send_message(0, "x", 1), -ENOENT);
}

Test(ffi, an_empty_message_is_a_message) {
  start_runtime();
  create((struct producer_options){0}, false);
  cr_assert_eq(producer_send_message(producer_id, NULL, 0), 0);
  cr_assert_eq(producer_send_message_owned(producer_id, NULL, 0), 0);
  struct producer_stats last = finish();
  cr_assert_eq(last.delivered, 2);
  cr_assert_eq(last.delivered_bytes, 0);
}

Test(ffi, a_message_beyond_all_bounds_is_refused) {
  start_runtime();
  create((struct producer_options){0}, false);
  cr_assert_eq(producer_send_message(producer_id, "x", (64u << 20) + 1), -EMSGSIZE);
  cr_assert_eq(finish().rejected, 1);
}

Test(ffi, wrong_options_are_refused) {
  uint64_t id;
  start_runtime();
  struct producer_options options = {.size = sizeof options, .policy = 9};
  cr_assert_eq(producer_create(runtime_id, &options, &id), -EINVAL);
  options = (struct producer_options){.size = sizeof options, .receive_limit = 65537};
  cr_assert_eq(producer_create(runtime_id, &options, &id), -EINVAL);
  options = (struct producer_options){.size = 0};
  cr_assert_eq(producer_create(runtime_id, &options, &id), -EINVAL);
  struct producer_runtime_options runtime = {.size = sizeof runtime, .batch_bytes = 1ull << 40};
  cr_assert_eq(producer_runtime_create(&runtime, &id), -EINVAL);
  runtime = (struct producer_runtime_options){.size = sizeof runtime, .address = "nowhere"};
  cr_assert_eq(producer_runtime_create(&runtime, &id), -EINVAL);
  producer_runtime_shutdown(runtime_id, 0);
}

Test(ffi, older_and_newer_callers_are_understood) {
  start_runtime();
  struct {
    struct producer_options known;
    uint64_t unknown;
  } newer = {.known.size = sizeof newer};
  cr_assert_eq(producer_create(runtime_id, &newer.known, &producer_id), 0);
  cr_assert_eq(producer_close(producer_id, 0, NULL), 0);
  newer.unknown = 1;
  cr_assert_eq(producer_create(runtime_id, &newer.known, &producer_id), -E2BIG);
  struct producer_options older = {.size = 16, .queue_messages = 1, .queue_bytes = 1};
  cr_assert_eq(producer_create(runtime_id, &older, &producer_id), 0);
  cr_assert_eq(producer_send_message(producer_id, "long", 4), 0, "queue_bytes was not there yet");
  struct producer_stats stats = {.size = 16, .enqueued = 77};
  cr_assert_eq(producer_stats(producer_id, &stats), 0);
  cr_assert_eq(stats.sends, 1);
  cr_assert_eq(stats.enqueued, 77, "not written beyond its size");
  stats.size = 4;
  cr_assert_eq(producer_stats(producer_id, &stats), -EINVAL);
  cr_assert_eq(producer_runtime_shutdown(runtime_id, MINUTE_NS), 0);
}

Test(ffi, producers_share_a_runtime) {
  uint64_t ids[5];
  start_runtime();
  for (int i = 0; i < 5; i++)
    cr_assert_eq(producer_create(runtime_id, NULL, &ids[i]), 0);
  for (int m = 0; m < 100; m++)
    for (int i = 0; i <= m % 5; i++)
      cr_assert_eq(producer_send_message(ids[i], "hello", 5), 0);
  for (int i = 0; i < 5; i++) {
    struct producer_stats last = {.size = sizeof last};
    cr_assert_eq(producer_close(ids[i], MINUTE_NS, &last), 0);
    cr_assert_eq(last.delivered, 100 - 20 * (uint64_t)i);
  }
  cr_assert_eq(producer_runtime_shutdown(runtime_id, 0), 0);
}

Test(ffi, the_table_of_stages_names_each) {
  start_runtime();
  create((struct producer_options){0}, false);
  send_one();
  producer_flush(producer_id, MINUTE_NS);
  FILE *file = tmpfile();
  char text[4096];
  cr_assert_eq(producer_print_stages(producer_id, fileno(file)), 0);
  rewind(file);
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  for (int span = 0; span < PRODUCER_SPANS; span++)
    cr_assert_not_null(strstr(text, producer_span_name(span)));
  cr_assert_eq(producer_print_stages(producer_id, -1), -EBADF);
  finish();
}

/* ---- brokers that fail ---- */

static struct tcp_broker tcp;

static int connect_runtime(const struct broker_options *broker, uint64_t timeout_ns) {
  tcp_broker_start(&tcp, broker);
  struct producer_runtime_options options = {
      .size = sizeof options, .address = tcp.address, .timeout_ns = timeout_ns};
  return producer_runtime_create(&options, &runtime_id);
}

Test(ffi, a_broker_over_tcp_counts_what_was_sent) {
  cr_assert_eq(connect_runtime(&(struct broker_options){0}, MINUTE_NS), 0);
  create((struct producer_options){.receive_limit = 16}, false);
  for (int i = 0; i < 1000; i++)
    send_one();
  cr_assert_eq(finish().delivered, 1000);
  tcp_broker_stop(&tcp);
  cr_assert_eq(tcp.broker.counts.records, 1000);
  cr_assert_eq(tcp.broker.counts.payload_bytes, 10000);
}

Test(ffi, a_broker_that_dies_fails_the_rest) {
  cr_assert_eq(connect_runtime(&(struct broker_options){.die_after = 10}, MINUTE_NS), 0);
  create((struct producer_options){0}, false);
  for (int i = 0; i < 100; i++)
    cr_assert_eq(send_one(), 0);
  cr_assert_eq(producer_flush(producer_id, MINUTE_NS), 0);
  struct producer_stats last = finish();
  cr_assert_eq(last.delivered, 9);
  cr_assert_eq(last.failed, 91);
  cr_assert_lt(last.last_error, 0);
  cr_assert_eq(witness_count(&witness, PRODUCER_FAILED), 91);
  tcp_broker_stop(&tcp);
}

Test(ffi, a_silent_broker_fails_all_after_the_timeout) {
  cr_assert_eq(connect_runtime(&(struct broker_options){.silent = true}, 20000000), 0);
  create((struct producer_options){0}, false);
  for (int i = 0; i < 100; i++)
    cr_assert_eq(send_one(), 0);
  cr_assert_eq(producer_flush(producer_id, MINUTE_NS), 0);
  struct producer_stats last = finish();
  cr_assert_eq(last.delivered, 0);
  cr_assert_eq(last.failed, 100);
  cr_assert_eq(last.last_error, -ETIMEDOUT);
  tcp_broker_stop(&tcp);
}

Test(ffi, without_a_broker_there_is_no_runtime) {
  cr_assert_eq(connect_runtime(&(struct broker_options){0}, MINUTE_NS), 0);
  cr_assert_eq(producer_runtime_shutdown(runtime_id, 0), 0);
  tcp_broker_stop(&tcp);
  struct producer_runtime_options options = {.size = sizeof options, .address = tcp.address};
  cr_assert_eq(producer_runtime_create(&options, &runtime_id), -ECONNREFUSED);
}
