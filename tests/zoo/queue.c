/* queue.c - see queue.h. */
#include "queue.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"

/* FORM_THREE's struct. FORM_ONE's block is a node of one message, and the payload behind it. */
struct parcel {
  void *payload;
  uint64_t length, number, flags;
};

static bool holds_many(enum form form) {
  return form == FORM_MANY || form == FORM_MANY_PAYLOAD;
}
static size_t node_bytes(size_t items) {
  return sizeof(struct node) + items * sizeof(struct message);
}

uint32_t form_per_block(enum form form) {
  return form == FORM_MANY ? NODE_ITEMS : 1;
}
uint32_t form_block_bytes(enum form form) {
  if (form == FORM_ONE) return (uint32_t)node_bytes(1) + PAYLOAD_BYTES;
  return form == FORM_MANY ? (uint32_t)node_bytes(NODE_ITEMS) : PAYLOAD_BYTES;
}

static void *make(size_t bytes) {
  void *block = malloc(bytes);
  if (block == NULL) abort();
  memset(block, 1, bytes);
  return block;
}

void queue_init(struct queue *queue, int id, enum form form) {
  memset(queue, 0, sizeof *queue);
  queue->id = id;
  queue->form = form;
  pthread_mutex_init(&queue->mutex, NULL);
  pthread_cond_init(&queue->filled, NULL);
  pthread_cond_init(&queue->drained, NULL);
}

static struct message message_make(const struct queue *queue) {
  struct message message = {0};
  if (queue->form == FORM_ONE) {
    message.block = make(node_bytes(1) + PAYLOAD_BYTES);
  } else if (queue->form == FORM_THREE) {
    struct parcel *parcel = make(sizeof *parcel);
    parcel->payload = make(PAYLOAD_BYTES);
    message.block = parcel;
  } else if (queue->form != FORM_MANY) {
    message.block = make(PAYLOAD_BYTES);
  }
  log_event(queue->id, LOG_BORN);
  return message;
}

void queue_free_message(const struct queue *queue, struct message *message) {
  if (queue->form == FORM_THREE) {
    struct parcel *parcel = message->block;
    free(parcel->payload);
  }
  free(message->block);
  log_event(queue->id, LOG_FREED);
}

static void pool_grow(struct queue *queue) {
  unsigned char *chunk = make(POOL_NODES * node_bytes(1));
  for (size_t i = 0; i < POOL_NODES; i++) {
    struct node *node = (struct node *)(void *)(chunk + i * node_bytes(1));
    node->next = queue->pool;
    queue->pool = node;
  }
}

static struct node *node_make(struct queue *queue, const struct message *message) {
  struct node *node;
  if (queue->form == FORM_ONE) {
    node = message->block;
  } else if (queue->form == FORM_POOLED) {
    if (queue->pool == NULL) pool_grow(queue);
    node = queue->pool;
    queue->pool = node->next;
  } else {
    node = make(node_bytes(holds_many(queue->form) ? NODE_ITEMS : 1));
  }
  node->next = NULL;
  node->first = node->count = 0;
  return node;
}

static void node_free(struct queue *queue, struct node *node) {
  if (queue->form == FORM_POOLED) {
    node->next = queue->pool;
    queue->pool = node;
  } else if (queue->form != FORM_ONE) {
    free(node);
  }
}

static bool has_room(const struct queue *queue, const struct node *node) {
  return node != NULL && holds_many(queue->form) && node->count < NODE_ITEMS;
}

static void put(struct queue *queue, const struct message *message) {
  bool to_head = queue->urgent && queue->sent % 3 == 0;
  struct node *node = queue->tail;
  if (!has_room(queue, node)) {
    node = node_make(queue, message);
    if (queue->head == NULL || to_head) {
      node->next = queue->head;
      queue->head = node;
      if (queue->tail == NULL) queue->tail = node;
    } else {
      queue->tail->next = node;
      queue->tail = node;
    }
  }
  node->items[node->count++] = *message;
  queue->depth++;
  queue->sent++;
  log_event(queue->id, LOG_IN);
  pthread_cond_signal(&queue->filled);
}

static struct message get(struct queue *queue) {
  struct node *node = queue->head;
  struct message message = node->items[node->first++];
  if (node->first == node->count && !(node == queue->tail && has_room(queue, node))) {
    queue->head = node->next;
    if (queue->head == NULL) queue->tail = NULL;
    node_free(queue, node);
  }
  queue->depth--;
  log_event(queue->id, LOG_OUT);
  return message;
}

static bool is_full(const struct queue *queue) {
  return queue->bound != 0 && queue->depth >= queue->bound;
}

static void wait_for_room(struct queue *queue) {
  while (is_full(queue))
    pthread_cond_wait(&queue->drained, &queue->mutex);
}

static void put_slowly(struct queue *queue, const struct message *message) {
  put(queue, message);
}

/* One call of put(), whatever the compiler makes of it, so that nodes come from one place. */
static void enter(struct queue *queue, const struct message *message, bool slowly) {
  void (*volatile how)(struct queue *, const struct message *) = slowly ? put_slowly : put;
  how(queue, message);
}

/* Returns whether `lost` is one that the policy gives up: this one, or the oldest. */
static bool admit(struct queue *queue, const struct message *message, struct message *lost) {
  bool full = is_full(queue), loses = full && queue->policy != BLOCKING;
  *lost = *message;
  if (full && queue->policy == DROP_NEWEST) return true;
  if (full && queue->policy == DROP_OLDEST) *lost = get(queue);
  wait_for_room(queue);
  enter(queue, message, full && queue->slow_path);
  return loses;
}

void queue_send(struct queue *queue) {
  struct message message = message_make(queue), lost;
  pthread_mutex_lock(&queue->mutex);
  bool loses = admit(queue, &message, &lost);
  pthread_mutex_unlock(&queue->mutex);
  if (loses) queue_free_message(queue, &lost);
}

size_t queue_take(struct queue *queue, struct message *messages, size_t limit, bool *waited) {
  size_t count = 0;
  *waited = false;
  pthread_mutex_lock(&queue->mutex);
  while (queue->depth == 0 && !queue->closed) {
    *waited = true;
    pthread_cond_wait(&queue->filled, &queue->mutex);
  }
  while (queue->depth > 0 && count < limit && !queue->left)
    messages[count++] = get(queue);
  if (queue->bound != 0) pthread_cond_broadcast(&queue->drained);
  pthread_mutex_unlock(&queue->mutex);
  return count;
}

bool queue_try_take(struct queue *queue, struct message *message) {
  pthread_mutex_lock(&queue->mutex);
  bool taken = queue->depth > 0;
  if (taken) *message = get(queue);
  pthread_mutex_unlock(&queue->mutex);
  return taken;
}

void queue_close(struct queue *queue, bool left) {
  pthread_mutex_lock(&queue->mutex);
  queue->closed = true;
  queue->left = left;
  pthread_cond_broadcast(&queue->filled);
  pthread_mutex_unlock(&queue->mutex);
}

bool queue_is_empty(struct queue *queue) {
  pthread_mutex_lock(&queue->mutex);
  bool empty = queue->depth == 0;
  pthread_mutex_unlock(&queue->mutex);
  return empty;
}

void queue_destroy(struct queue *queue) {
  struct message message;
  while (queue_try_take(queue, &message))
    queue_free_message(queue, &message);
}
