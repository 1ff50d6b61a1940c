/* slots.c - finds out what each slot is.
 *
 * Lane windows are read before sealed chunks: so every chunk that was sealed before its lane's
 * window was read is complete in the file when the sealed ones are scanned, also in a live trace.
 */
#include "slots.h"

#include <errno.h>
#include <isa-l/crc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_read.h"
#include "lane_index.h"
#include "record.h"
#include "room.h"

#define LIVE_ATTEMPTS 8

/* Slots that are no chunk. */
struct stretch {
  uint64_t offset;
  uint32_t slots;
};

struct scan {
  struct slots *slots;
  uint64_t end; /* of the last whole slot */
  bool live;
  struct stretch *taken; /* in order of offset */
  size_t taken_count, taken_capacity;
  struct window *windows;
  struct lane_more *more; /* by lane, magic, index */
  size_t window_count, window_capacity, more_count, more_capacity, chunk_capacity;
  uint8_t *buffer;
};

uint32_t slots_crc(const void *bytes, size_t count) {
  return ~crc32_iscsi((unsigned char *)(uintptr_t)bytes, (int)count, 0xffffffffu);
}

static bool all_zero(const uint8_t *bytes, size_t count) {
  return bytes[0] == 0 && memcmp(bytes, bytes + 1, count - 1) == 0;
}

/* The first slot at or after `offset` that holds data, or `end`: holes are not worth reading. */
static uint64_t next_data(const struct scan *scan, uint64_t offset) {
  off_t data = lseek(scan->slots->fd, (off_t)offset, SEEK_DATA);
  if (data < 0) return errno == ENXIO ? scan->end : offset;
  uint64_t slot = (uint64_t)data / TRACE_SLOT * TRACE_SLOT;
  return slot > offset ? slot : offset;
}

static int add_chunk(struct scan *scan, const struct trace_chunk *head, uint64_t offset,
                     uint8_t *records) {
  struct slots *slots = scan->slots;
  if (!room_for_one(&slots->chunks, &scan->chunk_capacity, slots->chunk_count,
                    sizeof(*slots->chunks))) {
    free(records);
    return -ENOMEM;
  }
  slots->chunks[slots->chunk_count++] = (struct chunk){*head, offset, records};
  return 0;
}

static bool sealed_chunk_good(const uint8_t *slot) {
  struct trace_chunk head;
  memcpy(&head, slot, sizeof(head));
  if (head.magic != TRACE_CHUNK_MAGIC || head.bytes > TRACE_CHUNK_RECORDS || head.lane == 0)
    return false;
  uint32_t crc = head.header_crc;
  head.header_crc = 0;
  return slots_crc(&head, sizeof(head)) == crc &&
         slots_crc(slot + sizeof(head), head.bytes) == head.records_crc;
}

/* ---- lane windows, and what belongs to them ---------------------------------------------- */

/* What begins at `offset`, if it is a window or slots that belong to one: `more.slots`, 0 if not.
 * Returns 0 or -errno. */
static int stretch_look(const struct scan *scan, uint64_t offset, struct lane_more *more) {
  struct trace_more head = {0};
  ssize_t n = file_read(scan->slots->fd, &head, sizeof(head), offset);
  if (n < 0) return (int)n;
  *more = (struct lane_more){offset, head.magic, head.lane, head.index, 0, false};
  if (head.magic == TRACE_LANE_MAGIC) more->slots = TRACE_LANE_SLOTS;
  if (head.magic == TRACE_CELLS_MAGIC) more->slots = 1;
  if (head.magic == TRACE_YOUNG_MAGIC && head.slots <= TRACE_MORE_SLOTS) more->slots = head.slots;
  return 0;
}

