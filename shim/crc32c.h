/* crc32c.h - CRC32C (Castagnoli, RFC 3720 B.4) of the records as they are written, a few bytes at a
 * time.
 *
 * Running values are kept inverted, as the algorithm has them: begin with CRC32C_BEGIN, extend,
 * then crc32c_end(). Hand-written because libdwell.so may need nothing but libc.
 */
#ifndef DWELL_CRC32C_H
#define DWELL_CRC32C_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CRC32C_BEGIN 0xffffffffu

/* To be called once before the first use. */
void crc32c_prepare(void);

uint32_t crc32c_by_table(uint32_t crc, const void *bytes, size_t size);

#if defined(__x86_64__)
#include "crc32c_x86_64.h"
#else
static inline uint32_t crc32c_extend(uint32_t crc, const void *bytes, size_t size) {
  return crc32c_by_table(crc, bytes, size);
}
#endif

static inline uint32_t crc32c_end(uint32_t crc) {
  return ~crc;
}

#endif
