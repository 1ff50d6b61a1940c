/* demo.c - producer_demo: one thread sends messages, and the library does what it is told to.
 *
 * Apart from the library it keeps little: one payload at a time (none with --payload move, which
 * gives it away), a few words for each producer, and the log's rows outside of the heap.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../clock.h"
#include "demo_log.h"
#include "demo_options.h"
#include "demo_report.h"

#define PROGRESS_NS 200000000ull

struct demo {
  struct demo_options options;
  struct demo_log log;
  uint64_t runtime_id;
  uint64_t *producer_ids;
  struct producer_stats *stats;
  uint64_t random;
  uint64_t tried; /* messages */
  atomic_uint_fast64_t finished;
  atomic_bool failed; /* a delivery failed: no use to send more */
  bool progress;
  uint64_t progress_due_ns;
};

/* Messages go to the producers in turn: the row of a message is its number in the order of
 * sending. */
static uint64_t row_of(const struct demo *demo, uint64_t producer_id, uint64_t sequence) {
  return sequence * demo->options.producers + (producer_id - demo->producer_ids[0]);
}

static void on_finished(void *context, const struct producer_delivery *delivery) {
  struct demo *demo = context;
  demo_log_delivery(&demo->log, row_of(demo, delivery->producer_id, delivery->sequence), delivery);
  if (delivery->outcome == PRODUCER_FAILED) atomic_store(&demo->failed, true);
  atomic_fetch_add(&demo->finished, 1);
}

/* xorshift64*: contents that do not compress to nothing, the same for a seed each time. */
static uint64_t next_random(struct demo *demo) {
  demo->random ^= demo->random >> 12;
  demo->random ^= demo->random << 25;
  demo->random ^= demo->random >> 27;
  return demo->random * 0x2545f4914f6cdd1dull;
}

static __attribute__((noinline)) unsigned char *payload_make(struct demo *demo) {
  size_t size = demo->options.size, at = 0;
  unsigned char *payload = malloc(size ? size : 1);
  if (!payload) return NULL;
  while (at < size) {
    uint64_t word = next_random(demo);
    size_t part = size - at < sizeof word ? size - at : sizeof word;
    memcpy(payload + at, &word, part);
    at += part;
  }
  return payload;
}

static void show_progress(struct demo *demo) {
  if (!demo->progress) return;
  uint64_t now_ns = clock_now_ns();
  if (now_ns < demo->progress_due_ns) return;
  demo->progress_due_ns = now_ns + PROGRESS_NS;
  fprintf(stderr, "\rsent %llu, finished %llu of %llu ", (unsigned long long)demo->tried,
          (unsigned long long)atomic_load(&demo->finished),
          (unsigned long long)demo->options.messages);
}

/* Returns 0 when the library took the message, else -errno. */
static int send_message(struct demo *demo, uint64_t number) {
  uint64_t producer_id = demo->producer_ids[number % demo->options.producers];
  uint64_t begin_ns = clock_now_ns();
  unsigned char *payload = payload_make(demo);
  if (!payload) return -ENOMEM;
  int error;
  if (demo->options.move) {
    error = producer_send_message_owned(producer_id, payload, demo->options.size);
    if (error) free(payload);
  } else {
    error = producer_send_message(producer_id, payload, demo->options.size);
    free(payload);
  }
  if (error)
    demo_log_rejection(&demo->log, number, producer_id, number / demo->options.producers, begin_ns,
                       demo->options.size);
  return error;
}

static void sleep_until(uint64_t ns) {
  struct timespec until = clock_timespec(ns);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
    continue;
}

static int send_all(struct demo *demo, uint64_t start_ns) {
  const struct demo_options *options = &demo->options;
  for (uint64_t i = 0; i < options->messages && !atomic_load(&demo->failed); i++) {
    if (options->rate) sleep_until(start_ns + (uint64_t)((double)i * 1e9 / (double)options->rate));
    int error = send_message(demo, i);
    if (error && error != -EAGAIN) return error;
    demo->tried++;
    show_progress(demo);
  }
  return 0;
}

/* Ends in any case: the library's timeouts bound the wait for each batch, and a lost connection
 * fails all the rest at once. */
