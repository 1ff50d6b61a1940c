/* queue.h - the FFI queue: messages from the senders to one ffi worker, first in, first out.
 *
 * Unbounded, or bounded by messages and payload bytes: then a bound is never exceeded, and what a
 * push does without room is the policy's. Any number of threads may push; one pops.
 */
#ifndef PRODUCER_QUEUE_H
#define PRODUCER_QUEUE_H

#include <pthread.h>
#include <stdbool.h>

#include "message.h"

struct queue_options {
  uint64_t messages, bytes; /* 0: no bound */
  enum producer_policy policy;
  uint64_t block_timeout_ns; /* 0: none */
};

struct queue_counts {
  uint64_t enqueued, rejected, dropped_newest, dropped_oldest;
  uint64_t blocked_sends, blocked_ns, blocked_now;
  uint64_t messages, bytes; /* now */
  uint64_t deepest_messages, deepest_bytes;
};

struct queue {
  pthread_mutex_t mutex;
  pthread_cond_t filled, drained;
  struct queue_options options;
  struct message_list list;
  bool closed;
  struct queue_counts counts;
};

/* Returns 0 or -errno. */
int queue_init(struct queue *queue, const struct queue_options *options);
/* The queue must be empty and nobody in it. */
void queue_destroy(struct queue *queue);

/* Enqueues a message: 0, and the queue owns it. QUEUE_DROPPED: dropped by PRODUCER_DROP_NEWEST, it
 * is still the caller's. -EAGAIN, -ETIMEDOUT, -EMSGSIZE, -ESHUTDOWN as producer_send_message; it
 * is still the caller's. PRODUCER_DROP_OLDEST hands what it drops to the caller in `dropped`. */
#define QUEUE_DROPPED 1
int queue_push(struct queue *queue, struct message *message, struct message_list *dropped);

/* Takes the oldest message; waits for one. Returns false when the queue is closed and empty. */
bool queue_pop(struct queue *queue, struct message **message);
/* Takes up to `limit` messages, as many as there are; waits for the first. Returns how many. */
size_t queue_pop_many(struct queue *queue, struct message **messages, size_t limit);

/* From now on pushes fail; what is in the queue can still be popped. */
void queue_close(struct queue *queue);
/* Takes all that is left, without waiting. */
struct message_list queue_take_all(struct queue *queue);

struct queue_counts queue_get_counts(struct queue *queue);

#endif
