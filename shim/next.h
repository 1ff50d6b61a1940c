/* next.h - the functions behind our hooks: whatever comes after libdwell.so in the search order.
 *
 * Until they are known (dlsym allocates) a small pool serves; its blocks are never recorded and
 * never given to the next allocator.
 */
#ifndef DWELL_NEXT_H
#define DWELL_NEXT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hooks.h"

struct next {
#define X(name, result, parameters) result(*name) parameters;
  ALLOCATOR_HOOKS(X)
  LATE_HOOKS(X)
  HOST_HOOKS(X)
#undef X
};
extern struct next next;

static inline bool next_ready(void) {
  return __builtin_expect(next.malloc != NULL, 1);
}
/* Looks all of them up; to be called before any use of `next`. False when called from inside
 * itself: then the pool must serve. */
bool next_resolve_all(void);
static inline bool next_resolve(void) {
  return next_ready() || next_resolve_all();
}
/* Looks up the LATE_HOOKS: before any use of them. */
void next_resolve_late(void);

#define POOL_SIZE (256u << 10)
extern unsigned char pool[POOL_SIZE];
static inline bool pool_owns(const void *block) {
  return (uintptr_t)block - (uintptr_t)pool < POOL_SIZE;
}
/* 0-filled, aligned to `alignment` (a power of two); NULL when the pool is used up. */
void *pool_allocate(size_t size, size_t alignment);
size_t pool_size(const void *block);

#endif
