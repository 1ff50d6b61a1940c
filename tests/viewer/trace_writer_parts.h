/* trace_writer_parts.h - what the writer's files share: its state, and how bytes get into the file.
 */
#ifndef TESTS_TRACE_WRITER_PARTS_H
#define TESTS_TRACE_WRITER_PARTS_H

#include "trace_writer.h"

#define LANES_MAX 64
#define CHUNKS_MAX 65536
#define CELL_SLOTS_MAX 8
#define CELLS_MAX (TRACE_LANE_CELLS + CELL_SLOTS_MAX * TRACE_MORE_CELLS)
#define YOUNG_MAX ((1 + TRACE_MORE_SLOTS) * TRACE_LANE_YOUNG)

struct writer_lane {
  bool windowless;
  uint64_t window; /* offset; 0 none */
  struct trace_lane control;
  struct trace_chunk open;
  uint8_t records[TRACE_CHUNK_RECORDS + 64];
  uint32_t used, sequence;
  uint64_t ticks, address, last_ticks; /* absolute */
  uint32_t thread;
  bool meta, killed;
  struct trace_young *young; /* young_slots of them, and those of more young */
  uint32_t more_young_slots;
  uint64_t more_young; /* offset; 0 none */
  struct trace_cell *cells;
  uint32_t more_cell_slots;
  uint64_t more_cells[CELL_SLOTS_MAX]; /* offsets */
};

struct trace_writer {
  int fd;
  char path[4096];
  uint64_t slots;
  struct trace_head head;
  char strings[TRACE_STRINGS_SIZE];
  size_t strings_used;
  struct trace_rss rss[TRACE_RSS_SAMPLES];
  size_t rss_count;
  struct trace_end end;
  struct trace_control control;
  struct writer_lane *lanes[LANES_MAX + 1];
  uint32_t lane_count;
  struct {
    uint32_t lane, sequence;
    uint64_t offset;
  } chunks[CHUNKS_MAX];
  size_t chunk_count;
};

/* Aborts with errno's text when it is not so. */
void writer_check(bool good, const char *what);
void writer_put(const struct trace_writer *writer, uint64_t offset, const void *bytes,
                size_t count);
/* Makes the file longer by so many slots. */
void writer_extend(struct trace_writer *writer, uint64_t slots);

/* The lane, with room in its open chunk for a record with so many bytes of payload. */
struct writer_lane *writer_lane_for(struct trace_writer *writer, uint32_t number, size_t payload);
/* The field of a record that gives its time; it becomes the lane's delta state. */
uint64_t writer_ticks_field(const struct trace_writer *writer, struct writer_lane *lane,
                            uint64_t ticks);

/* At the end: a lane's table of young blocks, and its cells. */
void writer_put_young(const struct trace_writer *writer, const struct writer_lane *lane);
void writer_put_cells(const struct trace_writer *writer, const struct writer_lane *lane);

#endif
