/* queue.h - the zoo's queue: any number of threads at both ends, a bound or none, and messages in
 * several forms, which is what an allocator sees of it. Logs what it does.
 */
#ifndef ZOO_QUEUE_H
#define ZOO_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum form {
  FORM_ONE,          /* one block, with the link in it */
  FORM_THREE,        /* payload, struct and list node */
  FORM_MANY,         /* list nodes of 31 messages, which lie in them */
  FORM_MANY_PAYLOAD, /* list nodes of 31 messages, and a block each for the payload */
  FORM_POOLED,       /* payload; nodes from a pool that keeps them */
  FORMS
};
enum { NODE_ITEMS = 31, POOL_NODES = 64, PAYLOAD_BYTES = 1000 };

enum policy { BLOCKING, DROP_NEWEST, DROP_OLDEST };

struct message {
  void *block; /* NULL: all of it is here */
  unsigned char text[56];
};

struct node {
  struct node *next;
  unsigned first, count;
  struct message items[];
};

struct queue {
  int id; /* log_declare()'s */
  enum form form;
  enum policy policy;
  uint64_t bound; /* messages; 0 none */
  bool urgent;    /* every third message goes to the head, in a node of its own */
  bool slow_path; /* who had to wait for room makes its node elsewhere */
  bool closed;    /* nothing more comes */
  bool left;      /* closed, and what is in it stays there */
  uint64_t depth, sent;
  struct node *head, *tail, *pool;
  pthread_mutex_t mutex;
  pthread_cond_t filled, drained;
};

/* What else is set must be so before the first thread comes. */
void queue_init(struct queue *queue, int id, enum form form);
/* Makes a message and puts it in. In its stacks are the callers' names. */
void queue_send(struct queue *queue);
/* Takes up to `limit` messages, waits for the first, and says if it did. Returns how many; 0:
 * closed and empty. */
size_t queue_take(struct queue *queue, struct message *messages, size_t limit, bool *waited);
/* Does not wait. */
bool queue_try_take(struct queue *queue, struct message *message);
void queue_free_message(const struct queue *queue, struct message *message);
void queue_close(struct queue *queue, bool left);
bool queue_is_empty(struct queue *queue);
/* Frees what is in it, in one go. */
void queue_destroy(struct queue *queue);

/* What the log says of a form. */
uint32_t form_per_block(enum form form);
uint32_t form_block_bytes(enum form form);

#endif
