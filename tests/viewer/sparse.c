/* sparse.c - expands, packs and repairs traces. */
#include "sparse.h"

#include <isa-l/crc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/trace.h"

#define SEGMENT_MAX 0xffffu
#define GAP 16 /* zeros that are worth a new segment */

static uint32_t crc32c(const void *bytes, size_t count) {
  return ~crc32_iscsi((unsigned char *)(uintptr_t)bytes, (int)count, 0xffffffffu);
}

static void put(int fd, size_t offset, const void *bytes, size_t count) {
  if (pwrite(fd, bytes, count, (off_t)offset) != (ssize_t)count) abort();
}

void sparse_expand(const uint8_t *data, size_t size, int fd) {
  size_t at = 1, end = 0;
  if (ftruncate(fd, 0) != 0) abort();
  while (at + 5 <= size) {
    size_t offset = data[at] | (size_t)data[at + 1] << 8 | (size_t)data[at + 2] << 16;
    size_t count = data[at + 3] | (size_t)data[at + 4] << 8;
    at += 5;
    if (offset > SPARSE_MAX) offset = SPARSE_MAX;
    if (count > size - at) count = size - at;
    if (count > SPARSE_MAX - offset) count = SPARSE_MAX - offset;
    if (count) put(fd, offset, data + at, count);
    if (offset + count > end) end = offset + count;
    at += count;
  }
  if (ftruncate(fd, (off_t)end) != 0) abort();
  if (size && data[0] & SPARSE_REPAIR) sparse_repair(fd);
}

static int put_segment(FILE *out, const uint8_t *bytes, size_t offset, size_t count) {
  uint8_t head[5] = {(uint8_t)offset, (uint8_t)(offset >> 8), (uint8_t)(offset >> 16),
                     (uint8_t)count, (uint8_t)(count >> 8)};
  return fwrite(head, sizeof(head), 1, out) == 1 && fwrite(bytes + offset, 1, count, out) == count
             ? 0
             : -1;
}

/* How many zeros are at `at`. */
static size_t zeros(const uint8_t *bytes, size_t at, size_t size) {
  size_t end = at;
  while (end < size && bytes[end] == 0)
    end++;
  return end - at;
}

int sparse_pack(int fd, uint8_t flags, FILE *out) {
  struct stat stat;
  uint8_t *bytes = NULL;
  int result = -1;
  if (fstat(fd, &stat) != 0 || stat.st_size > SPARSE_MAX) return -1;
  size_t size = (size_t)stat.st_size;
  if (!(bytes = malloc(size + 1)) || pread(fd, bytes, size, 0) != (ssize_t)size) goto done;
  result = fputc(flags, out) == EOF ? -1 : 0;
  for (size_t at = zeros(bytes, 0, size); at < size && result == 0;) {
    size_t end = at;
    while (end < size && end - at < SEGMENT_MAX &&
           (bytes[end] || (zeros(bytes, end, size) < GAP && end + GAP < size)))
      end++;
    result = put_segment(out, bytes, at, end - at);
    at = end + zeros(bytes, end, size);
  }
  if (result == 0) result = put_segment(out, bytes, size, 0); /* its length */
done:
  free(bytes);
  return result;
}

static void repair_slot(uint8_t *slot) {
  struct trace_chunk chunk;
  memcpy(&chunk, slot, sizeof(chunk));
  if (chunk.magic != TRACE_CHUNK_MAGIC || chunk.bytes > TRACE_CHUNK_RECORDS) return;
  chunk.records_crc = crc32c(slot + sizeof(chunk), chunk.bytes);
  chunk.header_crc = 0;
  chunk.header_crc = crc32c(&chunk, sizeof(chunk));
  memcpy(slot, &chunk, sizeof(chunk));
}

static void repair_window(uint8_t *window) {
  struct trace_lane lane;
  memcpy(&lane, window, sizeof(lane));
  if (lane.magic != TRACE_LANE_MAGIC) return;
  uint32_t used = TRACE_STATE_USED(lane.state);
  if (used > TRACE_CHUNK_RECORDS) return;
  uint32_t crc = used ? crc32c(window + TRACE_SLOT + sizeof(struct trace_chunk), used) : 0;
  lane.state = TRACE_STATE(crc, TRACE_STATE_SEQUENCE(lane.state), used);
  memcpy(window, &lane, sizeof(lane));
}

void sparse_repair(int fd) {
  struct stat stat;
  struct trace_head head;
  struct trace_end end;
  static uint8_t bytes[SPARSE_MAX];
  if (fstat(fd, &stat) != 0) abort();
  size_t size = (size_t)stat.st_size;
  if (size < TRACE_SLOT || size > SPARSE_MAX) return;
  if (pread(fd, bytes, size, 0) != (ssize_t)size) abort();
  memcpy(&head, bytes, sizeof(head));
  head.head_crc = 0;
  memcpy(bytes, &head, sizeof(head));
  head.head_crc = crc32c(bytes, TRACE_STRINGS_OFFSET + TRACE_STRINGS_SIZE);
  memcpy(bytes, &head, sizeof(head));
  memcpy(&end, bytes + TRACE_END_OFFSET, sizeof(end));
  end.end_crc = 0;
  if (end.kind) end.end_crc = crc32c(&end, sizeof(end));
  memcpy(bytes + TRACE_END_OFFSET, &end, sizeof(end));
  for (size_t at = TRACE_SLOT; at + TRACE_SLOT <= size; at += TRACE_SLOT) {
    repair_slot(bytes + at);
    if (at + 2 * TRACE_SLOT <= size) repair_window(bytes + at);
  }
  put(fd, 0, bytes, size);
}
