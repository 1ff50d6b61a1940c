/* mailbox.c - a ring under a mutex; the eventfd tells the actor, the condition variable the
 * putters.
 */
#include "mailbox.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "message.h"

int mailbox_init(struct mailbox *mailbox, size_t size) {
  *mailbox = (struct mailbox){.size = size, .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (mailbox->wake < 0) return -errno;
  mailbox->ring = calloc(size, sizeof(struct produce *));
  int error = mailbox->ring ? 0 : ENOMEM;
  if (!error) error = pthread_mutex_init(&mailbox->mutex, NULL);
  if (!error) {
    error = pthread_cond_init(&mailbox->room, NULL);
    if (!error) return 0;
    pthread_mutex_destroy(&mailbox->mutex);
  }
  free(mailbox->ring);
  close(mailbox->wake);
  return -error;
}

void mailbox_destroy(struct mailbox *mailbox) {
  pthread_cond_destroy(&mailbox->room);
  pthread_mutex_destroy(&mailbox->mutex);
  free(mailbox->ring);
  close(mailbox->wake);
}

int mailbox_put(struct mailbox *mailbox, struct produce *produce) {
  pthread_mutex_lock(&mailbox->mutex);
  while (!mailbox->closed && mailbox->count == mailbox->size)
    pthread_cond_wait(&mailbox->room, &mailbox->mutex);
  int result = mailbox->closed ? -ESHUTDOWN : 0;
  if (result == 0) {
    produce->mailed_ns = clock_now_ns();
    mailbox->ring[(mailbox->first + mailbox->count++) % mailbox->size] = produce;
    if (mailbox->count == 1) eventfd_write(mailbox->wake, 1);
  }
  pthread_mutex_unlock(&mailbox->mutex);
  return result;
}

struct produce *mailbox_take(struct mailbox *mailbox) {
  struct produce *produce = NULL;
  pthread_mutex_lock(&mailbox->mutex);
  if (mailbox->count > 0) {
    produce = mailbox->ring[mailbox->first];
    mailbox->first = (mailbox->first + 1) % mailbox->size;
    mailbox->count--;
    pthread_cond_signal(&mailbox->room);
  }
  pthread_mutex_unlock(&mailbox->mutex);
  return produce;
}

void mailbox_clear_wake(struct mailbox *mailbox) {
  eventfd_t ignored;
  eventfd_read(mailbox->wake, &ignored);
}

bool mailbox_is_empty(struct mailbox *mailbox) {
  pthread_mutex_lock(&mailbox->mutex);
  bool empty = mailbox->count == 0;
  pthread_mutex_unlock(&mailbox->mutex);
  return empty;
}

void mailbox_close(struct mailbox *mailbox) {
  pthread_mutex_lock(&mailbox->mutex);
  mailbox->closed = true;
  pthread_cond_broadcast(&mailbox->room);
  eventfd_write(mailbox->wake, 1);
  pthread_mutex_unlock(&mailbox->mutex);
}

bool mailbox_is_over(struct mailbox *mailbox) {
  pthread_mutex_lock(&mailbox->mutex);
  bool over = mailbox->closed && mailbox->count == 0;
  pthread_mutex_unlock(&mailbox->mutex);
  return over;
}
