/* registry.c - a uthash table under a mutex that is held for a look-up and never longer. */
#include "registry.h"

#include <errno.h>

uint64_t registry_next_id(struct registry *registry) {
  pthread_mutex_lock(&registry->mutex);
  uint64_t id = ++registry->last_id;
  pthread_mutex_unlock(&registry->mutex);
  return id;
}

int registry_add(struct registry *registry, struct handle *handle) {
  pthread_mutex_lock(&registry->mutex);
  handle->holds = 0;
  HASH_ADD(hh, registry->table, id, sizeof handle->id, handle);
  bool added = handle->hh.tbl != NULL; /* uthash says by this that it had no memory */
  pthread_mutex_unlock(&registry->mutex);
  return added ? 0 : -ENOMEM;
}

struct handle *registry_hold(struct registry *registry, uint64_t id) {
  struct handle *handle;
  pthread_mutex_lock(&registry->mutex);
  HASH_FIND(hh, registry->table, &id, sizeof id, handle);
  if (handle) handle->holds++;
  pthread_mutex_unlock(&registry->mutex);
  return handle;
}

struct handle *registry_hold_any(struct registry *registry,
                                 bool (*matches)(const struct handle *handle, const void *context),
                                 const void *context) {
  pthread_mutex_lock(&registry->mutex);
  struct handle *handle = registry->table;
  while (handle && !matches(handle, context))
    handle = handle->hh.next;
  if (handle) handle->holds++;
  pthread_mutex_unlock(&registry->mutex);
  return handle;
}

void registry_release(struct registry *registry, struct handle *handle) {
  pthread_mutex_lock(&registry->mutex);
  /* whoever awaits it is the last one: nobody finds it any more */
  if (--handle->holds == 0) pthread_cond_broadcast(&registry->released);
  pthread_mutex_unlock(&registry->mutex);
}

bool registry_remove(struct registry *registry, struct handle *handle) {
  pthread_mutex_lock(&registry->mutex);
  bool there = handle->hh.tbl != NULL;
  if (there) {
    HASH_DELETE(hh, registry->table, handle);
    handle->hh.tbl = NULL;
  }
  pthread_mutex_unlock(&registry->mutex);
  return there;
}

void registry_await(struct registry *registry, struct handle *handle) {
  pthread_mutex_lock(&registry->mutex);
  handle->holds--;
  while (handle->holds > 0)
    pthread_cond_wait(&registry->released, &registry->mutex);
  pthread_mutex_unlock(&registry->mutex);
}
