/* utf8.c - see utf8.h. */
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

uint32_t utf8_next(const char **text) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const unsigned char *at = (const unsigned char *)*text;
  int length = *at < 0x80   ? 1
               : *at < 0xc0 ? 0
               : *at < 0xe0 ? 2
               : *at < 0xf0 ? 3
               : *at < 0xf8 ? 4
                            : 0;
  ++*text;
  if (length == 0) return UTF8_REPLACEMENT;
  uint32_t code = length == 1 ? *at : *at & (0x7fu >> length);
  for (int i = 1; i < length; i++) {
    if ((at[i] & 0xc0) != 0x80) return UTF8_REPLACEMENT;
    code = code << 6 | (at[i] & 0x3fu);
  }
  if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
    return UTF8_REPLACEMENT;
  *text += length - 1;
  return code;
}

int utf8_write(uint32_t code, char bytes[4]) {
  int length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
  for (int i = length - 1; i > 0; i--, code >>= 6)
    bytes[i] = (char)(0x80 | (code & 0x3f));
  bytes[0] = (char)(marks[length] | code);
  return length;
}

char *utf8_repaired(const char *text) {
  char *repaired = malloc(3 * strlen(text) + 1); /* a byte becomes at most the 3 of U+FFFD */
  if (!repaired) return NULL;
  char *to = repaired;
  while (*text)
    to += utf8_write(utf8_next(&text), to);
  *to = 0;
  return repaired;
}
