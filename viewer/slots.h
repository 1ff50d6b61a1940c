/* slots.h - the slots of a trace file: checked, and indexed as chunks by lane and sequence.
 *
 * A sealed chunk stays in the file and is read again when it is wanted; what is in a lane's window
 * is copied once, so that a live trace may go on changing. What can't be trusted is counted and
 * left out. Memory: 80 bytes a slot, and what is in the windows.
 */
#ifndef DWELL_SLOTS_H
#define DWELL_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../shim/trace.h"
#include "lane_window.h"

struct chunk {
  struct trace_chunk head; /* bytes is right for open chunks too */
  uint64_t offset;         /* of its slot in the file */
  uint8_t *records;        /* open chunk: the copy, padded for record_begin(); sealed: NULL */
};

/* One lane's chunks, in order: chunks[first] .. chunks[first + count - 1] of struct slots; and what
 * else it holds. */
struct lane_chunks {
  uint32_t lane;
  size_t first, count;
  struct lane_rest rest;
};

struct slots {
  int fd; /* borrowed */
  struct chunk *chunks;
  size_t chunk_count;
  struct lane_chunks *lanes;
  size_t lane_count;
  uint64_t bad_slots, lost_chunks, cut_bytes, bad_folds; /* see struct run_missing */
  uint64_t dropped_events, skipped_events;               /* by the lanes' own count */
  uint64_t young_bytes_max, young_blocks_max;            /* sums over the lanes */
};

/* Called for each good chunk with its records, padded for record_begin(). Returns 0 or -errno. */
typedef int slots_visit(void *context, const struct chunk *chunk, const uint8_t *records);

/* Scans the file from slot 1 on. `live`: the process is at work, so what is torn is read again, and
 * what is younger than the scan may be missing. `unprotected_lanes` have no window in the file.
 * Returns 0, or -errno of reading, or what `visit` returned; slots_free() in any case. */
int slots_scan(struct slots *slots, int fd, bool live, uint64_t unprotected_lanes,
               slots_visit *visit, void *context);

/* The records of a chunk: its copy, or read into `buffer` (SLOTS_BUFFER bytes) and checked again.
 * NULL when they can't be read any more (the file was cut meanwhile). */
#define SLOTS_BUFFER (2 * TRACE_SLOT)
const uint8_t *slots_records(const struct slots *slots, const struct chunk *chunk, uint8_t *buffer);

void slots_free(struct slots *slots);

/* CRC32C (RFC 3720 B.4) as the trace format has it. */
uint32_t slots_crc(const void *bytes, size_t count);

#endif
