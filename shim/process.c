/* process.c - starts, stops and restarts the recording.
 *
 * No lock: one thread wins the start by compare-and-swap; others go unrecorded meanwhile (counted).
 * A child of fork, clone or _Fork finds the state word wiped to 0 by the kernel (MADV_WIPEONFORK),
 * drops what it inherited and opens a trace of its own at its first event.
 */
#include "process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "crc32c.h"
#include "filter.h"
#include "modules.h"
#include "next.h"
#include "record.h"
#include "sample.h"
#include "settings.h"
#include "stack_tree.h"
#include "sys.h"
#include "threads.h"
#include "trace_out.h"
#include "unwind.h"
#include "young.h"

#if defined(__x86_64__)
bool clock_is_tsc;
#endif

static uint32_t unstarted = PROCESS_UNSTARTED;
uint32_t *process_state_word = &unstarted;
__thread struct thread_state self __attribute__((tls_model("initial-exec")));

static bool settled;     /* settings were read, here or in the process that forked us */
static uint32_t silent;  /* filters asked for and not refused: no system call any more */
static uint32_t calling; /* threads between process_calls_begin() and _end() */
/* The span of time that a record of folded blocks covers: at most 100 ms, and at least 10 ms while
 * there are cells enough. A little apart from both: the clock's rate is not known well yet. */
#define CELL_SPAN_NS 90000000u
#define CELL_SPAN_MIN_NS 11000000u
static char parent_path[PATH_BYTES];

/* ---- start ------------------------------------------------------------------------------ */

/* The state word moves to a page that a forked child finds zeroed. */
static void *state_page(void) {
  uint32_t *page = sys_map(-1, 0, TRACE_PAGE);
  if (page && sys_madvise(page, TRACE_PAGE, MADV_WIPEONFORK) < 0) {
    sys_munmap(page, TRACE_PAGE);
    page = NULL;
  }
  return page;
}

/* With DWELL_CHILDREN=0: whether our parent is a program with the recorder in it, so that we are a
 * child and not the first. */
static bool parent_has_recorder(void) {
  static char maps[16384];
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/maps", sys_getppid());
  int fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return false;
  bool found = false;
  size_t kept = 0; /* the end of the last piece, so that a name across pieces is found */
  for (long got; !found && (got = sys_read(fd, maps + kept, sizeof maps - 1 - kept)) > 0;) {
    size_t have = kept + (size_t)got;
    maps[have] = 0;
    found = strstr(maps, "/libdwell.so") != NULL;
    kept = have < 32 ? have : 32;
    memmove(maps, maps + have - kept, kept);
  }
  sys_close(fd);
  return found;
}

/* Ticks per nanosecond, to a few parts in a thousand: measured for 20 us, once. */
static double clock_rate(void) {
  static double rate;
  if (rate > 0) return rate;
  if (clock_choose() == TRACE_CLOCK_MONOTONIC) return rate = 1;
  uint64_t start_ns = clock_monotonic_ns(), start = clock_ticks(), ns;
  do
    ns = clock_monotonic_ns() - start_ns;
  while (ns < 20000);
  return rate = (double)(clock_ticks() - start) / (double)ns;
}

/* Everything, all but what dies young, or a sample. */
static void choose_what_is_written(void) {
  sample_mean_bytes = settings.sample_bytes;
  young_limits = (struct young_limits){0};
  if (!settings.fold_age_ns) return;
  const double ticks_per_ns = clock_rate();
  young_limits = (struct young_limits){
      .age_ticks = (uint64_t)((double)settings.fold_age_ns * ticks_per_ns),
      .age_max_ticks = (uint64_t)((double)FOLD_AGE_MAX_NS * ticks_per_ns),
      .flush_ticks = (uint64_t)((double)CELL_SPAN_NS * ticks_per_ns),
      .keep_ticks = (uint64_t)((double)CELL_SPAN_MIN_NS * ticks_per_ns),
      .bytes_end = settings.fold_bytes + 1,
  };
}

/* The state to be in from now on. */
static enum process_state start(bool forked) {
  crc32c_prepare();
  if (forked) {
    strcpy(parent_path, trace_out.path);
    lanes_forget();
    sample_forget();
    young_forget_growth();
    stack_tree_forget();
    trace_out_forget();
    if (!settings.children) return PROCESS_OFF;
  } else {
    settings_remember_stderr();
    settings_read();
    settled = true;
    if (!settings.children && parent_has_recorder()) return PROCESS_OFF;
  }
  unwind_prepare();
  modules_prepare();
  choose_what_is_written();
  if (trace_out_create(parent_path) < 0) return PROCESS_OFF;
  return PROCESS_RECORDING;
}

