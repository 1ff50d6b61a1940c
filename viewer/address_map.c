/* address_map.c - see address_map.h. A sorted array; `reach` ends the search backwards as soon as
 * no earlier range can hold the address. */
#include "address_map.h"

#include <errno.h>
#include <stdlib.h>

int address_map_add(struct address_map *map, uint64_t low, uint64_t high, size_t value) {
  if (low >= high) return 0;
  if (map->count == map->capacity) {
    size_t capacity = map->capacity ? 2 * map->capacity : 64;
    struct address_range *ranges = realloc(map->ranges, capacity * sizeof *ranges);
    if (!ranges) return -ENOMEM;
    map->ranges = ranges;
    map->capacity = capacity;
  }
  map->ranges[map->count++] = (struct address_range){.low = low, .high = high, .value = value};
  return 0;
}

/* by start; of equal starts the widest first, so that the narrowest is found first */
static int compare(const void *left, const void *right) {
  const struct address_range *a = left, *b = right;
  if (a->low != b->low) return a->low < b->low ? -1 : 1;
  if (a->high != b->high) return a->high > b->high ? -1 : 1;
  return a->value < b->value ? -1 : a->value > b->value;
}

void address_map_sort(struct address_map *map) {
  if (map->count) qsort(map->ranges, map->count, sizeof *map->ranges, compare);
  uint64_t reach = 0;
  for (size_t i = 0; i < map->count; i++) {
    if (map->ranges[i].high > reach) reach = map->ranges[i].high;
    map->ranges[i].reach = reach;
  }
}

size_t address_map_find(const struct address_map *map, uint64_t address) {
  size_t begin = 0, end = map->count;
  while (begin < end) {
    size_t middle = begin + (end - begin) / 2;
    if (map->ranges[middle].low <= address)
      begin = middle + 1;
    else
      end = middle;
  }
  for (size_t i = begin; i-- > 0 && map->ranges[i].reach > address;)
    if (map->ranges[i].high > address) return map->ranges[i].value;
  return SIZE_MAX;
}

void address_map_free(struct address_map *map) {
  free(map->ranges);
  *map = (struct address_map){0};
}
