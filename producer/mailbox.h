/* mailbox.h - the actor's mailbox: a bounded ring of produce calls, with a file descriptor.
 *
 * Any thread puts, and blocks while the ring is full; the actor takes, and never blocks here: it
 * sleeps in poll on its socket and on the mailbox's descriptor together, which is why this is not
 * another queue.h.
 */
#ifndef PRODUCER_MAILBOX_H
#define PRODUCER_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "produce.h"

struct mailbox {
  pthread_mutex_t mutex;
  pthread_cond_t room;
  struct produce **ring;
  size_t size, first, count;
  bool closed;
  int wake; /* eventfd: readable after a put into the empty ring, and after close */
};

/* Returns 0 or -errno. */
int mailbox_init(struct mailbox *mailbox, size_t size);
void mailbox_destroy(struct mailbox *mailbox);

/* Returns 0, or -ESHUTDOWN once the mailbox is closed. */
int mailbox_put(struct mailbox *mailbox, struct produce *produce);
/* The oldest call, or NULL. */
struct produce *mailbox_take(struct mailbox *mailbox);
/* Makes the descriptor unreadable again; to be called before takes, so that no put is missed. */
void mailbox_clear_wake(struct mailbox *mailbox);

bool mailbox_is_empty(struct mailbox *mailbox);
/* From now on puts fail; what is inside can still be taken. */
void mailbox_close(struct mailbox *mailbox);
/* Closed, and everything is taken. */
bool mailbox_is_over(struct mailbox *mailbox);

#endif
