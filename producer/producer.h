/* producer.h - sends messages to a broker from any language: the C ABI of libproducer.so.
 *
 *   sender -> FFI queue -> ffi worker -> mailbox -> actor -> socket -> broker
 *
 * A runtime owns one connection to a broker and one actor thread. A producer belongs to a runtime
 * and owns a queue and a background thread ("ffi worker") that takes messages from the queue, one
 * or many at a time, and waits until the broker has acknowledged them before it takes more.
 *
 * Every function returns 0 or a negative errno value, may be called from any thread, and never
 * raises a signal. Runtimes and producers are named by ids, which are never used twice; an id that
 * is unknown or closed gives -ENOENT. Threads do not survive fork: a child that did not exec must
 * not call this library. All times are nanoseconds; moments are those of CLOCK_MONOTONIC.
 *
 * Versions: each structure begins with its size, set by the caller to its own sizeof. A field that
 * a caller does not know reads as 0, and 0 is every option's default. A caller newer than the
 * library gets -E2BIG when it sets an option that the library does not know.
 */
#ifndef PRODUCER_H
#define PRODUCER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PRODUCER_API __attribute__((visibility("default")))

/* The moments in a message's life. */
enum producer_stage {
  PRODUCER_CREATED = 0,      /* the send call began */
  PRODUCER_ENQUEUED = 1,     /* in the FFI queue */
  PRODUCER_DEQUEUED = 2,     /* taken by the ffi worker */
  PRODUCER_MAILED = 3,       /* its batch is in the actor's mailbox */
  PRODUCER_ENCODED = 4,      /* in a request */
  PRODUCER_SENT = 5,         /* the request's last byte was written to the socket */
  PRODUCER_ACKNOWLEDGED = 6, /* the broker's acknowledgement was read */
  PRODUCER_STAGES = 7,
};

/* The times between two moments, of delivered messages. */
enum producer_span {
  PRODUCER_SPAN_ENQUEUE = 0,     /* created to enqueued: the copy, and waiting for room */
  PRODUCER_SPAN_QUEUE = 1,       /* enqueued to dequeued: residence in the FFI queue */
  PRODUCER_SPAN_MAIL = 2,        /* dequeued to mailed */
  PRODUCER_SPAN_ENCODE = 3,      /* mailed to encoded: mailbox, linger, encoding */
  PRODUCER_SPAN_SEND = 4,        /* encoded to sent */
  PRODUCER_SPAN_ACKNOWLEDGE = 5, /* sent to acknowledged: the broker and the round trip */
  PRODUCER_SPAN_TOTAL = 6,       /* created to acknowledged */
  PRODUCER_SPANS = 7,
};

/* What a send does when the queue has no room. */
enum producer_policy {
  PRODUCER_BLOCK = 0,       /* the sender waits: backpressure */
  PRODUCER_EAGAIN = 1,      /* the send returns -EAGAIN, the message is not taken */
  PRODUCER_DROP_NEWEST = 2, /* the message is dropped, the send returns 0 */
  PRODUCER_DROP_OLDEST = 3, /* the oldest in the queue are dropped to make room */
};

/* What became of a message that a send took. */
enum producer_outcome {
  PRODUCER_DELIVERED = 0, /* acknowledged by the broker */
  PRODUCER_FAILED = 1, /* not acknowledged: error says why. The broker may have it all the same */
  PRODUCER_DROPPED_NEWEST = 2,
  PRODUCER_DROPPED_OLDEST = 3,
};

/* The end of one message's story. Moments that it did not reach are 0. */
struct producer_delivery {
  uint64_t producer_id;
  uint64_t sequence; /* which send call of its producer, from 0; calls that took nothing count */
  uint64_t bytes;    /* of the payload */
  int32_t outcome;   /* enum producer_outcome */
  int32_t error;     /* PRODUCER_FAILED: a negative errno value; else 0 */
  uint64_t times_ns[PRODUCER_STAGES];
};

struct producer_runtime_options {
  uint32_t size;            /* sizeof(struct producer_runtime_options) */
  uint32_t mailbox_batches; /* batches that the actor's mailbox holds; 0: 64 */
  const char *address;      /* broker's "HOST:PORT"; NULL: a broker thread in this process */
  uint64_t timeout_ns;      /* to connect, and from encoding to acknowledgement; 0: 5 s */
  uint64_t linger_ns;       /* how long the actor waits for more before it sends; 0: not at all */
  uint64_t batch_bytes;     /* a request holds at most so many payload bytes; 0: 1 MiB */
  uint32_t batch_messages;  /* and so many messages; 0: 1024 */
  uint32_t in_flight;       /* requests sent and not acknowledged, at most; 0: 5 */
  uint64_t round_trip_ns;   /* of the broker thread: from a request's end to its answer */
  uint64_t request_cost_ns; /* of the broker thread: serial work for each request */
  uint64_t record_cost_ns;  /* and for each message in it */
};

