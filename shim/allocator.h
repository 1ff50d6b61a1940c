/* allocator.h - allocators that say what C++'s operators ask of them.
 *
 * jemalloc and tcmalloc bring an operator new of their own that calls no malloc. Both can call back
 * for each allocation and free; calls that came through a hook of ours are known by the busy mark.
 * To put operators of ours in front is no way: a C program that loads libstdc++ later, for itself,
 * would find ours, which had none to call.
 */
#ifndef DWELL_ALLOCATOR_H
#define DWELL_ALLOCATOR_H

#include <stdbool.h>

/* Asks the allocator that serves malloc to call back. False: it can't. Where no allocation is under
 * way. */
bool allocator_tells(void);

#endif
