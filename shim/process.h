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
};
extern __thread struct thread_state self __attribute__((tls_model("initial-exec")));

/* The calling thread's lane; starts the recording, or takes a lane, when need be. NULL: don't
 * record. The slow way of hooks.c; the thread is marked busy. */
struct lane *process_lane(void);

/* A thread that is busy already called a hook: a signal handler, or the hook was left by longjmp.
 * True in the second case; the thread is then not busy any more. Else the event has been counted.
 */
bool process_reenter(uintptr_t stack_pointer);

/* No event is recorded from now on; the trace says when and why. Prints a line. Any thread. */
void process_stop(enum trace_stop why, int error);
/* After this no system call may be made (a seccomp filter): recording goes on while there is room.
 */
void process_call_no_more(void);
bool process_may_call(void);

/* The calling process is the one that the trace is of (not a vfork child on its memory). */
bool process_is_ours(void);
/* How it ends: before exec (TRACE_RUNNING when that failed), _exit, and at exit. */
void process_ending(enum trace_ending how, int status);

#endif
