/* queue.c - the FFI queue, a list under one mutex with two condition variables.
 *
 * Why not lock-free: a push costs a payload copy and a pop a round trip to the broker, so the lock
 * is held for a hundredth of either; blocking, byte bounds and dropping the oldest all need the
 * look at the whole queue that a mutex gives; and waiting needs a sleeping thread in any case.
 * Invariant: with a bound, list.count <= messages and list.bytes <= bytes whenever the mutex is
 * free. Nothing is allocated, freed or called back under it.
 */
#include "queue.h"

#include <errno.h>

#include "clock.h"

int queue_init(struct queue *queue, const struct queue_options *options) {
  *queue = (struct queue){.options = *options};
  int error = pthread_mutex_init(&queue->mutex, NULL);
  if (error) return -error;
  error = clock_condition_init(&queue->filled);
  if (!error) {
    error = clock_condition_init(&queue->drained);
    if (!error) return 0;
    pthread_cond_destroy(&queue->filled);
  }
  pthread_mutex_destroy(&queue->mutex);
  return error;
}

void queue_destroy(struct queue *queue) {
  pthread_cond_destroy(&queue->drained);
  pthread_cond_destroy(&queue->filled);
  pthread_mutex_destroy(&queue->mutex);
}

static bool has_room(const struct queue *queue, size_t length) {
  const struct queue_options *options = &queue->options;
  return (!options->messages || queue->list.count < options->messages) &&
         (!options->bytes || queue->list.bytes + length <= options->bytes);
}

/* Backpressure: sleeps until there is room. */
static int wait_for_room(struct queue *queue, size_t length) {
  uint64_t start_ns = clock_now_ns();
  uint64_t deadline_ns = queue->options.block_timeout_ns
                             ? clock_deadline(start_ns, queue->options.block_timeout_ns)
                             : CLOCK_NEVER;
  int error = 0;
  queue->counts.blocked_sends++;
  queue->counts.blocked_now++;
  while (!error && !queue->closed && !has_room(queue, length))
    error = clock_condition_wait(&queue->drained, &queue->mutex, deadline_ns);
  queue->counts.blocked_now--;
  queue->counts.blocked_ns += clock_now_ns() - start_ns;
  if (queue->closed) return -ESHUTDOWN;
  return has_room(queue, length) ? 0 : error;
}

static void drop_oldest(struct queue *queue, size_t length, struct message_list *dropped) {
  while (!has_room(queue, length)) {
    message_list_append(dropped, message_list_take(&queue->list));
    queue->counts.dropped_oldest++;
  }
}

/* 0: there is room now. */
static int make_room(struct queue *queue, size_t length, struct message_list *dropped) {
  if (queue->closed) return -ESHUTDOWN;
  if (queue->options.bytes && length > queue->options.bytes) return -EMSGSIZE;
  if (has_room(queue, length)) return 0;
  switch (queue->options.policy) {
  case PRODUCER_BLOCK:
    return wait_for_room(queue, length);
  case PRODUCER_EAGAIN:
    return -EAGAIN;
  case PRODUCER_DROP_NEWEST:
    return QUEUE_DROPPED;
  case PRODUCER_DROP_OLDEST:
    drop_oldest(queue, length, dropped);
    return 0;
  }
  return -EINVAL;
}

static void enqueue(struct queue *queue, struct message *message) {
  struct queue_counts *counts = &queue->counts;
  message->number = ++counts->enqueued;
  message->times_ns[PRODUCER_ENQUEUED] = clock_now_ns();
  message_list_append(&queue->list, message);
  if (queue->list.count > counts->deepest_messages) counts->deepest_messages = queue->list.count;
  if (queue->list.bytes > counts->deepest_bytes) counts->deepest_bytes = queue->list.bytes;
  pthread_cond_signal(&queue->filled);
}

int queue_push(struct queue *queue, struct message *message, struct message_list *dropped) {
  pthread_mutex_lock(&queue->mutex);
  int result = make_room(queue, message->length, dropped);
  if (result == 0)
    enqueue(queue, message);
  else if (result == QUEUE_DROPPED)
    queue->counts.dropped_newest++;
  else
    queue->counts.rejected++;
  pthread_mutex_unlock(&queue->mutex);
  return result;
}

size_t queue_pop_many(struct queue *queue, struct message **messages, size_t limit) {
  size_t count = 0;
  pthread_mutex_lock(&queue->mutex);
  while (!queue->closed && queue->list.count == 0)
    pthread_cond_wait(&queue->filled, &queue->mutex);
  uint64_t now_ns = clock_now_ns();
  while (count < limit && queue->list.count > 0) {
    messages[count] = message_list_take(&queue->list);
    messages[count++]->times_ns[PRODUCER_DEQUEUED] = now_ns;
  }
  /* All of them: one that waits for many bytes must not keep the room's news from one that needs
   * few. */
  if (queue->counts.blocked_now > 0) pthread_cond_broadcast(&queue->drained);
  pthread_mutex_unlock(&queue->mutex);
  return count;
}

bool queue_pop(struct queue *queue, struct message **message) {
  return queue_pop_many(queue, message, 1) == 1;
}

void queue_close(struct queue *queue) {
  pthread_mutex_lock(&queue->mutex);
  queue->closed = true;
  pthread_cond_broadcast(&queue->filled);
  pthread_cond_broadcast(&queue->drained);
  pthread_mutex_unlock(&queue->mutex);
}

struct message_list queue_take_all(struct queue *queue) {
  pthread_mutex_lock(&queue->mutex);
  struct message_list all = queue->list;
  queue->list = (struct message_list){0};
  pthread_cond_broadcast(&queue->drained);
  pthread_mutex_unlock(&queue->mutex);
  return all;
}

struct queue_counts queue_get_counts(struct queue *queue) {
  pthread_mutex_lock(&queue->mutex);
  struct queue_counts counts = queue->counts;
  counts.messages = queue->list.count;
  counts.bytes = queue->list.bytes;
  pthread_mutex_unlock(&queue->mutex);
  return counts;
}
