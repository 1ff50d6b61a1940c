/* slots.c - finds out what each slot is.
 *
 * Lane windows are read before sealed chunks: so every chunk that was sealed before its lane's
 * window was read is complete in the file when the sealed ones are scanned, also in a live trace.
 * Reading is by pread, not mmap: a file that is cut under us must not raise SIGBUS.
 */
#include "slots.h"

#include <errno.h>
#include <isa-l/crc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record.h"

#define LIVE_ATTEMPTS 8

struct window {
  uint64_t offset;
  uint32_t lane, sequence;
  bool good;
};

struct scan {
  struct slots *slots;
  uint64_t end; /* of the last whole slot */
  bool live;
  struct window *windows; /* in order of offset */
  size_t window_count, window_capacity, chunk_capacity;
  uint8_t *buffer;
};

uint32_t slots_crc(const void *bytes, size_t count) {
  return ~crc32_iscsi((unsigned char *)(uintptr_t)bytes, (int)count, 0xffffffffu);
}

/* Reads fully unless the file ends; returns bytes read, or -errno. */
static ssize_t read_at(int fd, void *to, size_t count, uint64_t offset) {
  size_t done = 0;
  while (done < count) {
    ssize_t n = pread(fd, (char *)to + done, count - done, (off_t)(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) break;
    done += (size_t)n;
  }
  return (ssize_t)done;
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

/* Grows an array by doubling when it is full. Returns false without memory. */
static bool make_room(void *array, size_t *capacity, size_t count, size_t size) {
  if (count < *capacity) return true;
  size_t grown = *capacity ? *capacity * 2 : 64;
  void *bigger = reallocarray(*(void **)array, grown, size);
  if (!bigger) return false;
  *(void **)array = bigger;
  *capacity = grown;
  return true;
}

static int add_chunk(struct scan *scan, const struct trace_chunk *head, uint64_t offset,
                     uint8_t *records) {
  struct slots *slots = scan->slots;
  if (!make_room(&slots->chunks, &scan->chunk_capacity, slots->chunk_count,
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

/* ---- lane windows ----------------------------------------------------------------------- */

enum window_state { WINDOW_GOOD, WINDOW_BAD, WINDOW_EMPTY };

/* One try to copy the open chunk of the window at `offset` to scan->buffer. */
static int window_read(struct scan *scan, uint64_t offset, struct trace_lane *lane,
                       enum window_state *state) {
  *state = WINDOW_BAD;
  ssize_t n = read_at(scan->slots->fd, lane, sizeof(*lane), offset);
  if (n >= 0) n = read_at(scan->slots->fd, scan->buffer, TRACE_SLOT, offset + TRACE_SLOT);
  if (n < 0) return (int)n;
  struct trace_chunk open;
  memcpy(&open, scan->buffer, sizeof(open));
  uint32_t used = TRACE_STATE_USED(lane->state), sequence = TRACE_STATE_SEQUENCE(lane->state);
  if ((size_t)n < sizeof(open) + used || lane->magic != TRACE_LANE_MAGIC || lane->lane == 0 ||
      open.magic != TRACE_OPEN_MAGIC || open.lane != lane->lane)
    return 0;
  /* Between a seal and the first record after it, the header may be the last chunk's still. */
  uint32_t opened = open.sequence & 0xffffff;
  if (opened != sequence && !(used == 0 && ((opened + 1) & 0xffffff) == sequence)) return 0;
  if ((slots_crc(scan->buffer + sizeof(open), used) & 0xffffff) != TRACE_STATE_CRC(lane->state))
    return 0;
  *state = used ? WINDOW_GOOD : WINDOW_EMPTY;
  return 0;
}

static int window_take(struct scan *scan, uint64_t offset) {
  struct trace_lane lane;
  enum window_state state;
  for (int attempt = 1;; attempt++) {
    int error = window_read(scan, offset, &lane, &state);
    if (error) return error;
    if (state != WINDOW_BAD || !scan->live || attempt == LIVE_ATTEMPTS) break;
    usleep((useconds_t)attempt * 100);
  }
  if (!make_room(&scan->windows, &scan->window_capacity, scan->window_count,
                 sizeof(*scan->windows)))
    return -ENOMEM;
  scan->windows[scan->window_count++] = (struct window){
      .offset = offset,
      .lane = lane.lane,
      .sequence = TRACE_STATE_SEQUENCE(lane.state),
      .good = state != WINDOW_BAD,
  };
  if (state == WINDOW_BAD) {
    scan->slots->bad_slots++;
    return 0;
  }
  scan->slots->dropped_events += lane.dropped;
  scan->slots->skipped_events += lane.skipped;
  if (state == WINDOW_EMPTY) return 0;

  struct trace_chunk head;
  uint32_t used = TRACE_STATE_USED(lane.state);
  memcpy(&head, scan->buffer, sizeof(head));
  head.sequence = TRACE_STATE_SEQUENCE(lane.state);
  head.bytes = used;
  head.flags |= TRACE_CHUNK_META;
  head.last_ticks = head.floor_ticks = 0;
  uint8_t *records = malloc(used + RECORD_PADDING);
  if (!records) return -ENOMEM;
  memcpy(records, scan->buffer + sizeof(head), used);
  memset(records + used, 0, RECORD_PADDING);
  return add_chunk(scan, &head, offset + TRACE_SLOT, records);
}

static int windows_scan(struct scan *scan) {
  for (uint64_t at = next_data(scan, TRACE_SLOT); at < scan->end;
       at = next_data(scan, at + TRACE_SLOT)) {
    uint32_t magic = 0;
    ssize_t n = read_at(scan->slots->fd, &magic, sizeof(magic), at);
    if (n < 0) return (int)n;
    if (magic != TRACE_LANE_MAGIC) continue;
    int error = window_take(scan, at);
    if (error) return error;
    at += TRACE_SLOT;
  }
  return 0;
}

/* ---- sealed chunks ---------------------------------------------------------------------- */

static int sealed_take(struct scan *scan, uint64_t offset, slots_visit *visit, void *context) {
  struct slots *slots = scan->slots;
  for (int attempt = 1;; attempt++) {
    ssize_t n = read_at(slots->fd, scan->buffer, TRACE_SLOT, offset);
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
  size_t window = 0;
  for (uint64_t at = next_data(scan, TRACE_SLOT); at < scan->end;
       at = next_data(scan, at + TRACE_SLOT)) {
    while (window < scan->window_count &&
           scan->windows[window].offset + TRACE_LANE_SLOTS * TRACE_SLOT <= at)
      window++;
    if (window < scan->window_count && scan->windows[window].offset <= at) continue;
    int error = sealed_take(scan, at, visit, context);
    if (error) return error;
  }
  return 0;
}

/* ---- the index -------------------------------------------------------------------------- */

/* By lane, then sequence; of one chunk's two copies the sealed one first. */
static int chunk_order(const void *left, const void *right) {
  const struct chunk *a = left, *b = right;
  if (a->head.lane != b->head.lane) return a->head.lane < b->head.lane ? -1 : 1;
  if (a->head.sequence != b->head.sequence) return a->head.sequence < b->head.sequence ? -1 : 1;
  if (!a->records != !b->records) return a->records ? 1 : -1;
  return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static int window_order(const void *left, const void *right) {
  const struct window *a = left, *b = right;
  if (a->lane != b->lane) return a->lane < b->lane ? -1 : 1;
  return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static void drop_duplicates(struct slots *slots) {
  size_t kept = 0;
  for (size_t i = 0; i < slots->chunk_count; i++) {
    struct chunk *chunk = &slots->chunks[i], *last = &slots->chunks[kept - (kept > 0)];
    if (kept && last->head.lane == chunk->head.lane && last->head.sequence == chunk->head.sequence)
      free(chunk->records);
    else
      slots->chunks[kept++] = *chunk;
  }
  slots->chunk_count = kept;
}

/* How many of the chunks that a lane must have had are missing. */
static uint64_t lane_lost(const struct scan *scan, const struct lane_chunks *lane,
                          const struct window *window) {
  if (scan->live && !(window && window->good)) return 0; /* begun after the windows were read */
  const struct chunk *chunks = lane->count ? &scan->slots->chunks[lane->first] : NULL;
  uint64_t expected = lane->count ? chunks[lane->count - 1].head.sequence : 0, present = 0;
  if (window && window->good && window->sequence > 0 &&
      (scan->live || window->sequence - 1 > expected))
    expected = window->sequence - 1;
  for (size_t i = 0; i < lane->count; i++)
    present += chunks[i].head.sequence >= 1 && chunks[i].head.sequence <= expected;
  return expected - present;
}

static const struct window *window_of(const struct scan *scan, uint32_t lane) {
  struct window key = {.lane = lane};
  const struct window *windows = scan->windows;
  size_t low = 0, high = scan->window_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (window_order(&windows[middle], &key) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low < scan->window_count && windows[low].lane == lane ? &windows[low] : NULL;
}

/* Lane numbers are given out from 1 without gaps: one of which nothing is there was lost. */
static uint64_t lanes_lost(const struct scan *scan, uint64_t unprotected_lanes) {
  const struct slots *slots = scan->slots;
  uint64_t highest = 0, windows = 0;
  for (size_t i = 0; i < slots->lane_count; i++)
    if (slots->lanes[i].lane > highest) highest = slots->lanes[i].lane;
  for (size_t i = 0; i < scan->window_count; i++) {
    const struct window *window = &scan->windows[i];
    if (!window->good) {
      windows++; /* counted as a bad slot */
      continue;
    }
    if (window->lane > highest) highest = window->lane;
    windows += i == 0 || !window[-1].good || window[-1].lane != window->lane;
  }
  uint64_t without = highest > windows ? highest - windows : 0;
  return without > unprotected_lanes ? without - unprotected_lanes : 0;
}

static int index_build(struct scan *scan, uint64_t unprotected_lanes) {
  struct slots *slots = scan->slots;
  if (slots->chunk_count)
    qsort(slots->chunks, slots->chunk_count, sizeof(*slots->chunks), chunk_order);
  if (scan->window_count)
    qsort(scan->windows, scan->window_count, sizeof(*scan->windows), window_order);
  drop_duplicates(slots);
  size_t capacity = 0;
  for (size_t i = 0; i < slots->chunk_count; i++) {
    uint32_t lane = slots->chunks[i].head.lane;
    if (slots->lane_count == 0 || slots->lanes[slots->lane_count - 1].lane != lane) {
      if (!make_room(&slots->lanes, &capacity, slots->lane_count, sizeof(*slots->lanes)))
        return -ENOMEM;
      slots->lanes[slots->lane_count++] = (struct lane_chunks){.lane = lane, .first = i};
    }
    slots->lanes[slots->lane_count - 1].count++;
  }
  for (size_t i = 0; i < slots->lane_count; i++)
    slots->lost_chunks += lane_lost(scan, &slots->lanes[i], window_of(scan, slots->lanes[i].lane));
  /* windows of lanes of which no chunk is there */
  size_t at = 0;
  for (size_t i = 0; i < scan->window_count; i++) {
    const struct window *window = &scan->windows[i];
    while (at < slots->lane_count && slots->lanes[at].lane < window->lane)
      at++;
    if (at < slots->lane_count && slots->lanes[at].lane == window->lane) continue;
    slots->lost_chunks += lane_lost(scan, &(struct lane_chunks){0}, window);
  }
  if (!scan->live) slots->lost_chunks += lanes_lost(scan, unprotected_lanes);
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
  if (!error) error = index_build(&scan, unprotected_lanes);
  for (size_t i = 0; !error && i < slots->chunk_count; i++)
    if (slots->chunks[i].records)
      error = visit(context, &slots->chunks[i], slots->chunks[i].records);
  free(scan.buffer);
  free(scan.windows);
  return error;
}

const uint8_t *slots_records(const struct slots *slots, const struct chunk *chunk,
                             uint8_t *buffer) {
  if (chunk->records) return chunk->records;
  size_t count = sizeof(chunk->head) + chunk->head.bytes;
  if (read_at(slots->fd, buffer, count, chunk->offset) != (ssize_t)count ||
      slots_crc(buffer + sizeof(chunk->head), chunk->head.bytes) != chunk->head.records_crc)
    return NULL;
  return buffer + sizeof(chunk->head);
}

void slots_free(struct slots *slots) {
  for (size_t i = 0; i < slots->chunk_count; i++)
    free(slots->chunks[i].records);
  free(slots->chunks);
  free(slots->lanes);
  *slots = (struct slots){.fd = -1};
}
