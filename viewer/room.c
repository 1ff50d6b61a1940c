/* room.c - see room.h. */
#include "room.h"

#include <stdlib.h>

bool room_for_one(void *array, size_t *capacity, size_t count, size_t size) {
  if (count < *capacity) return true;
  size_t grown = *capacity ? *capacity * 2 : 64;
  void *bigger = reallocarray(*(void **)array, grown, size);
  if (!bigger) return false;
  *(void **)array = bigger;
  *capacity = grown;
  return true;
}