/* Finds where they are. Returns 0 or -errno. */
static int windows_find(struct scan *scan) {
  for (uint64_t at = next_data(scan, TRACE_SLOT); at < scan->end;
       at = next_data(scan, at + TRACE_SLOT)) {
    struct lane_more more;
    int error = stretch_look(scan, at, &more);
    if (error) return error;
    if (more.slots == 0) continue;
    if (!room_for_one(&scan->taken, &scan->taken_capacity, scan->taken_count, sizeof(*scan->taken)))
      return -ENOMEM;
    scan->taken[scan->taken_count++] = (struct stretch){at, more.slots};
    at += (uint64_t)(more.slots - 1) * TRACE_SLOT;
    if (more.magic == TRACE_LANE_MAGIC) {
      if (!room_for_one(&scan->windows, &scan->window_capacity, scan->window_count,
                        sizeof(*scan->windows)))
        return -ENOMEM;
      scan->windows[scan->window_count++] = (struct window){.offset = more.offset};
    } else {
      if (!room_for_one(&scan->more, &scan->more_capacity, scan->more_count, sizeof(*scan->more)))
        return -ENOMEM;
      scan->more[scan->more_count++] = more;
    }
  }
  return 0;
}

static int more_order(const void *left, const void *right) {
  const struct lane_more *a = left, *b = right;
  if (a->lane != b->lane) return a->lane < b->lane ? -1 : 1;
  if (a->magic != b->magic) return a->magic < b->magic ? -1 : 1;
  if (a->index != b->index) return a->index < b->index ? -1 : 1;
  return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* The slots that belong to a lane, once: a second window of that lane gets none. */
static const struct lane_more *more_of(struct scan *scan, uint32_t lane, size_t *count) {
  size_t low = 0, high = scan->more_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (scan->more[middle].lane < lane)
      low = middle + 1;
    else
      high = middle;
  }
  *count = 0;
  for (size_t i = low; i < scan->more_count && scan->more[i].lane == lane; i++)
    if (!scan->more[i].taken) {
      scan->more[i].taken = true;
      ++*count;
    }
  return *count ? scan->more + low : NULL;
}

static uint64_t add_capped(uint64_t a, uint64_t b) {
  return a + b < a ? UINT64_MAX : a + b;
}

static int window_take(struct scan *scan, struct window *window) {
  struct slots *slots = scan->slots;
  struct lane_window read;
  struct trace_lane control = {0};
  ssize_t n = file_read(slots->fd, &control, sizeof(control), window->offset);
  if (n < 0) return (int)n;
  size_t more_count;
  const struct lane_more *more = more_of(scan, control.lane, &more_count);
  int error = lane_window_read(slots->fd, window->offset, scan->live, more, more_count,
                               scan->buffer, &read);
  if (error) return error;
  window->lane = read.control.lane;
  window->sequence = TRACE_STATE_SEQUENCE(read.control.state);
  window->good = read.state != LANE_WINDOW_BAD;
  if (!window->good) {
    slots->bad_slots++;
    return 0;
  }
  window->rest = read.rest;
  slots->bad_folds += read.bad_folds;
  slots->dropped_events += read.control.dropped;
  slots->skipped_events += read.control.skipped;
  slots->young_bytes_max = add_capped(slots->young_bytes_max, read.control.young_bytes_max);
  slots->young_blocks_max = add_capped(slots->young_blocks_max, read.control.young_blocks_max);
  if (read.state == LANE_WINDOW_EMPTY) return 0;

  struct trace_chunk head;
  uint32_t used = TRACE_STATE_USED(read.control.state);
  memcpy(&head, read.open, sizeof(head));
  head.sequence = window->sequence;
  head.bytes = used;
  head.flags |= TRACE_CHUNK_META;
  head.last_ticks = head.floor_ticks = 0;
  uint8_t *records = malloc(used + RECORD_PADDING);
  if (!records) return -ENOMEM;
  memcpy(records, read.open + sizeof(head), used);
  memset(records + used, 0, RECORD_PADDING);
  return add_chunk(scan, &head, window->offset + TRACE_SLOT, records);
}

static int windows_scan(struct scan *scan) {
  int error = windows_find(scan);
  if (scan->more_count) qsort(scan->more, scan->more_count, sizeof(*scan->more), more_order);
  for (size_t i = 0; i < scan->window_count && !error; i++)
    error = window_take(scan, &scan->windows[i]);
  for (size_t i = 0; i < scan->more_count && !scan->live; i++)
    scan->slots->bad_slots += !scan->more[i].taken; /* of a lane that has no window */
  return error;
}

/* ---- sealed chunks ---------------------------------------------------------------------- */

