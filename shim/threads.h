/* threads.h - threads come, get names, and go. */
#ifndef DWELL_THREADS_H
#define DWELL_THREADS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "lane.h"

/* Makes the thread-exit key: at the start of the process, since a late key makes
 * pthread_setspecific allocate. */
void threads_prepare(void);
/* In a forked child: serials begin again. */
void threads_forget(void);
/* Where the kernel cannot wipe a page on fork: the fork handler resets the state word. */
void threads_watch_fork(void);
/* A handler that interrupts a hook may fork, and its child return into the hook: that must not
 * write to the parent's lanes. To be called where no allocation is under way. */
void threads_guard_fork(void);

/* Gives the calling thread a lane and a serial number and records its name. NULL when there is
 * none. */
struct lane *threads_begin(void);
/* The calling thread has ended (its destructors ran) and only borrowed its lane for one event. */
void threads_give_back(void);

/* A thread (any) got a name; recorded in the caller's lane. */
void threads_named(struct lane *caller, pthread_t thread, const char *name);
/* Looks for names that were set behind our back, in all living threads. */
void threads_refresh_names(struct lane *caller);

/* Whether both addresses lie on the calling thread's ordinary stack. */
bool threads_on_own_stack(uintptr_t low, uintptr_t high);

#endif
