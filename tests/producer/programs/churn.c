/* churn.c - every call of the C ABI from many threads at once, for the sanitizers and Valgrind.
 *
 * A plain program, since Criterion aborts under ThreadSanitizer. It ends with status 0 when the
 * figures add up; races and leaks are the sanitizers' to find.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "producer/producer.h"

#define SENDERS 4
#define MESSAGES 200 /* of each sender */
#define MINUTE_NS 60000000000ull

static void require(int truth, const char *what) {
  if (truth) return;
  fprintf(stderr, "churn: %s\n", what);
  exit(1);
}

static atomic_ulong finished;

static void count_finished(void *context, const struct producer_delivery *delivery) {
  (void)context;
  (void)delivery;
  atomic_fetch_add(&finished, 1);
}

struct sender {
  pthread_t thread;
  uint64_t producer_id;
  unsigned long taken;
};

/* Sends until done, or until the producer is closed under its hands. */
static void *send_all(void *argument) {
  struct sender *sender = argument;
  char payload[512] = "payload";
  for (size_t i = 0; i < MESSAGES; i++) {
    int error;
    if (i % 2) {
      char *owned = malloc(1 + i);
      require(owned != NULL, "no memory");
      memset(owned, (int)i, 1 + i);
      error = producer_send_message_owned(sender->producer_id, owned, 1 + i);
      if (error) free(owned);
    } else {
      error = producer_send_message(sender->producer_id, payload, i);
    }
    if (error == -ESHUTDOWN || error == -ENOENT) break;
    require(error == 0 || error == -EAGAIN, "a send failed");
    sender->taken += error == 0;
  }
  return NULL;
}

static void *watch(void *argument) {
  uint64_t producer_id = *(uint64_t *)argument;
  struct producer_stats stats = {.size = sizeof stats};
  int result;
  do {
    result = producer_stats(producer_id, &stats);
    if (result == 0) result = producer_flush(producer_id, 1000000);
  } while (result == 0 || result == -ETIMEDOUT);
  require(result == -ENOENT || result == -ESHUTDOWN, "flush failed");
  return NULL;
}

static uint64_t make_producer(uint64_t runtime_id, enum producer_policy policy, uint32_t receive) {
  struct producer_options options = {.size = sizeof options,
                                     .policy = policy,
                                     .queue_messages = 8,
                                     .queue_bytes = 2000,
                                     .receive_limit = receive,
                                     .finished = count_finished};
  uint64_t producer_id;
  require(producer_create(runtime_id, &options, &producer_id) == 0, "no producer");
  return producer_id;
}

static unsigned long join_senders(struct sender senders[SENDERS]) {
  unsigned long taken = 0;
  for (int i = 0; i < SENDERS; i++) {
    pthread_join(senders[i].thread, NULL);
    taken += senders[i].taken;
  }
  return taken;
}

static void start_senders(struct sender senders[SENDERS], uint64_t producer_id) {
  for (int i = 0; i < SENDERS; i++) {
    senders[i] = (struct sender){.producer_id = producer_id};
    pthread_create(&senders[i].thread, NULL, send_all, &senders[i]);
  }
}

/* Senders to the end, then an orderly close: the figures add up. */
static void send_and_close(uint64_t runtime_id, enum producer_policy policy, uint32_t receive) {
  atomic_store(&finished, 0);
  uint64_t producer_id = make_producer(runtime_id, policy, receive);
  struct sender senders[SENDERS];
  pthread_t watcher;
  pthread_create(&watcher, NULL, watch, &producer_id);
  start_senders(senders, producer_id);
  unsigned long taken = join_senders(senders);
  struct producer_stats last = {.size = sizeof last};
  require(producer_close(producer_id, MINUTE_NS, &last) == 0, "close failed");
  pthread_join(watcher, NULL);
  require(last.sends == SENDERS * MESSAGES, "sends are missing");
  require(last.failed == 0, "a delivery failed");
  require(last.enqueued + last.dropped_newest == taken, "messages are missing");
  require(last.delivered + last.dropped_oldest == last.enqueued, "deliveries are missing");
  require(atomic_load(&finished) == taken, "callbacks are missing");
  require(last.deepest_messages <= 8 && last.deepest_bytes <= 2000, "a bound was exceeded");
}

/* Closing while senders are at it: whatever was taken has its outcome. */
static void close_under_senders(uint64_t runtime_id, enum producer_policy policy) {
  atomic_store(&finished, 0);
  uint64_t producer_id = make_producer(runtime_id, policy, 4);
  struct sender senders[SENDERS];
  pthread_t watcher;
  pthread_create(&watcher, NULL, watch, &producer_id);
  start_senders(senders, producer_id);
  int result = producer_close(producer_id, 100000, NULL);
  require(result == 0 || result == -ETIMEDOUT, "close failed");
  unsigned long taken = join_senders(senders);
  pthread_join(watcher, NULL);
  require(atomic_load(&finished) == taken, "callbacks are missing");
}

static void *close_one(void *argument) {
  int result = producer_close(*(uint64_t *)argument, MINUTE_NS, NULL);
  require(result == 0 || result == -ENOENT, "close failed");
  return NULL;
}

/* A shutdown against senders and against a close: each producer is closed once. */
static void shut_down_under_senders(uint64_t runtime_id) {
  uint64_t ids[2];
  struct sender senders[2][SENDERS];
  pthread_t closer;
  for (int i = 0; i < 2; i++) {
    ids[i] = make_producer(runtime_id, PRODUCER_BLOCK, 1);
    start_senders(senders[i], ids[i]);
  }
  pthread_create(&closer, NULL, close_one, &ids[1]);
  require(producer_runtime_shutdown(runtime_id, MINUTE_NS) == 0, "shutdown failed");
  pthread_join(closer, NULL);
  for (int i = 0; i < 2; i++)
    join_senders(senders[i]);
  require(producer_runtime_shutdown(runtime_id, 0) == -ENOENT, "shut down twice");
}

int main(void) {
  for (uint32_t receive = 1; receive <= 6; receive += 5) {
    uint64_t runtime_id;
    struct producer_runtime_options options = {
        .size = sizeof options, .round_trip_ns = 10000, .mailbox_batches = 2, .batch_messages = 4};
    require(producer_runtime_create(&options, &runtime_id) == 0, "no runtime");
    for (int policy = PRODUCER_BLOCK; policy <= PRODUCER_DROP_OLDEST; policy++) {
      send_and_close(runtime_id, policy, receive);
      close_under_senders(runtime_id, policy);
    }
    shut_down_under_senders(runtime_id);
  }
  return 0;
}