struct producer_options {
  uint32_t size;             /* sizeof(struct producer_options) */
  uint32_t policy;           /* enum producer_policy; matters only with a bound */
  uint64_t queue_messages;   /* the queue holds at most so many messages; 0: no bound */
  uint64_t queue_bytes;      /* and so many payload bytes; 0: no bound */
  uint64_t block_timeout_ns; /* PRODUCER_BLOCK: then the send returns -ETIMEDOUT; 0: waits on */
  uint32_t receive_limit;    /* messages that the ffi worker takes at once, at most 65536; 0: 1 */
  uint32_t reserved;         /* 0 */
  /* Called once for each message that a send took, when it is delivered, failed or dropped; from
   * the ffi worker, the sending or the closing thread, without locks held. It must not call
   * producer_flush, producer_close or producer_runtime_shutdown. NULL: none. */
  void (*finished)(void *context, const struct producer_delivery *delivery);
  void *context;
};

struct producer_span_figures {
  uint64_t count, mean_ns;
  uint64_t p50_ns, p99_ns; /* within 1/64 of the true value */
  uint64_t max_ns;
};

/* Every figure is exact; together they add up when no call is under way:
 * sends = enqueued + rejected + dropped_newest,
 * enqueued = delivered + failed + dropped_oldest + queue_messages + those being sent. */
struct producer_stats {
  uint32_t size;      /* sizeof(struct producer_stats) */
  int32_t last_error; /* of the last failed message: a negative errno value; 0: none failed */
  uint64_t sends;     /* send calls */
  uint64_t enqueued;
  uint64_t rejected; /* send calls that returned an error and took nothing */
  uint64_t dropped_newest, dropped_oldest;
  uint64_t delivered, delivered_bytes;
  uint64_t failed;
  uint64_t batches;       /* that the ffi worker waited for */
  uint64_t blocked_sends; /* send calls that had to wait for room */
  uint64_t blocked_ns;    /* and how long, all together */
  uint64_t blocked_now;   /* senders that wait at this moment */
  uint64_t queue_messages, queue_bytes;
  uint64_t deepest_messages, deepest_bytes; /* that the queue ever held */
  struct producer_span_figures spans[PRODUCER_SPANS];
};

/* Connects to a broker (or starts one as a thread) and starts the actor. `options` may be NULL.
 * -EINVAL: bad option or address; -ETIMEDOUT, -ECONNREFUSED...: no broker there; -ENOMEM, -EAGAIN:
 * no memory, no thread. */
PRODUCER_API int producer_runtime_create(const struct producer_runtime_options *options,
                                         uint64_t *runtime_id);

/* Closes the runtime's producers one after the other, each with `timeout_ns` as producer_close
 * does, then the connection, and ends the threads. Returns the first error of those closes; the
 * runtime is gone in any case, unless it was -ENOENT. */
PRODUCER_API int producer_runtime_shutdown(uint64_t runtime_id, uint64_t timeout_ns);

/* Creates a producer: its queue and its ffi worker. `options` may be NULL (unbounded, one message
 * at a time). -EINVAL: bad option; -ENOMEM, -EAGAIN: no memory, no thread. */
PRODUCER_API int producer_create(uint64_t runtime_id, const struct producer_options *options,
                                 uint64_t *producer_id);

/* Sends a copy of a payload. Returns 0 when the message is taken, which says nothing yet of its
 * delivery. -EAGAIN: no room (PRODUCER_EAGAIN); -ETIMEDOUT: no room within block_timeout_ns;
 * -EMSGSIZE: longer than queue_bytes or than 64 MiB; -ESHUTDOWN: closed meanwhile; -ENOMEM. */
PRODUCER_API int producer_send_message(uint64_t producer_id, const void *payload, size_t length);

/* The same without a copy: `payload` came from malloc (NULL when length is 0). When 0 is returned,
 * it belongs to the library, which frees it once the message is delivered, failed or dropped. On
 * an error it stays the caller's, who may send it again or free it. */
PRODUCER_API int producer_send_message_owned(uint64_t producer_id, void *payload, size_t length);

/* Waits until every message that was enqueued before the call is delivered, failed or dropped, and
 * its memory freed. -ETIMEDOUT: not within timeout_ns; -ESHUTDOWN: closed meanwhile. */
PRODUCER_API int producer_flush(uint64_t producer_id, uint64_t timeout_ns);

/* Fills *stats, at most stats->size bytes of it. -EINVAL: size is too small. */
PRODUCER_API int producer_stats(uint64_t producer_id, struct producer_stats *stats);

/* Prints the table of spans to a file descriptor. */
PRODUCER_API int producer_print_stages(uint64_t producer_id, int fd);

/* Name of a span ("queue", "acknowledge", ...); NULL when there is no such span. */
PRODUCER_API const char *producer_span_name(int span);

/* Takes no more messages (blocked senders return -ESHUTDOWN), waits up to timeout_ns for those in
 * the queue, fails the rest with -ETIMEDOUT, waits for the batch under way (the runtime's timeout
 * bounds that), ends the ffi worker and frees everything. `last`, unless NULL, gets the final
 * figures, as producer_stats does. Returns 0; -ETIMEDOUT when messages were left; -ENOENT. */
PRODUCER_API int producer_close(uint64_t producer_id, uint64_t timeout_ns,
                                struct producer_stats *last);

#ifdef __cplusplus
}
#endif

#endif
