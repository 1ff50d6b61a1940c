/* sparse.h - traces with their zeros left out, for corpora: slots are 64 KiB and mostly empty.
 *
 * OFFSET SIZE DESCRIPTION
 *  0   1  flags: SPARSE_REPAIR
 *  1  ... segments: 3 bytes offset in the trace, 2 bytes count (little-endian), that many bytes
 *
 * Any bytes are some trace: a segment that is cut ends with the file, one beyond SPARSE_MAX is cut.
 */
#ifndef TESTS_SPARSE_H
#define TESTS_SPARSE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SPARSE_MAX (1u << 20) /* no trace is longer */
/* All checksums are to be set right: so that damage gets through to what they protect. */
#define SPARSE_REPAIR 1u

/* Expands to the file at `fd`, from its beginning; it ends with the last segment. */
void sparse_expand(const uint8_t *data, size_t size, int fd);
/* Writes the file at `fd` to `out`. Returns 0 or -1. */
int sparse_pack(int fd, uint8_t flags, FILE *out);
/* Sets the checksums of the head, the end record, chunks and lanes right. */
void sparse_repair(int fd);

#endif
