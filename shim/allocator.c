/* allocator.c - the callbacks of jemalloc and tcmalloc.
 *
 * Sources: gperftools' malloc_hook_c.h; jemalloc's hook.h, which calls its interface experimental
 * (it is the same in all of 5.2 to 5.3; a mallctl name of another version is not found).
 */
#include "allocator.h"

#include <dlfcn.h>
#include <errno.h>

#include "life.h"
#include "next.h"
#include "process.h"
#include "threads.h"

/* The lane when the call came through no hook of ours, the thread marked busy; else NULL. */
static struct lane *enter(uintptr_t frame) {
  uint32_t state = *process_state_word;
  if (state == PROCESS_STOPPED || state == PROCESS_OFF) return NULL;
  if (self.busy) {
    if (!process_is_above_hook(frame)) return NULL;
    process_hook_left();
  }
  int saved = errno;
  self.busy = frame;
  struct lane *lane = self.lane ? self.lane : process_lane();
  if (!lane) self.busy = 0;
  errno = saved;
  return lane;
}

static void leave(struct lane *lane) {
  if (lane->borrowed) threads_give_back();
  self.busy = 0;
}

static void made(const void *block, size_t size) {
  struct lane *lane = block ? enter((uintptr_t)__builtin_frame_address(0)) : NULL;
  if (!lane) return;
  life_birth(lane, (void *)block, size);
  leave(lane);
}

static void goes(const void *block) {
  if (!block || self.busy) return; /* our own hook's */
  struct lane *lane = enter((uintptr_t)__builtin_frame_address(0));
  if (!lane) {
    life_unseen(block);
    return;
  }
  life_death(lane, (void *)block);
  leave(lane);
}

/* A function of the module that malloc is in. */
static void *beside_malloc(const char *name) {
  struct dl_find_object of_it, of_malloc;
  void *it = dlsym(RTLD_DEFAULT, name);
  if (!it && dlerror()) dlerror(); /* gives the error text back */
  return it && _dl_find_object(it, &of_it) == 0 &&
                 _dl_find_object((void *)next.malloc, &of_malloc) == 0 &&
                 of_it.dlfo_link_map == of_malloc.dlfo_link_map
             ? it
             : NULL;
}

/* ---- tcmalloc --------------------------------------------------------------------------- */

static bool tcmalloc_tells(void) {
  int (*add_new)(void (*)(const void *, size_t)), (*add_delete)(void (*)(const void *));
  *(void **)&add_new = beside_malloc("MallocHook_AddNewHook");
  *(void **)&add_delete = beside_malloc("MallocHook_AddDeleteHook");
  return add_new && add_delete && add_delete(goes) && add_new(made);
}

/* ---- jemalloc --------------------------------------------------------------------------- */

enum jemalloc_call {
  JE_MALLOC,
  JE_POSIX_MEMALIGN,
  JE_ALIGNED_ALLOC,
  JE_CALLOC,
  JE_MEMALIGN,
  JE_VALLOC,
  JE_MALLOCX,
  JE_REALLOC,
  JE_RALLOCX
};

/* The size that was asked for, among the call's own arguments. */
static void jemalloc_made(void *extra, int call, void *block, uintptr_t result,
                          const uintptr_t arguments[3]) {
  (void)extra, (void)result;
  switch (call) {
  case JE_MALLOC:
  case JE_VALLOC:
  case JE_MALLOCX:
    made(block, arguments[0]);
    break;
  case JE_POSIX_MEMALIGN:
    made(block, arguments[2]);
    break;
  case JE_CALLOC:
    made(block, arguments[0] * arguments[1]);
    break;
  default: /* aligned_alloc, memalign, realloc, rallocx */
    made(block, arguments[1]);
  }
}

static void jemalloc_goes(void *extra, int call, void *block, const uintptr_t arguments[3]) {
  (void)extra, (void)call, (void)arguments;
  goes(block);
}

static bool jemalloc_tells(void) {
  struct {
    void (*made)(void *, int, void *, uintptr_t, const uintptr_t[3]);
    void (*goes)(void *, int, void *, const uintptr_t[3]);
    void *expanded, *extra;
  } calls = {jemalloc_made, jemalloc_goes, NULL, NULL};
  int (*mallctl)(const char *, void *, size_t *, void *, size_t);
  void *handle;
  size_t size = sizeof handle;
  *(void **)&mallctl = beside_malloc("mallctl");
  return mallctl &&
         mallctl("experimental.hooks.install", &handle, &size, &calls, sizeof calls) == 0;
}

bool allocator_tells(void) {
  return tcmalloc_tells() || jemalloc_tells();
}
