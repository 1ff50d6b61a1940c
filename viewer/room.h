/* room.h - arrays that grow by doubling. */
#ifndef DWELL_ROOM_H
#define DWELL_ROOM_H

#include <stdbool.h>
#include <stddef.h>

/* Makes room for one element of `size` bytes behind `count` of them in *array (a pointer to a
 * pointer, NULL at first). Returns false without memory; the array is then as it was. */
bool room_for_one(void *array, size_t *capacity, size_t count, size_t size);

#endif
