/* line.h - what waits in a queue, and the blocks that the queue itself needs for that. No call lets
 * time pass: nobody sees a line half done. */
#ifndef TESTS_LINE_H
#define TESTS_LINE_H

#include "process.h"

enum order { ORDER_FIFO, ORDER_LIFO, ORDER_PRIORITY };

struct message {
  struct held payload, body, node;
  uint64_t service_ns;
  uint64_t priority;
  size_t number;  /* in the truth */
  unsigned place; /* it was sent from */
};

struct held_list {
  struct held *of;
  size_t count, capacity;
};

struct line {
  struct world *world;
  enum form form;
  enum order order;
  bool pooled;         /* a list node for each message, kept for later ones */
  uint32_t node, pool; /* birth stacks */

  struct message **of; /* oldest first */
  size_t first, count, capacity;
  struct held_list nodes; /* of 31 messages each, oldest first */
  size_t nodes_freed;
  struct held_list kept; /* pooled nodes that are not in use */
  uint64_t sent, taken;
  struct world_queue senders, receivers; /* who waits for room, and for messages */
};

void line_put(struct line *line, struct message *message);
/* There must be one. `stack` frees what held it. */
struct message *line_take(struct line *line, uint32_t stack);
void line_free(struct line *line);

#endif
