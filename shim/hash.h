/* hash.h - multiplicative hashes for the recorder's tables: the high bits of the product are the
 * good ones (Fibonacci hashing; Knuth, TAOCP 3, 6.4). */
#ifndef DWELL_HASH_H
#define DWELL_HASH_H

#include <stdint.h>

static inline uint64_t hash_word(uint64_t word) {
  return word * 0x9e3779b97f4a7c15u;
}
/* Of a block: its lowest three bits are 0 with every allocator. */
static inline uint64_t hash_block(const void *block) {
  return hash_word((uint64_t)(uintptr_t)block >> 3);
}
/* Of a site, by the node id of its stack. */
static inline uint32_t hash_site(uint32_t stack) {
  return stack * 0x9e3779b1u;
}

#endif