static void flush_all(struct demo *demo) {
  for (uint64_t i = 0; i < demo->options.producers; i++)
    while (producer_flush(demo->producer_ids[i], PROGRESS_NS) == -ETIMEDOUT)
      show_progress(demo);
  if (demo->progress) fputs("\r\033[K", stderr);
}

static int create_producers(struct demo *demo) {
  const struct demo_options *options = &demo->options;
  demo->producer_ids = calloc(options->producers, sizeof *demo->producer_ids);
  demo->stats = calloc(options->producers, sizeof *demo->stats);
  if (!demo->producer_ids || !demo->stats) return -ENOMEM;
  struct producer_options producer = {.size = sizeof producer,
                                      .policy = options->policy,
                                      .queue_messages = options->queue_messages,
                                      .queue_bytes = options->queue_bytes,
                                      .receive_limit = (uint32_t)options->receive_limit,
                                      .finished = on_finished,
                                      .context = demo};
  int error = 0;
  for (uint64_t i = 0; i < options->producers && !error; i++)
    error = producer_create(demo->runtime_id, &producer, &demo->producer_ids[i]);
  return error;
}

static int start(struct demo *demo) {
  struct producer_runtime_options runtime = {.size = sizeof runtime,
                                             .address = demo->options.connect,
                                             .round_trip_ns = demo->options.round_trip_ns,
                                             .timeout_ns = 2 * CLOCK_SECOND_NS +
                                                           4 * demo->options.round_trip_ns};
  int error = demo_log_open(&demo->log, demo->options.log, demo->options.messages);
  if (error) {
    fprintf(stderr, "producer_demo: --log: can't write '%s': %s\n", demo->options.log,
            strerror(-error));
    return error;
  }
  error = producer_runtime_create(&runtime, &demo->runtime_id);
  if (error && demo->options.connect)
    fprintf(stderr,
            "producer_demo: --connect: no broker at '%s': %s; give HOST:PORT of a running "
            "producer_broker\n",
            demo->options.connect, strerror(-error));
  else if (error)
    fprintf(stderr, "producer_demo: can't start the broker: %s\n", strerror(-error));
  if (error) return error;
  error = create_producers(demo);
  if (error) fprintf(stderr, "producer_demo: can't start the producers: %s\n", strerror(-error));
  return error;
}

static void stop(struct demo *demo) {
  if (demo->runtime_id) producer_runtime_shutdown(demo->runtime_id, 0);
  free(demo->producer_ids);
  free(demo->stats);
}

/* Sends, waits, reports. Returns the exit status. */
static int run(struct demo *demo) {
  const struct demo_options *options = &demo->options;
  uint64_t start_ns = clock_now_ns();
  int error = send_all(demo, start_ns);
  uint64_t sent_ns = clock_now_ns();
  flush_all(demo);
  struct demo_result result = {.producer_ids = demo->producer_ids,
                               .stats = demo->stats,
                               .not_sent = options->messages - demo->tried,
                               .sending_ns = sent_ns - start_ns,
                               .duration_ns = clock_now_ns() - start_ns};
  for (uint64_t i = 0; i < options->producers; i++) {
    demo->stats[i].size = sizeof demo->stats[i];
    producer_stats(demo->producer_ids[i], &demo->stats[i]);
  }
  if (options->json)
    demo_report_json(options, &result);
  else
    demo_report_text(options, &result);
  if (error) fprintf(stderr, "producer_demo: sending stopped: %s\n", strerror(-error));
  return demo_report_total(options, &result).failed || result.not_sent ? 1 : 0;
}

int main(int argc, char **argv) {
  static struct demo demo;
  demo_options_parse(&demo.options, argc, argv);
  demo.random = demo.options.seed * 0x9e3779b97f4a7c15ull + 1;
  demo.progress = isatty(STDERR_FILENO);
  int status = start(&demo) == 0 ? run(&demo) : 3;
  stop(&demo);
  int error = demo_log_close(&demo.log);
  if (error) {
    fprintf(stderr, "producer_demo: --log: can't write '%s': %s\n", demo.options.log,
            strerror(-error));
    return 3;
  }
  return status;
}
