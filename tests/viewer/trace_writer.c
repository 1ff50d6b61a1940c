/* trace_writer.c - encodes records and lays out slots, written from shim/trace.h alone: it shares
 * no code with the reader, so that the two check each other. */
#include "trace_writer_parts.h"

#include <fcntl.h>
#include <isa-l/crc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void writer_check(bool good, const char *what) {
  if (good) return;
  perror(what);
  abort();
}

static uint32_t crc32c(const void *bytes, size_t count) {
  return ~crc32_iscsi((unsigned char *)(uintptr_t)bytes, (int)count, 0xffffffffu);
}

void writer_put(const struct trace_writer *writer, uint64_t offset, const void *bytes,
                size_t count) {
  writer_check(pwrite(writer->fd, bytes, count, (off_t)offset) == (ssize_t)count,
               "trace_writer: pwrite");
}

void writer_extend(struct trace_writer *writer, uint64_t slots) {
  writer->slots += slots;
  writer_check(ftruncate(writer->fd, (off_t)(writer->slots * TRACE_SLOT)) == 0,
               "trace_writer: ftruncate");
}

/* ---- opening ---------------------------------------------------------------------------- */

uint32_t writer_string(struct trace_writer *writer, const char *text, size_t bytes) {
  uint32_t at = (uint32_t)writer->strings_used;
  writer_check(at + bytes + 1 <= sizeof(writer->strings), "trace_writer: strings");
  memcpy(writer->strings + at, text, bytes);
  writer->strings_used += bytes + 1;
  return at;
}

static uint32_t text(struct trace_writer *writer, const char *string) {
  return writer_string(writer, string, strlen(string));
}

static void default_head(struct trace_writer *writer) {
  static const char command_line[] = "test\0--flag";
  writer->strings_used = 1;
  writer->head = (struct trace_head){
      .version_major = TRACE_VERSION_MAJOR,
      .version_minor = TRACE_VERSION_MINOR,
      .slot_size = TRACE_SLOT,
      .lane_slots = TRACE_LANE_SLOTS,
      .flags = TRACE_EXACT,
      .machine = 62,
      .pid = 4242,
      .parent_pid = 4241,
      .start_realtime_ns = 1700000000000000000u,
      .start_monotonic_ns = WRITER_START_TICKS,
      .start_ticks = WRITER_START_TICKS,
      .clock = TRACE_CLOCK_MONOTONIC,
      .executable = text(writer, "/usr/bin/test"),
      .command_line_bytes = sizeof(command_line),
      .directory = text(writer, "/home/test"),
      .host = text(writer, "testhost"),
      .boot_id = text(writer, "00000000-0000-0000-0000-000000000000"),
      .program = text(writer, "test"),
      .unwinder = text(writer, "libgcc"),
      .allocator = text(writer, "/lib/libc.so.6"),
  };
  memcpy(writer->head.magic, TRACE_MAGIC, sizeof(writer->head.magic));
  writer->head.command_line = writer_string(writer, command_line, sizeof(command_line) - 1);
  writer->control.calibration = 2;
  writer->control.end_status = -1;
}

struct trace_writer *writer_open(const char *path) {
  struct trace_writer *writer = calloc(1, sizeof(*writer));
  writer_check(writer != NULL, "trace_writer: calloc");
  if (path) {
    writer->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    snprintf(writer->path, sizeof(writer->path), "%s", path);
  } else {
    writer->fd = memfd_create("trace", MFD_CLOEXEC);
    snprintf(writer->path, sizeof(writer->path), "/proc/self/fd/%d", writer->fd);
  }
  writer_check(writer->fd >= 0, "trace_writer: open");
  writer_extend(writer, 1);
  default_head(writer);
  return writer;
}

struct trace_writer *writer_new(void) {
  return writer_open(NULL);
}

const char *writer_path(const struct trace_writer *writer) {
  return writer->path;
}
int writer_fd(const struct trace_writer *writer) {
  return writer->fd;
}

