/* ffi.h - the FFI layer's inside: what stands behind a producer id.
 *
 * Three files share it: ffi.c is the calls of producer.h, ffi_worker.c the background thread,
 * ffi_stats.c the figures.
 */
#ifndef PRODUCER_FFI_H
#define PRODUCER_FFI_H

#include <pthread.h>
#include <stdatomic.h>

#include "message.h"
#include "produce.h"
#include "producer.h"
#include "queue.h"
#include "registry.h"
#include "runtime.h"
#include "stages.h"

struct producer {
  struct handle handle;
  struct runtime *runtime; /* held */
  struct producer_options options;
  struct queue queue;
  atomic_uint_fast64_t sends;    /* the next message's sequence */
  atomic_uint_fast64_t unqueued; /* sends that failed before they came to the queue */

  /* the ffi worker's */
  pthread_t worker;
  struct produce call;
  struct message **batch; /* receive_limit of them */

  pthread_mutex_t mutex; /* over all that follows */
  pthread_cond_t progress;
  uint64_t completed; /* all messages up to this number have their outcome and are freed */
  bool worker_over;   /* the ffi worker has nothing more to do, and will not have */
  bool closed;
  uint64_t delivered, delivered_bytes, failed, batches;
  int last_error;
  struct stages stages;
};

/* Starts the ffi worker. Returns 0 or -errno. */
int ffi_worker_start(struct producer *producer);

/* Gives messages of the queue an outcome that is not delivery, tells the `finished` callback, and
 * frees them. `error` is 0 or why they failed. */
void ffi_discard(struct producer *producer, struct message_list *messages,
                 enum producer_outcome outcome, int error);

void ffi_stats_fill(struct producer *producer, struct producer_stats *stats);

#endif
