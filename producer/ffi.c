/* ffi.c - the calls of producer.h: ids are looked up, options checked, messages made and enqueued.
 *
 * Invariant: a producer or runtime is freed only by the thread that took its id out of the
 * registry, after every other thread has left it.
 */
#include "ffi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "wire.h"

#define RECEIVE_LIMIT_MAX 65536u

static struct registry runtimes = REGISTRY_INITIALIZER;
static struct registry producers = REGISTRY_INITIALIZER;
/* A producer is created while its runtime is known, or not at all: after a shutdown has taken the
 * runtime's id away, it finds all producers that there are. */
static pthread_mutex_t births = PTHREAD_MUTEX_INITIALIZER;

/* Copies a caller's structure, which may be older (shorter) or newer than ours. */
static int copy_options(void *ours, uint32_t our_size, const void *theirs) {
  memset(ours, 0, our_size);
  if (!theirs) return 0;
  uint32_t size;
  memcpy(&size, theirs, sizeof size);
  if (size < sizeof size) return -EINVAL;
  for (uint32_t i = our_size; i < size; i++)
    if (((const char *)theirs)[i] != 0) return -E2BIG;
  memcpy(ours, theirs, size < our_size ? size : our_size);
  return 0;
}

/* ---- runtimes ---- */

int producer_runtime_create(const struct producer_runtime_options *options, uint64_t *runtime_id) {
  struct producer_runtime_options checked;
  int error = copy_options(&checked, sizeof checked, options);
  if (error) return error;
  struct runtime *runtime = calloc(1, sizeof *runtime);
  if (!runtime) return -ENOMEM;
  error = runtime_start(runtime, &checked);
  if (!error) {
    runtime->handle.id = registry_next_id(&runtimes);
    error = registry_add(&runtimes, &runtime->handle);
    if (!error) {
      *runtime_id = runtime->handle.id;
      return 0;
    }
    runtime_stop(runtime);
  }
  free(runtime);
  return error;
}

static bool belongs_to(const struct handle *handle, const void *runtime) {
  return ((const struct producer *)handle)->runtime == runtime;
}

static int close_held(struct producer *producer, uint64_t timeout_ns, struct producer_stats *last);

int producer_runtime_shutdown(uint64_t runtime_id, uint64_t timeout_ns) {
  struct runtime *runtime = (struct runtime *)registry_hold(&runtimes, runtime_id);
  if (!runtime) return -ENOENT;
  pthread_mutex_lock(&births);
  bool first = registry_remove(&runtimes, &runtime->handle);
  pthread_mutex_unlock(&births);
  if (!first) {
    registry_release(&runtimes, &runtime->handle);
    return -ENOENT;
  }
  int result = 0;
  struct handle *handle;
  while ((handle = registry_hold_any(&producers, belongs_to, runtime)) != NULL) {
    int error = close_held((struct producer *)handle, timeout_ns, NULL);
    /* -ENOENT: another thread closes it; registry_await waits for that */
    if (result == 0 && error != -ENOENT) result = error;
  }
  registry_await(&runtimes, &runtime->handle);
  runtime_stop(runtime);
  free(runtime);
  return result;
}

/* ---- producers ---- */

static int check_options(struct producer_options *options) {
  if (options->policy > PRODUCER_DROP_OLDEST || options->reserved != 0 ||
      options->receive_limit > RECEIVE_LIMIT_MAX)
    return -EINVAL;
  if (options->receive_limit == 0) options->receive_limit = 1;
  return 0;
}

