/* hooks.c - the allocator's functions as the host sees them: forward, and record.
 *
 * Each hook enters (one check), calls the next function, records, leaves. The real call is made
 * while the thread is marked busy, so that an allocator built on another hooked function counts
 * once. A birth is recorded after the allocation and a death before the free: in the order of the
 * ticks, a block at an address is always dead before the next one there is born. What is recorded,
 * and how, is life.h's.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "life.h"
#include "modules.h"
#include "next.h"
#include "process.h"
#include "threads.h"

#define HOOK __attribute__((visibility("default")))
#define unlikely(x) __builtin_expect(!!(x), 0)

/* ---- enter and leave -------------------------------------------------------------------- */

static __attribute__((noinline)) struct lane *enter_slowly(uintptr_t stack_pointer) {
  if (self.busy && !process_reenter(stack_pointer)) return NULL;
  int saved = errno;
  self.busy = stack_pointer;
  struct lane *lane = process_lane();
  if (!lane) self.busy = 0;
  errno = saved;
  return lane;
}

/* The lane to record in, the thread marked busy; or NULL: forward only. */
static inline __attribute__((always_inline)) struct lane *enter(void) {
  uintptr_t stack_pointer = (uintptr_t)__builtin_frame_address(0);
  struct lane *lane = self.lane;
  if (unlikely(self.busy || !lane || !process_records())) return enter_slowly(stack_pointer);
  self.busy = stack_pointer;
  return lane;
}

static inline void leave(struct lane *lane) {
  if (unlikely(lane->borrowed)) threads_give_back();
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  self.busy = 0;
}

/* Each hook is the caller of these, so that a walk passes the recorder's frames first. errno is
 * kept where it could be touched: in the slow ways. */
static inline __attribute__((always_inline)) void born(struct lane *lane, void *block,
                                                       size_t size) {
  if (block) life_birth(lane, block, size);
  leave(lane);
}

/* Before the real free; lane NULL: unrecorded. */
static inline __attribute__((always_inline)) void dies(struct lane *lane, void *block) {
  if (lane)
    life_death(lane, block);
  else
    life_unseen(block);
}

static void *pool_resized(void *block, size_t size) {
  void *other = next_ready() ? next.malloc(size) : pool_allocate(size, 16);
  size_t old = pool_size(block);
  if (other) memcpy(other, block, old < size ? old : size);
  return other;
}

/* C23's, not in the headers yet */
void free_sized(void *block, size_t size);
void free_aligned_sized(void *block, size_t alignment, size_t size);

/* ---- the hooks -------------------------------------------------------------------------- */

HOOK void *malloc(size_t size) {
  if (unlikely(!next_resolve())) return pool_allocate(size, 16);
  struct lane *lane = enter();
  void *block = next.malloc(size);
  if (lane) born(lane, block, size);
  return block;
}

HOOK void free(void *block) {
  if (unlikely(!block || pool_owns(block) || !next_resolve())) return;
  struct lane *lane = enter();
  dies(lane, block);
  next.free(block);
  if (lane) leave(lane);
}

HOOK void free_sized(void *block, size_t size) {
  if (unlikely(!block || pool_owns(block) || !next_resolve())) return;
  struct lane *lane = enter();
  dies(lane, block);
  next_resolve_late();
  next.free_sized(block, size);
  if (lane) leave(lane);
}

HOOK void free_aligned_sized(void *block, size_t alignment, size_t size) {
  if (unlikely(!block || pool_owns(block) || !next_resolve())) return;
  struct lane *lane = enter();
  dies(lane, block);
  next_resolve_late();
  next.free_aligned_sized(block, alignment, size);
  if (lane) leave(lane);
}

HOOK void *calloc(size_t count, size_t size) {
  if (unlikely(!next_resolve()))
    return size && count > POOL_SIZE / size ? NULL : pool_allocate(count * size, 16);
  struct lane *lane = enter();
  if (unlikely(modules_is_loader(__builtin_return_address(0)) && process_records()))
    modules_record_gone(lane);
  void *block = next.calloc(count, size);
  if (lane) born(lane, block, count * size);
  return block;
}

/* Not by way of other hooks: the host may have a malloc of its own that takes their place. */
static inline __attribute__((always_inline)) void *resize(void *block, size_t size) {
  if (unlikely((block && pool_owns(block)) || !next_resolve()))
    return block ? pool_resized(block, size) : pool_allocate(size, 16);
  struct lane *lane = enter();
  if (!lane) {
    if (block) life_unseen(block);
    return next.realloc(block, size);
  }
  if (!block) {
    void *born_block = next.realloc(NULL, size);
    born(lane, born_block, size);
    return born_block;
  }
  struct life_resize resize = life_resize_begin(lane, block);
  void *other = next.realloc(block, size);
  int saved = errno;
  life_resize_end(lane, resize, block, other, size);
  leave(lane);
  errno = saved;
  return other;
}

HOOK void *realloc(void *block, size_t size) {
  return resize(block, size);
}

HOOK void *reallocarray(void *block, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return NULL;
  }
  return resize(block, bytes);
}

HOOK void *memalign(size_t alignment, size_t size) {
  if (unlikely(!next_resolve())) return pool_allocate(size, alignment);
  struct lane *lane = enter();
  void *block = next.memalign(alignment, size);
  if (lane) born(lane, block, size);
  return block;
}

HOOK void *aligned_alloc(size_t alignment, size_t size) {
  if (unlikely(!next_resolve())) return pool_allocate(size, alignment);
  struct lane *lane = enter();
  void *block = next.aligned_alloc(alignment, size);
  if (lane) born(lane, block, size);
  return block;
}

HOOK int posix_memalign(void **block, size_t alignment, size_t size) {
  if (unlikely(!next_resolve())) return (*block = pool_allocate(size, alignment)) ? 0 : ENOMEM;
  struct lane *lane = enter();
  int result = next.posix_memalign(block, alignment, size);
  if (lane) born(lane, result == 0 ? *block : NULL, size);
  return result;
}

HOOK void *valloc(size_t size) {
  if (unlikely(!next_resolve())) return pool_allocate(size, 4096);
  struct lane *lane = enter();
  void *block = next.valloc(size);
  if (lane) born(lane, block, size);
  return block;
}

HOOK void *pvalloc(size_t size) {
  if (unlikely(!next_resolve())) return pool_allocate((size + 4095) & ~(size_t)4095, 4096);
  struct lane *lane = enter();
  void *block = next.pvalloc(size);
  if (lane) born(lane, block, size);
  return block;
}

HOOK size_t malloc_usable_size(void *block) {
  if (unlikely(!block || !next_resolve())) return 0;
  return pool_owns(block) ? pool_size(block) : next.malloc_usable_size(block);
}