void writer_free(struct trace_writer *writer) {
  if (!writer) return;
  for (uint32_t lane = 1; lane <= writer->lane_count; lane++) {
    free(writer->lanes[lane]->young);
    free(writer->lanes[lane]->cells);
    free(writer->lanes[lane]);
  }
  close(writer->fd);
  free(writer);
}

/* ---- slot 0 ----------------------------------------------------------------------------- */

struct trace_head *writer_head(struct trace_writer *writer) {
  return &writer->head;
}
struct trace_control *writer_control(struct trace_writer *writer) {
  return &writer->control;
}

void writer_exit(struct trace_writer *writer, uint64_t ticks, int status) {
  writer->control.ending = TRACE_EXITED;
  writer->control.end_ticks = writer->head.start_ticks + ticks;
  writer->control.end_status = status;
}

void writer_end(struct trace_writer *writer, struct trace_end end) {
  end.end_crc = 0;
  end.end_crc = crc32c(&end, sizeof(end));
  writer->end = end;
}

void writer_rss(struct trace_writer *writer, uint64_t ticks, uint64_t bytes) {
  writer_check(writer->rss_count < TRACE_RSS_SAMPLES, "trace_writer: rss");
  writer->rss[writer->rss_count++] =
      (struct trace_rss){writer->head.start_monotonic_ns + ticks, bytes};
}

/* ---- lanes ------------------------------------------------------------------------------ */

static void open_chunk(struct writer_lane *lane) {
  lane->used = 0;
  lane->address = 0;
  lane->ticks = lane->last_ticks;
  lane->meta = false;
  lane->killed = false;
  lane->open = (struct trace_chunk){
      .magic = TRACE_OPEN_MAGIC,
      .lane = lane->control.lane,
      .sequence = lane->sequence,
      .base_ticks = lane->ticks,
      .thread = lane->thread,
  };
}

static uint32_t new_lane(struct trace_writer *writer, bool windowless) {
  struct writer_lane *lane = calloc(1, sizeof(*lane));
  writer_check(lane && writer->lane_count < LANES_MAX, "trace_writer: lane");
  uint32_t number = ++writer->lane_count;
  writer->lanes[number] = lane;
  lane->windowless = windowless;
  if (!windowless) {
    lane->window = writer->slots * TRACE_SLOT;
    writer_extend(writer, TRACE_LANE_SLOTS);
  }
  lane->control = (struct trace_lane){.magic = TRACE_LANE_MAGIC, .lane = number};
  lane->sequence = 1;
  lane->last_ticks = writer->head.start_ticks;
  open_chunk(lane);
  return number;
}

uint32_t writer_lane(struct trace_writer *writer) {
  return new_lane(writer, false);
}
uint32_t writer_lane_without_window(struct trace_writer *writer) {
  return new_lane(writer, true);
}

void writer_lane_counts(struct trace_writer *writer, uint32_t lane, uint64_t dropped,
                        uint64_t skipped) {
  writer->lanes[lane]->control.dropped = dropped;
  writer->lanes[lane]->control.skipped = skipped;
}

static void seal(struct trace_writer *writer, struct writer_lane *lane, uint64_t floor_ticks) {
  struct trace_chunk head = lane->open;
  uint64_t offset = writer->slots * TRACE_SLOT;
  head.magic = TRACE_CHUNK_MAGIC;
  head.bytes = lane->used;
  head.last_ticks = lane->last_ticks;
  head.floor_ticks = floor_ticks;
  head.flags = lane->meta ? TRACE_CHUNK_META : 0;
  head.records_crc = crc32c(lane->records, lane->used);
  head.header_crc = crc32c(&head, sizeof(head));
  writer_extend(writer, 1);
  writer_put(writer, offset, &head, sizeof(head));
  writer_put(writer, offset + sizeof(head), lane->records, lane->used);
  writer_check(writer->chunk_count < CHUNKS_MAX, "trace_writer: chunks");
  writer->chunks[writer->chunk_count].lane = lane->control.lane;
  writer->chunks[writer->chunk_count].sequence = lane->sequence;
  writer->chunks[writer->chunk_count++].offset = offset;
}

