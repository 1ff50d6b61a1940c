/* host_hooks.c - other calls of the host that the recorder must know of.
 *
 * Modules that go, names of threads, the end of the program image, and seccomp filters. Each
 * forwards exactly what it got; what is recorded on the way never changes the result or errno.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "allocator.h"
#include "clock.h"
#include "modules.h"
#include "next.h"
#include "process.h"
#include "record.h"
#include "sys.h"
#include "threads.h"
#include "trace_out.h"

#define HOOK __attribute__((visibility("default")))

/* The calling thread's lane, the thread marked busy; NULL when it cannot record now. To be ended
 * with leave(). errno is the caller's again after both. */
static inline __attribute__((always_inline)) struct lane *enter_or_begin(void) {
  int saved = errno;
  struct lane *lane = NULL;
  next_resolve();
  if (!self.busy) {
    self.busy = (uintptr_t)__builtin_frame_address(0);
    if (!(lane = process_lane())) self.busy = 0;
  }
  errno = saved;
  return lane;
}

static inline __attribute__((always_inline)) struct lane *enter(void) {
  return process_records() && process_may_call() ? enter_or_begin() : NULL;
}

static void leave(struct lane *lane, int saved) {
  if (lane->borrowed) threads_give_back();
  self.busy = 0;
  errno = saved;
}

/* ---- start and exit --------------------------------------------------------------------- */

static void at_exit(int status, void *unused) {
  (void)unused;
  struct lane *lane = process_is_ours() ? enter() : NULL;
  if (!lane) return;
  /* a fork's child may have inherited ld.so's lock, held by a thread that it has not */
  if (!process_is_forked()) modules_record_new(lane);
  threads_refresh_names(lane);
  process_ending(TRACE_EXITED, status);
  leave(lane, errno);
}

/* jemalloc, tcmalloc and mimalloc bring C++'s operators, which call no malloc: what they allocate
 * is seen only if the allocator tells of it, and otherwise the trace must say so. */
static bool new_is_unseen(void) {
  struct dl_find_object of_new, of_malloc, of_libc;
  if (_dl_find_object((void *)next.malloc, &of_malloc) != 0 ||
      _dl_find_object((void *)next._exit, &of_libc) != 0 ||
      of_malloc.dlfo_link_map == of_libc.dlfo_link_map)
    return false;
  void *new = dlsym(RTLD_DEFAULT, "_Znwm"); /* operator new(unsigned long) */
  if (!new &&dlerror()) dlerror();          /* gives the error text back */
  return new &&_dl_find_object(new, &of_new) == 0 &&
         of_new.dlfo_link_map == of_malloc.dlfo_link_map;
}

__attribute__((constructor)) static void loaded(void) {
  struct lane *lane = enter_or_begin();
  if (!lane) return;
  modules_record_new(lane);
  self.internal++;
  trace_out.control->new_unseen = new_is_unseen() && !allocator_tells();
  on_exit(at_exit, NULL);
  self.internal--;
  threads_guard_fork();
  leave(lane, errno);
}

/* ---- modules ---------------------------------------------------------------------------- */

HOOK int dlclose(void *module) {
  struct lane *lane = enter();
  if (lane) {
    modules_record_new(lane);
    leave(lane, errno);
  }
  next_resolve();
  int result = next.dlclose(module), saved = errno;
  if ((lane = enter())) {
    modules_record_gone(lane);
    leave(lane, saved);
  }
  return result;
}

/* ---- stacks ----------------------------------------------------------------------------- */

/* libc allocates in there while it holds the thread's lock. Were that the thread's first event, the
 * recorder would ask for the thread's stack, and wait for that lock for ever (so did each thread of
 * Rust's older libraries): the thread begins before. */
HOOK int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes) {
  struct lane *lane = self.stack_high ? NULL : enter_or_begin();
  if (lane) leave(lane, errno);
  next_resolve();
  return next.pthread_getattr_np(thread, attributes);
}

/* ---- names ------------------------------------------------------------------------------ */

