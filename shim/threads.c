/* threads.c - lends lanes to threads and keeps their names.
 *
 * A thread's lane goes back when its last key destructors have run; frees that come later still (by
 * libc's own clean-up) borrow a lane for one event. Serials number the threads of a process in the
 * order of their first events.
 */
#include "threads.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "clock.h"
#include "next.h"
#include "process.h"
#include "record.h"
#include "sys.h"
#include "trace_out.h"

static pthread_key_t exit_key;
static bool have_exit_key;
static uint32_t last_serial;

/* glibc runs destructors up to PTHREAD_DESTRUCTOR_ITERATIONS (4) rounds; others' may free in each.
 */
#define EXIT_ROUNDS 3

static void end_of_thread(void *value) {
  struct lane *lane = value;
  uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
  /* not set: a child of fork ended in a thread whose lane was the parent's */
  if (self.lane != lane) return;
  if (self.busy) process_hook_left(); /* by cancellation: no frame of the thread's is left */
  self.busy = frame;
  if (process_records()) {
    if (lane->exit_rounds++ == 0) {
      char name[sizeof lane->name] = "";
      if (process_may_call() && sys_prctl(PR_GET_NAME, (unsigned long)name) == 0 &&
          strcmp(name, lane->name) != 0)
        record_thread_name(lane, clock_ticks(), lane->thread, name);
    }
    if (lane->exit_rounds < EXIT_ROUNDS) {
      pthread_setspecific(exit_key, lane);
    } else {
      record_thread_end(lane, clock_ticks(), lane->thread);
      self.lane = NULL;
      lane_release(lane);
    }
  }
  self.busy = 0;
}

void threads_prepare(void) {
  self.internal++;
  have_exit_key = pthread_key_create(&exit_key, end_of_thread) == 0;
  self.internal--;
}

void threads_forget(void) {
  last_serial = 0;
}

static void unwatched_fork_child(void) {
  *process_state_word = PROCESS_UNSTARTED;
}

void threads_watch_fork(void) {
  self.internal++;
  pthread_atfork(NULL, NULL, unwatched_fork_child);
  self.internal--;
}

static void guarded_fork_child(void) {
  if (self.busy) lanes_detach();
}

void threads_guard_fork(void) {
  self.internal++;
  pthread_atfork(NULL, NULL, guarded_fork_child);
  self.internal--;
}

/* Where the calling thread's stack lies. The first thread's is asked of the kernel: libc would read
 * /proc/self/maps for it with stdio. */
static void find_stack(pid_t tid) {
  if (tid == sys_getpid() && trace_out.stack_start) {
    struct rlimit limit = {0};
    uint64_t size = 64u << 20, here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
    if (sys_getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < size) size = limit.rlim_cur;
    self.stack_high = trace_out.stack_start & ~(uint64_t)7;
    self.stack_low = self.stack_high - size;
    /* elsewhere: forked by another thread of the parent, whose stack libc knows; or a coroutine,
     * and then the first thread's stack is still what it was */
    if (here - self.stack_low < size || !process_is_forked()) return;
    self.stack_low = self.stack_high = 0;
  }
  pthread_attr_t attributes;
  void *stack;
  size_t size;
  self.internal++;
  if (next.pthread_getattr_np(pthread_self(), &attributes) == 0) {
    if (pthread_attr_getstack(&attributes, &stack, &size) == 0) {
      self.stack_low = (uint64_t)(uintptr_t)stack;
      self.stack_high = self.stack_low + size;
    }
    pthread_attr_destroy(&attributes);
  }
  self.internal--;
}

struct lane *threads_begin(void) {
  bool after_the_end = self.thread != 0;
  struct lane *lane = lane_acquire();
  if (!lane) return NULL;
  if (!self.thread) self.thread = __atomic_add_fetch(&last_serial, 1, __ATOMIC_RELAXED);
  lane->thread = self.thread;
  lane->tid = sys_gettid();
  lane->self = pthread_self();
  lane->exit_rounds = 0;
  lane->borrowed = after_the_end;
  lane->memory.states_known = 0;
  if (!self.stack_high) find_stack(lane->tid);
  lane->stack_low = self.stack_low;
  lane->stack_high = self.stack_high;
  memset(lane->name, 0, sizeof lane->name);
  sys_prctl(PR_GET_NAME, (unsigned long)lane->name);
  self.lane = lane;
  record_thread(lane, clock_ticks(), self.thread, lane->tid, lane->name);
  if (!after_the_end && have_exit_key) {
    self.internal++;
    pthread_setspecific(exit_key, lane);
    self.internal--;
  }
  return lane;
}

void threads_give_back(void) {
  struct lane *lane = self.lane;
  self.lane = NULL;
  lane_release(lane);
}

void threads_named(struct lane *caller, pthread_t thread, const char *name) {
  for (uint32_t number = 1; number <= lane_count(); number++) {
    struct lane *lane = lane_by_number(number);
    uint32_t serial = lane ? lane->thread : 0;
    if (!serial || !pthread_equal(lane->self, thread) || strncmp(lane->name, name, 15) == 0)
      continue;
    snprintf(lane->name, sizeof lane->name, "%s", name);
    record_thread_name(caller, clock_ticks(), serial, lane->name);
    return;
  }
}

void threads_refresh_names(struct lane *caller) {
  for (uint32_t number = 1; number <= lane_count(); number++) {
    struct lane *lane = lane_by_number(number);
    uint32_t serial = lane ? lane->thread : 0;
    char path[48], name[sizeof lane->name + 1] = "";
    if (!serial) continue;
    snprintf(path, sizeof path, "/proc/self/task/%d/comm", lane->tid);
    int fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) continue;
    sys_read(fd, name, sizeof name - 1);
    sys_close(fd);
    name[strcspn(name, "\n")] = 0;
    if (*name && strncmp(lane->name, name, 15) != 0) {
      memcpy(lane->name, name, sizeof lane->name - 1);
      record_thread_name(caller, clock_ticks(), serial, lane->name);
    }
  }
}

bool threads_on_own_stack(uintptr_t low, uintptr_t high) {
  return self.lane && low >= self.lane->stack_low && high < self.lane->stack_high;
}
