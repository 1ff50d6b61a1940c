/* process.h - the recording of this process: begin, stop, and what a thread needs to take part.
 *
 *   UNSTARTED --first event--> STARTING --> RECORDING --> STOPPED (trouble: one line on stderr)
 *       ^                          |
 *       |                          '------> OFF (not to be recorded)
 *       '--- a forked child, by whatever call: the state lies on a page that fork wipes
 */
#ifndef DWELL_PROCESS_H
#define DWELL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "lane.h"
#include "trace.h"

enum process_state {
  PROCESS_UNSTARTED = 0,
  PROCESS_STARTING,
  PROCESS_RECORDING,
  PROCESS_STOPPED,
  PROCESS_OFF,
};
extern uint32_t *process_state_word;
static inline bool process_records(void) {
  return __builtin_expect(*process_state_word == PROCESS_RECORDING, 1);
}

/* What each thread has: initial-exec, cut from every thread's stack, so it stays this small. */
struct thread_state {
  struct lane *lane; /* NULL: none (yet, or any more) */
  uintptr_t busy;    /* the hook's stack pointer while inside the recorder, else 0 */
  uint32_t thread;   /* serial, 0 before the first event */
  uint32_t internal; /* inside: library calls of our own, whose allocations are nobody's events */
  uint32_t skips;    /* events skipped since `busy` was set */
  uint64_t stack_low, stack_high; /* where its stack lies; 0: not asked yet */
};
extern __thread struct thread_state self __attribute__((tls_model("initial-exec")));

/* The calling thread's lane; starts the recording, or takes a lane, when need be. NULL: don't
 * record. The slow way of hooks.c; the thread is marked busy. */
struct lane *process_lane(void);

/* A thread that is busy already called a hook: a signal handler, or the hook was left by longjmp or
 * by cancellation. True in the second case; the thread is then not busy any more and its lane is
 * put right. Else the event has been counted.
 */
bool process_reenter(uintptr_t stack_pointer);
/* Whether a caller at this stack pointer is further out than the hook that the thread is in, on the
 * same stack: then the hook was left. */
bool process_is_above_hook(uintptr_t stack_pointer);
/* The hook that the thread was in is known to be left. */
void process_hook_left(void);

/* No event is recorded from now on; the trace says when and why. `ticks`: the last moment up to
 * which all is recorded, 0 now. Prints a line. Any thread. */
void process_stop(enum trace_stop why, int error, uint64_t ticks);
/* Before a seccomp filter is asked for: when this returns no thread makes a system call of ours,
 * and none does from then on; recording goes on while there is room. The second takes it back: the
 * filter was refused. */
void process_call_no_more(void);
void process_call_again(void);
bool process_may_call(void);

/* System calls of ours that must not be interrupted are made between these two. False: none may be
 * made (a filter; or this is a fork's child in the middle of its parent's hook), and there is
 * nothing to end. Else no handler of the host's runs, so the work can't be left by longjmp or
 * cancellation. They nest. */
struct process_calls {
  uint64_t mask; /* the host's signal mask */
};
bool process_calls_begin(struct process_calls *calls);
void process_calls_end(const struct process_calls *calls);

/* This recording was begun by fork. */
bool process_is_forked(void);
/* The calling process is the one that the trace is of (not a vfork child on its memory). */
bool process_is_ours(void);
/* How it ends: before exec (TRACE_RUNNING when that failed), _exit, and at exit. */
void process_ending(enum trace_ending how, int status);

#endif
