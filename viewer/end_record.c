/* end_record.c - writes the end record. Its checksum is CRC32C of the structure with the field
 * itself 0, so that a reader takes a torn or foreign one for none. */
#include "end_record.h"

#include <errno.h>
#include <isa-l/crc.h>
#include <unistd.h>

int end_record_write(int fd, struct trace_end *end) {
  end->end_crc = 0;
  end->end_crc = ~crc32_iscsi((unsigned char *)end, sizeof(*end), 0xffffffffu);
  ssize_t written = pwrite(fd, end, sizeof(*end), TRACE_END_OFFSET);
  if (written < 0) return -errno;
  return written == (ssize_t)sizeof(*end) ? 0 : -EIO;
}