/* Everything but the thread. Returns 0 or -errno, with nothing left to destroy. */
static int init_producer(struct producer *producer) {
  const struct producer_options *options = &producer->options;
  struct queue_options queue = {.messages = options->queue_messages,
                                .bytes = options->queue_bytes,
                                .policy = options->policy,
                                .block_timeout_ns = options->block_timeout_ns};
  producer->batch = calloc(options->receive_limit, sizeof(struct message *));
  if (!producer->batch) return -ENOMEM;
  int error = produce_init(&producer->call);
  if (error) goto free_batch;
  error = queue_init(&producer->queue, &queue);
  if (error) goto destroy_call;
  error = clock_condition_init(&producer->progress);
  if (error) goto destroy_queue;
  error = -pthread_mutex_init(&producer->mutex, NULL);
  if (!error) return 0;
  pthread_cond_destroy(&producer->progress);
destroy_queue:
  queue_destroy(&producer->queue);
destroy_call:
  produce_destroy(&producer->call);
free_batch:
  free(producer->batch);
  return error;
}

static void destroy_producer(struct producer *producer) {
  pthread_mutex_destroy(&producer->mutex);
  pthread_cond_destroy(&producer->progress);
  queue_destroy(&producer->queue);
  produce_destroy(&producer->call);
  free(producer->batch);
}

/* Gives the producer its id and its thread. Returns 0 or -errno, with nothing left to destroy. */
static int launch_producer(struct producer *producer) {
  int error = init_producer(producer);
  if (error) return error;
  producer->handle.id = registry_next_id(&producers);
  error = ffi_worker_start(producer);
  if (!error) {
    error = registry_add(&producers, &producer->handle);
    if (!error) return 0;
    queue_close(&producer->queue);
    pthread_join(producer->worker, NULL);
  }
  destroy_producer(producer);
  return error;
}

int producer_create(uint64_t runtime_id, const struct producer_options *options,
                    uint64_t *producer_id) {
  struct producer *producer = calloc(1, sizeof *producer);
  if (!producer) return -ENOMEM;
  int error = copy_options(&producer->options, sizeof producer->options, options);
  if (!error) error = check_options(&producer->options);
  pthread_mutex_lock(&births);
  if (!error) {
    producer->runtime = (struct runtime *)registry_hold(&runtimes, runtime_id);
    error = producer->runtime ? launch_producer(producer) : -ENOENT;
  }
  pthread_mutex_unlock(&births);
  if (!error) {
    *producer_id = producer->handle.id;
    return 0;
  }
  if (producer->runtime) registry_release(&runtimes, &producer->runtime->handle);
  free(producer);
  return error;
}

static struct producer *hold(uint64_t producer_id) {
  return (struct producer *)registry_hold(&producers, producer_id);
}

static void release(struct producer *producer) {
  registry_release(&producers, &producer->handle);
}

/* Waits until the worker is over. Returns 0, or -ETIMEDOUT. */
static int await_worker(struct producer *producer, uint64_t timeout_ns) {
  uint64_t deadline_ns = clock_deadline(clock_now_ns(), timeout_ns);
  int error = 0;
  pthread_mutex_lock(&producer->mutex);
  while (!error && !producer->worker_over)
    error = clock_condition_wait(&producer->progress, &producer->mutex, deadline_ns);
  if (producer->worker_over) error = 0;
  pthread_mutex_unlock(&producer->mutex);
  return error;
}

/* The caller holds the producer; the hold is gone afterwards. */
static int close_held(struct producer *producer, uint64_t timeout_ns, struct producer_stats *last) {
  if (!registry_remove(&producers, &producer->handle)) {
    release(producer);
    return -ENOENT;
  }
  int result = 0;
  queue_close(&producer->queue);
  if (await_worker(producer, timeout_ns) != 0) {
    struct message_list left = queue_take_all(&producer->queue);
    if (left.count > 0) result = -ETIMEDOUT;
    ffi_discard(producer, &left, PRODUCER_FAILED, -ETIMEDOUT);
  }
  pthread_join(producer->worker, NULL);
  pthread_mutex_lock(&producer->mutex);
  producer->closed = true;
  pthread_cond_broadcast(&producer->progress);
  pthread_mutex_unlock(&producer->mutex);
  registry_await(&producers, &producer->handle);
  if (last) ffi_stats_fill(producer, last);
  destroy_producer(producer);
  registry_release(&runtimes, &producer->runtime->handle);
  free(producer);
  return result;
}

