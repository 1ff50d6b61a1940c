/* test_queue.c - the FFI queue: order, bounds, and each policy, by hand and with threads. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "producer/queue.h"

static struct queue queue;

static void make_queue(uint64_t messages, uint64_t bytes, enum producer_policy policy) {
  struct queue_options options = {.messages = messages, .bytes = bytes, .policy = policy};
  cr_assert_eq(queue_init(&queue, &options), 0);
}

/* A message of `length` bytes that nobody reads, so they need not be there. */
static struct message *make_message(uint64_t sequence, size_t length) {
  return message_new_owned(1, sequence, NULL, length);
}

static int push(uint64_t sequence, size_t length, struct message_list *dropped) {
  struct message_list none = {0};
  struct message *message = make_message(sequence, length);
  int result = queue_push(&queue, message, dropped ? dropped : &none);
  if (result != 0) message_free(message);
  return result;
}

static uint64_t pop(void) {
  struct message *message;
  cr_assert(queue_pop(&queue, &message));
  uint64_t sequence = message->sequence;
  message_free(message);
  return sequence;
}

static void free_all(struct message_list list) {
  struct message *message;
  while ((message = message_list_take(&list)) != NULL)
    message_free(message);
}

static void await_blocked(uint64_t senders) {
  while (queue_get_counts(&queue).blocked_now != senders)
    sched_yield();
}

struct sender {
  pthread_t thread;
  uint64_t sequence;
  size_t length;
  int result;
};

static void *send_one(void *argument) {
  struct sender *sender = argument;
  sender->result = push(sender->sequence, sender->length, NULL);
  return NULL;
}

static void start_sender(struct sender *sender, uint64_t sequence, size_t length) {
  *sender = (struct sender){.sequence = sequence, .length = length};
  cr_assert_eq(pthread_create(&sender->thread, NULL, send_one, sender), 0);
}

Test(queue, messages_come_out_in_the_order_they_went_in) {
  make_queue(0, 0, PRODUCER_BLOCK);
  for (uint64_t i = 0; i < 1000; i++)
    cr_assert_eq(push(i, 10, NULL), 0);
  for (uint64_t i = 0; i < 1000; i++)
    cr_assert_eq(pop(), i);
  struct queue_counts counts = queue_get_counts(&queue);
  cr_assert_eq(counts.enqueued, 1000);
  cr_assert_eq(counts.deepest_messages, 1000);
  cr_assert_eq(counts.deepest_bytes, 10000);
  cr_assert_eq(counts.messages, 0);
  cr_assert_eq(counts.bytes, 0);
  queue_destroy(&queue);
}

Test(queue, pop_many_takes_up_to_its_limit) {
  make_queue(0, 0, PRODUCER_BLOCK);
  struct message *messages[4];
  for (uint64_t i = 0; i < 6; i++)
    push(i, 1, NULL);
  cr_assert_eq(queue_pop_many(&queue, messages, 4), 4);
  for (uint64_t i = 0; i < 4; i++) {
    cr_assert_eq(messages[i]->sequence, i);
    message_free(messages[i]);
  }
  cr_assert_eq(queue_pop_many(&queue, messages, 4), 2);
  message_free(messages[0]);
  message_free(messages[1]);
}

Test(queue, a_full_queue_blocks_the_sender) {
  make_queue(2, 0, PRODUCER_BLOCK);
  push(0, 1, NULL);
  push(1, 1, NULL);
  struct sender sender;
  start_sender(&sender, 2, 1);
  await_blocked(1);
  cr_assert_eq(pop(), 0);
  pthread_join(sender.thread, NULL);
  cr_assert_eq(sender.result, 0);
  struct queue_counts counts = queue_get_counts(&queue);
  cr_assert_eq(counts.blocked_sends, 1);
  cr_assert_gt(counts.blocked_ns, 0);
  cr_assert_eq(counts.blocked_now, 0);
  cr_assert_eq(counts.deepest_messages, 2);
  free_all(queue_take_all(&queue));
}

Test(queue, a_bound_in_bytes_blocks_the_sender_too) {
  make_queue(0, 100, PRODUCER_BLOCK);
  push(0, 60, NULL);
  push(1, 40, NULL);
  struct sender sender;
  start_sender(&sender, 2, 50);
  await_blocked(1);
  cr_assert_eq(pop(), 0);
  pthread_join(sender.thread, NULL);
  cr_assert_eq(sender.result, 0);
  cr_assert_eq(queue_get_counts(&queue).bytes, 90);
  cr_assert_eq(queue_get_counts(&queue).deepest_bytes, 100);
  free_all(queue_take_all(&queue));
}

Test(queue, a_sender_of_few_bytes_is_not_kept_waiting_by_one_of_many) {
  make_queue(0, 100, PRODUCER_BLOCK);
  push(0, 20, NULL);
  push(1, 80, NULL);
  struct sender big, small;
  start_sender(&big, 2, 100);
  await_blocked(1);
  start_sender(&small, 3, 20);
  await_blocked(2);
  cr_assert_eq(pop(), 0);
  pthread_join(small.thread, NULL);
  cr_assert_eq(pop(), 1);
  cr_assert_eq(pop(), 3);
  pthread_join(big.thread, NULL);
  cr_assert_eq(pop(), 2);
}