static void named(pthread_t thread, const char *name) {
  int saved = errno;
  struct lane *lane = enter();
  if (lane) {
    threads_named(lane, thread, name);
    leave(lane, saved);
  }
}

HOOK int pthread_setname_np(pthread_t thread, const char *name) {
  next_resolve();
  int result = next.pthread_setname_np(thread, name);
  if (result == 0) named(thread, name);
  return result;
}

/* ---- filters ---------------------------------------------------------------------------- */

/* Strict mode also forbids the time stamp counter: then there is no time to record. */
static void filter_comes(bool strict) {
  int saved = errno;
  process_call_no_more();
  if (strict) process_stop(TRACE_STOP_SECCOMP, 0, 0);
  errno = saved;
}

HOOK int prctl(int option, ...) {
  va_list list;
  unsigned long a[4];
  va_start(list, option);
  for (int i = 0; i < 4; i++)
    a[i] = va_arg(list, unsigned long);
  va_end(list);
  next_resolve();
  if (option == PR_SET_SECCOMP) filter_comes(a[0] == SECCOMP_MODE_STRICT);
  if (option == PR_SET_TSC && a[0] == PR_TSC_SIGSEGV) process_stop(TRACE_STOP_SECCOMP, 0, 0);
  int result = next.prctl(option, a[0], a[1], a[2], a[3]);
  if (option == PR_SET_SECCOMP && result != 0) process_call_again();
  if (option == PR_SET_NAME && result == 0) named(pthread_self(), (const char *)a[0]);
  return result;
}

HOOK long syscall(long number, ...) {
  va_list list;
  long a[6];
  va_start(list, number);
  for (int i = 0; i < 6; i++)
    a[i] = va_arg(list, long);
  va_end(list);
  next_resolve();
  bool filter = number == SYS_seccomp && (unsigned)a[0] != SECCOMP_GET_ACTION_AVAIL &&
                (unsigned)a[0] != SECCOMP_GET_NOTIF_SIZES;
  if (number == SYS_prctl && (int)a[0] == PR_SET_SECCOMP) filter = true;
  if (!filter) return next.syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  filter_comes(number == SYS_prctl ? a[1] == SECCOMP_MODE_STRICT
                                   : (unsigned)a[0] == SECCOMP_SET_MODE_STRICT);
  long result = next.syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  /* a descriptor for the listener is success; but with TSYNC a thread's id says that it refused */
  if (result < 0 || (result > 0 && !((unsigned long)a[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER)))
    process_call_again();
  return result;
}

/* ---- the end of the program ------------------------------------------------------------- */

static void ends(enum trace_ending how, int status) {
  int saved = errno;
  next_resolve();
  if (process_is_ours()) process_ending(how, status);
  errno = saved;
}

HOOK void _exit(int status) {
  ends(TRACE_UNDER_EXIT, status);
  next._exit(status);
  __builtin_unreachable();
}

HOOK void _Exit(int status) {
  ends(TRACE_UNDER_EXIT, status);
  next._Exit(status);
  __builtin_unreachable();
}

/* exec returns only when it failed. */
#define EXEC(call)                                                                                 \
  do {                                                                                             \
    ends(TRACE_EXECED, -1);                                                                        \
    int result = call;                                                                             \
    ends(TRACE_RUNNING, -1);                                                                       \
    return result;                                                                                 \
  } while (0)

HOOK int execve(const char *path, char *const argv[], char *const envp[]) {
  EXEC(next.execve(path, argv, envp));
}
HOOK int execv(const char *path, char *const argv[]) {
  EXEC(next.execv(path, argv));
}
HOOK int execvp(const char *file, char *const argv[]) {
  EXEC(next.execvp(file, argv));
}
HOOK int execvpe(const char *file, char *const argv[], char *const envp[]) {
  EXEC(next.execvpe(file, argv, envp));
}
HOOK int fexecve(int fd, char *const argv[], char *const envp[]) {
  EXEC(next.fexecve(fd, argv, envp));
}
