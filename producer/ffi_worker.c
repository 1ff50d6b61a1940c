/* ffi_worker.c - the background thread of a producer: from the FFI queue to the broker and back.
 *
 * One message at a time (recv) or many (recv_many): it takes, waits for the acknowledgement, tells,
 * frees, and only then takes again. So with recv sending is serial, and what comes faster than
 * round trips go waits in the queue.
 */
#include <stdio.h>

#include "ffi.h"
#include "thread.h"

static void tell(const struct producer *producer, const struct message *message,
                 enum producer_outcome outcome, int error) {
  if (!producer->options.finished) return;
  struct producer_delivery delivery = {.producer_id = message->producer_id,
                                       .sequence = message->sequence,
                                       .bytes = message->length,
                                       .outcome = outcome,
                                       .error = error};
  for (int i = 0; i < PRODUCER_STAGES; i++)
    delivery.times_ns[i] = message->times_ns[i];
  producer->options.finished(producer->options.context, &delivery);
}

void ffi_discard(struct producer *producer, struct message_list *messages,
                 enum producer_outcome outcome, int error) {
  if (outcome == PRODUCER_FAILED && messages->count > 0) {
    pthread_mutex_lock(&producer->mutex);
    producer->failed += messages->count;
    producer->last_error = error;
    pthread_mutex_unlock(&producer->mutex);
  }
  struct message *message;
  while ((message = message_list_take(messages)) != NULL) {
    tell(producer, message, outcome, error);
    message_free(message);
  }
}

static void count_batch(struct producer *producer, size_t count) {
  pthread_mutex_lock(&producer->mutex);
  producer->batches++;
  for (size_t i = 0; i < count; i++) {
    const struct message *message = producer->batch[i];
    if (message->status == 0) {
      producer->delivered++;
      producer->delivered_bytes += message->length;
      stages_record(&producer->stages, message->times_ns);
    } else {
      producer->failed++;
      producer->last_error = message->status;
    }
  }
  pthread_mutex_unlock(&producer->mutex);
}

static void finish_batch(struct producer *producer, size_t count) {
  count_batch(producer, count);
  uint64_t last = producer->batch[count - 1]->number;
  for (size_t i = 0; i < count; i++) {
    struct message *message = producer->batch[i];
    tell(producer, message, message->status == 0 ? PRODUCER_DELIVERED : PRODUCER_FAILED,
         message->status);
    message_free(message);
  }
  pthread_mutex_lock(&producer->mutex);
  producer->completed = last;
  pthread_cond_broadcast(&producer->progress);
  pthread_mutex_unlock(&producer->mutex);
}

/* Returns 0 when the queue is closed and empty. */
static size_t receive(struct producer *producer) {
  size_t limit = producer->options.receive_limit;
  if (limit == 1) return queue_pop(&producer->queue, producer->batch) ? 1 : 0;
  return queue_pop_many(&producer->queue, producer->batch, limit);
}

static void *ffi_worker_run(void *argument) {
  struct producer *producer = argument;
  char name[16];
  snprintf(name, sizeof name, "ffi-worker-%u", (unsigned)(producer->handle.id % 10000));
  pthread_setname_np(pthread_self(), name);
  size_t count;
  while ((count = receive(producer)) > 0) {
    runtime_block_on(producer->runtime, produce(&producer->call, producer->batch, count));
    finish_batch(producer, count);
  }
  pthread_mutex_lock(&producer->mutex);
  producer->worker_over = true;
  pthread_cond_broadcast(&producer->progress);
  pthread_mutex_unlock(&producer->mutex);
  return NULL;
}

int ffi_worker_start(struct producer *producer) {
  return thread_start(&producer->worker, ffi_worker_run, producer);
}
