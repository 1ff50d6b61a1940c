/* thread.h - the library's threads. They block all signals: a host's handlers run in the host's
 * own threads, and no wait in here is cut short by them. */
#ifndef PRODUCER_THREAD_H
#define PRODUCER_THREAD_H

#include <pthread.h>

/* Returns 0 or -errno. `run` names its thread itself, first of all. */
int thread_start(pthread_t *thread, void *(*run)(void *), void *argument);

#endif
