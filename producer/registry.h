/* registry.h - from ids to things, for callers that hold only a number.
 *
 * An id is never used twice, so a stale one is found out. Who looks a thing up holds it until he
 * releases it; who removes it waits until nobody else holds it, and frees it then.
 */
#ifndef PRODUCER_REGISTRY_H
#define PRODUCER_REGISTRY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libc's memory runs out before ours: uthash must not exit() a host for it */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* First member of what is registered. */
struct handle {
  uint64_t id;
  size_t holds;
  UT_hash_handle hh;
};

struct registry {
  pthread_mutex_t mutex;
  pthread_cond_t released;
  struct handle *table;
  uint64_t last_id;
};
#define REGISTRY_INITIALIZER                                                                       \
  { .mutex = PTHREAD_MUTEX_INITIALIZER, .released = PTHREAD_COND_INITIALIZER }

/* The next id: for a thing that must know it before it can be found. */
uint64_t registry_next_id(struct registry *registry);
/* Makes the handle known by its id. Returns 0 or -ENOMEM. */
int registry_add(struct registry *registry, struct handle *handle);
/* Holds the thing of that id; NULL: there is none. */
struct handle *registry_hold(struct registry *registry, uint64_t id);
/* Holds some thing that `matches` says true of; NULL: there is none. */
struct handle *registry_hold_any(struct registry *registry,
                                 bool (*matches)(const struct handle *handle, const void *context),
                                 const void *context);
void registry_release(struct registry *registry, struct handle *handle);

/* Makes the id unknown. The caller holds it. Returns false when another thread was first. */
bool registry_remove(struct registry *registry, struct handle *handle);
/* After registry_remove: gives up the caller's hold and waits until there is none. */
void registry_await(struct registry *registry, struct handle *handle);

#endif
