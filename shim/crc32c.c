/* crc32c.c - CRC32C by table, and the choice between table and instruction. */
#include "crc32c.h"

static uint32_t table[256];

#if defined(__x86_64__)
bool crc32c_by_instruction;
#endif

void crc32c_prepare(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++)
      crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    table[byte] = crc;
  }
#if defined(__x86_64__)
  crc32c_by_instruction = crc32c_has_instruction();
#endif
}

uint32_t crc32c_by_table(uint32_t crc, const void *bytes, size_t size) {
  for (const unsigned char *from = bytes; size > 0; size--, from++)
    crc = crc >> 8 ^ table[(crc ^ *from) & 0xff];
  return crc;
}
