/* unwind.c - libgcc's _Unwind_Backtrace, or libunwind's unw_backtrace on request.
 *
 * Frames of the recorder itself come first in a walk; they are known by their addresses.
 */
#include "unwind.h"

#include <dlfcn.h>
#include <errno.h>
#include <unwind.h>

#include "lane.h"
#include "process.h"
#include "reach.h"
#include "settings.h"

uint64_t unwind_own_start, unwind_own_end;
static int (*libunwind_backtrace)(void **buffer, int size);

struct walk {
  uint64_t *pcs;
  size_t used, limit;
  struct reach reach;
};

static void keep(struct walk *walk, uint64_t pc) {
  if (walk->used == 0 && unwind_is_own(pc)) return;
  walk->pcs[walk->used++] = pc;
}

static bool may_step(struct _Unwind_Context *context, struct reach *reach, uint64_t pc) {
  struct reach_frame frame = {.pc = pc, .sp = _Unwind_GetCFA(context)};
#if defined(__x86_64__)
  frame.bp = _Unwind_GetGR(context, 6); /* as the ABI numbers rbp */
#endif
  return reach_caller(reach, &frame);
}

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *argument) {
  struct walk *walk = argument;
  int interrupted = 0;
  uint64_t pc = _Unwind_GetIPInfo(context, &interrupted);
  if (pc == 0) return _URC_END_OF_STACK;
  pc += interrupted ? 1 : 0;
  keep(walk, pc);
  return walk->used < walk->limit && may_step(context, &walk->reach, pc) ? _URC_NO_REASON
                                                                         : _URC_END_OF_STACK;
}

static size_t walk_libunwind(uint64_t *pcs, size_t limit) {
  struct walk walk = {pcs, 0, limit, {0}};
  int saved = errno;
  self.internal++;
  int got = libunwind_backtrace((void **)pcs, (int)limit);
  self.internal--;
  errno = saved;
  for (int i = 0; i < got; i++)
    keep(&walk, pcs[i]);
  return walk.used;
}

size_t unwind_walk(uint64_t *pcs, size_t limit) {
  if (settings.unwind == UNWIND_LIBUNWIND && libunwind_backtrace) return walk_libunwind(pcs, limit);
  struct walk walk = {pcs, 0, limit, {0}};
  _Unwind_Backtrace(visit, &walk);
  return walk.used;
}

struct search {
  uintptr_t busy;
  bool outside; /* past the hook that is running */
  bool found, passed;
  struct reach reach;
};

static _Unwind_Reason_Code look(struct _Unwind_Context *context, void *argument) {
  struct search *search = argument;
  int interrupted = 0;
  uint64_t pc = _Unwind_GetIPInfo(context, &interrupted);
  bool own = unwind_is_own(pc);
  search->found |= own && search->outside;
  search->outside |= !own;
  search->passed = _Unwind_GetCFA(context) > search->busy + 16;
  if (search->found || search->passed) return _URC_END_OF_STACK;
  return may_step(context, &search->reach, pc + (interrupted ? 1 : 0)) ? _URC_NO_REASON
                                                                       : _URC_END_OF_STACK;
}

bool unwind_passes(uintptr_t busy) {
  struct search search = {.busy = busy};
  _Unwind_Backtrace(look, &search);
  return search.found || !search.passed;
}

bool unwind_agrees(const uint64_t *pcs, size_t count, bool cut, uint64_t *store) {
  if (!libunwind_backtrace) return false;
  size_t fresh = walk_libunwind(store, STACK_LIMIT);
  for (size_t i = 0; i < count && i < fresh; i++)
    /* libunwind leaves out the + 1 of frames that a signal interrupted */
    if (pcs[i] != store[i] && pcs[i] != store[i] + 1) return false;
  /* libunwind counts our own frames against the limit: near it, it may have seen fewer */
  return fresh == count || (cut && fresh > count) || (count > fresh && fresh > STACK_LIMIT - 32);
}

void unwind_prepare(void) {
  struct dl_find_object object;
  if (_dl_find_object((void *)unwind_walk, &object) == 0) {
    unwind_own_start = (uint64_t)(uintptr_t)object.dlfo_map_start;
    unwind_own_end = (uint64_t)(uintptr_t)object.dlfo_map_end;
  }
  if (!(settings.unwind == UNWIND_LIBUNWIND || settings.check_stacks) || libunwind_backtrace)
    return;
  self.internal++;
  void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
  if (library) *(void **)&libunwind_backtrace = dlsym(library, "unw_backtrace");
  if (!libunwind_backtrace)
    complain("libunwind.so.8 cannot be loaded (package libunwind8); taking libgcc");
  self.internal--;
}

const char *unwind_name(void) {
  if (settings.unwind == UNWIND_LIBUNWIND && libunwind_backtrace) return "libunwind";
  return settings.unwind == UNWIND_MEMOISED ? "memoised" : "libgcc";
}