/* The first lane of a recording carries what is known of the process. */
static void begin(struct lane *lane, bool forked) {
  if (forked)
    modules_record_again(lane);
  else
    threads_prepare();
  trace_out_calibrate();
}

static uint64_t early_events;

/* With the start won: what it makes of this process. */
static enum process_state begin_or_not(struct lane **lane) {
  bool forked = settled;
  self.lane = NULL;
  self.thread = 0;
  threads_forget();
  if (process_state_word == &unstarted) {
    uint32_t *page = state_page();
    if (page) {
      *page = PROCESS_STARTING;
      process_state_word = page;
    } else {
      threads_watch_fork();
    }
  }
  enum process_state state = start(forked);
  if (state == PROCESS_RECORDING) {
    if ((*lane = threads_begin()))
      begin(*lane, forked);
    else if (!trace_out.control->stop)
      process_stop(TRACE_STOP_MEMORY, ENOMEM, 0);
    if (trace_out.control->stop) {
      state = PROCESS_STOPPED;
      *lane = NULL;
    }
    trace_out.control->early = early_events;
  }
  return state;
}

static struct lane *begin_recording(void) {
  struct process_calls calls;
  uint32_t expected = PROCESS_UNSTARTED;
  if (!__atomic_compare_exchange_n(process_state_word, &expected, PROCESS_STARTING, false,
                                   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    if (expected == PROCESS_STARTING) __atomic_fetch_add(&early_events, 1, __ATOMIC_RELAXED);
    return NULL;
  }
  /* a fork's child has its parent's filters */
  enum process_state state = PROCESS_OFF;
  struct lane *lane = NULL;
  calling = 0; /* a fork's child has none of the threads that were */
  if ((settled || !filter_inherited()) && process_calls_begin(&calls)) {
    state = begin_or_not(&lane);
    process_calls_end(&calls);
  }
  __atomic_store_n(process_state_word, state, __ATOMIC_RELEASE);
  return lane;
}

/* A thread's first event. Where lanes are not to be had (no memory, no room) they are asked for
 * again only now and then: trying costs system calls, and space in the file. */
static struct lane *begin_thread(void) {
  static uint32_t failures, rest;
  struct process_calls calls;
  uint32_t left = __atomic_load_n(&rest, __ATOMIC_RELAXED);
  if (left) {
    __atomic_compare_exchange_n(&rest, &left, left - 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return NULL;
  }
  if (!process_calls_begin(&calls)) return NULL;
  struct lane *lane = threads_begin();
  process_calls_end(&calls);
  if (lane)
    __atomic_store_n(&failures, 0, __ATOMIC_RELAXED);
  else
    __atomic_store_n(&rest, 1u << (10 + (failures < 10 ? failures++ : 10)), __ATOMIC_RELAXED);
  return lane;
}

struct lane *process_lane(void) {
  uint32_t state = __atomic_load_n(process_state_word, __ATOMIC_ACQUIRE);
  if (state == PROCESS_UNSTARTED || state == PROCESS_STARTING) return begin_recording();
  if (state == PROCESS_STOPPED)
    __atomic_fetch_add(&trace_out.control->dropped, 1, __ATOMIC_RELAXED);
  if (state != PROCESS_RECORDING) return NULL;
  struct lane *lane = self.lane;
  if (!lane) lane = begin_thread();
  if (!lane) __atomic_fetch_add(&trace_out.control->dropped, 1, __ATOMIC_RELAXED);
  return lane;
}

/* ---- re-entry --------------------------------------------------------------------------- */

/* A handler's alternate stack may lie in a frame of the ordinary one: then it is above the hook
 * that the handler interrupts. */
static bool on_alternate_stack(void) {
  stack_t alternate = {0};
  return process_may_call() && sys_sigaltstack(&alternate) == 0 &&
         (alternate.ss_flags & SS_ONSTACK) != 0;
}

bool process_is_above_hook(uintptr_t stack_pointer) {
  return stack_pointer >= self.busy && threads_on_own_stack(self.busy, stack_pointer) &&
         !on_alternate_stack();
}

/* The hook's frame is at self.busy: gone for sure when we are called from above. From below, the
 * stack must be walked to know, which is done at every doubling of the number of events that were
 * skipped. */
static bool hook_was_left(uintptr_t stack_pointer) {
  if (stack_pointer >= self.busy) return process_is_above_hook(stack_pointer);
  return threads_on_own_stack(stack_pointer, self.busy) && !self.internal && ++self.skips >= 16 &&
         (self.skips & (self.skips - 1)) == 0 && !unwind_passes(self.busy);
}

void process_hook_left(void) {
  self.busy = 0;
  self.internal = 0;
  if (self.lane) lane_recover(self.lane);
  self.skips = 0;
}

bool process_reenter(uintptr_t stack_pointer) {
  if (hook_was_left(stack_pointer)) {
    process_hook_left();
    return true;
  }
  if (!self.internal && self.lane)
    __atomic_fetch_add(&self.lane->window->skipped, 1, __ATOMIC_RELAXED);
  else if (!self.internal && process_records())
    __atomic_fetch_add(&trace_out.control->skipped, 1, __ATOMIC_RELAXED);
  return false;
}

/* ---- stop ------------------------------------------------------------------------------- */

void process_stop(enum trace_stop why, int error, uint64_t ticks) {
  uint32_t expected = PROCESS_RECORDING;
  if (!__atomic_compare_exchange_n(process_state_word, &expected, PROCESS_STOPPED, false,
                                   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) &&
      expected != PROCESS_STARTING) /* while it starts, whoever starts it looks at control->stop */
    return;
  struct trace_control *control = trace_out.control;
  control->stop_ticks = ticks ? ticks : clock_ticks();
  control->stop_errno = (uint64_t)error;
  __atomic_store_n(&control->stop, why, __ATOMIC_RELEASE);
  if (why == TRACE_STOP_SECCOMP) return;
  const char *text =
      why == TRACE_STOP_SIZE ? "it has reached DWELL_MAX_SIZE" : strerrordesc_np(error);
  complain("recording stopped: %s: %s; what was recorded until now is kept", trace_out.path,
           text ? text : "unknown error");
}

/* ---- system calls ----------------------------------------------------------------------- */

void process_call_no_more(void) {
  if (process_records()) trace_out_calibrate();
  if (__atomic_fetch_add(&silent, 1, __ATOMIC_SEQ_CST) > 0 || !process_records()) return;
  /* the filter may be for all threads; but nobody is waited for without end */
  for (int i = 0; i < 100000 && __atomic_load_n(&calling, __ATOMIC_SEQ_CST); i++)
    sys_sched_yield();
}

void process_call_again(void) {
  __atomic_fetch_sub(&silent, 1, __ATOMIC_SEQ_CST);
}

bool process_may_call(void) {
  return !__atomic_load_n(&silent, __ATOMIC_ACQUIRE);
}

/* Not those that the processor raises: blocked, they kill even a host that handles them. */
#define SYNCHRONOUS                                                                                \
  (SYS_SIGNAL(SIGSEGV) | SYS_SIGNAL(SIGBUS) | SYS_SIGNAL(SIGILL) | SYS_SIGNAL(SIGFPE) |            \
   SYS_SIGNAL(SIGTRAP) | SYS_SIGNAL(SIGSYS))

bool process_calls_begin(struct process_calls *calls) {
  const uint64_t all = ~SYNCHRONOUS;
  const uint32_t state = *process_state_word;
  if (state != PROCESS_RECORDING && state != PROCESS_STARTING) return false;
  __atomic_fetch_add(&calling, 1, __ATOMIC_SEQ_CST);
  if (process_may_call()) {
    sys_sigmask(SIG_BLOCK, &all, &calls->mask);
    return true;
  }
  __atomic_fetch_sub(&calling, 1, __ATOMIC_SEQ_CST);
  return false;
}

void process_calls_end(const struct process_calls *calls) {
  sys_sigmask(SIG_SETMASK, &calls->mask, NULL);
  __atomic_fetch_sub(&calling, 1, __ATOMIC_SEQ_CST);
}

bool process_is_ours(void) {
  return process_records() && process_may_call() && (uint64_t)sys_getpid() == trace_out.pid;
}

bool process_is_forked(void) {
  return *parent_path != 0;
}

void process_ending(enum trace_ending how, int status) {
  struct trace_control *control = trace_out.control;
  struct rusage usage = {0};
  if (sys_getrusage(RUSAGE_SELF, &usage) == 0)
    control->max_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
  trace_out_calibrate();
  lanes_sum_up();
  control->end_ticks = clock_ticks();
  control->end_status = status;
  __atomic_store_n(&control->ending, how, __ATOMIC_RELEASE);
  if (control->unprotected_lanes) lanes_save();
  trace_out_save_control();
}
