/* produce.c - completing a batch and waiting for it: one flag under one mutex. */
#include "produce.h"

int produce_init(struct produce *produce) {
  *produce = (struct produce){0};
  int error = pthread_mutex_init(&produce->mutex, NULL);
  if (error) return -error;
  error = pthread_cond_init(&produce->completed, NULL);
  if (error) pthread_mutex_destroy(&produce->mutex);
  return -error;
}

void produce_destroy(struct produce *produce) {
  pthread_cond_destroy(&produce->completed);
  pthread_mutex_destroy(&produce->mutex);
}

struct produce *produce(struct produce *call, struct message **messages, size_t count) {
  call->messages = messages;
  call->count = call->remaining = count;
  call->complete = false;
  return call;
}

void produce_message_done(struct produce *produce) {
  if (--produce->remaining > 0) return;
  /* signalled under the mutex: once it is released, the waiter may destroy both */
  pthread_mutex_lock(&produce->mutex);
  produce->complete = true;
  pthread_cond_signal(&produce->completed);
  pthread_mutex_unlock(&produce->mutex);
}

void produce_wait(struct produce *produce) {
  pthread_mutex_lock(&produce->mutex);
  while (!produce->complete)
    pthread_cond_wait(&produce->completed, &produce->mutex);
  pthread_mutex_unlock(&produce->mutex);
}
