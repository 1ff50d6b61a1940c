/* utf8.h - text of unknown origin (paths, names of threads, argument lists) as sound UTF-8. Pure.
 */
#ifndef DWELL_UTF8_H
#define DWELL_UTF8_H

#include <stdint.h>
#include <stdio.h>

#define UTF8_REPLACEMENT 0xfffdu

/* Takes one character off *text, which isn't at its end. A byte that is not part of a sound
 * character gives UTF8_REPLACEMENT. */
uint32_t utf8_next(const char **text);
/* Writes a character; returns how many bytes, at most 4. */
int utf8_write(uint32_t code, char bytes[4]);
/* A copy with every unsound byte replaced, to be freed; NULL: no memory. */
char *utf8_repaired(const char *text);

#endif