/* Copies as much of the figures as the caller knows. */
static int give_stats(struct producer_stats *theirs, const struct producer_stats *ours) {
  uint32_t size = theirs->size;
  memcpy(theirs, ours, size < sizeof *ours ? size : sizeof *ours);
  theirs->size = size;
  return 0;
}

int producer_close(uint64_t producer_id, uint64_t timeout_ns, struct producer_stats *last) {
  if (last && last->size < 2 * sizeof(uint32_t)) return -EINVAL;
  struct producer *producer = hold(producer_id);
  if (!producer) return -ENOENT;
  struct producer_stats stats = {0};
  int result = close_held(producer, timeout_ns, &stats);
  if (last && result != -ENOENT) give_stats(last, &stats);
  return result;
}

int producer_stats(uint64_t producer_id, struct producer_stats *stats) {
  if (stats->size < 2 * sizeof(uint32_t)) return -EINVAL;
  struct producer *producer = hold(producer_id);
  if (!producer) return -ENOENT;
  struct producer_stats ours;
  ffi_stats_fill(producer, &ours);
  release(producer);
  return give_stats(stats, &ours);
}

int producer_flush(uint64_t producer_id, uint64_t timeout_ns) {
  struct producer *producer = hold(producer_id);
  if (!producer) return -ENOENT;
  uint64_t deadline_ns = clock_deadline(clock_now_ns(), timeout_ns);
  /* What PRODUCER_DROP_OLDEST drops is followed in the queue by what it was dropped for: numbers
   * that never reach the worker are below one that does. */
  uint64_t number = queue_get_counts(&producer->queue).enqueued;
  int error = 0;
  pthread_mutex_lock(&producer->mutex);
  while (!error && producer->completed < number && !producer->closed)
    error = clock_condition_wait(&producer->progress, &producer->mutex, deadline_ns);
  if (producer->completed >= number)
    error = 0;
  else if (producer->closed)
    error = -ESHUTDOWN;
  pthread_mutex_unlock(&producer->mutex);
  release(producer);
  return error;
}

/* ---- sending ---- */

/* Enqueues by the queue's policy. An error: the message is still the caller's. */
static int enqueue(struct producer *producer, struct message *message) {
  struct message_list dropped = {0};
  int result = queue_push(&producer->queue, message, &dropped);
  ffi_discard(producer, &dropped, PRODUCER_DROPPED_OLDEST, 0);
  if (result != QUEUE_DROPPED) return result;
  message_list_append(&dropped, message);
  ffi_discard(producer, &dropped, PRODUCER_DROPPED_NEWEST, 0);
  return 0;
}

static int check_length(struct producer *producer, size_t length) {
  if (length <= WIRE_PAYLOAD_MAX) return 0;
  atomic_fetch_add(&producer->unqueued, 1);
  return -EMSGSIZE;
}

static int no_memory(struct producer *producer) {
  atomic_fetch_add(&producer->unqueued, 1);
  return -ENOMEM;
}

int producer_send_message(uint64_t producer_id, const void *payload, size_t length) {
  struct producer *producer = hold(producer_id);
  if (!producer) return -ENOENT;
  uint64_t sequence = atomic_fetch_add(&producer->sends, 1);
  int error = check_length(producer, length);
  if (!error) {
    struct message *message = message_new(producer_id, sequence, payload, length);
    error = message ? enqueue(producer, message) : no_memory(producer);
    if (message && error) message_free(message);
  }
  release(producer);
  return error;
}

int producer_send_message_owned(uint64_t producer_id, void *payload, size_t length) {
  struct producer *producer = hold(producer_id);
  if (!producer) return -ENOENT;
  uint64_t sequence = atomic_fetch_add(&producer->sends, 1);
  int error = check_length(producer, length);
  if (!error) {
    struct message *message = message_new_owned(producer_id, sequence, payload, length);
    error = message ? enqueue(producer, message) : no_memory(producer);
    if (message && error) message_free_but_payload(message);
  }
  release(producer);
  return error;
}