void writer_seal_with_floor(struct trace_writer *writer, uint32_t number, uint64_t floor_ticks) {
  struct writer_lane *lane = writer->lanes[number];
  if (lane->used == 0) return;
  seal(writer, lane, writer->head.start_ticks + floor_ticks);
  lane->sequence++;
  open_chunk(lane);
}

void writer_seal(struct trace_writer *writer, uint32_t number) {
  const struct writer_lane *lane = writer->lanes[number];
  writer_seal_with_floor(writer, number, lane->last_ticks - writer->head.start_ticks);
}

void writer_seal_killed(struct trace_writer *writer, uint32_t number) {
  struct writer_lane *lane = writer->lanes[number];
  seal(writer, lane, lane->last_ticks);
  lane->killed = true;
}

/* ---- records ---------------------------------------------------------------------------- */

/* The least length code for a value. */
static unsigned code_of(uint64_t value) {
  unsigned code = 0;
  while (code < 7 && value >> (8 * trace_field_bytes[code]) != 0)
    code++;
  return code;
}

void writer_raw(struct trace_writer *writer, uint32_t number, const void *bytes, size_t count) {
  struct writer_lane *lane = writer->lanes[number];
  writer_check(!lane->killed && lane->used + count <= TRACE_CHUNK_RECORDS, "trace_writer: raw");
  memcpy(lane->records + lane->used, bytes, count);
  lane->used += (uint32_t)count;
}

void writer_record(struct trace_writer *writer, uint32_t lane, unsigned type,
                   const uint64_t *fields, const void *bytes, size_t byte_count) {
  uint8_t record[TRACE_RECORD_MAX];
  bool is_long = TRACE_TYPE_IS_LONG(type);
  unsigned count = is_long ? TRACE_LONG_FIELDS : TRACE_SHORT_FIELDS, bits = is_long ? 8 : 4;
  size_t used = is_long ? 4 : 2;
  uint32_t head = type;
  for (unsigned i = 0; i < count; i++) {
    uint64_t value = is_long && i + 1 == count ? byte_count : fields[i];
    unsigned code = code_of(value);
    head |= code << (bits + 3 * i);
    memcpy(record + used, &value, sizeof(value));
    used += trace_field_bytes[code];
  }
  memcpy(record, &head, is_long ? 4 : 2);
  writer_check(used + byte_count <= sizeof(record), "trace_writer: record too long");
  if (byte_count) memcpy(record + used, bytes, byte_count);
  writer_raw(writer, lane, record, used + byte_count);
}

/* Seals when another record might not fit. To be called before deltas are taken. */
struct writer_lane *writer_lane_for(struct trace_writer *writer, uint32_t number, size_t payload) {
  if (writer->lanes[number]->used + 80 + payload > TRACE_CHUNK_RECORDS) writer_seal(writer, number);
  return writer->lanes[number];
}

uint64_t writer_ticks_field(const struct trace_writer *writer, struct writer_lane *lane,
                            uint64_t ticks) {
  uint64_t absolute = writer->head.start_ticks + ticks;
  uint64_t field = trace_zigzag((int64_t)(absolute - lane->ticks));
  lane->ticks = absolute;
  if (absolute > lane->last_ticks) lane->last_ticks = absolute;
  return field;
}

static uint64_t address_field(struct writer_lane *lane, uint64_t address) {
  uint64_t field = trace_zigzag((int64_t)(address - lane->address));
  lane->address = address;
  return field;
}

void writer_birth(struct trace_writer *writer, uint32_t number, uint64_t ticks, uint64_t address,
                  uint64_t size, uint32_t stack) {
  struct writer_lane *lane = writer_lane_for(writer, number, 0);
  uint64_t fields[4] = {writer_ticks_field(writer, lane, ticks), address_field(lane, address), size,
                        stack};
  writer_record(writer, number, TRACE_BIRTH, fields, NULL, 0);
}