static int sealed_take(struct scan *scan, uint64_t offset, slots_visit *visit, void *context) {
  struct slots *slots = scan->slots;
  for (int attempt = 1;; attempt++) {
    ssize_t n = file_read(slots->fd, scan->buffer, TRACE_SLOT, offset);
    if (n < 0) return (int)n;
    if (n == TRACE_SLOT && sealed_chunk_good(scan->buffer)) break;
    if (n == TRACE_SLOT && all_zero(scan->buffer, TRACE_SLOT)) return 0;
    if (!scan->live || attempt == LIVE_ATTEMPTS) {
      slots->bad_slots++;
      return 0;
    }
    usleep((useconds_t)attempt * 100); /* it may be in the middle of its pwrite */
  }
  struct trace_chunk head;
  memcpy(&head, scan->buffer, sizeof(head));
  int error = add_chunk(scan, &head, offset, NULL);
  if (error) return error;
  return visit(context, &slots->chunks[slots->chunk_count - 1], scan->buffer + sizeof(head));
}

static int sealed_scan(struct scan *scan, slots_visit *visit, void *context) {
  size_t next = 0;
  for (uint64_t at = next_data(scan, TRACE_SLOT); at < scan->end;
       at = next_data(scan, at + TRACE_SLOT)) {
    while (next < scan->taken_count &&
           scan->taken[next].offset + scan->taken[next].slots * (uint64_t)TRACE_SLOT <= at)
      next++;
    if (next < scan->taken_count && scan->taken[next].offset <= at) continue;
    struct lane_more young = {0};
    int error = scan->live ? stretch_look(scan, at, &young) : 0;
    if (!error && young.slots) { /* of a lane that is younger than the scan */
      at += (uint64_t)(young.slots - 1) * TRACE_SLOT;
      continue;
    }
    if (!error) error = sealed_take(scan, at, visit, context);
    if (error) return error;
  }
  return 0;
}

int slots_scan(struct slots *slots, int fd, bool live, uint64_t unprotected_lanes,
               slots_visit *visit, void *context) {
  struct stat stat;
  *slots = (struct slots){.fd = fd};
  if (fstat(fd, &stat) != 0) return -errno;
  struct scan scan = {.slots = slots, .live = live};
  scan.end = (uint64_t)stat.st_size / TRACE_SLOT * TRACE_SLOT;
  scan.buffer = calloc(1, SLOTS_BUFFER);
  int error = scan.buffer ? windows_scan(&scan) : -ENOMEM;
  if (!error && live && fstat(fd, &stat) == 0) /* it has grown meanwhile */
    scan.end = (uint64_t)stat.st_size / TRACE_SLOT * TRACE_SLOT;
  if (!live) slots->cut_bytes = (uint64_t)stat.st_size % TRACE_SLOT;
  if (!error) error = sealed_scan(&scan, visit, context);
  struct lane_index index = {slots, live, scan.windows, scan.window_count};
  if (!error) error = lane_index_build(&index, unprotected_lanes);
  for (size_t i = 0; !error && i < slots->chunk_count; i++)
    if (slots->chunks[i].records)
      error = visit(context, &slots->chunks[i], slots->chunks[i].records);
  for (size_t i = 0; i < scan.window_count; i++)
    lane_rest_free(&scan.windows[i].rest);
  free(scan.buffer);
  free(scan.windows);
  free(scan.more);
  free(scan.taken);
  return error;
}

const uint8_t *slots_records(const struct slots *slots, const struct chunk *chunk,
                             uint8_t *buffer) {
  if (chunk->records) return chunk->records;
  size_t count = sizeof(chunk->head) + chunk->head.bytes;
  if (file_read(slots->fd, buffer, count, chunk->offset) != (ssize_t)count ||
      slots_crc(buffer + sizeof(chunk->head), chunk->head.bytes) != chunk->head.records_crc)
    return NULL;
  return buffer + sizeof(chunk->head);
}

void slots_free(struct slots *slots) {
  for (size_t i = 0; i < slots->chunk_count; i++)
    free(slots->chunks[i].records);
  for (size_t i = 0; i < slots->lane_count; i++)
    lane_rest_free(&slots->lanes[i].rest);
  free(slots->chunks);
  free(slots->lanes);
  *slots = (struct slots){.fd = -1};
}
