/* crc32c_x86_64.h - CRC32C by the instruction of SSE 4.2, where the machine has it. */
#ifndef DWELL_CRC32C_X86_64_H
#define DWELL_CRC32C_X86_64_H

#include <cpuid.h>
#include <stdbool.h>

extern bool crc32c_by_instruction;

static inline bool crc32c_has_instruction(void) {
  unsigned a, b, c, d;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2);
}

static inline uint32_t crc32c_extend(uint32_t crc, const void *bytes, size_t size) {
  const unsigned char *from = bytes;
  uint64_t sum = crc;
  if (__builtin_expect(!crc32c_by_instruction, 0)) return crc32c_by_table(crc, bytes, size);
  for (; size >= 8; size -= 8, from += 8) {
    uint64_t word;
    memcpy(&word, from, 8);
    __asm__("crc32q %1, %0" : "+r"(sum) : "rm"(word));
  }
  for (; size > 0; size--, from++)
    __asm__("crc32b %1, %0" : "+r"(sum) : "rm"(*from));
  return (uint32_t)sum;
}

#endif