void writer_death(struct trace_writer *writer, uint32_t number, uint64_t ticks, uint64_t address,
                  uint32_t stack) {
  struct writer_lane *lane = writer_lane_for(writer, number, 0);
  uint64_t fields[4] = {writer_ticks_field(writer, lane, ticks), address_field(lane, address),
                        stack, 0};
  writer_record(writer, number, TRACE_DEATH, fields, NULL, 0);
}

void writer_realloc(struct trace_writer *writer, uint32_t number, uint64_t before, uint64_t after,
                    uint64_t old_address, uint64_t new_address, uint64_t size, uint32_t stack) {
  struct writer_lane *lane = writer_lane_for(writer, number, 0);
  uint64_t first = writer_ticks_field(writer, lane, before), old = address_field(lane, old_address);
  writer_ticks_field(writer, lane, after);
  uint64_t fields[7] = {first, old, address_field(lane, new_address), size, after - before, stack};
  writer_record(writer, number, TRACE_REALLOC, fields, NULL, 0);
}

void writer_node(struct trace_writer *writer, uint32_t number, uint32_t id, uint32_t parent,
                 uint32_t module, uint64_t pc) {
  writer_lane_for(writer, number, 0)->meta = true;
  uint64_t fields[4] = {id, id - parent, module, trace_zigzag((int64_t)pc)};
  writer_record(writer, number, TRACE_NODE, fields, NULL, 0);
}

void writer_thread(struct trace_writer *writer, uint32_t number, uint64_t ticks, uint32_t thread,
                   uint32_t tid, const char *name) {
  struct writer_lane *lane = writer_lane_for(writer, number, strlen(name));
  uint64_t fields[7] = {writer_ticks_field(writer, lane, ticks), thread, tid};
  lane->meta = true;
  lane->thread = thread;
  writer_record(writer, number, TRACE_THREAD, fields, name, strlen(name));
}

void writer_thread_name(struct trace_writer *writer, uint32_t number, uint64_t ticks,
                        uint32_t thread, const char *name) {
  struct writer_lane *lane = writer_lane_for(writer, number, strlen(name));
  uint64_t fields[7] = {writer_ticks_field(writer, lane, ticks), thread};
  lane->meta = true;
  writer_record(writer, number, TRACE_THREAD_NAME, fields, name, strlen(name));
}

void writer_thread_end(struct trace_writer *writer, uint32_t number, uint64_t ticks,
                       uint32_t thread) {
  struct writer_lane *lane = writer_lane_for(writer, number, 0);
  uint64_t fields[7] = {writer_ticks_field(writer, lane, ticks), thread};
  lane->meta = true;
  writer_record(writer, number, TRACE_THREAD_END, fields, NULL, 0);
}

void writer_module(struct trace_writer *writer, uint32_t number, uint64_t ticks, uint32_t module,
                   uint64_t base, uint64_t size, const void *build_id, size_t build_id_bytes,
                   const char *path) {
  uint8_t bytes[TRACE_RECORD_MAX];
  size_t length = strlen(path);
  writer_check(build_id_bytes + length < sizeof(bytes) - 80, "trace_writer: path");
  if (build_id_bytes) memcpy(bytes, build_id, build_id_bytes);
  memcpy(bytes + build_id_bytes, path, length);
  struct writer_lane *lane = writer_lane_for(writer, number, build_id_bytes + length);
  uint64_t fields[7] = {
      writer_ticks_field(writer, lane, ticks), module, base, base, size, build_id_bytes};
  lane->meta = true;
  writer_record(writer, number, TRACE_MODULE, fields, bytes, build_id_bytes + length);
}

void writer_module_gone(struct trace_writer *writer, uint32_t number, uint64_t ticks,
                        uint32_t module) {
  struct writer_lane *lane = writer_lane_for(writer, number, 0);
  uint64_t fields[7] = {writer_ticks_field(writer, lane, ticks), module};
  lane->meta = true;
  writer_record(writer, number, TRACE_MODULE_GONE, fields, NULL, 0);
}