Test(queue, a_blocked_sender_gives_up_after_its_timeout) {
  struct queue_options options = {
      .messages = 1, .policy = PRODUCER_BLOCK, .block_timeout_ns = 1000000};
  cr_assert_eq(queue_init(&queue, &options), 0);
  push(0, 1, NULL);
  cr_assert_eq(push(1, 1, NULL), -ETIMEDOUT);
  cr_assert_eq(queue_get_counts(&queue).rejected, 1);
  cr_assert_eq(pop(), 0);
}

Test(queue, eagain_takes_nothing_from_the_sender) {
  make_queue(2, 0, PRODUCER_EAGAIN);
  cr_assert_eq(push(0, 1, NULL), 0);
  cr_assert_eq(push(1, 1, NULL), 0);
  cr_assert_eq(push(2, 1, NULL), -EAGAIN);
  cr_assert_eq(push(3, 1, NULL), -EAGAIN);
  cr_assert_eq(queue_get_counts(&queue).rejected, 2);
  cr_assert_eq(pop(), 0);
  cr_assert_eq(push(4, 1, NULL), 0);
  cr_assert_eq(pop(), 1);
  cr_assert_eq(pop(), 4);
}

Test(queue, drop_newest_keeps_what_is_in_the_queue) {
  make_queue(2, 0, PRODUCER_DROP_NEWEST);
  push(0, 1, NULL);
  push(1, 1, NULL);
  cr_assert_eq(push(2, 1, NULL), QUEUE_DROPPED);
  cr_assert_eq(queue_get_counts(&queue).dropped_newest, 1);
  cr_assert_eq(pop(), 0);
  cr_assert_eq(pop(), 1);
}

Test(queue, drop_oldest_makes_room_and_hands_over_what_it_dropped) {
  make_queue(0, 100, PRODUCER_DROP_OLDEST);
  struct message_list dropped = {0};
  push(0, 30, &dropped);
  push(1, 30, &dropped);
  push(2, 30, &dropped);
  cr_assert_eq(dropped.count, 0);
  cr_assert_eq(push(3, 70, &dropped), 0);
  cr_assert_eq(dropped.count, 2);
  cr_assert_eq(dropped.first->sequence, 0);
  cr_assert_eq(dropped.last->sequence, 1);
  cr_assert_eq(queue_get_counts(&queue).dropped_oldest, 2);
  cr_assert_eq(queue_get_counts(&queue).bytes, 100);
  cr_assert_eq(pop(), 2);
  cr_assert_eq(pop(), 3);
  free_all(dropped);
}

Test(queue, a_message_longer_than_the_bound_is_refused_by_every_policy) {
  for (int policy = PRODUCER_BLOCK; policy <= PRODUCER_DROP_OLDEST; policy++) {
    make_queue(0, 100, policy);
    push(0, 50, NULL);
    cr_assert_eq(push(1, 101, NULL), -EMSGSIZE);
    cr_assert_eq(queue_get_counts(&queue).messages, 1);
    cr_assert_eq(pop(), 0);
    queue_destroy(&queue);
  }
}

Test(queue, closing_wakes_blocked_senders_and_leaves_the_messages) {
  make_queue(1, 0, PRODUCER_BLOCK);
  push(0, 1, NULL);
  struct sender senders[3];
  for (int i = 0; i < 3; i++)
    start_sender(&senders[i], 1 + (uint64_t)i, 1);
  await_blocked(3);
  queue_close(&queue);
  for (int i = 0; i < 3; i++) {
    pthread_join(senders[i].thread, NULL);
    cr_assert_eq(senders[i].result, -ESHUTDOWN);
  }
  cr_assert_eq(push(9, 1, NULL), -ESHUTDOWN);
  cr_assert_eq(queue_get_counts(&queue).rejected, 4);
  cr_assert_eq(pop(), 0);
  struct message *message;
  cr_assert_not(queue_pop(&queue, &message));
}

static void *pop_until_closed(void *argument) {
  uint64_t *popped = argument;
  struct message *message;
  while (queue_pop(&queue, &message)) {
    ++*popped;
    message_free(message);
  }
  return NULL;
}

Test(queue, a_waiting_worker_is_woken_by_messages_and_by_closing) {
  make_queue(4, 0, PRODUCER_BLOCK);
  uint64_t popped = 0;
  pthread_t worker;
  cr_assert_eq(pthread_create(&worker, NULL, pop_until_closed, &popped), 0);
  for (uint64_t i = 0; i < 1000; i++)
    cr_assert_eq(push(i, 1, NULL), 0);
  queue_close(&queue);
  pthread_join(worker, NULL);
  cr_assert_eq(popped, 1000);
}
