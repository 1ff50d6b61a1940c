/* address_map.h - from an address to the range that holds it; ranges may overlap and nest.
 *
 * Fill with address_map_add(), then address_map_sort() once, then look up. Zeroed is empty.
 */
#ifndef DWELL_ADDRESS_MAP_H
#define DWELL_ADDRESS_MAP_H

#include <stddef.h>
#include <stdint.h>

struct address_range {
  uint64_t low, high; /* [low, high) */
  uint64_t reach;     /* the greatest high up to here in the sorted order */
  size_t value;
};
struct address_map {
  struct address_range *ranges;
  size_t count, capacity;
};

/* Returns 0, or -ENOMEM. An empty range is left out. */
int address_map_add(struct address_map *map, uint64_t low, uint64_t high, size_t value);
void address_map_sort(struct address_map *map);
/* The value of the range that holds the address and begins last, or SIZE_MAX. */
size_t address_map_find(const struct address_map *map, uint64_t address);
void address_map_free(struct address_map *map);

#endif