struct trace_lane *writer_lane_control(struct trace_writer *writer, uint32_t lane) {
  return &writer->lanes[lane]->control;
}
uint32_t writer_lane_used(const struct trace_writer *writer, uint32_t lane) {
  return writer->lanes[lane]->used;
}
uint32_t writer_lane_sequence(const struct trace_writer *writer, uint32_t lane) {
  return writer->lanes[lane]->sequence;
}

/* ---- the end, and damage ---------------------------------------------------------------- */

void writer_finish(struct trace_writer *writer) {
  for (uint32_t number = 1; number <= writer->lane_count; number++) {
    struct writer_lane *lane = writer->lanes[number];
    if (lane->windowless) continue;
    lane->control.state =
        TRACE_STATE(lane->used ? crc32c(lane->records, lane->used) : 0, lane->sequence, lane->used);
    writer_put(writer, lane->window, &lane->control, sizeof(lane->control));
    writer_put(writer, lane->window + TRACE_SLOT, &lane->open, sizeof(lane->open));
    writer_put(writer, lane->window + TRACE_SLOT + sizeof(lane->open), lane->records, lane->used);
    writer_put_cells(writer, lane);
    writer_put_young(writer, lane);
  }
  static uint8_t first[TRACE_STRINGS_OFFSET + TRACE_STRINGS_SIZE];
  memset(first, 0, sizeof(first));
  writer->head.head_crc = 0;
  memcpy(first, &writer->head, sizeof(writer->head));
  memcpy(first + TRACE_STRINGS_OFFSET, writer->strings, sizeof(writer->strings));
  writer->head.head_crc = crc32c(first, sizeof(first));
  memcpy(first, &writer->head, sizeof(writer->head));
  writer_put(writer, 0, first, sizeof(first));
  writer_put(writer, TRACE_RSS_OFFSET, writer->rss, writer->rss_count * sizeof(*writer->rss));
  writer_put(writer, TRACE_END_OFFSET, &writer->end, sizeof(writer->end));
  if (writer->control.slots == 0) writer->control.slots = writer->slots;
  writer_put(writer, TRACE_CONTROL_OFFSET, &writer->control, sizeof(writer->control));
}

uint64_t writer_chunk_offset(const struct trace_writer *writer, uint32_t lane, uint32_t sequence) {
  for (size_t i = 0; i < writer->chunk_count; i++)
    if (writer->chunks[i].lane == lane && writer->chunks[i].sequence == sequence)
      return writer->chunks[i].offset;
  const struct writer_lane *open = writer->lanes[lane];
  return open->sequence == sequence && !open->windowless ? open->window + TRACE_SLOT : 0;
}

uint64_t writer_window_offset(const struct trace_writer *writer, uint32_t lane) {
  return writer->lanes[lane]->window;
}

uint64_t writer_more_young_offset(const struct trace_writer *writer, uint32_t lane) {
  return writer->lanes[lane]->more_young;
}
uint64_t writer_more_cells_offset(const struct trace_writer *writer, uint32_t lane,
                                  uint32_t index) {
  return writer->lanes[lane]->more_cells[index];
}

uint64_t writer_size(const struct trace_writer *writer) {
  return writer->slots * TRACE_SLOT;
}

void writer_flip(struct trace_writer *writer, uint64_t offset, uint8_t bits) {
  uint8_t byte;
  writer_check(pread(writer->fd, &byte, 1, (off_t)offset) == 1, "trace_writer: pread");
  byte ^= bits;
  writer_put(writer, offset, &byte, 1);
}

void writer_zero(struct trace_writer *writer, uint64_t offset, uint64_t count) {
  static const uint8_t zeros[4096];
  for (uint64_t done = 0; done < count; done += sizeof(zeros))
    writer_put(writer, offset + done, zeros,
               count - done < sizeof(zeros) ? (size_t)(count - done) : sizeof(zeros));
}

void writer_cut(struct trace_writer *writer, uint64_t size) {
  writer_check(ftruncate(writer->fd, (off_t)size) == 0, "trace_writer: ftruncate");
}
